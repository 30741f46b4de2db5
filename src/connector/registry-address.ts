/**
 * The address of a registry as people write it: a host, perhaps with a port, a scheme, and a path in front of `/v2/`.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isRegistryHost } from '#oci/reference.ts';
import type { TlsSettings } from './connector.ts';

/** An address, read. */
export interface RegistryAddress {
  /** Host and port as in references, the port only where it is not the scheme's own: `registry.example:5000`. */
  readonly host: string;
  /** What `v2/` is resolved against; ends with a slash: `https://registry.example:5000/prefix/`. */
  readonly base: URL;
  /** As it is stored: the base without its slash. */
  readonly url: string;
}

/** No legal address comes near. */
const MAX_LENGTH = 1024;

/**
 * Reads an address. Without a scheme it is https; http has to be written, and confirmed in the TLS settings. A `/v2/` at the end, as
 * people copy it from a browser, is dropped.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`.
 */
export function parseRegistryAddress(text: string, tls: TlsSettings | undefined): RegistryAddress {
  const written = text.trim();
  if (written.length > MAX_LENGTH) throw invalid(written, `it is longer than ${MAX_LENGTH} characters`);
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(written);
  const base = URL.parse(hasScheme ? written : `https://${written}`);
  // The text may hold a password, so it is not repeated.
  if (base !== null && (base.username !== '' || base.password !== '')) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use the address of ${printable(base.host)}: a user name and password belong into the credentials, not into the address`,
    );
  }
  if (base === null || written === '') throw invalid(written, 'expected a host such as registry.example:5000');
  if (base.protocol !== 'https:' && base.protocol !== 'http:') throw invalid(written, 'expected https:// or http://');
  if (base.search !== '' || base.hash !== '') throw invalid(written, 'expected nothing after the path');
  if (!isRegistryHost(base.host)) throw invalid(written, `"${printable(base.host)}" is not a host`);
  if (base.protocol === 'http:' && tls?.insecureHttp !== true) {
    throw invalid(
      written,
      'plain http can be read and changed by anyone on the way; use https, or confirm that it is meant',
    );
  }
  const path = base.pathname.replace(/\/+$/, '').replace(/\/v2$/, '');
  base.pathname = `${path}/`;
  return { host: base.host, base, url: `${base.origin}${path}` };
}

function invalid(text: string, why: string): PlimsollError {
  return new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Cannot use "${printable(text, 100)}" as the address of a registry: ${why}`,
  );
}
