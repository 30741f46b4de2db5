/** What is particular to JFrog Artifactory: how its repositories are reached, and where its API is. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';

const repositoryKey = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'expected the key of a repository, such as "docker-local"');

const jfrogSettings = z.strictObject({
  /** `path`: `host/KEY/image`; `subdomain`: `KEY.host/image`; `port`: `host:PORT/image`. */
  accessMethod: z.enum(['path', 'subdomain', 'port']).default('path'),
  /** Path of Artifactory on its host. */
  serviceContext: z
    .string()
    .regex(/^[A-Za-z0-9_-]{0,64}$/, 'expected one word, such as "artifactory", or nothing')
    .default('artifactory'),
  repositoryKey: repositoryKey.optional(),
  /** Where the API is when it is not on the host that follows from the address: `https://artifactory.example`. */
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .optional(),
});

/** The fields of a registry of this product, and what follows from them. */
export type JfrogSettings = z.infer<typeof jfrogSettings>;

export const JFROG_ARTIFACTORY = {
  type: 'jfrog-artifactory',
  capabilities: {
    catalog: true,
    pushedDate: true,
    // The free edition knows no order.
    newestFirst: false,
    dateFilter: true,
    pullTimeSideEffect: true,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked; for sub-domains the key follows from the host. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function checkJfrogSettings(settings: RegistrySettings): RegistrySettings & { readonly product: JfrogSettings } {
  const checked = checkProductSettings(settings, jfrogSettings);
  const { accessMethod, apiUrl } = checked.product;
  const url = new URL(checked.url);
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use ${url.host} as JFrog Artifactory: ${why}`);
  if (apiUrl?.startsWith('http:') === true && checked.tls?.insecureHttp !== true) {
    throw refuse('the address of its API is plain http, which has to be confirmed');
  }
  if (accessMethod === 'port' && checked.product.repositoryKey === undefined) {
    throw refuse('with a port for each repository, the key of this one has to be named');
  }
  if (accessMethod !== 'subdomain') return checked;
  const [label = '', ...rest] = url.hostname.split('.');
  if (rest.length === 0) throw refuse('with sub-domains, the first part of the host is the key of the repository');
  return { ...checked, product: { ...checked.product, repositoryKey: checked.product.repositoryKey ?? label } };
}

/** Where the API is; ends with a slash: `https://artifactory.example/artifactory/`. */
export function apiBaseOf(registry: URL, { accessMethod, serviceContext, apiUrl }: JfrogSettings): URL {
  const base = new URL(apiUrl ?? registry.origin);
  if (apiUrl === undefined && accessMethod === 'subdomain') base.hostname = base.hostname.replace(/^[^.]+\./, '');
  if (apiUrl === undefined && accessMethod === 'port') base.port = '';
  const root = base.pathname.replace(/\/+$/, '');
  base.pathname =
    serviceContext === '' || root.endsWith(`/${serviceContext}`) ? `${root}/` : `${root}/${serviceContext}/`;
  return base;
}
