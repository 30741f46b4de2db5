/**
 * Totals of registries and repositories: images by distinct digest, and tags by what they name.
 *
 * Always holds: vulnerable ≤ scanned ≤ total. An image is scanned when it has a report, even if a later scan of it failed; failed ones are
 * told apart and may have one. Vulnerable is an image with a finding that is not set aside, by a rule or, where it is looked at, by waivers. A tag of an index is scanned or vulnerable when
 * one of the images in it is.
 */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { valueSet } from './row-set.ts';
import type { Scope } from './visible.ts';
import { allPlaces, hasWaivers, remaining, withWaivedImages } from './waived-finding.ts';

/** Totals of one registry or repository. */
export interface ImageTotals {
  readonly images: number;
  readonly scannedImages: number;
  readonly vulnerableImages: number;
  readonly failedImages: number;
  /** Scanned, without a finding, and something in them could not be judged: nobody can say that they are clean. */
  readonly undeterminedImages: number;
  /** Vulnerable images by their highest severity; together they are all of them. */
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly negligible: number;
  readonly unknown: number;
  readonly tags: number;
  readonly scannedTags: number;
  readonly vulnerableTags: number;
  /** ISO 8601; null when nothing is scanned. */
  readonly lastScannedAt: string | null;
}

/** Of a registry or repository without images. */
export const NO_IMAGES: ImageTotals = {
  images: 0,
  scannedImages: 0,
  vulnerableImages: 0,
  failedImages: 0,
  undeterminedImages: 0,
  critical: 0,
  high: 0,
  medium: 0,
  low: 0,
  negligible: 0,
  unknown: 0,
  tags: 0,
  scannedTags: 0,
  vulnerableTags: 0,
  lastScannedAt: null,
};

/** Totals of registries by id; all that are asked for are there. A digest in two repositories counts once. */
export async function registryTotals(
  db: Db,
  registryIds: readonly string[],
  scope: Pick<Scope, 'waivers'> = {},
): Promise<ReadonlyMap<string, ImageTotals>> {
  return await totalsBy(db, 'repository.registry_id', 'uuid', registryIds, scope);
}

/** Totals of repositories by id; all that are asked for are there. */
export async function repositoryTotals(
  db: Db,
  repositoryIds: readonly number[],
  scope: Pick<Scope, 'waivers'> = {},
): Promise<ReadonlyMap<number, ImageTotals>> {
  return await totalsBy(db, 'repository.id', 'bigint', repositoryIds, scope);
}

type TotalsRow<K> = ImageTotals & { readonly owner: K };

async function totalsBy<K extends string | number>(
  db: Db,
  owner: 'repository.registry_id' | 'repository.id',
  type: 'uuid' | 'bigint',
  ids: readonly K[],
  scope: Pick<Scope, 'waivers'>,
): Promise<ReadonlyMap<K, ImageTotals>> {
  const totals = new Map<K, ImageTotals>(ids.map(id => [id, NO_IMAGES]));
  if (ids.length === 0) return totals;
  const wanted = sql`(SELECT CAST(value AS ${sql.raw(type)}) FROM ${valueSet(ids.map(String), 'text')})`;
  const isWanted = sql`${sql.raw(owner)} IN ${wanted} AND repository.gone_at IS NULL`;
  const isAside = hasWaivers(scope);
  const [worst, negligible] = isAside
    ? [sql.raw(remaining('worst')), sql.raw(remaining('negligible'))]
    : [sql`scan.worst`, sql`scan.negligible`];
  const joinWaived = (table: string) =>
    isAside
      ? sql.raw(
          `LEFT JOIN waived_image AS waived ON waived.owner = ${table}.owner AND waived.manifest_id = ${table}.manifest_id`,
        )
      : sql``;
  const highest = (name: string, rank: number) =>
    sql.raw(`count(*) FILTER (WHERE is_scanned AND worst = ${rank})::integer AS ${name}`);
  const { rows } = await sql<TotalsRow<K>>`
    WITH RECURSIVE ${isAside ? sql`${withWaivedImages(scope, allPlaces({}, owner, isWanted))},` : sql``} place AS (
      SELECT DISTINCT ${sql.raw(owner)} AS owner, own.manifest_id
      FROM repository JOIN repository_manifest AS own ON own.repository_id = repository.id AND own.gone_at IS NULL
      WHERE ${isWanted}
    ), image AS (
      SELECT place.owner, scan.state, scan.scanned_at, scan.scanned_at IS NOT NULL AS is_scanned, ${worst} AS worst,
        ${negligible} > 0 AS has_negligible, scan.undetermined > 0 AS has_doubts
      FROM place JOIN image_scan AS scan ON scan.manifest_id = place.manifest_id ${joinWaived('place')}
    ), named AS (
      SELECT ${sql.raw(owner)} AS owner, tag.id, tag.manifest_id, 0 AS depth
      FROM repository JOIN tag ON tag.repository_id = repository.id AND tag.ended_at IS NULL WHERE ${isWanted}
      UNION
      SELECT named.owner, named.id, child.id, named.depth + 1
      FROM named JOIN manifest_child ON manifest_child.index_id = named.manifest_id
        JOIN manifest AS child ON child.digest = manifest_child.digest WHERE named.depth < 3
    ), tagged AS (
      SELECT named.owner, named.id, coalesce(bool_or(scan.scanned_at IS NOT NULL), false) AS is_scanned,
        coalesce(bool_or(scan.scanned_at IS NOT NULL AND ${worst} > 0), false) AS is_vulnerable
      FROM named LEFT JOIN image_scan AS scan ON scan.manifest_id = named.manifest_id ${joinWaived('named')} GROUP BY named.owner, named.id
    ), by_image AS (
      SELECT owner, count(*)::integer AS images, count(*) FILTER (WHERE is_scanned)::integer AS scanned_images,
        count(*) FILTER (WHERE is_scanned AND worst > 0)::integer AS vulnerable_images,
        count(*) FILTER (WHERE state = 'failed')::integer AS failed_images,
        count(*) FILTER (WHERE is_scanned AND worst = 0 AND has_doubts)::integer AS undetermined_images,
        ${highest('critical', 5)}, ${highest('high', 4)}, ${highest('medium', 3)}, ${highest('low', 2)},
        count(*) FILTER (WHERE is_scanned AND worst = 1 AND has_negligible)::integer AS negligible,
        count(*) FILTER (WHERE is_scanned AND worst = 1 AND NOT has_negligible)::integer AS unknown,
        max(scanned_at) AS last_scanned_at
      FROM image GROUP BY owner
    ), by_tag AS (
      SELECT owner, count(*)::integer AS tags, count(*) FILTER (WHERE is_scanned)::integer AS scanned_tags,
        count(*) FILTER (WHERE is_vulnerable)::integer AS vulnerable_tags FROM tagged GROUP BY owner
    )
    SELECT * FROM by_image FULL JOIN by_tag USING (owner)`.execute(db);
  for (const { owner: id, ...row } of rows) {
    const known = Object.entries(row).filter(([, value]) => value !== null);
    totals.set(id, { ...NO_IMAGES, ...Object.fromEntries(known) });
  }
  return totals;
}
