/** What waivers set aside now. */
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { rowSet } from './row-set.ts';
import { scopeConditions } from './visible.ts';
import type { StoredWaiver } from './waiver.ts';

/** How much a waiver sets aside. */
export interface WaiverEffect {
  /** A weakness in a package in an image, each; up to 10,000. */
  readonly findings: number;
  /** Images with such a finding. */
  readonly images: number;
}

const MAX_COUNTED = 10_000;

/** What each of these waivers is for, by its id, whether it holds or not; other waivers may be for the same. */
export async function waiverEffects(
  db: Db,
  waivers: readonly StoredWaiver[],
): Promise<ReadonlyMap<string, WaiverEffect>> {
  if (waivers.length === 0) return new Map();
  const given = rowSet(
    waivers.map(({ id, namespaceId, vulnerability, package: name, scope }) => ({
      id,
      namespace_id: namespaceId,
      vulnerability: vulnerability.toLowerCase(),
      package: name ?? null,
      registry_id: 'registryId' in scope ? scope.registryId : null,
      repository: scope.kind === 'repository' ? scope.repository : null,
      digest: scope.kind === 'image' ? scope.digest : null,
    })),
    'id uuid, namespace_id uuid, vulnerability text, package text, registry_id uuid, repository text, digest text',
  );
  const { rows } = await sql<WaiverEffect & { readonly id: string }>`
    SELECT given.id, effect.findings, effect.images FROM ${given} CROSS JOIN LATERAL (
      SELECT count(*)::integer AS findings, count(DISTINCT manifest_id)::integer AS images FROM (
        SELECT own.manifest_id
        FROM (
          SELECT id FROM vulnerability WHERE lower(name) = given.vulnerability
          UNION SELECT vulnerability_id FROM vulnerability_alias WHERE lower(alias) = given.vulnerability
        ) AS named JOIN package_finding AS finding ON finding.vulnerability_id = named.id AND NOT finding.is_waived
          JOIN package ON package.id = finding.package_id
            AND (given.package IS NULL OR given.package IN (package.name, package.facts -> 'source' ->> 'name'))
          JOIN package_set_member AS member ON member.package_id = finding.package_id
          JOIN manifest_package_set AS own ON own.set_id = member.set_id
          JOIN manifest ON manifest.id = own.manifest_id AND (given.digest IS NULL OR manifest.digest = given.digest)
        WHERE EXISTS (
          SELECT FROM repository_manifest AS place JOIN repository ON repository.id = place.repository_id
            JOIN registry ON registry.id = repository.registry_id
          WHERE place.manifest_id = own.manifest_id AND place.gone_at IS NULL AND ${scopeConditions({})}
            AND registry.namespace_id = given.namespace_id
            AND (given.registry_id IS NULL OR registry.id = given.registry_id)
            AND (given.repository IS NULL OR repository.name = given.repository))
        LIMIT ${MAX_COUNTED}
      ) AS pair
    ) AS effect`.execute(db);
  return new Map(rows.map(({ id, ...effect }) => [id, effect]));
}
