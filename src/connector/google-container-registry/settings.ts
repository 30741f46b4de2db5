/** What is particular to the hosts of Google Container Registry, which Artifact Registry serves since March 2025. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { projectId } from '../google-service-account.ts';
import { checkProductSettings } from '../product-settings.ts';

const HOSTS = new Set(['gcr.io', 'us.gcr.io', 'eu.gcr.io', 'asia.gcr.io']);

const gcrSettings = z.strictObject({ projectId: projectId.optional() });

export const GOOGLE_CONTAINER_REGISTRY = {
  type: 'google-container-registry',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked. The project may stand in the address: `gcr.io/my-project`. @throws `REGISTRY_SETTINGS_INVALID`. */
export function checkGcrSettings(
  settings: RegistrySettings,
): RegistrySettings & { readonly product: { readonly projectId?: string } } {
  const url = URL.parse(settings.url.includes('://') ? settings.url : `https://${settings.url}`);
  const inPath = url?.pathname.replace(/^\/|\/$/g, '').replace('/', ':') ?? '';
  const product = inPath === '' ? settings.product : { projectId: inPath, ...settings.product };
  const checked = checkProductSettings({ ...settings, product }, gcrSettings);
  const { protocol, host } = new URL(checked.url);
  if (protocol !== 'https:' || !HOSTS.has(host)) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `Cannot use ${host} as Google Container Registry: expected https:// and one of ${[...HOSTS].join(', ')}`,
    );
  }
  const { projectId: id } = checked.product;
  return { ...checked, url: `https://${host}`, product: id === undefined ? {} : { projectId: id } };
}
