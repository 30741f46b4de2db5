/** What waivers set aside now. */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { scopeConditions } from './visible.ts';
import { withAcceptedPairs } from './waived-finding.ts';
import type { StoredWaiver } from './waiver.ts';

/** How much a waiver sets aside, in images that a repository has. */
export interface WaiverEffect {
  /** A weakness in a package in an image, each. */
  readonly findings: number;
  /** Images with such a finding. */
  readonly images: number;
}

/** What each of these waivers is for, by its id, whether it holds or not; other waivers may be for the same. */
export async function waiverEffects(
  db: Db,
  waivers: readonly StoredWaiver[],
): Promise<ReadonlyMap<string, WaiverEffect>> {
  if (waivers.length === 0) return new Map();
  const { rows } = await sql<WaiverEffect & { readonly number: number }>`
    WITH ${withAcceptedPairs(waivers)}, scope_image AS MATERIALIZED (
      SELECT DISTINCT s.scope, place.manifest_id
      FROM accepted_scope AS s JOIN registry ON registry.namespace_id = s.namespace_id
          AND (s.registry_id IS NULL OR registry.id = s.registry_id)
        JOIN repository ON repository.registry_id = registry.id AND (s.repository IS NULL OR repository.name = s.repository)
        JOIN repository_manifest AS place ON place.repository_id = repository.id AND place.gone_at IS NULL
        LEFT JOIN manifest ON manifest.digest = s.digest
      WHERE ${scopeConditions({})} AND (s.digest IS NULL OR place.manifest_id = manifest.id)
    ), pair_set AS MATERIALIZED (
      SELECT pair.number, pair.scope, member.set_id, count(*) AS findings
      FROM accepted_pair AS pair JOIN package_set_member AS member ON member.package_id = pair.package_id
      GROUP BY pair.number, pair.scope, member.set_id
    ), scope_set AS MATERIALIZED (
      SELECT scope_image.scope, own.set_id, scope_image.manifest_id
      FROM scope_image JOIN manifest_package_set AS own ON own.manifest_id = scope_image.manifest_id
      WHERE own.set_id IN (SELECT set_id FROM pair_set)
    )
    SELECT pair_set.number, sum(pair_set.findings)::integer AS findings,
      count(DISTINCT scope_set.manifest_id)::integer AS images
    FROM scope_set JOIN pair_set ON pair_set.set_id = scope_set.set_id AND pair_set.scope = scope_set.scope
    GROUP BY pair_set.number`.execute(db);
  const found = new Map(rows.map(({ number, ...effect }) => [number, effect]));
  return new Map(waivers.map(({ id }, number) => [id, found.get(number) ?? { findings: 0, images: 0 }]));
}
