/**
 * What a server's certificates say, for people to compare.
 */
import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { printable } from '#base/text.ts';
import type { ProbeCertificate } from '../connector.ts';

/** Longer chains are cut. */
const MAX_CERTIFICATES = 10;

/** The chain that the server showed, leaf first, as far as it is known. */
export function chainOf(socket: TLSSocket): readonly ProbeCertificate[] {
  const chain: ProbeCertificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && chain.length < MAX_CERTIFICATES && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(toCertificate(new X509Certificate(next.raw)));
    next = next.issuerCertificate;
  }
  return chain;
}

function toCertificate(certificate: X509Certificate): ProbeCertificate {
  return {
    subject: toLine(certificate.subject),
    issuer: toLine(certificate.issuer),
    validFrom: certificate.validFromDate.toISOString(),
    validTo: certificate.validToDate.toISOString(),
    fingerprint: certificate.fingerprint256,
    pem: certificate.toString(),
  };
}

/** `CN=registry.example, O=Example`; certificates without a subject have only alternative names. */
function toLine(name: string | undefined): string {
  return printable(
    (name ?? '')
      .split('\n')
      .filter(part => part !== '')
      .reverse()
      .join(', '),
  );
}
