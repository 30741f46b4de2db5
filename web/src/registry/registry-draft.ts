/** A registry as it is being written in the form. */
import type { Registry, RegistryProduct } from '../api/model.ts';
import { readLabels, writeLabels } from '../form/labels.ts';
import {
  CREDENTIALS,
  type CredentialKind,
  type Credentials,
  PRODUCT_FIELDS,
  type RegistryBody,
  readFields,
} from './credential-fields.ts';

export interface RegistryDraft {
  readonly name: string;
  readonly type: RegistryBody['type'];
  readonly url: string;
  readonly namespaceId: string;
  readonly credentialKind: CredentialKind;
  /** By field, secrets too: they stay in this page. */
  readonly credentials: Readonly<Record<string, string>>;
  /** ISO date, or empty. */
  readonly expires: string;
  readonly product: Readonly<Record<string, string>>;
  readonly insecureHttp: boolean;
  readonly allowsCredentialsOverHttp: boolean;
  readonly skipVerify: boolean;
  readonly caPem: string;
  readonly proxy: string;
  readonly sensorLabels: string;
}

/** Where some products always are. */
const ADDRESSES: Readonly<Partial<Record<RegistryBody['type'], string>>> = {
  'docker-hub': 'docker.io',
  ghcr: 'ghcr.io',
  'aws-ecr-public': 'public.ecr.aws',
};

/** An empty form for a product. */
export function draftFor(product: RegistryProduct, namespaceId: string): RegistryDraft {
  return {
    name: '',
    type: product.type as RegistryBody['type'],
    url: ADDRESSES[product.type as RegistryBody['type']] ?? '',
    namespaceId,
    credentialKind: (product.credentialKinds[0] ?? 'none') as CredentialKind,
    credentials: {},
    expires: '',
    product: {},
    insecureHttp: false,
    allowsCredentialsOverHttp: false,
    skipVerify: false,
    caPem: '',
    proxy: '',
    sensorLabels: '',
  };
}

/** The form of a registry that there is; secrets are never told, so credentials are empty. */
export function draftOf(registry: Registry): RegistryDraft {
  const {
    tls = {},
    proxy = '',
    product = {},
  } = registry.settings as {
    tls?: Partial<Pick<RegistryDraft, 'insecureHttp' | 'allowsCredentialsOverHttp' | 'skipVerify' | 'caPem'>>;
    proxy?: string;
    product?: Record<string, unknown>;
  };
  return {
    name: registry.name,
    type: registry.type as RegistryBody['type'],
    url: registry.url,
    namespaceId: registry.namespaceId,
    credentialKind: registry.credentialKind as CredentialKind,
    credentials: {},
    expires: registry.credentialExpiresAt?.slice(0, 10) ?? '',
    product: Object.fromEntries(
      Object.entries(product).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : String(value)]),
    ),
    insecureHttp: tls.insecureHttp ?? false,
    allowsCredentialsOverHttp: tls.allowsCredentialsOverHttp ?? false,
    skipVerify: tls.skipVerify ?? false,
    caPem: tls.caPem ?? '',
    proxy,
    sensorLabels: writeLabels(registry.sensorSelector),
  };
}

/** What the API takes. */
export function toBody(draft: RegistryDraft): RegistryBody {
  const { name, type, url, namespaceId, expires, proxy, insecureHttp, allowsCredentialsOverHttp, skipVerify, caPem } =
    draft;
  const trimmed = url.trim();
  return {
    name: name.trim() === '' ? hostOf(trimmed) : name.trim(),
    type,
    url: insecureHttp && !trimmed.includes('://') ? `http://${trimmed}` : trimmed,
    namespaceId,
    credentials: toCredentials(draft),
    product: readFields(PRODUCT_FIELDS[type] ?? [], draft.product),
    tls: {
      ...(insecureHttp ? { insecureHttp, ...(allowsCredentialsOverHttp ? { allowsCredentialsOverHttp } : {}) } : {}),
      ...(skipVerify ? { skipVerify } : {}),
      ...(caPem.trim() === '' ? {} : { caPem }),
    },
    ...(proxy.trim() === '' ? {} : { proxy: proxy.trim() }),
    ...(expires === '' ? {} : { credentialExpiresAt: `${expires}T00:00:00Z` }),
    sensorSelector: readLabels(draft.sensorLabels),
    labels: {},
    maxListings: 2,
    maxScans: 4,
  };
}

/** The credentials as they were written; checked by the server alone. */
function toCredentials({ credentialKind: kind, credentials }: RegistryDraft): Credentials {
  return { kind, ...readFields(CREDENTIALS[kind].fields, credentials) } as Credentials;
}

/** Whether anything was written into the fields of the credentials. */
export function hasCredentials({ credentialKind: kind, credentials }: RegistryDraft): boolean {
  return CREDENTIALS[kind].fields.some(({ name }) => (credentials[name] ?? '') !== '');
}

/** Whether nothing that must be there is missing. */
export function isComplete(draft: RegistryDraft): boolean {
  const missing = CREDENTIALS[draft.credentialKind].fields.filter(
    ({ name, isRequired }) => isRequired === true && (draft.credentials[name] ?? '') === '',
  );
  return draft.url.trim() !== '' && missing.length === 0;
}

function hostOf(url: string): string {
  return url.replace(/^[a-z]+:\/\//i, '');
}
