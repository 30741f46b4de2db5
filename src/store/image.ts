/**
 * Images: manifests that can be scanned, with the state and the counts of their last report.
 */
import { sql } from 'kysely';
import type { FindingCounts } from './counts.ts';
import type { Db, Trx } from './database.ts';
import { cut, rowSet, storableText } from './row-set.ts';

/** An image that a report may be stored of. */
export interface ScannableImage {
  readonly id: number;
  readonly hasConfig: boolean;
  /** Lowest first. */
  readonly layers: readonly { readonly digest: string; readonly position: number; readonly verifiedBy: string }[];
}

/** The image of a digest; `undefined` when there is none, or it is no image. */
export async function findScannable(db: Db, digest: string): Promise<ScannableImage | undefined> {
  const row = await db
    .selectFrom('manifest')
    .select(({ ref }) => [
      'id',
      ref('configDigest').as('configDigest'),
      sql<boolean>`config IS NOT NULL`.as('hasConfig'),
    ])
    .where('digest', '=', digest)
    .where('kind', '=', 'image')
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const layers = await db
    .selectFrom('manifestLayer')
    .innerJoin('layer', 'layer.id', 'manifestLayer.layerId')
    .select(['layer.digest', 'position', 'verifiedBy'])
    .where('manifestId', '=', row.id)
    .orderBy('position')
    .execute();
  return { id: row.id, hasConfig: row.hasConfig, layers };
}

/** What a scan tells of the layers of an image beyond its manifest. */
export interface ToldLayer {
  readonly digest: string;
  readonly diffId?: string | undefined;
  readonly createdBy?: string | undefined;
  readonly verifiedBy: 'layer' | 'toc';
}

/** Notes what vouched for the layers, and what made them where no config has told that. */
export async function tellLayers(
  trx: Trx,
  { id, hasConfig, layers }: ScannableImage,
  told: {
    readonly layers: readonly ToldLayer[];
    readonly platform?: { readonly os: string; readonly architecture: string; readonly variant?: string } | undefined;
  },
): Promise<void> {
  const byDigest = new Map(told.layers.map(layer => [layer.digest, layer]));
  const isChanged = layers.some(layer => (byDigest.get(layer.digest)?.verifiedBy ?? 'layer') !== layer.verifiedBy);
  if (hasConfig && !isChanged) return;
  const rows = layers.flatMap(({ position, digest }) => {
    const layer = byDigest.get(digest);
    if (layer === undefined) return [];
    const { diffId, createdBy, verifiedBy } = layer;
    const made = createdBy === undefined ? null : storableText(cut(createdBy, 8000));
    return [{ position, verified_by: verifiedBy, diff_id: diffId ?? null, created_by: made }];
  });
  await sql`
    UPDATE manifest_layer SET verified_by = given.verified_by, diff_id = coalesce(manifest_layer.diff_id, given.diff_id),
      created_by = coalesce(manifest_layer.created_by, given.created_by)
    FROM ${rowSet(rows, 'position integer, verified_by text, diff_id text, created_by text')}
    WHERE manifest_id = ${id} AND manifest_layer.position = given.position`.execute(trx);
  const { platform } = told;
  if (hasConfig || platform === undefined) return;
  await trx
    .updateTable('manifest')
    .set({
      os: storableText(cut(platform.os, 500)),
      architecture: storableText(cut(platform.architecture, 500)),
      variant: platform.variant === undefined ? null : storableText(cut(platform.variant, 500)),
    })
    .where('id', '=', id)
    .where('os', 'is', null)
    .execute();
}

/** The counts of an image's last report. */
export async function findReportCounts(db: Db, manifestId: number): Promise<FindingCounts> {
  return await db
    .selectFrom('imageScan')
    .select(['critical', 'high', 'medium', 'low', 'negligible', 'unknown', 'fixable', 'knownExploited', 'undetermined'])
    .where('manifestId', '=', manifestId)
    .executeTakeFirstOrThrow();
}
