/**
 * Which findings waivers set aside, where somebody looks. It is found when it is read: findings belong to packages, waivers to namespaces, and
 * nothing of the one is written for the other.
 *
 * A finding of an image is set aside where each of the places in which the image is seen has a waiver for it: what was accepted in one
 * repository still counts in the next. Images are told apart only by the waivers that their places are under, their _profile_; so what
 * is compared is profiles, packages and sets of packages, which are few, and images are counted by sums over their sets.
 */
import { type RawBuilder, sql } from 'kysely';
import { countsOverFindings, type FindingCounts, worstOfCounts } from './counts.ts';
import type { Db } from './database.ts';
import { rowSet, valueSet } from './row-set.ts';
import { isOfProject, type Scope, scopeConditions } from './visible.ts';
import { vulnerabilitiesNamed } from './vulnerability.ts';
import { isInState, type StoredWaiver, toWaiver } from './waiver.ts';

/** How many findings waivers set aside. */
export type WaivedCounts = Omit<FindingCounts, 'undetermined'>;

/** Columns of `waived_image`. */
const COLUMNS = ['critical', 'high', 'medium', 'low', 'negligible', 'unknown', 'fixable', 'known_exploited'] as const;

/** None. */
export const NONE_WAIVED: WaivedCounts = {
  critical: 0,
  high: 0,
  medium: 0,
  low: 0,
  negligible: 0,
  unknown: 0,
  fixable: 0,
  knownExploited: 0,
};

/** `scope` with the waivers that hold in it on the day of `now`, which is how lists come to regard them. */
export async function withWaivers<S extends Scope>(
  db: Db,
  scope: S,
  now: Date,
): Promise<S & { readonly waivers: readonly StoredWaiver[] }> {
  const { namespaceIds } = scope;
  if (namespaceIds?.length === 0) return { ...scope, waivers: [] };
  let select = db.selectFrom('waiver').selectAll().where(isInState('active', now));
  if (namespaceIds !== undefined) select = select.where('namespaceId', 'in', [...namespaceIds]);
  const rows = await select.orderBy('createdAt').orderBy('id').execute();
  return { ...scope, waivers: rows.map(toWaiver) };
}

/** The same scope with only those of its waivers that are for a weakness of this name or alias. */
export async function withWaiversOf<S extends Scope>(db: Db, scope: S, name: string): Promise<S> {
  const { waivers = [] } = scope;
  if (waivers.length === 0) return scope;
  const names = waivers.map(({ vulnerability }) => vulnerability.toLowerCase());
  const { rows } = await sql<{ name: string }>`
    SELECT DISTINCT given.value AS name FROM ${valueSet([...new Set(names)], 'text')}, ${namesOf('given.value')} AS named
    WHERE named.id IN ${vulnerabilitiesNamed(name)}`.execute(db);
  const wanted = new Set(rows.map(row => row.name));
  return { ...scope, waivers: waivers.filter((_, at) => wanted.has(names[at] ?? '')) };
}

/** Whether anything can be set aside in a scope. */
export function hasWaivers({ waivers = [] }: Scope): boolean {
  return waivers.length > 0;
}

/** Ids of weaknesses of a name or alias that an expression in SQL gives, in small letters. */
function namesOf(expression: string): RawBuilder<unknown> {
  return sql.raw(`LATERAL (SELECT id FROM vulnerability WHERE lower(name) = ${expression}
    UNION SELECT vulnerability_id FROM vulnerability_alias WHERE lower(alias) = ${expression})`);
}

/**
 * Where images are: rows of owner, manifest_id, namespace_id, registry_id, repository, and `at`, which names the place. One column to join by: of
 * two together the planner takes it that hardly any row fits.
 */
export type Places = RawBuilder<unknown>;

/**
 * All places that are seen in a scope. `owner` is the SQL of what images are looked at by: in a list of registries each is looked at by itself.
 * `more` is a condition on `registry` and `repository`.
 */
export function allPlaces(scope: Scope, owner = '0', more: RawBuilder<unknown> = sql`true`): Places {
  return sql`
    SELECT ${sql.raw(owner)} AS owner, place.manifest_id, registry.namespace_id, registry.id AS registry_id,
      repository.name AS repository, repository.id::text AS at
    FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
      JOIN registry ON registry.id = repository.registry_id
    WHERE place.gone_at IS NULL AND ${scopeConditions(scope)} AND ${more}`;
}

