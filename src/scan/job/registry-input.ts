/**
 * Registries as people write them: checked against their product, credentials apart from everything that is ever shown.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { RegistryProduct, RegistrySettings } from '#connector/connector.ts';
import { type RegistryCredentials, registryCredentials } from '#connector/credentials.ts';
import { getProduct } from '#connector/products.ts';
import { parseRegistryAddress } from '#connector/registry-address.ts';
import { REGISTRY_TYPES } from '#connector/registry-type.ts';
import { sensorLabels } from '../sensor/labels.ts';

const name = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'no control characters');

/** A registry to be added. Secrets are in `credentials` alone. */
export const registryInput = z.strictObject({
  name,
  type: z.enum(REGISTRY_TYPES),
  url: z.string().min(1).max(1024),
  tls: z
    .strictObject({
      insecureHttp: z.boolean().optional(),
      allowsCredentialsOverHttp: z.boolean().optional(),
      skipVerify: z.boolean().optional(),
      caPem: z.string().max(1_000_000).optional(),
    })
    .optional(),
  proxy: z.string().max(1024).optional(),
  product: z.record(z.string().max(100), z.unknown()).default({}),
  credentials: registryCredentials.default({ kind: 'none' }),
  /** ISO 8601; people know when a token ends, registries rarely tell. */
  credentialExpiresAt: z.iso.datetime().optional(),
  sensorSelector: sensorLabels.default({}),
  labels: sensorLabels.default({}),
  maxListings: z.number().int().min(1).max(16).default(2),
  maxScans: z.number().int().min(1).max(64).default(4),
});

/** What a test before saving needs of it; the rest is taken and not looked at, so that a form sends what it has. */
export const draftInput = registryInput.partial({ name: true }).extend({
  /** A repository to look into. */
  repository: z.string().min(1).max(512).optional(),
});
export type DraftInput = z.output<typeof draftInput>;

/** An edit: what is missing stays. The type and the address of a registry never change: that is another registry. */
export const registryEdit = registryInput.partial().extend({
  // Defaults would overwrite what is kept.
  product: z.record(z.string().max(100), z.unknown()).optional(),
  credentials: registryCredentials.optional(),
  sensorSelector: sensorLabels.optional(),
  labels: sensorLabels.optional(),
  maxListings: z.number().int().min(1).max(16).optional(),
  maxScans: z.number().int().min(1).max(64).optional(),
});

/** Reads `value` by a schema. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` naming the first field that is wrong; never its value. */
export function readRegistry<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue?.path.join('.') ?? '';
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    `Cannot use the settings of the registry: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'malformed'}`,
  );
}

/** Checked settings, with the host that references to images have. */
export interface CheckedRegistry {
  readonly product: RegistryProduct;
  readonly settings: RegistrySettings;
  readonly host: string;
}

/** Checks settings and kind of credentials against the product. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export async function checkRegistry(
  settings: RegistrySettings,
  credentials: RegistryCredentials,
): Promise<CheckedRegistry> {
  const product = await getProduct(settings.type);
  if (!product.credentialKinds.includes(credentials.kind)) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use credentials of the kind ${credentials.kind} for ${product.label}: it takes ${product.credentialKinds.join(', ')}`,
    );
  }
  const checked = product.checkSettings(settings);
  return { product, settings: checked, host: parseRegistryAddress(checked.url, checked.tls).host };
}

/** What may be shown of credentials. */
export function hintOf(credentials: RegistryCredentials): string | undefined {
  switch (credentials.kind) {
    case 'none':
    case 'google-service-account':
      return undefined;
    case 'basic':
    case 'token':
      return credentials.username;
    case 'quay':
      return credentials.robot?.username;
    case 'aws':
      return credentials.roleArn ?? credentials.accessKeyId;
    case 'azure-service-principal':
      return credentials.applicationId;
    default:
      return credentials satisfies never;
  }
}
