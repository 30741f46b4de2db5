/** Registries as the API shows them: never a secret. */
import { z } from 'zod';
import { REGISTRY_TYPES } from '#connector/registry-type.ts';
import { type ImageTotals, NO_IMAGES } from '#store/image-totals.ts';
import { REGISTRY_HEALTH, type RegistryRecord } from '#store/registry.ts';

const time = z.iso.datetime().nullable();

const count = z.number().int();

/** How many images there are, and how many are vulnerable. */
export const totalsSchema = z
  .object({
    images: count.describe('By distinct digest'),
    scannedImages: count,
    vulnerableImages: count,
    failedImages: count.describe('Their last scan failed; never counted as clean'),
    undeterminedImages: count.describe('Scanned, without findings, but something in them could not be judged'),
    critical: count.describe('Vulnerable images whose highest severity this is'),
    high: count,
    medium: count,
    low: count,
    negligible: count,
    unknown: count,
    tags: count,
    scannedTags: count,
    vulnerableTags: count,
    lastScannedAt: time,
  })
  .meta({ id: 'ImageTotals' });

/** A registry. */
export const registrySchema = z
  .object({
    id: z.uuid(),
    namespaceId: z.uuid(),
    name: z.string(),
    type: z.enum([...REGISTRY_TYPES, 'hosted']),
    url: z.string(),
    host: z.string().describe('As in references to its images'),
    settings: z.record(z.string(), z.unknown()).describe('tls, proxy, product; without secrets'),
    credentialKind: z.string(),
    credentialHint: z.string().nullable().describe('User name or role; secrets are never returned'),
    credentialExpiresAt: time,
    sensorSelector: z.record(z.string(), z.string()),
    labels: z.record(z.string(), z.string()),
    maxListings: z.number().int(),
    maxScans: z.number().int(),
    health: z.enum(REGISTRY_HEALTH),
    healthDetail: z.string().nullable(),
    lastProbe: z.unknown().nullable(),
    rateLimit: z
      .object({
        limit: z.number().optional(),
        remaining: z.number().optional(),
        windowSeconds: z.number().optional(),
        at: z.iso.datetime(),
      })
      .nullable(),
    coolDownUntil: time,
    warnings: z.array(z.string()).describe('What its operator says in headers'),
    revision: z.number().int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    totals: totalsSchema,
  })
  .meta({ id: 'Registry' });

/** A registry for the API. */
export function presentRegistry(
  registry: RegistryRecord,
  totals: ImageTotals = NO_IMAGES,
): z.output<typeof registrySchema> {
  const { rateLimit } = registry;
  return {
    id: registry.id,
    namespaceId: registry.namespaceId,
    name: registry.name,
    type: registry.type as z.output<typeof registrySchema>['type'],
    url: registry.url,
    host: registry.host,
    settings: { ...(registry.settings as object) },
    credentialKind: registry.credentialKind,
    credentialHint: registry.credentialHint ?? null,
    credentialExpiresAt: registry.credentialExpiresAt ?? null,
    sensorSelector: { ...registry.sensorSelector },
    labels: { ...registry.labels },
    maxListings: registry.maxListings,
    maxScans: registry.maxScans,
    health: registry.health,
    healthDetail: registry.healthDetail ?? null,
    lastProbe: registry.lastProbe ?? null,
    rateLimit: rateLimit === undefined ? null : { ...rateLimit },
    coolDownUntil: registry.coolDownUntil ?? null,
    warnings: [...registry.warnings],
    revision: registry.revision,
    createdAt: registry.createdAt,
    updatedAt: registry.updatedAt,
    totals: { ...totals },
  };
}