/**
 * The places of some images: repositories that have them; for an image in none, those that have an index of it; for one in none of these, the
 * projects that it is an image of.
 */
function placesOf(scope: Scope, manifestIds: readonly number[]): Places {
  const wanted = sql`(SELECT value FROM ${valueSet(manifestIds, 'bigint')})`;
  return sql`
    SELECT 0 AS owner, found.* FROM (
      SELECT DISTINCT every.manifest_id, every.namespace_id, every.registry_id, every.repository, every.at
      FROM (
        SELECT *, min(nearness) OVER (PARTITION BY manifest_id) AS nearest FROM (
          SELECT manifest_id, namespace_id, registry_id, repository, at, 1 AS nearness
          FROM (${allPlaces(scope)}) AS own WHERE manifest_id IN ${wanted}
          UNION ALL
          SELECT child.id, namespace_id, registry_id, repository, at, 2
          FROM manifest AS child JOIN manifest_child AS listed ON listed.digest = child.digest
            JOIN (${allPlaces(scope)}) AS own ON own.manifest_id = listed.index_id WHERE child.id IN ${wanted}
          UNION ALL
          SELECT manifest.id, project.namespace_id, NULL, NULL, project.namespace_id::text, 3
          FROM manifest JOIN project_image ON project_image.digest = manifest.digest
            JOIN project ON project.id = project_image.project_id
          WHERE manifest.id IN ${wanted} AND ${isOfProject(scope)} AND project_image.origin <> 'report'
            AND project_image.deleted_at IS NULL AND ${isInNamespaces(scope)}
        ) AS near
      ) AS every WHERE coalesce(nearness = nearest, false)
    ) AS found`;
}

function isInNamespaces({ namespaceIds }: Scope): RawBuilder<unknown> {
  if (namespaceIds === undefined) return sql`true`;
  return sql`project.namespace_id IN (SELECT CAST(value AS uuid) FROM ${valueSet(namespaceIds, 'text')})`;
}

/**
 * Tables to go after `WITH`: `accepted_scope` (scope, …), each distinct scope of these waivers once, and `accepted_pair` (number, scope, package_id,
 * vulnerability_id), the findings of packages that each waiver is for, by its place in the list.
 */
export function withAcceptedPairs(waivers: readonly StoredWaiver[]): RawBuilder<unknown> {
  const { scopes, accepted } = asRows(waivers);
  return sql`accepted AS MATERIALIZED (SELECT * FROM ${accepted}),
    accepted_scope AS MATERIALIZED (SELECT * FROM ${scopes}),
    accepted_pair AS MATERIALIZED (
      SELECT accepted.number, accepted.scope, finding.package_id, finding.vulnerability_id, finding.severity,
        finding.fix_kind, finding.is_known_exploited
      FROM accepted CROSS JOIN ${namesOf('accepted.vulnerability')} AS named
        JOIN package_finding AS finding ON finding.vulnerability_id = named.id AND NOT finding.is_waived
        JOIN package ON package.id = finding.package_id
      -- Not as OR: the planner would take it that hardly any row fits, and join all that follows row by row.
      WHERE coalesce(accepted.package IN (package.name, coalesce(package.facts -> 'source' ->> 'name', package.name)), true)
    )`;
}

/**
 * Tables to go after `WITH`, for a scope that has waivers:
 * - `accepted_finding` (package_id, vulnerability_id, severity, …, scopes, numbers): findings of packages that a waiver is for, somewhere;
 * - `image_profile` (owner, manifest_id, profile): images by what their places are under;
 * - `accepted_in` (profile, scopes): under which profiles all places have one of the scopes: findings with these are set aside there.
 */
