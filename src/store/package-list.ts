/** Distinct packages of all images that somebody sees, page by page. */
import { type RawBuilder, sql } from 'kysely';
import { countsOverFindings, type FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import { likeInside, type Scope, withVisible } from './visible.ts';
import { MAX_COUNTED } from './vulnerability-list.ts';
import { hasWaivers, isOpenFinding, isOpenSomewhere, withClosed } from './waived-finding.ts';

/** Which packages. All that is said must hold. */
export interface PackageFilter extends Scope {
  /** In the name. */
  readonly text?: string | undefined;
  /** Exactly. */
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  /** `deb`, `npm`; the types of package URLs. */
  readonly type?: string | undefined;
  /** Only those with findings that are not set aside, or only those without. */
  readonly isVulnerable?: boolean | undefined;
}

/** After which package to go on: name, version and id of the last. */
export type PackagePosition = readonly [name: string, version: string, id: number];

/** A package in a list. The same name and version in two distributions is two packages. */
export interface ListedPackage extends Omit<FindingCounts, 'undetermined'> {
  readonly id: number;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly arch: string | null;
  readonly purl: string;
  /** The name of the distribution that it was found in. */
  readonly distro: string | null;
  readonly isUndetermined: boolean;
  /** Images that are seen, up to 10,000. */
  readonly images: number;
  readonly position: PackagePosition;
}

/** Packages that match, by name, version and age. A finding counts until waivers set it aside in all images that are seen and have the package. */
export async function listPackages(
  db: Db,
  filter: PackageFilter,
  { limit, after }: { readonly limit: number; readonly after?: PackagePosition | undefined },
): Promise<readonly ListedPackage[]> {
  const isOpen = hasWaivers(filter) ? isOpenSomewhere('finding') : isOpenFinding('finding', []);
  const conditions = [
    ...filterConditions(filter, isOpen),
    // With its limit it is asked row by row, in order, until the page is full, instead of for everything at once; `IS TRUE` keeps the
    // sets a table that is looked into, not one that is joined each time.
    sql`(SELECT true FROM package_set_member AS member
      WHERE member.package_id = package.id AND (member.set_id IN (SELECT set_id FROM visible_set)) IS TRUE LIMIT 1)`,
  ];
  if (after !== undefined) {
    const [name, version, id] = after;
    conditions.push(sql`(package.name, package.version, package.id) > (${name}, ${version}, CAST(${id} AS bigint))`);
  }
  const { rows } = await sql<Omit<ListedPackage, 'position'>>`
    WITH ${withVisible(filter)} ${hasWaivers(filter) ? sql`, ${withClosed(filter)}` : sql``}
    SELECT page.*, surroundings.value -> 'distro' ->> 'name' AS distro, counted.*, used.images,
      EXISTS (SELECT FROM package_doubt WHERE package_id = page.id) AS is_undetermined
    FROM (
      SELECT package.id, package.type, package.name, package.version, package.arch, package.facts ->> 'purl' AS purl,
        package.surroundings_id
      FROM package WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY package.name, package.version, package.id LIMIT ${limit}
    ) AS page JOIN surroundings ON surroundings.id = page.surroundings_id
      CROSS JOIN LATERAL (
        SELECT ${countsOverFindings('finding')} FROM package_finding AS finding
        WHERE finding.package_id = page.id AND ${isOpen}
      ) AS counted
      CROSS JOIN LATERAL (
        SELECT count(*) AS images FROM (
          -- Each image comes once: it has a package in one set only.
          SELECT FROM package_set_member AS member JOIN manifest_package_set AS own ON own.set_id = member.set_id
          WHERE member.package_id = page.id AND (own.manifest_id IN (SELECT manifest_id FROM visible_image)) IS TRUE LIMIT ${MAX_COUNTED}
        ) AS image
      ) AS used
    ORDER BY page.name, page.version, page.id`.execute(db);
  return rows.map(row => ({ ...row, position: [row.name, row.version, row.id] }));
}

function filterConditions(
  { text, name, version, type, isVulnerable }: PackageFilter,
  isOpen: RawBuilder<unknown>,
): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [];
  if (name !== undefined) conditions.push(sql`package.name = ${name}`);
  if (version !== undefined) conditions.push(sql`package.version = ${version}`);
  if (type !== undefined) conditions.push(sql`package.type = ${type}`);
  if (text !== undefined && text !== '') conditions.push(sql`lower(package.name) LIKE ${likeInside(text)}`);
  if (isVulnerable !== undefined) {
    const has = sql`EXISTS (SELECT FROM package_finding AS finding WHERE finding.package_id = package.id AND ${isOpen})`;
    conditions.push(isVulnerable ? has : sql`NOT ${has}`);
  }
  return conditions;
}
