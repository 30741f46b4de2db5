/** Everything that a store says of images and packages, without what differs by the order in which it came: to compare two stores. */
import { sql } from 'kysely';
import type { Db } from '#store/database.ts';

/** Rows as text, sorted. */
export async function contentState(db: Db): Promise<Readonly<Record<string, readonly string[]>>> {
  const counts = 'critical, high, medium, low, negligible, unknown, fixable, known_exploited, undetermined';
  const queries = {
    images: `SELECT digest, state, package_count, worst, ${counts} FROM image_scan JOIN manifest ON manifest.id = manifest_id`,
    sets: `SELECT key, package_count, ${counts} FROM package_set`,
    findings: `SELECT package.key AS key, vulnerability.name, severity, fix_kind, fixed_version, is_waived, package_finding.is_known_exploited, detail.detail
      FROM package_finding JOIN package ON package.id = package_id
        JOIN vulnerability ON vulnerability.id = vulnerability_id JOIN finding_detail AS detail ON detail.id = detail_id`,
    doubts: `SELECT package.key, why, ids FROM package_doubt JOIN package ON package.id = package_id`,
    vulnerabilities: `SELECT name, title, worst, is_fixable, is_known_exploited, (SELECT jsonb_agg(alias ORDER BY alias) FROM vulnerability_alias WHERE vulnerability_id = vulnerability.id) AS aliases
      FROM vulnerability WHERE EXISTS (SELECT FROM package_finding WHERE vulnerability_id = vulnerability.id)`,
    signals: `SELECT cve, epss, percentile, kev FROM exploit_signal WHERE cve IN (
      SELECT name FROM vulnerability JOIN package_finding ON vulnerability_id = vulnerability.id
      UNION SELECT alias FROM vulnerability_alias JOIN package_finding USING (vulnerability_id))`,
  };
  const state: Record<string, readonly string[]> = {};
  for (const [name, query] of Object.entries(queries)) {
    const { rows } = await sql.raw(query).execute(db);
    state[name] = rows.map(row => JSON.stringify(row)).sort();
  }
  return state;
}
