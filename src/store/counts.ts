/**
 * Counts of findings, as package sets and images have them: each finding that is not set aside counts once for each package.
 */
import { type RawBuilder, sql } from 'kysely';

/** Columns of counts, in the order of their tables. */
export const COUNT_COLUMNS = [
  'critical',
  'high',
  'medium',
  'low',
  'negligible',
  'unknown',
  'fixable',
  'known_exploited',
  'undetermined',
] as const;

/** Findings by severity; of these how many have a fix, how many are exploited; and packages of which something is undetermined. */
export interface FindingCounts {
  readonly critical: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly negligible: number;
  readonly unknown: number;
  readonly fixable: number;
  readonly knownExploited: number;
  readonly undetermined: number;
}

/** Severities as they are stored: 5 critical … 1 negligible, 0 unknown. */
export const SEVERITY_RANKS = { CRITICAL: 5, HIGH: 4, MEDIUM: 3, LOW: 2, NEGLIGIBLE: 1, UNKNOWN: 0 } as const;

/** The severity of a rank. */
export const SEVERITY_OF_RANK = ['UNKNOWN', 'NEGLIGIBLE', 'LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const;

/** Counts over rows of `package_finding` by the name `alias`; set aside ones must not be among them. */
export function countsOverFindings(alias: string): RawBuilder<unknown> {
  const when = (condition: string) => `count(*) FILTER (WHERE ${condition})`;
  return sql.raw(
    [
      ...Object.entries(SEVERITY_RANKS).map(
        ([name, rank]) => `${when(`${alias}.severity = ${rank}`)} AS ${name.toLowerCase()}`,
      ),
      `${when(`${alias}.fix_kind = 'fixed'`)} AS fixable`,
      `${when(`${alias}.is_known_exploited`)} AS known_exploited`,
    ].join(', '),
  );
}

/** `sum(alias.critical) AS critical, …`, zero for no rows. */
export function sumsOfCounts(alias: string): RawBuilder<unknown> {
  return sql.raw(COUNT_COLUMNS.map(name => `coalesce(sum(${alias}.${name}), 0)::integer AS ${name}`).join(', '));
}

/** The highest severity of counts, as `image_scan.worst`; `prefix` is an alias with its dot, or empty. */
export function worstOfCounts(prefix: string): string {
  return `CASE WHEN ${prefix}critical > 0 THEN 5 WHEN ${prefix}high > 0 THEN 4 WHEN ${prefix}medium > 0 THEN 3
    WHEN ${prefix}low > 0 THEN 2 WHEN ${prefix}negligible > 0 OR ${prefix}unknown > 0 THEN 1 ELSE 0 END`;
}