export function withAccepted({ waivers = [] }: Scope, places: Places): RawBuilder<unknown> {
  return sql`${withAcceptedPairs(waivers)}, accepted_finding AS MATERIALIZED (
      SELECT package_id, vulnerability_id, severity, fix_kind, is_known_exploited,
        array_agg(DISTINCT scope ORDER BY scope) AS scopes, array_agg(DISTINCT number ORDER BY number) AS numbers
      FROM accepted_pair GROUP BY package_id, vulnerability_id, severity, fix_kind, is_known_exploited
    ), seen_place AS MATERIALIZED (${places}),
    place_scope AS MATERIALIZED (
      SELECT kind.at, coalesce(array_agg(s.scope ORDER BY s.scope) FILTER (WHERE s.scope IS NOT NULL), '{}') AS scopes
      FROM (SELECT DISTINCT at, namespace_id, registry_id, repository FROM seen_place) AS kind
        LEFT JOIN accepted_scope AS s ON s.namespace_id = kind.namespace_id AND s.digest IS NULL
          AND coalesce(s.registry_id = kind.registry_id, s.registry_id IS NULL)
          AND coalesce(s.repository = kind.repository, s.repository IS NULL)
      GROUP BY kind.at
    ), image_scope AS MATERIALIZED (
      SELECT manifest.id AS manifest_id, s.namespace_id, array_agg(s.scope ORDER BY s.scope) AS scopes
      FROM accepted_scope AS s JOIN manifest ON manifest.digest = s.digest GROUP BY manifest.id, s.namespace_id
    ), image_profile AS MATERIALIZED (
      SELECT place.owner, place.manifest_id, string_agg(DISTINCT
        (place_scope.scopes || coalesce(image_scope.scopes, '{}'))::text, ';') AS profile
      FROM seen_place AS place JOIN place_scope ON place_scope.at = place.at
        LEFT JOIN image_scope ON image_scope.manifest_id = place.manifest_id
          AND image_scope.namespace_id = place.namespace_id
      GROUP BY place.owner, place.manifest_id
    ), accepted_in AS MATERIALIZED (
      SELECT known.profile, kind.scopes
      FROM (SELECT DISTINCT profile FROM image_profile) AS known
        CROSS JOIN (SELECT DISTINCT scopes FROM accepted_finding) AS kind
      WHERE (SELECT bool_and(CAST(part AS integer[]) && kind.scopes) FROM unnest(string_to_array(known.profile, ';')) AS part)
    )`;
}

/**
 * Joins beside the tables of `withAccepted`, for rows of `package_finding AS finding` in an image that is seen, by the SQL of its id:
 * `accepted_in.profile` is null where it is not set aside.
 */
export function joinAcceptance(manifestId: string): RawBuilder<unknown> {
  return sql`JOIN image_profile ON image_profile.manifest_id = ${sql.raw(manifestId)}
    LEFT JOIN accepted_finding AS accepted_here ON accepted_here.package_id = finding.package_id
      AND accepted_here.vulnerability_id = finding.vulnerability_id
    LEFT JOIN accepted_in ON accepted_in.profile = image_profile.profile AND accepted_in.scopes = accepted_here.scopes`;
}

/**
 * The tables of `withAccepted`, and `closed_finding` (package_id, vulnerability_id): findings of packages that are set aside in every image which is
 * seen and has the package.
 */
export function withClosed(scope: Scope): RawBuilder<unknown> {
  // By way of sets: all pairs of packages and images would be a hundred times as many.
  return sql`${withAccepted(scope, allPlaces(scope))}, accepted_member AS MATERIALIZED (
      SELECT member.set_id, member.package_id FROM package_set_member AS member
      WHERE member.package_id IN (SELECT package_id FROM accepted_finding)
    ), set_profile AS MATERIALIZED (
      SELECT DISTINCT own.set_id, image_profile.profile
      FROM image_profile JOIN manifest_package_set AS own ON own.manifest_id = image_profile.manifest_id
      WHERE own.set_id IN (SELECT set_id FROM accepted_member)
    ), package_profile AS MATERIALIZED (
      SELECT DISTINCT accepted_member.package_id, set_profile.profile
      FROM accepted_member JOIN set_profile ON set_profile.set_id = accepted_member.set_id
    ), closed_finding AS MATERIALIZED (
      SELECT finding.package_id, finding.vulnerability_id
      FROM accepted_finding AS finding JOIN package_profile ON package_profile.package_id = finding.package_id
        LEFT JOIN accepted_in ON accepted_in.profile = package_profile.profile AND accepted_in.scopes = finding.scopes
      GROUP BY finding.package_id, finding.vulnerability_id HAVING bool_and(accepted_in.profile IS NOT NULL)
    )`;
}

