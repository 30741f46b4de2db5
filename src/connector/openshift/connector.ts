/**
 * The connector of OpenShift's registry: lists image streams by the API of the cluster, and pulls by the registry, with the same token.
 *
 * Source: OpenShift, "ImageStream [image.openshift.io/v1]"; Kubernetes, "Retrieving large results sets in chunks".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiClient } from '../api-client.ts';
import { bearerLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import { jwtExpiresAtMs } from '../jwt.ts';
import { withPrefix } from '../name-prefix.ts';
import { byToken, pagesOf, restarting } from '../paging.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { isBefore, toTagEntry } from '../tag-facts.ts';
import { type ImageStream, imageStream, imageStreamList } from './schema.ts';
import { checkOpenshiftSettings, OPENSHIFT } from './settings.ts';

const PAGE_SIZE = 500;
/** A token that ends sooner than this is told of. */
const WARN_MS = 14 * 24 * 3_600_000;
const RIGHT =
  'the role registry-viewer: oc adm policy add-cluster-role-to-user registry-viewer -z ACCOUNT -n NAMESPACE for all projects, or oc policy add-role-to-user registry-viewer for one, which the settings then name';

/** Opens the registry of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openOpenshift(options: ConnectorOptions): Promise<Connector> {
  const { credentials } = options;
  if (credentials.kind !== 'token') throw new Error('OpenShift takes tokens only');
  const { url, tls, product } = checkOpenshiftSettings(options.settings);
  const { host, base } = parseRegistryAddress(url, tls);
  const apiBase = new URL(`${product.apiUrl.replace(/\/+$/, '')}/apis/image.openshift.io/v1/`);
  // The registry does not look at the user name.
  const { token, username = 'serviceaccount' } = credentials;
  const pullCredentials = storeOf({ kind: 'password', username, password: token, source: SETTINGS_SOURCE });
  const connection = new Connection(options, { host, base, pullCredentials, alsoHome: [apiBase.hostname] });
  const api = connection.api({ base: apiBase, authorization: bearerLogin(token) });
  warnOfEnd(connection, token);
  const connector = assembleConnector({
    product: OPENSHIFT,
    connection,
    listRepositories: call => listRepositories(api, product.namespace, call),
    listTags: (repository, query, call) => listTags(api, connection, repository, query, call),
    // An image stream alone is one of the project of the settings; other projects may be named.
    normaliseRepository: text => (text.includes('/') ? text : withPrefix(text, product.namespace)),
  });
  return Promise.resolve(connector);
}

/** The place in a list is forgotten by the cluster after some minutes; then it begins anew, and what was listed is not listed again. */
function listRepositories(
  api: ApiClient,
  namespace: string | undefined,
  call: CallOptions,
): AsyncIterable<RepositoryEntry> {
  const first = {
    path: namespace === undefined ? 'imagestreams' : `namespaces/${namespace}/imagestreams`,
    query: { limit: PAGE_SIZE },
    schema: imageStreamList,
    task: `Cannot list the image streams of ${namespace === undefined ? '' : `project "${namespace}" at `}${api.base.host}`,
    right: RIGHT,
  };
  return restarting(async function* () {
    const pages = pagesOf(
      api,
      first,
      byToken('continue', page => page.metadata?.continue),
      call,
    );
    for await (const { body } of pages) {
      for (const { metadata } of body.items) yield { name: `${metadata.namespace}/${metadata.name}` };
    }
  });
}

async function* listTags(
  api: ApiClient,
  connection: Connection,
  repository: string,
  { since }: TagQuery,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const [namespace = '', name, ...rest] = repository.split('/');
  const { host } = connection.place;
  const task = `Cannot list the tags of "${printable(`${host}/${repository}`)}"`;
  if (name === undefined || rest.length > 0) {
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `${task}: here it is a project and an image stream, such as project/app`,
    );
  }
  const request = { path: `namespaces/${namespace}/imagestreams/${name}`, schema: imageStream, task, right: RIGHT };
  const { body } = await api.ask({ ...request, missing: `image stream "${printable(repository)}"` }, call);
  const { tags, external } = toTags(body);
  if (external.length > 0) {
    const example = printable(external[0] ?? '', 60);
    connection.warn(
      `${external.length} tags of "${printable(repository)}" refer to images outside of ${host}, such as "${example}"; they are left out, add their own registry to scan them`,
    );
  }
  for (const tag of tags) if (!isBefore(tag, since)) yield tag;
}

/** Each tag by the first entry of its history, latest first; and those whose image is elsewhere and is not passed through. */
function toTags({ spec, status }: ImageStream): {
  readonly tags: readonly TagEntry[];
  readonly external: readonly string[];
} {
  const own = status?.dockerImageRepository?.split('/')[0];
  const local = new Set((spec?.tags ?? []).flatMap(tag => (tag.referencePolicy?.type === 'Local' ? [tag.name] : [])));
  const tags: TagEntry[] = [];
  const external: string[] = [];
  for (const { tag, items } of status?.tags ?? []) {
    const [current] = items ?? [];
    if (current === undefined) continue;
    const { created, image, dockerImageReference } = current;
    const isOwn = !dockerImageReference || own === undefined || dockerImageReference.startsWith(`${own}/`);
    if (isOwn || local.has(tag)) tags.push(toTagEntry(tag, { digest: image, pushedAt: created }));
    else external.push(tag);
  }
  return { tags: tags.toSorted((a, b) => (b.pushedAt ?? '').localeCompare(a.pushedAt ?? '')), external };
}

/** Tokens of service accounts mostly end. */
function warnOfEnd(connection: Connection, token: string): void {
  const endsAtMs = jwtExpiresAtMs(token);
  if (endsAtMs === undefined || endsAtMs - connection.now() > WARN_MS) return;
  const day = new Date(Math.min(endsAtMs, 8.64e15)).toISOString().slice(0, 10);
  const verb = endsAtMs < connection.now() ? 'ended' : 'ends';
  connection.warn(
    `The token of the service account for ${connection.place.host} ${verb} on ${day}; make a new one with "oc create token"`,
  );
}
