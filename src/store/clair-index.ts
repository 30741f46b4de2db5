/** Images that a registry had indexed by Clair's API: what was asked for, who is at it, and how it ended. The result is the image's report. */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { timeOf, valueSet } from './row-set.ts';

/** `done` and `failed` are ends, until it is asked for again. */
export type ClairIndexState = 'queued' | 'fetching' | 'scanning' | 'done' | 'failed';

/** An index. */
export interface ClairIndex {
  /** As the registry names the manifest. */
  readonly manifestHash: string;
  /** Of the document that stands for it among the manifests. */
  readonly documentDigest: string;
  /** Of the cataloguers that read it. */
  readonly version: string;
  readonly state: ClairIndexState;
  readonly error: string | undefined;
  /** Failed for good. */
  readonly isUnsupported: boolean;
  /** Whether somebody is at it. */
  readonly isClaimed: boolean;
}

/** What is asked for. */
export interface NewClairIndex extends Pick<ClairIndex, 'manifestHash' | 'documentDigest' | 'version'> {
  /** UUID, for a row that is new. */
  readonly id: string;
  readonly sealedRequest: Uint8Array;
  readonly at: Date;
}

/**
 * Asks for an index. What is done already, by the same cataloguers from the same layers, stays; what somebody is at goes on; all else begins
 * anew. Returns whether there is work to be queued.
 */
export async function requestClairIndex(trx: Trx, wish: NewClairIndex): Promise<boolean> {
  const { id, manifestHash, documentDigest, version, sealedRequest, at } = wish;
  const inserted = await trx
    .insertInto('clairIndex')
    .values({ id, manifestHash, documentDigest, version, sealedRequest, state: 'queued', usedAt: at })
    .onConflict(conflict => conflict.column('manifestHash').doNothing())
    .executeTakeFirst();
  if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) return true;
  const known = await findClairIndex(trx, manifestHash, { at, isLocked: true });
  const isSame = known?.documentDigest === documentDigest && known.version === version;
  const isSettled = known?.state === 'done' || (known?.state === 'failed' && known.isUnsupported);
  const isLeft = isSame && (isSettled || known.isClaimed);
  const begin = {
    documentDigest,
    version,
    sealedRequest,
    state: 'queued',
    error: null,
    isUnsupported: false,
    attempt: null,
    claimedUntil: null,
  } as const;
  // Should whoever is at it go down, the next begins with links that are fresh.
  const change = !isLeft ? begin : isSettled ? {} : { sealedRequest };
  await trx
    .updateTable('clairIndex')
    .set({ usedAt: at, ...change })
    .where('manifestHash', '=', manifestHash)
    .execute();
  return !isLeft;
}

/** An index; `undefined` when there is none, or none any more. `at` is now. */
export async function findClairIndex(
  db: Db,
  manifestHash: string,
  { at, isLocked = false }: { readonly at: Date; readonly isLocked?: boolean },
): Promise<ClairIndex | undefined> {
  let select = db
    .selectFrom('clairIndex')
    .select([
      'manifestHash',
      'documentDigest',
      'version',
      'state',
      'error',
      'isUnsupported',
      sql<boolean>`coalesce(claimed_until > ${timeOf(at)}, false)`.as('isClaimed'),
    ])
    .where('manifestHash', '=', manifestHash);
  if (isLocked) select = select.forUpdate();
  const row = await select.executeTakeFirst();
  return row === undefined ? undefined : { ...row, state: row.state as ClairIndexState, error: row.error ?? undefined };
}

/** Notes that it was asked for. */
export async function touchClairIndex(db: Db, manifestHash: string, at: Date): Promise<void> {
  await db.updateTable('clairIndex').set({ usedAt: at }).where('manifestHash', '=', manifestHash).execute();
}

/** What whoever claims an index is told. */
export interface ClaimedClairIndex {
  readonly documentDigest: string;
  readonly version: string;
  readonly sealedRequest: Uint8Array;
}

/** Claims an index under the name `attempt`; `undefined` when somebody else is at it, or there is nothing to do. */
export async function claimClairIndex(
  db: Db,
  manifestHash: string,
  { attempt, at, until }: { readonly attempt: string; readonly at: Date; readonly until: Date },
): Promise<ClaimedClairIndex | undefined> {
  const row = await db
    .updateTable('clairIndex')
    .set({ attempt, claimedUntil: until, state: 'fetching' })
    .where('manifestHash', '=', manifestHash)
    .where('state', 'in', ['queued', 'fetching', 'scanning'])
    .where(eb => eb.or([eb('claimedUntil', 'is', null), eb('claimedUntil', '<=', at.toISOString())]))
    .returning(['documentDigest', 'version', 'sealedRequest'])
    .executeTakeFirst();
  return row === undefined || row.sealedRequest === null ? undefined : { ...row, sealedRequest: row.sealedRequest };
}

/** Changes an index that `attempt` has claimed; false when it has lost it. */
export async function moveClairIndex(
  db: Db,
  { manifestHash, attempt }: { readonly manifestHash: string; readonly attempt: string },
  to:
    | { readonly claimedUntil: Date; readonly state?: 'scanning' }
    | { readonly state: 'queued' | 'done' }
    | { readonly state: 'failed'; readonly error: string; readonly isUnsupported: boolean },
): Promise<boolean> {
  const isEnd = to.state === 'done' || to.state === 'failed';
  const { numUpdatedRows } = await db
    .updateTable('clairIndex')
    .set({
      ...to,
      ...('claimedUntil' in to ? {} : { attempt: null, claimedUntil: null }),
      ...(isEnd ? { sealedRequest: null } : {}),
    })
    .where('manifestHash', '=', manifestHash)
    .where('attempt', '=', attempt)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Removes indexes; the digests of those that were there. */
export async function removeClairIndexes(db: Db, manifestHashes: readonly string[]): Promise<readonly string[]> {
  if (manifestHashes.length === 0) return [];
  const { rows } = await sql<{ manifestHash: string }>`
    DELETE FROM clair_index WHERE manifest_hash IN (SELECT value FROM ${valueSet(manifestHashes, 'text')})
    RETURNING manifest_hash`.execute(db);
  return rows.map(({ manifestHash }) => manifestHash);
}

/** Removes indexes that nobody has asked for since: those that are done since `doneBefore`, all others since `otherBefore`. */
export async function forgetClairIndexes(
  db: Db,
  { doneBefore, otherBefore }: { readonly doneBefore: Date; readonly otherBefore: Date },
): Promise<void> {
  await sql`
    DELETE FROM clair_index WHERE used_at < CASE state WHEN 'done' THEN ${timeOf(doneBefore)} ELSE ${timeOf(otherBefore)} END`.execute(
    db,
  );
}

/** How large layers are, by digest, as manifests that have them say; those of none are missing. */
export async function findLayerSizes(db: Db, digests: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (digests.length === 0) return new Map();
  const { rows } = await sql<{ digest: string; sizeBytes: number }>`
    SELECT layer.digest, max(own.size_bytes) AS size_bytes FROM layer JOIN manifest_layer AS own ON own.layer_id = layer.id
    WHERE layer.digest IN (SELECT value FROM ${valueSet(digests, 'text')}) GROUP BY layer.digest`.execute(db);
  return new Map(rows.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
}

/** The hashes of all that have not ended. */
export async function listOpenClairIndexes(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('clairIndex')
    .select('manifestHash')
    .where('state', 'in', ['queued', 'fetching', 'scanning'])
    .orderBy('manifestHash')
    .execute();
  return rows.map(({ manifestHash }) => manifestHash);
}
