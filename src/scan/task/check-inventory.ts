/**
 * An inventory as sensors send it, checked like anything from outside: a sensor may be taken over, and what it reads comes from hostile images.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { isDigest } from '#oci/digest.ts';

const digest = z.string().refine(isDigest, 'expected a digest');
const name = z.string().max(10_000);
const path = z.string().max(20_000);

const packageSchema = z.object({
  type: z.string().regex(/^[a-z]{2,20}$/),
  name,
  version: name,
  arch: name.optional(),
  source: z.object({ name, version: name.optional() }).optional(),
  licenses: z.array(z.string().max(100_000)).max(1000).optional(),
  evidence: z.enum(['detected', 'asserted']).optional(),
  vendor: name.optional(),
  module: name.optional(),
  properties: z.record(name, z.string().max(100_000)).optional(),
  purl: z.string().max(50_000),
  layer: digest.optional(),
  locations: z.array(z.object({ path, layer: digest.optional() })).max(100_000),
  managedBy: z.string().max(50_000).optional(),
  root: path.optional(),
});

const inventorySchema = z.object({
  image: z.object({
    reference: z.string().max(4000),
    digest: digest.optional(),
    mediaType: name.optional(),
    platform: z.object({ os: name, architecture: name, variant: name.optional() }).optional(),
    layers: z
      .array(
        z.object({
          digest,
          diffId: digest.optional(),
          sizeBytes: z.number().int().nonnegative(),
          createdBy: z.string().max(1_000_000).optional(),
          verifiedBy: z.enum(['layer', 'toc']),
        }),
      )
      .max(1000),
  }),
  distro: z
    .object({
      id: name,
      idLike: z.array(name).max(100),
      versionId: name.optional(),
      codename: name.optional(),
      name,
      cpe: name.optional(),
      variantId: name.optional(),
      supportEnd: name.optional(),
      endOfLife: name.optional(),
    })
    .optional(),
  redHat: z.object({ repositories: z.array(name).max(10_000), image: name.optional() }).optional(),
  packages: z.array(packageSchema).max(250_000),
  gaps: z
    .array(z.object({ layer: name.optional(), path: path.optional(), reason: z.string().max(20_000) }))
    .max(1_000_000),
});

/**
 * The inventory that `value`, from JSON, is. Fields that nobody knows are left out. `what` names it in messages: `the inventory of sha256:…`.
 * @throws {PlimsollError} `REQUEST_INVALID` when it is none.
 */
export function checkInventory(value: unknown, what: string): Inventory {
  const { success, data, error } = inventorySchema.safeParse(value);
  if (!success) {
    const [issue] = error.issues;
    const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
    throw new PlimsollError('REQUEST_INVALID', `Cannot read ${what}: ${printable(where)}`);
  }
  // Checked above; only that types are names of ecosystems we know is not, and judging tells of those that it does not.
  return data as unknown as Inventory;
}