/** The condition that a row of `package_finding` is not set aside: not by a rule, and it is none of these. */
export function isOpenFinding(alias: string, waived: readonly WaivedFinding[]): RawBuilder<unknown> {
  if (waived.length === 0) return sql.raw(`NOT ${alias}.is_waived`);
  return sql`(NOT ${sql.raw(alias)}.is_waived AND ${sql.raw(`(${alias}.package_id, ${alias}.vulnerability_id)`)} NOT IN (
    SELECT package_id, vulnerability_id FROM ${waivedSet(waived)}))`;
}

/** The same beside the tables of `withClosed`, for packages of all images. */
export function isOpenSomewhere(alias: string): RawBuilder<unknown> {
  return sql.raw(`(NOT ${alias}.is_waived AND (${alias}.package_id, ${alias}.vulnerability_id) NOT IN (
    SELECT package_id, vulnerability_id FROM closed_finding))`);
}

/** The tables of `withAccepted`, and `waived_image` (owner, manifest_id, counts): images of which findings are set aside, with how many. */
export function withWaivedImages(scope: Scope, places: Places, areFew = false): RawBuilder<unknown> {
  const sums = COLUMNS.map(name => `sum(waived_set.${name})::integer AS ${name}`).join(', ');
  // Sets of all images are most sets; those of a few are not.
  const isOfThese = areFew
    ? sql`WHERE member.set_id IN (
        SELECT own.set_id FROM manifest_package_set AS own WHERE own.manifest_id IN (SELECT manifest_id FROM seen_place))`
    : sql``;
  return sql`${withAccepted(scope, places)}, waived_set AS MATERIALIZED (
      SELECT member.set_id, finding.scopes, ${countsOverFindings('finding')}
      FROM accepted_finding AS finding JOIN package_set_member AS member ON member.package_id = finding.package_id
      ${isOfThese} GROUP BY member.set_id, finding.scopes
    ), image_set AS MATERIALIZED (
      SELECT image_profile.owner, image_profile.manifest_id, image_profile.profile, own.set_id
      FROM image_profile JOIN manifest_package_set AS own ON own.manifest_id = image_profile.manifest_id
      WHERE own.set_id IN (SELECT set_id FROM waived_set)
    ), profile_set AS MATERIALIZED (
      SELECT kind.profile, kind.set_id, ${sql.raw(sums)}
      FROM (SELECT DISTINCT profile, set_id FROM image_set) AS kind
        JOIN waived_set ON waived_set.set_id = kind.set_id
        JOIN accepted_in ON accepted_in.profile = kind.profile AND accepted_in.scopes = waived_set.scopes
      GROUP BY kind.profile, kind.set_id
    ), waived_image AS MATERIALIZED (
      SELECT image_set.owner, image_set.manifest_id, ${sql.raw(sums.replaceAll('waived_set.', 'profile_set.'))}
      FROM image_set JOIN profile_set ON profile_set.set_id = image_set.set_id AND profile_set.profile = image_set.profile
      GROUP BY image_set.owner, image_set.manifest_id
    )`;
}

/**
 * `scan.critical`, `scan.worst` and so on without what is set aside, as SQL on `image_scan AS scan` beside `waived_image AS waived`, of which
 * there may be no row.
 */
export function remaining(column: (typeof COLUMNS)[number] | 'worst'): string {
  if (column !== 'worst') return `(scan.${column} - coalesce(waived.${column}, 0))`;
  const fields = COLUMNS.map(name => `scan.${name} - coalesce(waived.${name}, 0) AS ${name}`).join(', ');
  return `CASE WHEN waived.manifest_id IS NULL THEN scan.worst
    ELSE (SELECT ${worstOfCounts('rest.')} FROM (SELECT ${fields}) AS rest) END`;
}

/** How many findings of images are set aside in a scope, by their ids; images of which none is are missing. */
export async function countWaived(
  db: Db,
  scope: Scope,
  manifestIds: readonly number[],
): Promise<ReadonlyMap<number, WaivedCounts>> {
  if (!hasWaivers(scope) || manifestIds.length === 0) return new Map();
  const { rows } = await sql<WaivedCounts & { readonly manifestId: number }>`
    WITH ${withWaivedImages(scope, placesOf(scope, manifestIds), true)}
    SELECT manifest_id, ${sql.raw(COLUMNS.join(', '))} FROM waived_image`.execute(db);
  return new Map(rows.map(({ manifestId, ...counts }) => [manifestId, counts]));
}

