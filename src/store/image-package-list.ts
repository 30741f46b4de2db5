/** The packages of one image, page by page, with what is known against each. */
import { type RawBuilder, sql } from 'kysely';
import { countsOverFindings, type FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import { likeInside, type Scope } from './visible.ts';
import { isOpenFinding, listWaivedFindings } from './waived-finding.ts';

/** Which packages of an image. All that is said must hold. */
export interface ImagePackageFilter {
  /** In the name. */
  readonly text?: string | undefined;
  /** `deb`, `npm`; the types of package URLs. */
  readonly type?: string | undefined;
  /** Of the layer that introduced it, from 0. */
  readonly layer?: number | undefined;
  /** Only those with findings that are not set aside, or only those without. */
  readonly isVulnerable?: boolean | undefined;
  /** Only those of which something cannot be said, or only the others. */
  readonly isUndetermined?: boolean | undefined;
}

/** After which package to go on: rank, name, version and id of the last. The rank is 0 when the sort is `name`. */
export type ImagePackagePosition = readonly [rank: number, name: string, version: string, id: number];

/** A package of an image. */
export interface ListedImagePackage extends Omit<FindingCounts, 'undetermined'> {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly arch: string | null;
  readonly purl: string;
  /** Position of the layer that introduced it, from 0; -1 for a package of no layer. */
  readonly layer: number;
  /** Paths in the image, as they are stored. */
  readonly locations: unknown;
  /** Why nothing, or not everything, can be said of it; distinct, at most ten. */
  readonly doubts: readonly string[];
  readonly position: ImagePackagePosition;
}

/** Packages of the image with this id, as it is looked at in `scope`: by name, or those with the worst findings first. An image has some thousands at most. */
export async function listImagePackages(
  db: Db,
  manifestId: number,
  filter: ImagePackageFilter,
  {
    sort,
    limit,
    after,
    scope = {},
  }: {
    readonly sort: 'name' | 'severity';
    readonly limit: number;
    readonly after?: ImagePackagePosition | undefined;
    readonly scope?: Scope | undefined;
  },
): Promise<readonly ListedImagePackage[]> {
  const waived = await listWaivedFindings(db, scope, [manifestId]);
  const isOpen = isOpenFinding('f', waived);
  // As one number, ascending from the worst: the highest severity, then how many there are of it and of all.
  const rank =
    sort === 'name'
      ? sql`0::bigint`
      : sql`-coalesce((SELECT CASE WHEN count(*) = 0 THEN 0 ELSE
          (max(f.severity) + 1) * 1000000 + least(count(*), 999999) END
          FROM package_finding AS f WHERE f.package_id = package.id AND ${isOpen}), 0)::bigint`;
  const conditions = [sql`own.manifest_id = ${manifestId}`, ...conditionsOf(filter, isOpen)];
  const from =
    after === undefined
      ? sql``
      : sql`WHERE (rank, name, version, id) > (CAST(${String(after[0])} AS bigint), ${after[1]} COLLATE "C",
          ${after[2]} COLLATE "C", CAST(${String(after[3])} AS bigint))`;
  const { rows } = await sql<Omit<ListedImagePackage, 'position'> & { readonly rank: number }>`
    SELECT page.*, counted.*, coalesce(doubt.reasons, '[]'::jsonb) AS doubts FROM (
      SELECT * FROM (
        SELECT ${rank} AS rank, package.id, package.type, package.name, package.version, package.arch,
          package.facts ->> 'purl' AS purl, own.position AS layer, member.locations
        FROM manifest_package_set AS own JOIN package_set_member AS member ON member.set_id = own.set_id
          JOIN package ON package.id = member.package_id
        WHERE ${sql.join(conditions, sql` AND `)}
      ) AS ranked ${from} ORDER BY rank, name, version, id LIMIT ${limit}
    ) AS page
      CROSS JOIN LATERAL (
        SELECT ${countsOverFindings('f')} FROM package_finding AS f WHERE f.package_id = page.id AND ${isOpen}
      ) AS counted
      LEFT JOIN LATERAL (
        SELECT jsonb_agg(told.why) AS reasons FROM (
          SELECT DISTINCT why FROM package_doubt WHERE package_id = page.id ORDER BY why LIMIT 10
        ) AS told
      ) AS doubt ON true
    ORDER BY page.rank, page.name, page.version, page.id`.execute(db);
  return rows.map(({ rank: at, ...row }) => ({ ...row, position: [Number(at), row.name, row.version, row.id] }));
}

function conditionsOf(
  { text, type, layer, isVulnerable, isUndetermined }: ImagePackageFilter,
  isOpen: RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [];
  if (text !== undefined && text !== '') conditions.push(sql`lower(package.name) LIKE ${likeInside(text)}`);
  if (type !== undefined) conditions.push(sql`package.type = ${type}`);
  if (layer !== undefined) conditions.push(sql`own.position = ${layer}`);
  if (isVulnerable !== undefined) {
    conditions.push(sql`EXISTS (
      SELECT FROM package_finding AS f WHERE f.package_id = package.id AND ${isOpen}) = ${isVulnerable}`);
  }
  if (isUndetermined !== undefined) {
    conditions.push(sql`EXISTS (SELECT FROM package_doubt AS d WHERE d.package_id = package.id) = ${isUndetermined}`);
  }
  return conditions;
}
