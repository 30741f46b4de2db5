/**
 * Findings of distinct packages, and what could not be determined of them.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { batches, rowSet, timeOf, valueSet } from './row-set.ts';

const MAX_ROWS = 5000;

/** A finding of a package, as its row. */
export interface FindingRow {
  readonly packageId: number;
  readonly vulnerabilityId: number;
  readonly severity: number;
  readonly fixKind: string;
  readonly fixedVersion: string | undefined;
  readonly isWaived: boolean;
  readonly isKnownExploited: boolean;
  readonly detailId: number;
}

/** Why nothing, or not everything, can be said of a package. */
export interface DoubtRow {
  readonly packageId: number;
  readonly why: string;
  readonly ids: readonly string[];
}

/** Columns of `findingSet`. */
const FINDING_COLUMNS = `package_id bigint, vulnerability_id bigint, severity smallint, fix_kind text, fixed_version text,
  is_waived boolean, is_known_exploited boolean, detail_id bigint`;

/** Rows of findings as something to select from, named `given`, with the names of the columns. */
export function findingSet(rows: readonly FindingRow[]) {
  return rowSet(
    rows.map(row => ({
      package_id: row.packageId,
      vulnerability_id: row.vulnerabilityId,
      severity: row.severity,
      fix_kind: row.fixKind,
      fixed_version: row.fixedVersion ?? null,
      is_waived: row.isWaived,
      is_known_exploited: row.isKnownExploited,
      detail_id: row.detailId,
    })),
    FINDING_COLUMNS,
  );
}

/** Rows of doubts, in the same way. */
export function doubtSet(rows: readonly DoubtRow[]) {
  return rowSet(
    rows.map(({ packageId, why, ids }) => ({ package_id: packageId, why, ids })),
    'package_id bigint, why text, ids jsonb',
  );
}

/** Ids of details by key; those that are missing are written. */
export async function ensureDetails(
  db: Db,
  details: ReadonlyMap<string, object>,
): Promise<ReadonlyMap<string, number>> {
  const keys = [...details.keys()].sort();
  const ids = await findDetails(db, keys);
  const missing = keys.filter(key => !ids.has(key));
  if (missing.length === 0) return ids;
  for (const batch of batches(missing, MAX_ROWS)) {
    const rows = batch.map(key => ({ key, detail: details.get(key) }));
    await sql`INSERT INTO finding_detail (key, detail)
      SELECT key, detail FROM ${rowSet(rows, 'key text, detail jsonb')} ORDER BY key COLLATE "C"
      ON CONFLICT (key) DO NOTHING`.execute(db);
  }
  return new Map([...ids, ...(await findDetails(db, missing))]);
}

async function findDetails(db: Db, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const batch of batches(keys, MAX_ROWS)) {
    const { rows } = await sql<{ id: number; key: string }>`
      SELECT id, key FROM finding_detail WHERE key IN (SELECT value FROM ${valueSet(batch, 'text')})`.execute(db);
    for (const { id, key } of rows) ids.set(key, id);
  }
  return ids;
}

/** Writes the findings and doubts of packages that have none yet. */
export async function insertFindings(
  trx: Trx,
  findings: readonly FindingRow[],
  doubts: readonly DoubtRow[],
  now: Date,
): Promise<void> {
  for (const batch of batches(findings, MAX_ROWS)) {
    await sql`INSERT INTO package_finding
        (package_id, vulnerability_id, severity, fix_kind, fixed_version, is_waived, is_known_exploited, detail_id, first_seen_at)
      SELECT package_id, vulnerability_id, severity, fix_kind, fixed_version, is_waived, is_known_exploited, detail_id, ${timeOf(now)}
      FROM ${findingSet(batch)}`.execute(trx);
  }
  for (const batch of batches(doubts, MAX_ROWS)) {
    await sql`INSERT INTO package_doubt (package_id, why, ids) SELECT package_id, why, ids FROM ${doubtSet(batch)}`.execute(
      trx,
    );
  }
}
