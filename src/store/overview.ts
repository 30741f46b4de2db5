/**
 * Everything somebody sees in a few numbers: what images have now, what they had on days before, and in which of them something was found
 * lately.
 */
import { type RawBuilder, sql } from 'kysely';
import { COUNT_COLUMNS, type FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import { valueSet } from './row-set.ts';
import { type Scope, withVisible } from './visible.ts';
import { allPlaces, hasWaivers, remaining, withWaivedImages, withWaivers } from './waived-finding.ts';

/** Images, each digest once, and the findings in them. */
export interface FindingTotals extends FindingCounts {
  readonly images: number;
  readonly scannedImages: number;
  readonly vulnerableImages: number;
}

/** Totals of now, with what is wrong with scans. */
export interface OverviewTotals extends FindingTotals {
  readonly failedImages: number;
  readonly queuedImages: number;
  /** Images with a critical finding, and with one that is known to be exploited. */
  readonly criticalImages: number;
  readonly exploitedImages: number;
}

/** A column of `image_scan AS scan`, without what is in `waived_image AS waived` where waivers are regarded. */
function columnOf(column: (typeof COUNT_COLUMNS)[number] | 'worst', isAside: boolean): string {
  return isAside && column !== 'undetermined' ? remaining(column) : `scan.${column}`;
}

function totalsOf(isAside: boolean): RawBuilder<unknown> {
  const sums = COUNT_COLUMNS.map(name => `coalesce(sum(${columnOf(name, isAside)}), 0)::integer AS ${name}`);
  return sql.raw(`count(*)::integer AS images, count(*) FILTER (WHERE scan.scanned_at IS NOT NULL)::integer AS scanned_images,
    count(*) FILTER (WHERE scan.scanned_at IS NOT NULL AND ${columnOf('worst', isAside)} > 0)::integer AS vulnerable_images,
    ${sums.join(', ')}`);
}

/** What images that are seen have now. */
export async function overviewTotals(db: Db, scope: Scope): Promise<OverviewTotals> {
  const isAside = hasWaivers(scope);
  const { rows } = await sql<OverviewTotals>`
    WITH ${withVisible(scope)} ${isAside ? sql`, ${withWaivedImages(scope, allPlaces(scope))}` : sql``}
    SELECT ${totalsOf(isAside)}, count(*) FILTER (WHERE scan.state = 'failed')::integer AS failed_images,
      count(*) FILTER (WHERE scan.state = 'queued')::integer AS queued_images,
      count(*) FILTER (WHERE ${sql.raw(columnOf('critical', isAside))} > 0)::integer AS critical_images,
      count(*) FILTER (WHERE ${sql.raw(columnOf('known_exploited', isAside))} > 0)::integer AS exploited_images
    FROM visible_image JOIN image_scan AS scan USING (manifest_id)
      ${isAside ? sql`LEFT JOIN waived_image AS waived ON waived.manifest_id = scan.manifest_id` : sql``}`.execute(db);
  const [totals] = rows;
  if (totals === undefined) throw new Error('an aggregate without rows');
  return totals;
}

/** An image in which a re-match found something. */
export interface LateFinding {
  readonly digest: string;
  /** A place where it is seen. */
  readonly registryId: string;
  readonly repository: string;
  readonly tag: string | null;
  /** ISO 8601. */
  readonly at: string;
  readonly findingsNew: number;
  /** 5 critical … 0 unknown. */
  readonly worstNew: number;
}

/** Images in which advisories that came after `since` found something at least so severe, the newest first. */
export async function listLateFindings(
  db: Db,
  scope: Scope,
  { since, severityAtLeast, limit }: { readonly since: Date; readonly severityAtLeast: number; readonly limit: number },
): Promise<readonly LateFinding[]> {
  const { rows } = await sql<LateFinding>`
    WITH ${withVisible(scope)}
    SELECT manifest.digest, place.registry_id, place.name AS repository, place.tag, rematch.completed_at AS at,
      change.findings_new, change.worst_new
    FROM rematch JOIN image_change AS change ON change.rematch_id = rematch.id
      JOIN visible_image ON visible_image.manifest_id = change.manifest_id
      JOIN manifest ON manifest.id = change.manifest_id
      CROSS JOIN LATERAL (
        SELECT repository.registry_id, repository.name, (
          SELECT tag.name FROM tag WHERE tag.repository_id = repository.id AND tag.manifest_id = change.manifest_id
            AND tag.ended_at IS NULL ORDER BY tag.id DESC LIMIT 1
        ) AS tag
        FROM repository_manifest AS own JOIN repository ON repository.id = own.repository_id
        WHERE own.manifest_id = change.manifest_id AND own.gone_at IS NULL AND repository.gone_at IS NULL
        ORDER BY repository.id LIMIT 1
      ) AS place
    WHERE rematch.completed_at >= ${since.toISOString()} AND change.worst_new >= ${severityAtLeast}
    ORDER BY rematch.id DESC, change.worst_new DESC, change.manifest_id DESC LIMIT ${limit}`.execute(db);
  return rows;
}

/** Totals at the end of a day. */
export interface FindingDay extends FindingTotals {
  /** In UTC: `2026-11-21`. */
  readonly day: string;
}

/**
 * Notes for every namespace what its images have now, as the end of `now`'s day, without what it has waivers for; later ones of the same day take
 * its place.
 */
export async function noteFindingDay(db: Db, now: Date): Promise<void> {
  const columns = ['images', 'scanned_images', 'vulnerable_images', ...COUNT_COLUMNS];
  const scope = await withWaivers(db, {}, now);
  const isAside = hasWaivers(scope);
  const waived = isAside ? sql`WITH ${withWaivedImages(scope, allPlaces(scope, 'registry.namespace_id'))}` : sql``;
  await sql`
    ${waived}
    INSERT INTO finding_day (namespace_id, day, ${sql.raw(columns.join(', '))})
    SELECT place.namespace_id, ${dayOf(now)}, ${totalsOf(isAside)}
    FROM (
      SELECT DISTINCT registry.namespace_id, own.manifest_id
      FROM registry JOIN repository ON repository.registry_id = registry.id AND repository.gone_at IS NULL
        JOIN repository_manifest AS own ON own.repository_id = repository.id AND own.gone_at IS NULL
      WHERE registry.removed_at IS NULL
    ) AS place JOIN image_scan AS scan ON scan.manifest_id = place.manifest_id
      ${isAside ? sql`LEFT JOIN waived_image AS waived ON waived.owner = place.namespace_id AND waived.manifest_id = place.manifest_id` : sql``}
    GROUP BY place.namespace_id
    ON CONFLICT (namespace_id, day) DO UPDATE SET
      ${sql.raw(columns.map(name => `${name} = excluded.${name}`).join(', '))}`.execute(db);
}

/** Days since `since`, oldest first; days on which nobody noted anything are missing. An image in two namespaces counts in both. */
export async function listFindingDays(
  db: Db,
  { namespaceIds, since }: { readonly namespaceIds?: readonly string[] | undefined; readonly since: Date },
): Promise<readonly FindingDay[]> {
  const sums = ['images', 'scanned_images', 'vulnerable_images', ...COUNT_COLUMNS]
    .map(name => `sum(${name})::integer AS ${name}`)
    .join(', ');
  const isSeen =
    namespaceIds === undefined
      ? sql`true`
      : sql`namespace_id IN (SELECT CAST(value AS uuid) FROM ${valueSet(namespaceIds, 'text')})`;
  const { rows } = await sql<FindingDay>`
    SELECT day, ${sql.raw(sums)} FROM finding_day
    WHERE day >= ${dayOf(since)} AND ${isSeen} GROUP BY day ORDER BY day`.execute(db);
  return rows;
}

/** Forgets days before `before`. */
export async function forgetFindingDays(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('findingDay').where('day', '<', dayOf(before)).execute();
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}
