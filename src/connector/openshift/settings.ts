/** What is particular to the registry of OpenShift: its lists are in the API of the cluster, which is elsewhere. */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Capabilities, RegistrySettings } from '../connector.ts';
import { checkProductSettings } from '../product-settings.ts';

const openshiftSettings = z.strictObject({
  /** Where the API of the cluster is: `https://api.cluster.example:6443`. */
  apiUrl: z
    .url({ protocol: /^https?$/ })
    .max(1024)
    .optional(),
  /** The one project to look at; all when missing. */
  namespace: z
    .string()
    .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, 'expected the name of a project')
    .optional(),
});

/** The fields of a registry of this product; the address of the API is filled in. */
export interface OpenshiftSettings extends Record<string, unknown> {
  readonly apiUrl: string;
  readonly namespace?: string | undefined;
}

export const OPENSHIFT = {
  type: 'openshift',
  capabilities: {
    catalog: true,
    pushedDate: true,
    newestFirst: true,
    dateFilter: false,
    pullTimeSideEffect: false,
    rateLimitHeaders: false,
  } satisfies Capabilities,
} as const;

/** The settings, checked. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` also when the API cannot be found by the address. */
export function checkOpenshiftSettings(
  settings: RegistrySettings,
): RegistrySettings & { readonly product: OpenshiftSettings } {
  const checked = checkProductSettings(settings, openshiftSettings);
  const { hostname, host } = new URL(checked.url);
  const apiUrl = checked.product.apiUrl ?? guessApi(hostname);
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use ${host} as the registry of OpenShift: ${why}`);
  if (apiUrl === undefined) {
    throw refuse(
      'where the API of its cluster is cannot be told from the address; "oc whoami --show-server" says it, and it goes into apiUrl',
    );
  }
  if (apiUrl.startsWith('http:') && checked.tls?.insecureHttp !== true) {
    throw refuse('the address of the API is plain http, which has to be confirmed');
  }
  return { ...checked, product: { ...checked.product, apiUrl } };
}

/** Routes are below `apps.DOMAIN` and the API is `api.DOMAIN`; services are seen from inside only. */
function guessApi(hostname: string): string | undefined {
  const at = hostname.indexOf('.apps.');
  if (at !== -1) return `https://api.${hostname.slice(at + '.apps.'.length)}:6443`;
  return /\.svc(?:\.cluster\.local)?$/.test(hostname) ? 'https://kubernetes.default.svc' : undefined;
}
