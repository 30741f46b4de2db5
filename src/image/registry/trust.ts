/**
 * Which certificate authorities vouch for a registry: Node's, the machine's, and those the user named for this one.
 *
 * Source: containers-certs.d(5) and Docker's "Verify repository client with certificates": every `*.crt` in the folder named after
 * the registry's host and port is a CA for it.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** Where podman, skopeo and docker look, in that order; a folder below is named `HOST[:PORT]`. */
export const CERTIFICATE_FOLDERS: readonly string[] = ['/etc/containers/certs.d', '/etc/docker/certs.d'];

/** A CA bundle of the whole web is 250 kB. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 100;

/**
 * The extra CA certificates for `registry` (host and port as in the reference), as PEM texts.
 *
 * @throws {PlimsollError} `FILE_UNKNOWN` when `caFile` is not there, `CREDENTIALS_INVALID` when a file holds no certificate.
 */
export async function readExtraAuthorities(
  registry: string,
  options: { readonly caFile?: string | undefined; readonly folders: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { caFile, folders, signal } = options;
  const found: string[] = [];
  if (caFile !== undefined) found.push(await readPem(caFile, signal));
  for (const folder of folders) {
    const place = join(folder, registry);
    const names = await readdir(place).catch(() => []);
    const certificates = names.filter(name => name.endsWith('.crt')).sort();
    for (const name of certificates.slice(0, MAX_FILES)) found.push(await readPem(join(place, name), signal));
  }
  return found;
}

/**
 * What a TLS connection trusts when `extra` is added to what Node and the machine trust. The first call takes some 50 ms, and those
 * without extras share one result.
 */
export function trustAlso(extra: readonly string[]): SecureContext {
  if (extra.length > 0) return toContext(extra);
  plainContext ??= toContext([]);
  return plainContext;
}

let plainContext: SecureContext | undefined;

function toContext(extra: readonly string[]): SecureContext {
  const ca = [...new Set([...getCACertificates('default'), ...systemAuthorities(), ...extra])];
  // Somebody who names a certificate means it, also where its own authority is not known.
  return createSecureContext({ ca, allowPartialTrustChain: extra.length > 0 });
}

/** The machine's own store: a company's CA is installed there once, and podman and docker honour it. */
function systemAuthorities(): readonly string[] {
  try {
    return getCACertificates('system');
  } catch {
    return []; // No store, or an unreadable one: Node's own list remains.
  }
}

async function readPem(path: string, signal: AbortSignal): Promise<string> {
  const task = `Cannot read the CA file "${printable(path)}"`;
  let text: string;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${MAX_FILE_BYTES} bytes`);
    text = await readFile(path, { encoding: 'utf8', signal });
  } catch (cause) {
    if (cause instanceof PlimsollError || signal.aborted) throw cause;
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = isMissing ? 'there is no such file' : (cause as Error).message;
    throw new PlimsollError('FILE_UNKNOWN', `${task}: ${why}`, { cause });
  }
  try {
    if (!text.includes('-----BEGIN ')) throw new Error('no PEM block');
    createSecureContext({ ca: text });
  } catch (cause) {
    throw new PlimsollError('CREDENTIALS_INVALID', `${task}: it holds no certificate in PEM form`, { cause });
  }
  return text;
}
