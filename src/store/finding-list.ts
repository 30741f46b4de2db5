/** Findings of one image, page by page, and what its layers bring. */
import { type RawBuilder, sql } from 'kysely';
import { countsOverFindings, type FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import type { PageQuery } from './image-list.ts';
import { valueSet } from './row-set.ts';
import { likeInside, type Scope } from './visible.ts';
import {
  isOpenFinding,
  listWaivedFindings,
  type WaivedCounts,
  type WaivedFinding,
  waivedSet,
  withoutWaived,
} from './waived-finding.ts';
import type { StoredWaiver } from './waiver.ts';

/** Which findings of an image. All that is said must hold. */
export interface FindingFilter {
  /** As they are stored: 5 critical … 0 unknown. */
  readonly severities?: readonly number[] | undefined;
  readonly isFixable?: boolean | undefined;
  readonly isKnownExploited?: boolean | undefined;
  /** In the name of the weakness, an alias, or the name of the package. */
  readonly text?: string | undefined;
  /** The exact name of a package. */
  readonly packageName?: string | undefined;
  /** Of the layer that introduced the package, from 0. */
  readonly layer?: number | undefined;
  /** Only those that are set aside, by a rule or a waiver, or only those that are not (the default), or both. */
  readonly waived?: 'only' | 'without' | 'with' | undefined;
}

/** `severity`: the worst first, exploited ones before others; `package`, `name`: by the alphabet. */
export type FindingSort = 'severity' | 'package' | 'name';

/** After which finding to go on. */
export type FindingPosition = readonly (string | number)[];

/** A finding in a list; `detail` is a `FindingDetail` of scan/content. */
export interface ListedFinding {
  readonly packageId: number;
  readonly type: string;
  readonly packageName: string;
  readonly version: string;
  readonly arch: string | null;
  readonly purl: string;
  readonly layer: number;
  readonly locations: unknown;
  readonly name: string;
  readonly severity: number;
  readonly fixKind: string;
  readonly fixedVersion: string | null;
  /** By a rule of ours, or by a waiver. */
  readonly isWaived: boolean;
  /** The oldest of those that set it aside; missing where none does. */
  readonly waiver: StoredWaiver | undefined;
  readonly isKnownExploited: boolean;
  readonly epss: number | null;
  readonly percentile: number | null;
  readonly kev: unknown;
  readonly detail: unknown;
  readonly firstSeenAt: string;
  readonly position: FindingPosition;
}

const ORDERS: Readonly<Record<FindingSort, readonly (readonly [expression: string, type: string])[]>> = {
  // Ascending throughout, so that one comparison of rows says what comes after.
  severity: [
    ['-finding.severity', 'integer'],
    ['(NOT finding.is_known_exploited)::integer', 'integer'],
    ['vulnerability.name', 'text COLLATE "C"'],
    ['finding.package_id', 'bigint'],
  ],
  package: [
    ['package.name', 'text COLLATE "C"'],
    ['-finding.severity', 'integer'],
    ['vulnerability.name', 'text COLLATE "C"'],
    ['finding.package_id', 'bigint'],
  ],
  name: [
    ['vulnerability.name', 'text COLLATE "C"'],
    ['finding.package_id', 'bigint'],
  ],
};

/** Findings of the image with this id, as it is looked at in `scope`. */
export async function listFindings(
  db: Db,
  manifestId: number,
  filter: FindingFilter,
  { sort, limit, after, scope = {} }: PageQuery<FindingSort, FindingPosition> & { readonly scope?: Scope | undefined },
): Promise<readonly ListedFinding[]> {
  const keys = ORDERS[sort];
  const waived = await listWaivedFindings(db, scope, [manifestId]);
  const conditions = [sql`own.manifest_id = ${manifestId}`, ...filterConditions(filter, waived)];
  if (after !== undefined) {
    const expressions = sql.raw(keys.map(([expression]) => expression).join(', '));
    const values = keys.map(([, type], at) => {
      const [name = '', ...collation] = type.split(' ');
      return sql`CAST(${String(after[at] ?? '')} AS ${sql.raw(name)}) ${sql.raw(collation.join(' '))}`;
    });
    conditions.push(sql`(${expressions}) > (${sql.join(values)})`);
  }
  const sorted = keys.map(([expression], at) => `${expression} AS sort_${at}`).join(', ');
  const positions = keys.map((_, at) => `page.sort_${at}::text AS key_${at}`).join(', ');
  const order = keys.map(([expression]) => expression).join(', ');
  const outerOrder = keys.map((_, at) => `page.sort_${at}`).join(', ');
  // The page is found first: details are large.
  const { rows } = await sql<Record<string, unknown>>`
    SELECT page.*, package.type, package.name AS package_name, package.version, package.arch,
      package.facts ->> 'purl' AS purl, detail.detail, signal.epss, signal.percentile, signal.kev,
      ${sql.raw(positions)}
    FROM (
      SELECT finding.package_id, finding.vulnerability_id, finding.severity, finding.fix_kind, finding.fixed_version, finding.is_waived,
        finding.is_known_exploited, finding.first_seen_at, finding.detail_id, vulnerability.name, own.position AS layer,
        member.locations, ${sql.raw(sorted)}
      FROM manifest_package_set AS own JOIN package_set_member AS member ON member.set_id = own.set_id
        JOIN package_finding AS finding ON finding.package_id = member.package_id
        JOIN package ON package.id = finding.package_id
        JOIN vulnerability ON vulnerability.id = finding.vulnerability_id
      WHERE ${sql.join(conditions, sql` AND `)}
      ORDER BY ${sql.raw(order)} LIMIT ${limit}
    ) AS page JOIN package ON package.id = page.package_id JOIN finding_detail AS detail ON detail.id = page.detail_id
      LEFT JOIN LATERAL (SELECT * FROM exploit_signal WHERE cve = page.name LIMIT 1) AS signal ON true
    ORDER BY ${sql.raw(outerOrder)}`.execute(db);
  const waivers = new Map(waived.map(one => [pairOf(one.packageId, one.vulnerabilityId), one.waiver]));
  return rows.map(row => {
    const position = keys.map((_, at) => String(row[`key${at}`]));
    const fields = Object.entries(row).filter(([name]) => !/^(?:key\d|sort\d|detailId|vulnerabilityId)$/.test(name));
    const finding = Object.fromEntries(fields) as unknown as ListedFinding;
    const waiver = waivers.get(pairOf(row['packageId'], row['vulnerabilityId']));
    return { ...finding, isWaived: finding.isWaived || waiver !== undefined, waiver, position };
  });
}

function pairOf(packageId: unknown, vulnerabilityId: unknown): string {
  return `${packageId}/${vulnerabilityId}`;
}

function filterConditions(filter: FindingFilter, aside: readonly WaivedFinding[]): RawBuilder<unknown>[] {
  const { severities, isFixable, isKnownExploited, text, packageName, layer, waived = 'without' } = filter;
  const conditions: RawBuilder<unknown>[] = [];
  if (severities !== undefined) {
    conditions.push(sql`finding.severity IN (SELECT value FROM ${valueSet(severities, 'bigint')})`);
  }
  if (isFixable !== undefined) conditions.push(sql`(finding.fix_kind = 'fixed') = ${isFixable}`);
  if (isKnownExploited !== undefined) conditions.push(sql`finding.is_known_exploited = ${isKnownExploited}`);
  if (packageName !== undefined) conditions.push(sql`package.name = ${packageName}`);
  if (layer !== undefined) conditions.push(sql`own.position = ${layer}`);
  if (waived !== 'with') {
    const isOpen = isOpenFinding('finding', aside);
    conditions.push(waived === 'only' ? sql`NOT ${isOpen}` : isOpen);
  }
  if (text !== undefined && text !== '') {
    const inside = likeInside(text);
    conditions.push(sql`(lower(vulnerability.name) LIKE ${inside} OR lower(package.name) LIKE ${inside} OR EXISTS (
      SELECT FROM vulnerability_alias WHERE vulnerability_id = vulnerability.id AND lower(alias) LIKE ${inside}))`);
  }
  return conditions;
}

/** A layer of an image with what it brings. */
export interface LayerSummary extends FindingCounts {
  readonly position: number;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly createdBy: string | null;
  /** Packages that are there since this layer. */
  readonly packageCount: number;
}

/** The layers of the image with this id, lowest first, as it is looked at in `scope`. */
export async function listLayerSummaries(
  db: Db,
  manifestId: number,
  scope: Scope = {},
): Promise<readonly LayerSummary[]> {
  const { rows } = await sql<LayerSummary>`
    SELECT own.position, layer.digest, own.size_bytes, own.media_type, own.created_by,
      coalesce(package_count, 0) AS package_count, coalesce(critical, 0) AS critical, coalesce(high, 0) AS high,
      coalesce(medium, 0) AS medium, coalesce(low, 0) AS low, coalesce(negligible, 0) AS negligible,
      coalesce(unknown, 0) AS unknown, coalesce(fixable, 0) AS fixable, coalesce(known_exploited, 0) AS known_exploited,
      coalesce(undetermined, 0) AS undetermined
    FROM manifest_layer AS own JOIN layer ON layer.id = own.layer_id
      LEFT JOIN manifest_package_set AS set ON set.manifest_id = own.manifest_id AND set.position = own.position
      LEFT JOIN package_set ON package_set.id = set.set_id
    WHERE own.manifest_id = ${manifestId} ORDER BY own.position`.execute(db);
  const waived = await countWaivedByLayer(db, await listWaivedFindings(db, scope, [manifestId]));
  return rows.map(row => withoutWaived(row, waived.get(row.position)));
}

async function countWaivedByLayer(
  db: Db,
  waived: readonly WaivedFinding[],
): Promise<ReadonlyMap<number, WaivedCounts>> {
  if (waived.length === 0) return new Map();
  const { rows } = await sql<WaivedCounts & { readonly position: number }>`
    SELECT own.position, ${countsOverFindings('finding')}
    FROM ${waivedSet(waived)} JOIN manifest_package_set AS own ON own.manifest_id = given.manifest_id
      JOIN package_set_member AS member ON member.set_id = own.set_id AND member.package_id = given.package_id
      JOIN package_finding AS finding ON finding.package_id = given.package_id
        AND finding.vulnerability_id = given.vulnerability_id
    GROUP BY own.position`.execute(db);
  return new Map(rows.map(({ position, ...counts }) => [position, counts]));
}
