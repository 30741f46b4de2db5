/** What is particular to Azure Container Registry: which cloud it is in. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';

/** Clouds of Azure, with log-ins of their own. */
const CLOUDS = ['public', 'us-government', 'china'] as const;
type AzureCloud = (typeof CLOUDS)[number];

/** Where the identities of a cloud are. */
const LOGIN_HOSTS: Readonly<Record<AzureCloud, string>> = {
  public: 'login.microsoftonline.com',
  'us-government': 'login.microsoftonline.us',
  china: 'login.chinacloudapi.cn',
};
const DOMAINS: Readonly<Record<string, AzureCloud>> = {
  'azurecr.io': 'public',
  'azurecr.us': 'us-government',
  'azurecr.cn': 'china',
};

const acrSettings = z.strictObject({ cloud: z.enum(CLOUDS).optional() });

export const AZURE_ACR = {
  type: 'azure-acr',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: true,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked; the cloud follows from the host, but for a domain of one's own. @throws `REGISTRY_SETTINGS_INVALID`. */
export function checkAcrSettings(settings: RegistrySettings): RegistrySettings & { product: { cloud: AzureCloud } } {
  const checked = checkProductSettings(settings, acrSettings);
  const url = new URL(checked.url);
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use ${url.host} as an Azure Container Registry: ${why}`);
  if (url.pathname !== '/') throw refuse('its address is the host alone, such as https://name.azurecr.io');
  const own = DOMAINS[url.hostname.split('.').slice(-2).join('.')];
  const { cloud } = checked.product;
  if (own !== undefined && cloud !== undefined && own !== cloud) {
    throw refuse(`a host of that name is in the cloud ${own}, and the settings say ${cloud}`);
  }
  return { ...checked, product: { cloud: own ?? cloud ?? 'public' } };
}

/** Where an application of this cloud logs in. */
export function loginHostOf(cloud: AzureCloud): string {
  return LOGIN_HOSTS[cloud];
}
