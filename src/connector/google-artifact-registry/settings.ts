/** What is particular to Google Artifact Registry: location, project and repository are parts of every name. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { projectId } from '../google-service-account.ts';
import { checkProductSettings } from '../product-settings.ts';

/** `europe-docker.pkg.dev` is location `europe`, `us-central1-docker.pkg.dev` is `us-central1`. */
const HOST = /^([a-z]{2,20}(?:-[a-z]{3,20}[0-9]{1,2})?)-docker\.pkg\.dev$/;

const garRepository = z
  .string()
  .regex(
    /^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
    'expected the name of a repository of Artifact Registry, such as "containers"',
  );

const garSettings = z.strictObject({ projectId, repository: garRepository.optional() });

/** The fields of a registry of this product. */
export type GarSettings = z.infer<typeof garSettings>;

export const GOOGLE_ARTIFACT_REGISTRY = {
  type: 'google-artifact-registry',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/**
 * The settings, checked. Project and repository may stand in the address: `europe-docker.pkg.dev/my-project/containers`.
 * @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`.
 */
export function checkGarSettings(settings: RegistrySettings): RegistrySettings & { readonly product: GarSettings } {
  const url = URL.parse(settings.url.includes('://') ? settings.url : `https://${settings.url}`);
  const product = { ...fromPath(url?.pathname ?? ''), ...settings.product };
  const checked = checkProductSettings({ ...settings, product }, garSettings);
  const { protocol, host } = new URL(checked.url);
  if (protocol !== 'https:' || !HOST.test(host)) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use ${host} as Google Artifact Registry: expected https://LOCATION-docker.pkg.dev, such as europe-west1-docker.pkg.dev`,
    );
  }
  return { ...checked, url: `https://${host}` };
}

/** The location that a host names. */
export function locationOf(host: string): string {
  return HOST.exec(host)?.[1] ?? '';
}

/** `my-project/containers`, and `example.com/old-project/containers`. */
function fromPath(path: string): Record<string, string> {
  const parts = path.split('/').filter(part => part !== '');
  const domain = parts[0]?.includes('.') === true ? parts.shift() : undefined;
  const [project, repository] = parts;
  if (project === undefined) return {};
  return {
    projectId: domain === undefined ? project : `${domain}:${project}`,
    ...(repository === undefined ? {} : { repository }),
  };
}
