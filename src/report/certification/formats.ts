/**
 * The formats that certificates can be written in. A new one is a file with a `render…` function and a row here.
 */
import type { Certificate } from '#certification/certificate.ts';
import type { ReportOptions } from '../report-options.ts';

/** The name of a format, as `--format` takes it. */
export type CertificateFormatName = 'table' | 'json' | 'junit' | 'sarif' | 'preflight';

/** One document for all images, ended by a line break. The same certificates and options give the same text. */
export type RenderCertificates = (certificates: readonly Certificate[], options: ReportOptions) => string;

interface CertificateFormat {
  readonly load: () => Promise<RenderCertificates>;
  readonly mediaType: string;
  /** For file names, with the leading dot. */
  readonly extension: string;
}

export const CERTIFICATE_FORMATS: Readonly<Record<CertificateFormatName, CertificateFormat>> = {
  table: {
    load: async () => (await import('./table.ts')).renderCertificateTable,
    mediaType: 'text/plain; charset=utf-8',
    extension: '.txt',
  },
  json: {
    load: async () => (await import('./certificate-json.ts')).renderCertificateJson,
    mediaType: 'application/json',
    extension: '.json',
  },
  junit: {
    load: async () => (await import('./junit.ts')).renderCertificateJunit,
    mediaType: 'application/xml',
    extension: '.junit.xml',
  },
  sarif: {
    load: async () => (await import('./sarif.ts')).renderCertificateSarif,
    mediaType: 'application/sarif+json',
    extension: '.sarif',
  },
  preflight: {
    load: async () => (await import('./preflight-json.ts')).renderPreflightJson,
    mediaType: 'application/json',
    extension: '.results.json',
  },
};
