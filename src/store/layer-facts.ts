/**
 * What was read of layers, so that a layer shared by a thousand images is read once, whichever sensor comes to it.
 */
import type { Db } from './database.ts';

/** The facts of a layer as cataloguers of `version` read them; `undefined` when nobody has. */
export async function findLayerFacts(db: Db, layerDigest: string, version: string): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('layerFacts')
    .select('facts')
    .where('layerDigest', '=', layerDigest)
    .where('version', '=', version)
    .executeTakeFirst();
  return row?.facts;
}

/** Keeps facts; the first that come stay. */
export async function keepLayerFacts(
  db: Db,
  {
    layerDigest,
    version,
    facts,
    at,
  }: { readonly layerDigest: string; readonly version: string; readonly facts: Uint8Array; readonly at: Date },
): Promise<void> {
  await db
    .insertInto('layerFacts')
    .values({ layerDigest, version, facts, createdAt: at })
    .onConflict(conflict => conflict.doNothing())
    .execute();
}
