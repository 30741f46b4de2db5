/**
 * An inventory as sensors send it: JSON text of `Inventory`, checked like anything from outside. A sensor may be taken over, and what it reads comes
 * from hostile images.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { isDigest } from '#oci/digest.ts';

/** Largest text, in UTF-16 units; an image of 50,000 packages has a tenth of it. */
const MAX_INVENTORY_LENGTH = 256 * 1024 * 1024;

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
  packages: z.array(packageSchema).max(250_000),
  gaps: z
    .array(z.object({ layer: name.optional(), path: path.optional(), reason: z.string().max(20_000) }))
    .max(1_000_000),
});

/**
 * Reads the text. Fields that nobody knows are left out.
 * @throws {PlimsollError} `REQUEST_INVALID` when it is no inventory, `LIMIT_EXCEEDED` when it is too long.
 */
export function parseInventory(text: string): Inventory {
  if (text.length > MAX_INVENTORY_LENGTH) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read the inventory: ${text.length} characters, the limit is ${MAX_INVENTORY_LENGTH}`,
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('REQUEST_INVALID', 'Cannot read the inventory: it is not JSON', { cause });
  }
  const { success, data, error } = inventorySchema.safeParse(json);
  if (!success) {
    const [issue] = error.issues;
    const where = issue === undefined ? '' : `${issue.path.join('.')}: ${issue.message}`;
    throw new PlimsollError('REQUEST_INVALID', `Cannot read the inventory: ${printable(where)}`);
  }
  // Checked above; only that types are names of ecosystems we know is not, and judging tells of those that it does not.
  return data as unknown as Inventory;
}
