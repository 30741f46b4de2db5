/**
 * Distinct packages, and the sets of them that layers introduce. Both are addressed by their content, so whoever comes second finds them.
 */
import { sql } from 'kysely';
import { countsOverFindings, sumsOfCounts, worstOfCounts } from './counts.ts';
import type { Db, Trx } from './database.ts';
import { toJson } from './database.ts';
import { batches, cut, rowSet, timeOf, valueSet } from './row-set.ts';

const MAX_ROWS = 5000;
/** In UTF-16 units: of a name and a version, an entry of the index takes 2,700 bytes at most. */
const MAX_INDEXED_NAME = 300;
const MAX_INDEXED_VERSION = 200;

/** A package as it is written. */
export interface NewPackage {
  readonly key: string;
  readonly type: string;
  readonly name: string;
  readonly version: string;
  readonly arch: string | undefined;
  readonly facts: object;
}

/** Under what a package is looked up; an empty name: only whether the ecosystem is covered matters. */
export interface PackageQuestion {
  readonly ecosystem: string;
  readonly name: string;
}

/** A set as it is written; members by key. */
export interface NewSet {
  readonly key: string;
  readonly members: readonly { readonly key: string; readonly locations: readonly unknown[] }[];
}

/** A name as questions have it: what is longer is asked by its beginning, and so touched a little too often. */
export function questionName(name: string): string {
  return cut(name, MAX_INDEXED_NAME);
}

/** The id of surroundings, which are written when they are new. */
export async function ensureSurroundings(trx: Trx, key: string, value: object): Promise<number> {
  const find = () => trx.selectFrom('surroundings').select('id').where('key', '=', key).executeTakeFirst();
  const known = await find();
  if (known !== undefined) return known.id;
  await trx
    .insertInto('surroundings')
    .values({ key, value: toJson(value) })
    .onConflict(conflict => conflict.column('key').doNothing())
    .execute();
  const { id } = (await find()) ?? { id: -1 };
  return id;
}

/** Ids of sets by key. */
export function findSets(db: Db, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return findByKey(db, 'package_set', keys);
}

/** Ids of packages by key. */
export function findPackages(db: Db, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  return findByKey(db, 'package', keys);
}

async function findByKey(
  db: Db,
  table: 'package' | 'package_set',
  keys: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const batch of batches(keys, MAX_ROWS)) {
    const { rows } = await sql<{ id: number; key: string }>`
      SELECT id, key FROM ${sql.table(table)} WHERE key IN (SELECT value FROM ${valueSet(batch, 'text')})`.execute(db);
    for (const { id, key } of rows) ids.set(key, id);
  }
  return ids;
}

/** Writes packages that are not stored yet. @returns the ids of those that this call has written, by key. */
export async function insertPackages(
  trx: Trx,
  packages: readonly NewPackage[],
  surroundingsId: number,
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  const sorted = packages.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  for (const batch of batches(sorted, MAX_ROWS)) {
    const rows = batch.map(({ name, version, arch, ...one }) => ({
      ...one,
      name: cut(name, MAX_INDEXED_NAME),
      version: cut(version, MAX_INDEXED_VERSION),
      arch: arch ?? null,
    }));
    const columns = 'key text, type text, name text, version text, arch text, facts jsonb';
    const { rows: inserted } = await sql<{ id: number; key: string }>`
      INSERT INTO package (key, surroundings_id, type, name, version, arch, facts, first_seen_at)
      SELECT key, CAST(${surroundingsId} AS bigint), type, name, version, arch, facts, ${timeOf(now)} FROM ${rowSet(rows, columns)}
      ORDER BY key COLLATE "C" ON CONFLICT (key) DO NOTHING RETURNING id, key`.execute(trx);
    for (const { id, key } of inserted) ids.set(key, id);
  }
  return ids;
}

