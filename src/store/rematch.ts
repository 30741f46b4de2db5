/**
 * Re-matches: what is found by a next version of the vulnerability database is staged package by package, and then becomes what everybody
 * sees in one transaction, by statements over whole sets.
 *
 * Sets and images are not counted anew: what packages gain and lose is added up along the way from packages to sets to images, so the work
 * depends on what has changed, not on what there is.
 */
import { type RawBuilder, sql } from 'kysely';
import { COUNT_COLUMNS, SEVERITY_RANKS, worstOfCounts } from './counts.ts';
import type { Db, Trx } from './database.ts';
import { type DoubtRow, doubtSet, type FindingRow, findingSet } from './finding.ts';
import { batches, rowSet, timeOf, valueSet } from './row-set.ts';
import type { ExploitSignal } from './vulnerability.ts';

const MAX_ROWS = 5000;

/** A re-match that has begun. */
export interface StartedRematch {
  readonly id: number;
  /** Packages and signals up to these are there, and no other of a lower id will ever come. */
  readonly lastPackage: number;
  readonly lastSignal: number;
}

/** Removes what re-matches that were broken off have staged. One that should still run finds itself gone at its end. */
export async function removeBrokenRematches(db: Db): Promise<void> {
  await db.deleteFrom('rematch').where('completedAt', 'is', null).execute();
}

