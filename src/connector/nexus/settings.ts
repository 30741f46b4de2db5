/** What is particular to Sonatype Nexus: which repository an address stands for, and where its API is. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';

const nexusSettings = z.strictObject({
  /** `port` and `subdomain`: the address is one repository; `path`: the repository is the first part of each name. */
  accessMethod: z.enum(['port', 'subdomain', 'path']).default('port'),
  /** Name of the Docker repository in Nexus. */
  repository: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/, 'expected the name of a repository, such as "docker-hosted"')
    .optional(),
  /** Where Nexus itself is: `https://nexus.example/nexus`. */
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .optional(),
});

/** The fields of a registry of this product. */
export type NexusSettings = z.infer<typeof nexusSettings>;

export const NEXUS = {
  type: 'nexus',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: false,
    dateFilter: false,
    pullTimeSideEffect: true,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked; for sub-domains the name of the repository follows from the host. @throws `REGISTRY_SETTINGS_INVALID`. */
export function checkNexusSettings(settings: RegistrySettings): RegistrySettings & { readonly product: NexusSettings } {
  const checked = checkProductSettings(settings, nexusSettings);
  const { accessMethod, repository, apiUrl } = checked.product;
  const url = new URL(checked.url);
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use ${url.host} as Sonatype Nexus: ${why}`);
  if (apiUrl?.startsWith('http:') === true && checked.tls?.insecureHttp !== true) {
    throw refuse('the address of its API is plain http, which has to be confirmed');
  }
  if (accessMethod === 'port' && repository === undefined) {
    throw refuse('with a port for each repository, the name of this one has to be given');
  }
  if (accessMethod !== 'subdomain') return checked;
  const [label = '', ...rest] = url.hostname.split('.');
  if (rest.length === 0) throw refuse('with sub-domains, the first part of the host is the repository');
  return { ...checked, product: { ...checked.product, repository: repository ?? label } };
}

/** Where the API is; ends with a slash: `https://nexus.example/service/rest/v1/`. */
export function apiBaseOf(registry: URL, { accessMethod, apiUrl }: NexusSettings): URL {
  const base = new URL(apiUrl ?? registry.origin);
  if (apiUrl === undefined && accessMethod === 'subdomain') base.hostname = base.hostname.replace(/^[^.]+\./, '');
  if (apiUrl === undefined && accessMethod === 'port') base.port = '';
  base.pathname = `${base.pathname.replace(/\/+$/, '')}/service/rest/v1/`;
  return base;
}
