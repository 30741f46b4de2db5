/**
 * Scanning for another registry: it names an image and hands over what opens it, and asks for the report later.
 *
 * Whoever asks must be able to pull: the manifest is fetched with what was handed over even when its report is known, or a digest would do to
 * learn what is in somebody else's image.
 */
import { randomUUID } from 'node:crypto';
import { ERRORS, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { openImage } from '#image/open-image.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { type CredentialStore, fixedCredentials, noCredentials } from '#image/registry/credential-store.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseDigest } from '#oci/digest.ts';
import {
  type AdapterScan,
  endAdapterScan,
  findAdapterScan,
  findSealedAuthorization,
  insertAdapterScan,
  type NewAdapterScan,
} from '#store/adapter-scan.ts';
import { inTransaction } from '#store/transaction.ts';
import type { ContentContext } from '../content/content-context.ts';
import { KeptDocuments, readStoredImage } from '../content/read-stored-image.ts';
import { storeManifests } from '../content/store-manifests.ts';
import { LayerPool } from '../layer-pool.ts';

/** What scans for other registries work with. */
export interface AdapterContext extends ContentContext {
  readonly world: {
    /** For proxies. */
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly allowsPrivateAddresses: boolean;
    readonly userAgent: string;
  };
}

/** What a registry asks for; the digest is of an image, not of an index. */
export interface AdapterWish extends Omit<NewAdapterScan, 'id' | 'at' | 'sealedAuthorization'> {
  /** As a header: `Bearer …` or `Basic …`. */
  readonly authorization: string | undefined;
}

/**
 * Queues a scan and gives its id.
 * @throws {PlimsollError} `REQUEST_INVALID`, `DIGEST_INVALID` for an address or digest that cannot be.
 */
export async function requestAdapterScan(context: AdapterContext, wish: AdapterWish): Promise<string> {
  const { store, queue, sealer, now } = context;
  const { authorization, ...scan } = wish;
  const url = URL.parse(wish.registryUrl);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.pathname !== '/') {
    throw invalid(`its registry must be https://host[:port], not "${printable(wish.registryUrl, 200)}"`);
  }
  parseDigest(wish.digest);
  readAuthorization(url.host, authorization);
  const id = randomUUID();
  await inTransaction(store.db, async trx => {
    const sealed = authorization === undefined ? undefined : sealer.seal(authorization, purposeOf(id));
    await insertAdapterScan(trx, { ...scan, id, registryUrl: url.origin, sealedAuthorization: sealed, at: now() });
    await queue.send(trx, 'adapter-scan', { scanId: id });
  });
  return id;
}

/** Does a scan that was queued. A failure is the scan's end, unless the server stops. */
export async function runAdapterScan(context: AdapterContext, id: string, signal: AbortSignal): Promise<void> {
  const { db } = context.store;
  const scan = await findAdapterScan(db, id);
  if (scan === undefined || scan.state !== 'queued') return;
  try {
    await readImageOf(context, scan, signal);
    await endAdapterScan(db, id, { state: 'done' });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const { code, message } = toPlimsollError(cause);
    await endAdapterScan(db, id, {
      state: 'failed',
      error: code === 'BUG' ? 'Cannot scan the image: Plimsoll itself failed; its log has more' : message,
    });
    if (ERRORS[code].family === 'bug') throw cause;
  }
}

async function readImageOf(context: AdapterContext, scan: AdapterScan, signal: AbortSignal): Promise<void> {
  const { store, sealer, now, world } = context;
  const url = new URL(scan.registryUrl);
  const sealed = await findSealedAuthorization(store.db, scan.id);
  const authorization = sealed === undefined ? undefined : sealer.open(sealed, purposeOf(scan.id));
  const { credentials, secrets } = readAuthorization(url.host, authorization);
  await using client = new RegistryClient({
    credentials,
    secrets,
    tlsVerify: !scan.isInsecure,
    bases: { [url.host]: url },
    env: world.env,
    advice: 'settings',
    allowsPrivate: world.allowsPrivateAddresses,
    userAgent: world.userAgent,
    certificateFolders: [],
  });
  const digest = parseDigest(scan.digest);
  const reference = { transport: 'docker', registry: url.host, repository: scan.repository, digest } as const;
  await using content = new KeptDocuments(await openRegistryWith(client, reference, { signal }));
  await using image = await openImage(content, { signal });
  if (image.digest !== digest) {
    throw new PlimsollError('MANIFEST_UNSUPPORTED', 'Cannot scan an index for another registry: name its images');
  }
  await storeManifests(store.db, content.documentsOf(image), now());
  await using pool = new LayerPool();
  await readStoredImage(context, image, { pool, signal });
}

/** The credentials that a header holds. @throws {PlimsollError} `REQUEST_INVALID` for one of another scheme. */
function readAuthorization(
  host: string,
  header: string | undefined,
): { readonly credentials: CredentialStore; readonly secrets: readonly string[] } {
  if (header === undefined || header === '') return { credentials: noCredentials, secrets: [] };
  const source = 'the scan request';
  const [, scheme = '', value = ''] = /^(\w+) +([\x21-\x7e]+)$/.exec(header) ?? [];
  if (scheme.toLowerCase() === 'bearer') {
    return { credentials: fixedCredentials(host, { kind: 'registry-token', token: value, source }), secrets: [value] };
  }
  const [, username, password] = /^([^:]+):(.*)$/s.exec(Buffer.from(value, 'base64').toString('utf8')) ?? [];
  if (scheme.toLowerCase() !== 'basic' || username === undefined || password === undefined) {
    throw invalid('its authorization must be "Bearer TOKEN" or "Basic BASE64"');
  }
  const credentials = fixedCredentials(host, { kind: 'password', username, password, source });
  return { credentials, secrets: [value, password] };
}

const purposeOf = (id: string) => `adapter-scan/${id}`;

function invalid(why: string): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', `Cannot take the scan request: ${why}`);
}
