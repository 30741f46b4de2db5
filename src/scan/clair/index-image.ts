/**
 * Indexing images whose layers somebody else names: a registry sends where they are and what opens them, and waits for the end.
 *
 * The manifest itself is never seen: whoever sends may give any layers any digest. So it is stored under the digest of a document of ours,
 * which says what was claimed, and never under the digest that was given: another registry's image of that name is untouched by it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import { type ClairIndex, findClairIndex, listOpenClairIndexes, requestClairIndex } from '#store/clair-index.ts';
import { inTransaction } from '#store/transaction.ts';
import { analyserVersion } from '../sensor/layer-store.ts';
import type { ClairContext } from './clair-context.ts';

/** A layer by the link to it. */
export interface ClairLayer {
  readonly digest: Digest;
  /** `https` or `http`. */
  readonly url: string;
  /** Headers that open it. */
  readonly authorization?: string | undefined;
  readonly accept?: string | undefined;
}

/** What is to be indexed. */
export interface ClairManifest {
  readonly hash: Digest;
  /** Lowest first, at least one; the same may come several times. */
  readonly layers: readonly ClairLayer[];
}

/** Media type of the documents that stand for manifests that were never seen. */
export const CLAIMED_MANIFEST = 'application/vnd.plimsoll.claimed-manifest.v1+json';

/** So long a claim is believed; it is renewed several times meanwhile. */
export const CLAIM_MS = 20_000;

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** When nobody has come for it, the job is queued again: it may have gone down with another server. */
const KNOCK_MS = 3000;

/** The document of a manifest. */
export function documentOf({ hash, layers }: ClairManifest): Buffer {
  return Buffer.from(
    JSON.stringify({ mediaType: CLAIMED_MANIFEST, claims: hash, layers: layers.map(({ digest }) => ({ digest })) }),
  );
}

/**
 * Has a manifest indexed, and gives the index once it has ended: at once when it was done before. Who asks for one that is under way waits with
 * those who did first. @throws {PlimsollError} `NOT_FOUND` when it is removed meanwhile; `TIMED_OUT`, `CANCELLED` by the signal.
 */
export async function indexImage(
  context: ClairContext,
  manifest: ClairManifest,
  { signal }: { readonly signal: AbortSignal },
): Promise<ClairIndex> {
  const { store, queue, sealer, now } = context;
  const manifestHash = manifest.hash;
  const sealedRequest = sealer.seal(JSON.stringify(manifest), purposeOf(manifestHash));
  const wish = {
    id: randomUUID(),
    manifestHash,
    documentDigest: digestOf(documentOf(manifest)),
    version: analyserVersion(),
    sealedRequest,
  };
  const knock = (db: Parameters<typeof queue.send>[0]) =>
    queue.send(db, 'clair-index', { manifestHash }, { singletonKey: manifestHash });
  await inTransaction(store.db, async trx => {
    if (await requestClairIndex(trx, { ...wish, at: now() })) await knock(trx);
  });
  queue.wake('clair-index');
  let knockAt = performance.now() + KNOCK_MS;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.25, MAX_PAUSE_MS)) {
    const index = await findClairIndex(store.db, manifestHash, { at: now() });
    if (index === undefined) {
      throw new PlimsollError('NOT_FOUND', `Cannot index ${manifestHash}: it was deleted meanwhile`);
    }
    if (index.state === 'done' || index.state === 'failed') return index;
    if (!index.isClaimed && performance.now() > knockAt) {
      await knock(store.db);
      knockAt = performance.now() + KNOCK_MS;
    }
    try {
      await sleep(pauseMs, undefined, { signal });
    } catch {
      throw toPlimsollError(signal.reason);
    }
  }
}

/** Queues what servers that are gone have left; for the start. */
export async function resumeClairIndexes({ store, queue }: ClairContext): Promise<void> {
  for (const manifestHash of await listOpenClairIndexes(store.db)) {
    await queue.send(store.db, 'clair-index', { manifestHash }, { singletonKey: manifestHash });
  }
}

/** What the sealed request of an index belongs to. */
export const purposeOf = (manifestHash: string) => `clair-index/${manifestHash}`;
