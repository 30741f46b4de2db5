/**
 * The formats that findings can be written in. A new one is a file with a `render…` function and a row here.
 *
 * As with inventories, a format is loaded when it is asked for.
 */
import type { RenderScan } from './scan-report-options.ts';

/** The name of a format, as `--format` takes it. */
export type ScanFormatName =
  | 'table'
  | 'json'
  | 'sarif'
  | 'cyclonedx-json'
  | 'spdx-json'
  | 'junit'
  | 'html'
  | 'markdown';

interface ScanFormat {
  readonly load: () => Promise<RenderScan>;
  readonly mediaType: string;
  /** For file names, with the leading dot. */
  readonly extension: string;
}

export const SCAN_FORMATS: Readonly<Record<ScanFormatName, ScanFormat>> = {
  table: {
    load: async () => (await import('./table.ts')).renderScanTable,
    mediaType: 'text/plain; charset=utf-8',
    extension: '.txt',
  },
  json: {
    load: async () => (await import('./report-json.ts')).renderReportJson,
    mediaType: 'application/json',
    extension: '.json',
  },
  sarif: {
    load: async () => (await import('./sarif.ts')).renderSarif,
    mediaType: 'application/sarif+json',
    extension: '.sarif',
  },
  'cyclonedx-json': {
    load: async () => (await import('./cyclonedx-findings.ts')).renderCyclonedxFindings,
    mediaType: 'application/vnd.cyclonedx+json; version=1.6',
    extension: '.cdx.json',
  },
  'spdx-json': {
    load: async () => (await import('./spdx-findings.ts')).renderSpdxFindings,
    mediaType: 'application/spdx+json',
    extension: '.spdx.json',
  },
  junit: {
    load: async () => (await import('./junit.ts')).renderJunit,
    mediaType: 'application/xml',
    extension: '.junit.xml',
  },
  html: {
    load: async () => (await import('./html.ts')).renderHtml,
    mediaType: 'text/html; charset=utf-8',
    extension: '.html',
  },
  markdown: {
    load: async () => (await import('./markdown.ts')).renderMarkdown,
    mediaType: 'text/markdown; charset=utf-8',
    extension: '.md',
  },
};