/** A finding of an image that is set aside, and the oldest of the waivers that do so. */
export interface WaivedFinding {
  readonly manifestId: number;
  readonly packageId: number;
  readonly vulnerabilityId: number;
  readonly waiver: StoredWaiver;
}

/** The findings of some images that are set aside in a scope. */
export async function listWaivedFindings(
  db: Db,
  scope: Scope,
  manifestIds: readonly number[],
): Promise<readonly WaivedFinding[]> {
  const { waivers = [] } = scope;
  if (waivers.length === 0 || manifestIds.length === 0) return [];
  const { rows } = await sql<{
    manifestId: number;
    packageId: number;
    vulnerabilityId: number;
    number: number;
  }>`
    WITH ${withAccepted(scope, placesOf(scope, manifestIds))}
    SELECT image_profile.manifest_id, finding.package_id, finding.vulnerability_id, (
      -- One that is for a place where the image is: another may be for a namespace that has it not.
      SELECT min(accepted.number) FROM accepted
      WHERE accepted.number = ANY (finding.numbers) AND EXISTS (
        SELECT FROM unnest(string_to_array(image_profile.profile, ';')) AS part
        WHERE accepted.scope = ANY (CAST(part AS integer[])))
    ) AS number
    FROM image_profile JOIN manifest_package_set AS own ON own.manifest_id = image_profile.manifest_id
      JOIN package_set_member AS member ON member.set_id = own.set_id
      JOIN accepted_finding AS finding ON finding.package_id = member.package_id
      JOIN accepted_in ON accepted_in.profile = image_profile.profile AND accepted_in.scopes = finding.scopes`.execute(
    db,
  );
  return rows.flatMap(({ number, ...finding }) => {
    const waiver = waivers[number];
    return waiver === undefined ? [] : [{ ...finding, waiver }];
  });
}

/** Findings as something to select from: `given(manifest_id, package_id, vulnerability_id)`. */
export function waivedSet(findings: readonly WaivedFinding[]): RawBuilder<unknown> {
  return rowSet(
    findings.map(({ manifestId, packageId, vulnerabilityId }) => ({
      manifest_id: manifestId,
      package_id: packageId,
      vulnerability_id: vulnerabilityId,
    })),
    'manifest_id bigint, package_id bigint, vulnerability_id bigint',
  );
}

/** Counts without those that are set aside, with the highest severity that is left, as `image_scan.worst`. */
export function withoutWaived<T extends FindingCounts & { readonly worst?: number }>(
  counts: T,
  waived: WaivedCounts | undefined,
): T {
  if (waived === undefined) return counts;
  const left = Object.fromEntries(
    Object.entries(waived).map(([name, count]) => [name, counts[name as keyof WaivedCounts] - count]),
  ) as unknown as WaivedCounts;
  return { ...counts, ...left, ...(counts.worst === undefined ? {} : { worst: worstOf(left) }) };
}

function worstOf({ critical, high, medium, low, negligible, unknown }: WaivedCounts): number {
  if (critical > 0) return 5;
  if (high > 0) return 4;
  if (medium > 0) return 3;
  if (low > 0) return 2;
  return negligible + unknown > 0 ? 1 : 0;
}

/** Waivers as two tables: which weakness each is for, and each distinct scope once, by number. */
function asRows(waivers: readonly StoredWaiver[]): {
  readonly accepted: RawBuilder<unknown>;
  readonly scopes: RawBuilder<unknown>;
} {
  const numbers = new Map<string, number>();
  const scopes: object[] = [];
  const accepted = waivers.map(({ namespaceId, scope, vulnerability, package: name }, number) => {
    const row = {
      namespace_id: namespaceId,
      registry_id: 'registryId' in scope ? scope.registryId : null,
      repository: scope.kind === 'repository' ? scope.repository : null,
      digest: scope.kind === 'image' ? scope.digest : null,
    };
    const key = JSON.stringify(row);
    const known = numbers.get(key) ?? numbers.size;
    if (!numbers.has(key)) scopes.push({ scope: known, ...row });
    numbers.set(key, known);
    return { number, scope: known, vulnerability: vulnerability.toLowerCase(), package: name ?? null };
  });
  return {
    accepted: rowSet(accepted, 'number integer, scope integer, vulnerability text, package text'),
    scopes: rowSet(scopes, 'scope integer, namespace_id uuid, registry_id uuid, repository text, digest text'),
  };
}
