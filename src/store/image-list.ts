/**
 * Lists of images: filtered, sorted, page by page, each with the places where it is. Two questions a page, whatever its length.
 */
import { type RawBuilder, sql } from 'kysely';
import type { FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import { valueSet } from './row-set.ts';
import { isVisible, likeInside, type Scope, scopeConditions } from './visible.ts';
import { vulnerabilitiesNamed } from './vulnerability.ts';
import {
  allPlaces,
  countWaived,
  hasWaivers,
  joinAcceptance,
  listWaivedFindings,
  NONE_WAIVED,
  remaining,
  type WaivedCounts,
  waivedSet,
  withAccepted,
  withoutWaived,
  withWaivedImages,
  withWaiversOf,
} from './waived-finding.ts';

/** State of the scan of an image. */
export type ScanState = 'not-scanned' | 'queued' | 'scanned' | 'failed' | 'unsupported' | 'layer-too-large';

/** Which images. All that is said must hold. */
export interface ImageFilter extends Scope {
  /** 5 critical … 1 negligible, 0 any at all: images with a finding at least so severe that is not set aside, as in all that follows. */
  readonly severityAtLeast?: number | undefined;
  /** Images with a finding that has a fix. */
  readonly isFixable?: boolean | undefined;
  readonly isKnownExploited?: boolean | undefined;
  /** The exact name of a package, and its version. */
  readonly package?: { readonly name: string; readonly version?: string | undefined } | undefined;
  /** A name or alias of a weakness, in any capitals, that a finding which is not set aside has. */
  readonly vulnerability?: string | undefined;
  /** Images with the weakness in which waivers set it aside as well. */
  readonly includesWaived?: boolean | undefined;
  readonly states?: readonly ScanState[] | undefined;
  readonly scannedAfter?: Date | undefined;
  readonly scannedBefore?: Date | undefined;
  /** In the name of a repository or a tag, or how the digest begins. */
  readonly text?: string | undefined;
}

/** `worst`: most severe first; `scanned`: newest first; `size`: largest first; `name`: by the alphabet. */
export type ImageSort = 'worst' | 'scanned' | 'size' | 'name';

/** After which image to go on; what it is depends on the sort. */
export type ImagePosition = readonly (string | number)[];

/** A page of a list. */
export interface PageQuery<S, P> {
  readonly sort: S;
  readonly limit: number;
  readonly after?: P | undefined;
}

/** A repository that has an image, and its tags there; those of indexes that list it among them. */
export interface ImagePlace {
  readonly registryId: string;
  readonly registryName: string;
  readonly host: string;
  readonly repositoryId: number;
  readonly repository: string;
  readonly tags: readonly string[];
}

/** An image in a list. */
export interface ListedImage extends FindingCounts {
  readonly id: number;
  readonly digest: string;
  readonly mediaType: string;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly sizeBytes: number | null;
  readonly builtAt: string | null;
  readonly firstSeenAt: string;
  readonly state: ScanState;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly scannedAt: string | null;
  readonly judgedAt: string | null;
  readonly packageCount: number | null;
  /** 5 critical … 0 none, see the schema. As the counts, without what waivers set aside. */
  readonly worst: number;
  /** What waivers set aside. */
  readonly waived: WaivedCounts;
  /** As `ManifestScan`. */
  readonly distro: unknown;
  /** At most twenty. */
  readonly places: readonly ImagePlace[];
  readonly position: ImagePosition;
}

const MAX_PLACES = 20;
const MAX_TAGS = 50;

const COLUMNS = sql`manifest.id, manifest.digest, manifest.media_type, manifest.os, manifest.architecture, manifest.variant,
  manifest.layers_size_bytes AS size_bytes, manifest.built_at, manifest.first_seen_at, scan.state, scan.error_code,
  scan.error_message, scan.scanned_at, scan.judged_at, scan.package_count, scan.worst, scan.distro, scan.critical, scan.high, scan.medium,
  scan.low, scan.negligible, scan.unknown, scan.fixable, scan.known_exploited, scan.undetermined`;

interface Order {
  /** SQL of what is sorted by, with its type; all in one direction. */
  readonly keys: readonly (readonly [expression: string, type: string])[];
  readonly isAscending: boolean;
}

const ORDERS: Readonly<Record<ImageSort, Order>> = {
  worst: {
    keys: [
      ['scan.worst', 'smallint'],
      ['scan.critical', 'integer'],
      ['scan.high', 'integer'],
      ['scan.manifest_id', 'bigint'],
    ],
    isAscending: false,
  },
  scanned: {
    keys: [
      [`coalesce(scan.scanned_at, '-infinity')`, 'timestamptz'],
      ['scan.manifest_id', 'bigint'],
    ],
    isAscending: false,
  },
  size: {
    keys: [
      ['coalesce(manifest.layers_size_bytes, -1)', 'bigint'],
      ['manifest.id', 'bigint'],
    ],
    isAscending: false,
  },
  name: {
    keys: [
      ['named.name', 'text'],
      ['manifest.id', 'bigint'],
    ],
    isAscending: true,
  },
};

/**
 * Images that match. What waivers set aside is in neither counts nor filters, but it is in the order: an order that all who look share has an
 * index, and one that depends on who looks has none.
 */
export async function listImages(
  db: Db,
  filter: ImageFilter,
  { sort, limit, after }: PageQuery<ImageSort, ImagePosition>,
): Promise<readonly ListedImage[]> {
  const { keys, isAscending } = ORDERS[sort];
  const aside = await joinWaived(db, filter);
  const conditions = [sql`manifest.kind IN ('image', 'unsupported')`, ...filterConditions(filter, aside)];
  // Where the name is sorted by, only images that are seen have one.
  if (sort !== 'name') conditions.push(isVisible('scan.manifest_id', filter));
  if (after !== undefined) {
    const expressions = sql.raw(keys.map(([expression]) => expression).join(', '));
    const values = sql.join(keys.map(([, type], at) => sql`CAST(${String(after[at] ?? '')} AS ${sql.raw(type)})`));
    conditions.push(sql`(${expressions}) ${sql.raw(isAscending ? '>' : '<')} (${values})`);
  }
  const order = keys.map(([expression]) => `${expression} ${isAscending ? 'ASC' : 'DESC'}`).join(', ');
  const positions = keys.map(([expression], at) => `${expression}::text AS key_${at}`).join(', ');
  const { rows } = await sql<Record<string, unknown>>`
    ${aside.tables} SELECT ${COLUMNS}, ${sql.raw(positions)}
    FROM image_scan AS scan JOIN manifest ON manifest.id = scan.manifest_id ${sort === 'name' ? nameOf(filter) : sql``}
    WHERE ${sql.join(conditions, sql` AND `)}
    ORDER BY ${sql.raw(order)} LIMIT ${limit}`.execute(db);
  const ids = rows.map(({ id }) => Number(id));
  const places = await listPlaces(db, filter, ids);
  const waived = await countWaived(db, filter, ids);
  return rows.map(row => {
    const position = keys.map((_, at) => String(row[`key${at}`]));
    const fields = Object.fromEntries(Object.entries(row).filter(([name]) => !/^key\d$/.test(name)));
    const id = Number(row['id']);
    const image = withoutWaived(fields as unknown as ListedImage, waived.get(id));
    return { ...image, waived: waived.get(id) ?? NONE_WAIVED, places: places.get(id) ?? [], position };
  });
}

/** How a list regards waivers: only as far as its filter asks for counts, or for a weakness that one is for. */
interface Aside {
  /** To go first. */
  readonly tables: RawBuilder<unknown>;
  readonly hasCounts: boolean;
  readonly hasFindings: boolean;
}

const NOTHING_ASIDE: Aside = { tables: sql``, hasCounts: false, hasFindings: false };

async function joinWaived(db: Db, filter: ImageFilter): Promise<Aside> {
  const { severityAtLeast, isFixable, isKnownExploited, vulnerability, includesWaived = false } = filter;
  if (!hasWaivers(filter)) return NOTHING_ASIDE;
  const hasFindings = vulnerability !== undefined && !includesWaived;
  if ([severityAtLeast, isFixable, isKnownExploited].some(asked => asked !== undefined)) {
    return {
      tables: sql`WITH ${withWaivedImages(filter, allPlaces(filter))}`,
      hasCounts: true,
      hasFindings,
    };
  }
  const concerned: Scope = hasFindings ? await withWaiversOf(db, filter, vulnerability) : {};
  if (!hasWaivers(concerned)) return NOTHING_ASIDE;
  const tables = sql`WITH ${withAccepted(concerned, allPlaces(filter))}`;
  return { tables, hasCounts: false, hasFindings };
}

/** The first name of each image that is seen: of all of them at once, since the order has to know them all. */
function nameOf(scope: Scope): RawBuilder<unknown> {
  return sql`JOIN (
    SELECT place.manifest_id, min((registry.host || '/' || repository.name) COLLATE "C") AS name
    FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
      JOIN registry ON registry.id = repository.registry_id
    WHERE place.gone_at IS NULL AND ${scopeConditions(scope)} GROUP BY place.manifest_id
  ) AS named ON named.manifest_id = scan.manifest_id`;
}

function filterConditions(filter: ImageFilter, aside: Aside): RawBuilder<unknown>[] {
  const conditions: RawBuilder<unknown>[] = [];
  const { severityAtLeast, states, scannedAfter, scannedBefore, text } = filter;
  const counted = countConditions(filter, column => `scan.${column}`);
  if (counted.length > 0 && aside.hasCounts) {
    // What is there at all comes first: it has an index.
    if (severityAtLeast !== undefined)
      conditions.push(...countConditions({ severityAtLeast }, column => `scan.${column}`));
    const isLeft = sql.join(countConditions(filter, remaining), sql` AND `);
    // As sets of ids, which are looked into, not joined row by row.
    conditions.push(sql`((scan.manifest_id NOT IN (SELECT manifest_id FROM waived_image) AND ${sql.join(counted, sql` AND `)})
      OR scan.manifest_id IN (
        SELECT waived.manifest_id FROM waived_image AS waived JOIN image_scan AS scan ON scan.manifest_id = waived.manifest_id
        WHERE ${isLeft}))`);
  } else {
    conditions.push(...counted);
  }
  if (states !== undefined) conditions.push(sql`scan.state IN (SELECT value FROM ${valueSet(states, 'text')})`);
  if (scannedAfter !== undefined) {
    conditions.push(sql`scan.scanned_at >= CAST(${scannedAfter.toISOString()} AS timestamptz)`);
  }
  if (scannedBefore !== undefined) {
    conditions.push(sql`scan.scanned_at < CAST(${scannedBefore.toISOString()} AS timestamptz)`);
  }
  if (filter.package !== undefined) conditions.push(hasPackage(filter.package));
  if (filter.vulnerability !== undefined) conditions.push(hasVulnerability(filter.vulnerability, aside));
  if (text !== undefined && text !== '') conditions.push(hasText(text, filter));
  return conditions;
}

/** What is asked of counts; `columnOf` is the SQL of one of them, or of the worst severity. */
function countConditions(
  { severityAtLeast, isFixable, isKnownExploited }: ImageFilter,
  columnOf: (column: 'worst' | 'negligible' | 'fixable' | 'known_exploited') => string,
): RawBuilder<unknown>[] {
  const conditions: string[] = [];
  if (severityAtLeast === 1) {
    // Findings of unknown severity are counted with the negligible ones there.
    conditions.push(`(${columnOf('worst')} > 1 OR ${columnOf('negligible')} > 0)`);
  } else if (severityAtLeast !== undefined) {
    conditions.push(`${columnOf('worst')} >= ${Math.max(1, Math.trunc(severityAtLeast))}`);
  }
  if (isFixable !== undefined) conditions.push(`${columnOf('fixable')} ${isFixable ? '>' : '='} 0`);
  if (isKnownExploited !== undefined)
    conditions.push(`${columnOf('known_exploited')} ${isKnownExploited ? '>' : '='} 0`);
  return conditions.map(condition => sql.raw(condition));
}

function hasPackage({ name, version }: NonNullable<ImageFilter['package']>): RawBuilder<unknown> {
  const isVersion = version === undefined ? sql`` : sql`AND package.version = ${version}`;
  return sql`scan.manifest_id IN (
    SELECT own.manifest_id FROM package JOIN package_set_member AS member ON member.package_id = package.id
      JOIN manifest_package_set AS own ON own.set_id = member.set_id
    WHERE package.name = ${name} ${isVersion})`;
}

function hasVulnerability(name: string, { hasFindings }: Aside): RawBuilder<unknown> {
  return sql`scan.manifest_id IN (
    SELECT own.manifest_id FROM package_finding AS finding
      JOIN package_set_member AS member ON member.package_id = finding.package_id
      JOIN manifest_package_set AS own ON own.set_id = member.set_id
      ${hasFindings ? joinAcceptance('own.manifest_id') : sql``}
    WHERE finding.vulnerability_id IN ${vulnerabilitiesNamed(name)} AND NOT finding.is_waived
      ${hasFindings ? sql`AND accepted_in.profile IS NULL` : sql``})`;
}

/** Only names that are seen are looked into: whether others have an image is nobody's business. */
function hasText(text: string, scope: Scope): RawBuilder<unknown> {
  const inside = likeInside(text);
  const isDigest = /^sha(?:256|512):[0-9a-f]*$/.test(text) ? sql`manifest.digest LIKE ${`${text}%`}` : sql`false`;
  const isSeen = sql`repository.id IN (
    SELECT repository.id FROM repository JOIN registry ON registry.id = repository.registry_id WHERE ${scopeConditions(scope)})`;
  return sql`(${isDigest} OR scan.manifest_id IN (
    SELECT place.manifest_id FROM repository JOIN repository_manifest AS place ON place.repository_id = repository.id
    WHERE place.gone_at IS NULL AND lower(repository.name) LIKE ${inside} AND ${isSeen}
    UNION SELECT tag.manifest_id FROM tag JOIN repository ON repository.id = tag.repository_id
    WHERE tag.ended_at IS NULL AND lower(tag.name) LIKE ${inside} AND ${isSeen}
    UNION SELECT child.id FROM tag JOIN repository ON repository.id = tag.repository_id
      JOIN manifest_child ON manifest_child.index_id = tag.manifest_id
      JOIN manifest AS child ON child.digest = manifest_child.digest
    WHERE tag.ended_at IS NULL AND lower(tag.name) LIKE ${inside} AND ${isSeen}))`;
}

/** Where images are, by id: repositories in their order of age, tags by the alphabet. */
export async function listPlaces(
  db: Db,
  scope: Scope,
  manifestIds: readonly number[],
): Promise<ReadonlyMap<number, readonly ImagePlace[]>> {
  if (manifestIds.length === 0) return new Map();
  const { rows } = await sql<ImagePlace & { manifestId: number }>`
    SELECT place.manifest_id, registry.id AS registry_id, registry.name AS registry_name, registry.host,
      repository.id AS repository_id, repository.name AS repository, tagged.tags
    FROM (
      SELECT place.*, row_number() OVER (PARTITION BY place.manifest_id ORDER BY place.repository_id) AS rank
      FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
        JOIN registry ON registry.id = repository.registry_id
      WHERE place.manifest_id IN (SELECT value FROM ${valueSet(manifestIds, 'bigint')}) AND place.gone_at IS NULL
        AND ${scopeConditions(scope)}
    ) AS place
      JOIN repository ON repository.id = place.repository_id JOIN registry ON registry.id = repository.registry_id
      CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(named.name ORDER BY named.name), '[]'::jsonb) AS tags FROM (
          SELECT DISTINCT tag.name FROM tag
          WHERE tag.repository_id = place.repository_id AND tag.ended_at IS NULL AND tag.manifest_id IN (
            SELECT place.manifest_id UNION ALL
            SELECT parent.index_id FROM manifest AS self JOIN manifest_child AS parent ON parent.digest = self.digest
            WHERE self.id = place.manifest_id
          ) ORDER BY tag.name LIMIT ${MAX_TAGS}
        ) AS named
      ) AS tagged
    WHERE place.rank <= ${MAX_PLACES}
    ORDER BY place.manifest_id, place.repository_id`.execute(db);
  const places = new Map<number, ImagePlace[]>();
  for (const { manifestId, ...place } of rows) {
    const known = places.get(manifestId);
    if (known === undefined) places.set(manifestId, [place]);
    else known.push(place);
  }
  return places;
}

/** A package of an image that has a weakness. */
export interface AffectedPackageRow {
  readonly manifestId: number;
  readonly name: string;
  readonly type: string;
  readonly version: string;
  readonly vulnerability: string;
  readonly severity: number;
  readonly fixKind: string;
  readonly fixedVersion: string | null;
}

/**
 * Which packages of images have a weakness, by name or alias: at most `limit` of each image, without those in which waivers of the scope set it
 * aside.
 */
export async function listAffectedPackages(
  db: Db,
  name: string,
  manifestIds: readonly number[],
  { limit, scope = {} }: { readonly limit: number; readonly scope?: Scope | undefined },
): Promise<readonly AffectedPackageRow[]> {
  if (manifestIds.length === 0) return [];
  const waived = await listWaivedFindings(db, await withWaiversOf(db, scope, name), manifestIds);
  const isLeft =
    waived.length === 0
      ? sql``
      : sql`AND (own.manifest_id, finding.package_id, finding.vulnerability_id) NOT IN (
          SELECT manifest_id, package_id, vulnerability_id FROM ${waivedSet(waived)})`;
  const { rows } = await sql<AffectedPackageRow>`
    SELECT manifest_id, name, type, version, vulnerability, severity, fix_kind, fixed_version FROM (
      SELECT own.manifest_id, package.name, package.type, package.version, vulnerability.name AS vulnerability,
        finding.severity, finding.fix_kind, finding.fixed_version,
        row_number() OVER (PARTITION BY own.manifest_id ORDER BY finding.severity DESC, package.name, package.id) AS rank
      FROM package_finding AS finding JOIN vulnerability ON vulnerability.id = finding.vulnerability_id
        JOIN package ON package.id = finding.package_id
        JOIN package_set_member AS member ON member.package_id = finding.package_id
        JOIN manifest_package_set AS own ON own.set_id = member.set_id
      WHERE finding.vulnerability_id IN ${vulnerabilitiesNamed(name)} AND NOT finding.is_waived
        AND own.manifest_id IN (SELECT value FROM ${valueSet(manifestIds, 'bigint')}) ${isLeft}
    ) AS ranked WHERE rank <= ${limit} ORDER BY manifest_id, rank`.execute(db);
  return rows;
}