/** Notes questions of packages; those that are there stay. */
export async function insertQuestions(
  db: Db,
  questions: readonly (PackageQuestion & { readonly packageId: number })[],
): Promise<void> {
  for (const batch of batches(questions, MAX_ROWS)) {
    const rows = batch.map(({ packageId, ecosystem, name }) => ({ package_id: packageId, ecosystem, name }));
    await sql`INSERT INTO package_question (package_id, ecosystem, name)
      SELECT DISTINCT package_id, ecosystem, name FROM ${rowSet(rows, 'package_id bigint, ecosystem text, name text')}
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/**
 * Writes sets that are not stored yet, and counts the findings of their packages, which must be there. `idOf` has the ids of all members.
 * @returns the ids of those that this call has written, by key.
 */
export async function insertSets(
  trx: Trx,
  sets: readonly NewSet[],
  idOf: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, number>> {
  const given = sets.map(({ key, members }) => ({ key, package_count: members.length }));
  const { rows } = await sql<{ id: number; key: string }>`
    INSERT INTO package_set (key, package_count)
    SELECT key, package_count FROM ${rowSet(given, 'key text, package_count integer')}
    ORDER BY key COLLATE "C" ON CONFLICT (key) DO NOTHING RETURNING id, key`.execute(trx);
  const ids = new Map(rows.map(({ id, key }) => [key, id]));
  const members = sets.flatMap(({ key, members: own }) => {
    const set = ids.get(key);
    return set === undefined
      ? []
      : own.map(one => ({ set_id: set, package_id: idOf.get(one.key), locations: one.locations }));
  });
  for (const batch of batches(members, MAX_ROWS)) {
    await sql`INSERT INTO package_set_member (set_id, package_id, locations)
      SELECT set_id, package_id, locations
      FROM ${rowSet(batch, 'set_id bigint, package_id bigint, locations jsonb')}`.execute(trx);
  }
  await countSets(trx, [...ids.values()]);
  return ids;
}

/** Counts the findings of these sets anew. */
async function countSets(trx: Trx, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  const wanted = sql`(SELECT value FROM ${valueSet(ids, 'bigint')})`;
  await sql`
    UPDATE package_set SET critical = counted.critical, high = counted.high, medium = counted.medium, low = counted.low,
      negligible = counted.negligible, unknown = counted.unknown, fixable = counted.fixable,
      known_exploited = counted.known_exploited
    FROM (
      SELECT member.set_id, ${countsOverFindings('finding')}
      FROM package_set_member AS member JOIN package_finding AS finding USING (package_id)
      WHERE member.set_id IN ${wanted} AND NOT finding.is_waived GROUP BY member.set_id
    ) AS counted WHERE package_set.id = counted.set_id`.execute(trx);
  await sql`
    UPDATE package_set SET undetermined = counted.packages
    FROM (
      SELECT member.set_id, count(*) AS packages FROM package_set_member AS member
      WHERE member.set_id IN ${wanted}
        AND EXISTS (SELECT FROM package_doubt WHERE package_doubt.package_id = member.package_id)
      GROUP BY member.set_id
    ) AS counted WHERE package_set.id = counted.set_id`.execute(trx);
}

/** What is written of a complete report besides its packages. */
export interface NewReport {
  readonly analyserVersion: string;
  readonly surroundingsId: number;
  readonly distro: object | undefined;
  readonly gaps: readonly object[];
  readonly packageCount: number;
  readonly now: Date;
}

/** Makes these sets, by the position of their layer, the packages of an image, and its report the one that counts. */
export async function replaceReport(
  trx: Trx,
  manifestId: number,
  sets: readonly { readonly position: number; readonly setId: number }[],
  report: NewReport,
): Promise<void> {
  await trx.deleteFrom('manifestPackageSet').where('manifestId', '=', manifestId).execute();
  const rows = sets.map(({ position, setId }) => ({ position, set_id: setId }));
  await sql`INSERT INTO manifest_package_set (manifest_id, position, set_id)
    SELECT CAST(${manifestId} AS bigint), position, set_id FROM ${rowSet(rows, 'position integer, set_id bigint')}`.execute(
    trx,
  );
  const distro = report.distro === undefined ? null : toJson(report.distro);
  await sql`
    UPDATE image_scan SET state = 'scanned', error_code = NULL, error_message = NULL, failed_at = NULL,
      scanned_at = ${timeOf(report.now)}, judged_at = ${timeOf(report.now)}, analyser_version = ${report.analyserVersion},
      surroundings_id = ${report.surroundingsId}, distro = CAST(${distro} AS jsonb), gaps = CAST(${toJson(report.gaps)} AS jsonb),
      package_count = ${report.packageCount}, worst = ${sql.raw(worstOfCounts('total.'))},
      critical = total.critical, high = total.high, medium = total.medium, low = total.low,
      negligible = total.negligible, unknown = total.unknown, fixable = total.fixable,
      known_exploited = total.known_exploited, undetermined = total.undetermined
    FROM (
      SELECT ${sumsOfCounts('package_set')} FROM manifest_package_set AS own JOIN package_set ON package_set.id = own.set_id
      WHERE own.manifest_id = ${manifestId}
    ) AS total WHERE image_scan.manifest_id = ${manifestId}`.execute(trx);
}