/** Begins a re-match; the caller holds the judging lock alone. */
export async function insertRematch(
  trx: Trx,
  fromVersion: number | undefined,
  toVersion: number,
  now: Date,
): Promise<StartedRematch> {
  const { id } = await trx
    .insertInto('rematch')
    .values({ fromVersion: fromVersion ?? null, toVersion, startedAt: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  return { id, ...(await findLastIds(trx)) };
}

/** Up to which ids everything is there; the caller holds the judging lock alone. */
export async function findLastIds(trx: Trx): Promise<Omit<StartedRematch, 'id'>> {
  const { rows } = await sql<Omit<StartedRematch, 'id'>>`
    SELECT (SELECT coalesce(max(id), 0) FROM package) AS last_package,
      (SELECT coalesce(max(id), 0) FROM exploit_signal) AS last_signal`.execute(trx);
  return rows[0] ?? { lastPackage: 0, lastSignal: 0 };
}

/** Whether a re-match is still the one that runs. */
export async function isRunning(trx: Trx, id: number): Promise<boolean> {
  const row = await trx
    .selectFrom('rematch')
    .select('id')
    .where('id', '=', id)
    .where('completedAt', 'is', null)
    .forUpdate()
    .executeTakeFirst();
  return row !== undefined;
}

/** Which packages are to be judged: those between two ids, those asked about in ecosystems, or under names there. */
export async function touchRange(db: Db, rematchId: number, after: number, upTo: number): Promise<void> {
  await sql`INSERT INTO rematch_package (rematch_id, package_id)
    SELECT CAST(${rematchId} AS bigint), id FROM package WHERE id > ${after} AND id <= ${upTo}
    ON CONFLICT DO NOTHING`.execute(db);
}

/** See `touchRange`. */
export async function touchEcosystems(
  db: Db,
  rematchId: number,
  ecosystems: readonly string[],
  upTo: number,
): Promise<void> {
  for (const batch of batches(ecosystems, MAX_ROWS)) {
    await sql`INSERT INTO rematch_package (rematch_id, package_id)
      SELECT DISTINCT CAST(${rematchId} AS bigint), package_id FROM package_question
      WHERE ecosystem IN (SELECT value FROM ${valueSet(batch, 'text')}) AND package_id <= ${upTo}
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/** See `touchRange`; names as `questionName` has them. */
export async function touchNames(
  db: Db,
  rematchId: number,
  ecosystem: string,
  names: readonly string[],
  upTo: number,
): Promise<void> {
  for (const batch of batches(names, MAX_ROWS)) {
    await sql`INSERT INTO rematch_package (rematch_id, package_id)
      SELECT DISTINCT CAST(${rematchId} AS bigint), package_id
      FROM package_question JOIN ${valueSet(batch, 'text')} ON name = value
      WHERE ecosystem = ${ecosystem} AND package_id <= ${upTo}
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/** See `touchRange`: the packages with findings that have one of these CVEs as name or alias. */
export async function touchCves(db: Db, rematchId: number, cves: readonly string[], upTo: number): Promise<void> {
  for (const batch of batches(cves, MAX_ROWS)) {
    const wanted = sql`(SELECT value FROM ${valueSet(batch, 'text')})`;
    await sql`INSERT INTO rematch_package (rematch_id, package_id)
      SELECT DISTINCT CAST(${rematchId} AS bigint), package_id FROM package_finding
      WHERE vulnerability_id IN (
        SELECT id FROM vulnerability WHERE name IN ${wanted}
        UNION SELECT vulnerability_id FROM vulnerability_alias WHERE alias IN ${wanted}
      ) AND package_id <= ${upTo}
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/** See `touchRange`: all packages with these surroundings. */
export async function touchSurroundings(
  db: Db,
  rematchId: number,
  surroundings: readonly number[],
  upTo: number,
): Promise<void> {
  for (const batch of batches(surroundings, MAX_ROWS)) {
    await sql`INSERT INTO rematch_package (rematch_id, package_id)
      SELECT CAST(${rematchId} AS bigint), id FROM package
      WHERE surroundings_id IN (SELECT value FROM ${valueSet(batch, 'bigint')}) AND id <= ${upTo}
      ON CONFLICT DO NOTHING`.execute(db);
  }
}

/** Surroundings of images of Red Hat, in the order of their ids. */
export async function listRedHatSurroundings(
  db: Db,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly { readonly id: number; readonly value: unknown }[]> {
  return await db
    .selectFrom('surroundings')
    .select(['id', 'value'])
    .where(sql<boolean>`value -> 'redHat' IS NOT NULL`)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Notes how many packages are to be judged in all. @returns the number. */
export async function countTouched(db: Db, rematchId: number): Promise<number> {
  const { rows } = await sql<{ total: number }>`
    UPDATE rematch SET packages_total = (SELECT count(*) FROM rematch_package WHERE rematch_id = ${rematchId})
    WHERE id = ${rematchId} RETURNING packages_total AS total`.execute(db);
  return rows[0]?.total ?? 0;
}

/** A package that is to be judged. */
export interface TouchedPackage {
  readonly id: number;
  readonly facts: unknown;
  readonly surroundingsId: number;
}

/** The next packages to judge, in the order of their ids. */
export async function listTouched(
  db: Db,
  rematchId: number,
  after: number,
  limit: number,
): Promise<readonly TouchedPackage[]> {
  const { rows } = await sql<TouchedPackage>`
    SELECT package.id, package.facts, package.surroundings_id
    FROM rematch_package AS touched JOIN package ON package.id = touched.package_id
    WHERE touched.rematch_id = ${rematchId} AND touched.package_id > ${after}
    ORDER BY touched.package_id LIMIT ${limit}`.execute(db);
  return rows;
}

/** Surroundings by id. */
export async function findSurroundings(db: Db, ids: readonly number[]): Promise<ReadonlyMap<number, unknown>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('surroundings')
    .select(['id', 'value'])
    .where('id', 'in', [...ids])
    .execute();
  return new Map(rows.map(({ id, value }) => [id, value]));
}

/** Stages what was found of packages. */
export async function stageJudged(
  db: Db,
  rematchId: number,
  judged: { readonly findings: readonly FindingRow[]; readonly doubts: readonly DoubtRow[]; readonly packages: number },
): Promise<void> {
  for (const batch of batches(judged.findings, MAX_ROWS)) {
    await sql`INSERT INTO rematch_finding (rematch_id, package_id, vulnerability_id, severity, fix_kind, fixed_version,
        is_waived, is_known_exploited, detail_id)
      SELECT CAST(${rematchId} AS bigint), package_id, vulnerability_id, severity, fix_kind, fixed_version,
        is_waived, is_known_exploited, detail_id FROM ${findingSet(batch)}`.execute(db);
  }
  for (const batch of batches(judged.doubts, MAX_ROWS)) {
    await sql`INSERT INTO rematch_doubt (rematch_id, package_id, why, ids)
      SELECT CAST(${rematchId} AS bigint), package_id, why, ids FROM ${doubtSet(batch)}`.execute(db);
  }
  await sql`UPDATE rematch SET packages_judged = packages_judged + ${judged.packages} WHERE id = ${rematchId}`.execute(
    db,
  );
}

/** A signal as it is stored. */
export interface StoredSignal {
  readonly id: number;
  readonly cve: string;
  readonly epss: number | null;
  readonly percentile: number | null;
  readonly kev: unknown;
}

/** Signals in the order of their ids. */
export async function listSignals(
  db: Db,
  range: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly StoredSignal[]> {
  return await db
    .selectFrom('exploitSignal')
    .selectAll()
    .where('id', '>', range.after)
    .where('id', '<=', range.upTo)
    .orderBy('id')
    .limit(range.limit)
    .execute();
}

/** Stages signals that differ. */
export async function stageSignals(db: Db, rematchId: number, signals: readonly ExploitSignal[]): Promise<void> {
  for (const batch of batches(signals, MAX_ROWS)) {
    await sql`INSERT INTO rematch_signal (rematch_id, cve, epss, percentile, kev)
      SELECT CAST(${rematchId} AS bigint), cve, epss, percentile, kev
      FROM ${rowSet(batch, 'cve text, epss double precision, percentile double precision, kev jsonb')}`.execute(db);
  }
}

/** What a re-match has changed. */
export interface RematchTotals {
  /** Distinct findings of distinct packages. */
  readonly findingsNew: number;
  readonly findingsFixed: number;
  readonly findingsChanged: number;
  readonly imagesChanged: number;
  readonly imagesWithNew: number;
}

/**
 * Makes what was staged what packages have, and adds up what that changes of sets and images. `tellsChanges`: whether to keep what changed,
 * finding by finding and image by image. The caller holds the judging lock alone.
 */
export async function applyRematch(
  trx: Trx,
  rematchId: number,
  { now, tellsChanges }: { readonly now: Date; readonly tellsChanges: boolean },
): Promise<RematchTotals> {
  await compareFindings(trx, rematchId);
  await addUp(trx, rematchId, now);
  if (tellsChanges) await keepChanges(trx, rematchId);
  await replaceFindings(trx, rematchId, now);
  await describeVulnerabilities(trx, sql`(SELECT DISTINCT vulnerability_id FROM rematch_difference)`);
  await sql`UPDATE exploit_signal SET epss = given.epss, percentile = given.percentile, kev = given.kev
    FROM rematch_signal AS given WHERE given.rematch_id = ${rematchId} AND given.cve = exploit_signal.cve`.execute(trx);
  const { rows } = await sql<RematchTotals>`
    UPDATE rematch SET completed_at = ${timeOf(now)}, findings_new = f.findings_new, findings_fixed = f.findings_fixed,
      findings_changed = f.findings_changed, images_changed = i.images_changed
    FROM (
      SELECT count(*) FILTER (WHERE kind = 'new')::integer AS findings_new,
        count(*) FILTER (WHERE kind = 'fixed')::integer AS findings_fixed,
        count(*) FILTER (WHERE kind = 'changed')::integer AS findings_changed FROM rematch_difference
    ) AS f, (
      SELECT count(*) FILTER (WHERE findings_new + findings_fixed + findings_changed > 0)::integer AS images_changed,
        count(*) FILTER (WHERE findings_new > 0)::integer AS images_with_new FROM rematch_image
    ) AS i WHERE rematch.id = ${rematchId}
    RETURNING f.findings_new, f.findings_fixed, f.findings_changed, i.images_changed, i.images_with_new`.execute(trx);
  const [totals] = rows;
  if (totals === undefined) throw new Error(`Re-match ${rematchId} is gone`);
  return totals;
}

/** Removes what was staged; it is of no use once it is applied. */
export async function removeStaged(db: Db, rematchId: number): Promise<void> {
  for (const table of ['rematchPackage', 'rematchFinding', 'rematchDoubt', 'rematchSignal'] as const) {
    await db.deleteFrom(table).where('rematchId', '=', rematchId).execute();
  }
}

/** Temporary table of the rows that are not what they were, with what each means to who reads findings. */
async function compareFindings(trx: Trx, rematchId: number): Promise<void> {
  const facts = ['severity', 'fix_kind', 'fixed_version', 'is_waived', 'is_known_exploited'];
  const differs = (names: readonly string[]) => names.map(name => `o.${name} IS DISTINCT FROM n.${name}`).join(' OR ');
  const columns = facts.map(name => `o.${name} AS old_${name}, n.${name} AS new_${name}`).join(', ');
  await sql`CREATE TEMPORARY TABLE rematch_difference ON COMMIT DROP AS
    SELECT coalesce(o.package_id, n.package_id) AS package_id,
      coalesce(o.vulnerability_id, n.vulnerability_id) AS vulnerability_id, ${sql.raw(columns)}, n.detail_id,
      CASE
        WHEN NOT n.is_waived AND coalesce(o.is_waived, true) THEN 'new'
        WHEN NOT o.is_waived AND coalesce(n.is_waived, true) THEN 'fixed'
        WHEN NOT n.is_waived AND (${sql.raw(differs(facts))}) THEN 'changed'
      END AS kind
    FROM (
      SELECT finding.* FROM package_finding AS finding JOIN rematch_package AS touched USING (package_id)
      WHERE touched.rematch_id = ${rematchId}
    ) AS o
    FULL JOIN (SELECT * FROM rematch_finding WHERE rematch_id = ${rematchId}) AS n
      ON n.package_id = o.package_id AND n.vulnerability_id = o.vulnerability_id
    WHERE o.package_id IS NULL OR n.package_id IS NULL OR ${sql.raw(differs([...facts, 'detail_id']))}`.execute(trx);
  // Without figures the planner takes temporary tables for small, and joins them row by row.
  await sql`ANALYZE rematch_difference`.execute(trx);
}

/** Columns that are added up: counts, and changes as people are told of them. */
const CHANGES = ['findings_new', 'findings_fixed', 'findings_changed'] as const;
const SUMMED = [...COUNT_COLUMNS, ...CHANGES];

/** From packages to sets to images. */
async function addUp(trx: Trx, rematchId: number, now: Date): Promise<void> {
  const bySeverity = Object.entries(SEVERITY_RANKS).map(
    ([name, rank]) => `${difference(side => `${side}_severity = ${rank}`)} AS ${name.toLowerCase()}`,
  );
  const sums = SUMMED.map(name => `sum(part.${name})::integer AS ${name}`).join(', ');
  await sql`CREATE TEMPORARY TABLE rematch_sum ON COMMIT DROP AS
    SELECT part.package_id, ${sql.raw(sums)}, max(part.worst_new) AS worst_new
    FROM (
      SELECT package_id, ${sql.raw(bySeverity.join(', '))},
        ${sql.raw(difference(side => `${side}_fix_kind = 'fixed'`))} AS fixable,
        ${sql.raw(difference(side => `${side}_is_known_exploited`))} AS known_exploited, 0 AS undetermined,
        (kind = 'new')::integer AS findings_new, (kind = 'fixed')::integer AS findings_fixed,
        (kind = 'changed')::integer AS findings_changed,
        CASE WHEN kind = 'new' THEN new_severity END AS worst_new
      FROM rematch_difference WHERE kind IS NOT NULL
      UNION ALL
      SELECT package_id, ${sql.raw(SUMMED.map(name => (name === 'undetermined' ? 'is_now - was AS undetermined' : `0 AS ${name}`)).join(', '))},
        NULL AS worst_new
      FROM (
        SELECT touched.package_id,
          (EXISTS (SELECT FROM package_doubt WHERE package_id = touched.package_id))::integer AS was,
          (EXISTS (SELECT FROM rematch_doubt AS d WHERE d.rematch_id = ${rematchId} AND d.package_id = touched.package_id))::integer AS is_now
        FROM rematch_package AS touched WHERE touched.rematch_id = ${rematchId}
      ) AS doubt WHERE was <> is_now
    ) AS part GROUP BY part.package_id`.execute(trx);
  await sql`ANALYZE rematch_sum`.execute(trx);
  await sql`CREATE TEMPORARY TABLE rematch_set ON COMMIT DROP AS
    SELECT member.set_id, ${sql.raw(sums)}, max(part.worst_new) AS worst_new
    FROM rematch_sum AS part JOIN package_set_member AS member USING (package_id) GROUP BY member.set_id`.execute(trx);
  await sql`ANALYZE rematch_set`.execute(trx);
  await sql`CREATE TEMPORARY TABLE rematch_image ON COMMIT DROP AS
    SELECT own.manifest_id, ${sql.raw(sums)}, max(part.worst_new) AS worst_new
    FROM rematch_set AS part JOIN manifest_package_set AS own USING (set_id) GROUP BY own.manifest_id`.execute(trx);
  await sql`ANALYZE rematch_image`.execute(trx);
  const added = COUNT_COLUMNS.map(name => `${name} = target.${name} + part.${name}`).join(', ');
  const isChanged = COUNT_COLUMNS.map(name => `part.${name} <> 0`).join(' OR ');
  await sql`UPDATE package_set AS target SET ${sql.raw(added)}
    FROM rematch_set AS part WHERE part.set_id = target.id AND (${sql.raw(isChanged)})`.execute(trx);
  const worst = worstOfCounts('').replaceAll(
    /(critical|high|medium|low|negligible|unknown) > 0/g,
    'target.$1 + part.$1 > 0',
  );
  await sql`UPDATE image_scan AS target SET ${sql.raw(added)}, worst = ${sql.raw(worst)}, judged_at = ${timeOf(now)}
    FROM rematch_image AS part WHERE part.manifest_id = target.manifest_id AND (${sql.raw(isChanged)})`.execute(trx);
}

/** One where only the new row has what `has` says, minus one where only the old has; set aside rows count for nothing. */
function difference(has: (side: 'old' | 'new') => string): string {
  const counted = (side: 'old' | 'new') => `coalesce(NOT ${side}_is_waived AND ${has(side)}, false)::integer`;
  return `${counted('new')} - ${counted('old')}`;
}

async function keepChanges(trx: Trx, rematchId: number): Promise<void> {
  await sql`INSERT INTO finding_change (rematch_id, package_id, vulnerability_id, kind, severity_before, severity_after,
      fixed_version_before, fixed_version_after)
    SELECT CAST(${rematchId} AS bigint), package_id, vulnerability_id, kind, old_severity, new_severity,
      old_fixed_version, new_fixed_version
    FROM rematch_difference WHERE kind IS NOT NULL`.execute(trx);
  await sql`INSERT INTO image_change (rematch_id, manifest_id, findings_new, findings_fixed, findings_changed, worst_new)
    SELECT CAST(${rematchId} AS bigint), manifest_id, findings_new, findings_fixed, findings_changed, worst_new
    FROM rematch_image WHERE findings_new + findings_fixed + findings_changed > 0`.execute(trx);
}

async function replaceFindings(trx: Trx, rematchId: number, now: Date): Promise<void> {
  await sql`DELETE FROM package_finding USING rematch_difference AS d
    WHERE package_finding.package_id = d.package_id AND package_finding.vulnerability_id = d.vulnerability_id
      AND d.detail_id IS NULL`.execute(trx);
  await sql`INSERT INTO package_finding
      (package_id, vulnerability_id, severity, fix_kind, fixed_version, is_waived, is_known_exploited, detail_id, first_seen_at)
    SELECT package_id, vulnerability_id, new_severity, new_fix_kind, new_fixed_version, new_is_waived,
      new_is_known_exploited, detail_id, ${timeOf(now)}
    FROM rematch_difference WHERE detail_id IS NOT NULL
    ON CONFLICT (package_id, vulnerability_id) DO UPDATE SET severity = excluded.severity, fix_kind = excluded.fix_kind,
      fixed_version = excluded.fixed_version, is_waived = excluded.is_waived,
      is_known_exploited = excluded.is_known_exploited, detail_id = excluded.detail_id`.execute(trx);
  await sql`DELETE FROM package_doubt USING rematch_package AS touched
    WHERE touched.rematch_id = ${rematchId} AND package_doubt.package_id = touched.package_id`.execute(trx);
  await sql`INSERT INTO package_doubt (package_id, why, ids)
    SELECT package_id, why, ids FROM rematch_doubt WHERE rematch_id = ${rematchId}`.execute(trx);
}

/**
 * What weaknesses concerned are called, and how bad they are, by the findings that there are now. `concerned` selects distinct ids under the
 * name `vulnerability_id`; the caller holds the judging lock alone.
 */
export async function describeVulnerabilities(trx: Trx, concerned: RawBuilder<unknown>): Promise<void> {
  await sql`DELETE FROM vulnerability_alias WHERE vulnerability_id IN ${concerned}`.execute(trx);
  await sql`INSERT INTO vulnerability_alias (alias, vulnerability_id)
    SELECT DISTINCT alias, own.vulnerability_id
    FROM (SELECT DISTINCT vulnerability_id, detail_id FROM package_finding WHERE vulnerability_id IN ${concerned}) AS own
      JOIN finding_detail ON finding_detail.id = own.detail_id,
      jsonb_array_elements_text(finding_detail.detail -> 'aliases') AS alias
    WHERE length(alias) <= 500`.execute(trx);
  await sql`UPDATE vulnerability SET title = told.title, worst = told.worst, is_fixable = told.is_fixable,
      is_known_exploited = told.is_known_exploited
    FROM (
      SELECT concerned.vulnerability_id AS id, min((finding_detail.detail ->> 'title') COLLATE "C") AS title,
        coalesce(max(finding.severity) FILTER (WHERE NOT finding.is_waived), -1) AS worst,
        coalesce(bool_or(finding.fix_kind = 'fixed' AND NOT finding.is_waived), false) AS is_fixable,
        coalesce(bool_or(finding.is_known_exploited AND NOT finding.is_waived), false) AS is_known_exploited
      FROM ${concerned} AS concerned LEFT JOIN package_finding AS finding USING (vulnerability_id)
        LEFT JOIN finding_detail ON finding_detail.id = finding.detail_id
      GROUP BY concerned.vulnerability_id
    ) AS told WHERE told.id = vulnerability.id`.execute(trx);
}

/** An image of a registry that a re-match has changed. */
export interface ChangedImage {
  readonly digest: string;
  readonly namespaceId: string;
  readonly registryId: string;
  readonly repository: string;
  readonly findingsNew: number;
  readonly findingsFixed: number;
  readonly findingsChanged: number;
  readonly worstNew: number | null;
}

/** Images with new findings, or else with changed ones, the worst first; once for each repository that has them. In `applyRematch`’s transaction. */
export async function listChangedImages(
  trx: Trx,
  kind: 'new' | 'changed',
  limit: number,
): Promise<readonly ChangedImage[]> {
  const isWanted =
    kind === 'new' ? sql`part.findings_new > 0` : sql`part.findings_new = 0 AND part.findings_changed > 0`;
  const { rows } = await sql<ChangedImage>`
    SELECT manifest.digest, registry.namespace_id, registry.id AS registry_id, repository.name AS repository,
      part.findings_new, part.findings_fixed, part.findings_changed, part.worst_new
    FROM (
      SELECT * FROM rematch_image AS part WHERE ${isWanted}
      ORDER BY worst_new DESC NULLS LAST, findings_new DESC, manifest_id LIMIT ${limit}
    ) AS part
      JOIN manifest ON manifest.id = part.manifest_id
      JOIN repository_manifest AS place ON place.manifest_id = part.manifest_id AND place.gone_at IS NULL
      JOIN repository ON repository.id = place.repository_id
      JOIN registry ON registry.id = repository.registry_id AND registry.removed_at IS NULL
    ORDER BY part.worst_new DESC NULLS LAST, part.findings_new DESC, part.manifest_id, repository.id LIMIT ${limit}`.execute(
    trx,
  );
  return rows;
}

/** A re-match as it is read. */
export interface RematchRow {
  readonly id: number;
  readonly fromVersion: number | null;
  readonly toVersion: number;
  readonly startedAt: string;
  /** Null while it runs. */
  readonly completedAt: string | null;
  readonly packagesTotal: number;
  readonly packagesJudged: number;
  readonly imagesChanged: number;
  readonly findingsNew: number;
  readonly findingsFixed: number;
  readonly findingsChanged: number;
}

/** The last re-matches, newest first. */
export async function findLastRematches(db: Db, limit: number): Promise<readonly RematchRow[]> {
  return await db.selectFrom('rematch').selectAll().orderBy('id', 'desc').limit(limit).execute();
}
