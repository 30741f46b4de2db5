/**
 * The connector of Azure Container Registry: its own lists, which have dates and come newest first, with tokens of one scope each.
 *
 * Source: Azure's REST reference of the container registry's data plane, 2021-07-01.
 */
import type { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { CATALOG_SCOPE } from '#image/registry/client.ts';
import { LIST_LIMITS, readJson } from '#image/registry/listing.ts';
import { nextUrl } from '#image/registry/page-link.ts';
import type { ApiClient } from '../api-client.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { isBefore, toTagEntry } from '../tag-facts.ts';
import { AcrLogin } from './acr-login.ts';
import { type AcrTag, catalogPage, oneTag, tagPage } from './schema.ts';
import { AZURE_ACR, checkAcrSettings, loginHostOf } from './settings.ts';

const PAGE_SIZE = 1000;
/** Up to so many names are looked up one by one; beyond, a listing is cheaper. */
const MAX_LOOKUPS = 20;

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openAcr(options: ConnectorOptions): Promise<Connector> {
  const { credentials } = options;
  const { url, product } = checkAcrSettings(options.settings);
  const base = new URL(`${url}/`);
  const loginHost = loginHostOf(product.cloud);
  const apis = (): { entra: ApiClient; registry: ApiClient; connection: Connection } => ({
    entra,
    registry,
    connection,
  });
  const login =
    credentials.kind === 'azure-service-principal'
      ? new AcrLogin({ credentials, loginHost, apis, now: () => connection.now() })
      : storeOf(
          credentials.kind === 'basic' ? { ...credentials, kind: 'password', source: SETTINGS_SOURCE } : undefined,
        );
  const connection = new Connection(options, { host: base.host, base, pullCredentials: login });
  const entra = connection.api({ base: new URL(`https://${loginHost}/`) });
  const registry = connection.api({ base });
  const connector = assembleConnector({
    product: AZURE_ACR,
    connection,
    listRepositories: call => listRepositories(connection, call),
    listTags: (repository, query, call) => listTags(connection, repository, query, call),
  });
  return Promise.resolve(connector);
}

async function* listRepositories(connection: Connection, call: CallOptions): AsyncGenerator<RepositoryEntry> {
  const list = {
    path: 'acr/v1/_catalog',
    query: `?n=${PAGE_SIZE}`,
    schema: catalogPage,
    scope: CATALOG_SCOPE,
    task: `Cannot list the repositories of ${connection.place.host}`,
    right: `the scope ${CATALOG_SCOPE}: AcrPull has it, and with permissions by repository (ABAC) the role Container Registry Repository Catalog Lister`,
    missing: 'catalogue',
  };
  for await (const { repositories } of pagesOf(connection, list, call)) {
    for (const name of repositories ?? []) yield { name };
  }
}

async function* listTags(
  connection: Connection,
  repository: string,
  { since, names }: TagQuery,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const scope = `repository:${repository}:metadata_read`;
  const list = {
    path: `acr/v1/${repository}/_tags`,
    query: `?n=${PAGE_SIZE}&orderby=timedesc`,
    schema: tagPage,
    scope,
    task: `Cannot list the tags of "${printable(`${connection.place.host}/${repository}`)}"`,
    right: `the scope ${scope}, which those that may only pull do not have: AcrPull has it, a repository token needs metadata/read, and with permissions by repository (ABAC) it is the role Container Registry Repository Reader`,
    missing: `repository "${printable(repository)}"`,
  };
  if (names !== undefined && names.length <= MAX_LOOKUPS) {
    // The first page tells whether there is such a repository: for a tag alone both would be a 404.
    await askOnce(connection, { ...list, query: '?n=1' }, call);
    for (const name of names) {
      const one = { ...list, path: `${list.path}/${encodeURIComponent(name)}`, query: '', schema: oneTag };
      const found = await askOnce(connection, { ...one, isOptional: true }, call);
      if (found !== undefined) yield toEntry(found.body.tag);
    }
    return;
  }
  for await (const { tags } of pagesOf(connection, list, call)) {
    for (const tag of tags ?? []) {
      const entry = toEntry(tag);
      if (isBefore(entry, since)) return;
      yield entry;
    }
  }
}

/** The time of the last update is when the tag was moved; locking a tag changes it as well, which only makes it newer. */
function toEntry({ name, digest, lastUpdateTime, createdTime }: AcrTag): TagEntry {
  return toTagEntry(name, { digest, pushedAt: lastUpdateTime ?? createdTime });
}

interface AcrRequest<T> {
  readonly path: string;
  readonly query: string;
  readonly schema: z.ZodType<T>;
  readonly scope: string;
  readonly task: string;
  /** What to ask for when it is denied. */
  readonly right: string;
  /** What a 404 says is not there. */
  readonly missing: string;
  /** Whether a 404 is an answer. */
  readonly isOptional?: boolean;
}

/** Pages by their `Link`, which has a path and no host. */
async function* pagesOf<T>(connection: Connection, first: AcrRequest<T>, call: CallOptions): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let query: string | undefined = first.query; query !== undefined; ) {
    const fail = (why: string) => new PlimsollError('REGISTRY_INVALID', `${first.task}: ${why}`);
    if (seen.has(query)) throw fail(`${connection.place.host} sends pages that go in a circle`);
    if (seen.size >= LIST_LIMITS.maxPages) {
      throw new PlimsollError('LIMIT_EXCEEDED', `${first.task}: over ${LIST_LIMITS.maxPages} pages`);
    }
    seen.add(query);
    const page: AcrAnswer<T> | undefined = await askOnce(connection, { ...first, query }, call);
    if (page === undefined) return;
    yield page.body;
    query = nextUrl(page.link, page.url)?.search;
  }
}

interface AcrAnswer<T> {
  readonly body: T;
  readonly url: URL;
  readonly link: string | undefined;
}

/** One answer. The registry asks for a token with the scope that it wants, or takes the one named here. */
async function askOnce<T>(
  connection: Connection,
  request: AcrRequest<T>,
  call: CallOptions,
): Promise<AcrAnswer<T> | undefined> {
  const { path, query, schema, scope, task, right, missing, isOptional = false } = request;
  const registry = await connection.registry(call);
  const asked = { method: 'GET', repository: '', wanted: 'catalog', name: '', path, query, task } as const;
  return await registry.ask(
    { ...asked, scopes: [scope], right, headers: { accept: 'application/json' }, expected: [404] },
    async open => {
      const { status, url } = open.answer;
      const { host } = connection.place;
      if (status === 404 && isOptional) return undefined;
      if (status === 404) throw new PlimsollError('MANIFEST_UNKNOWN', `${task}: ${host} has no ${missing}`);
      const limitBytes = LIST_LIMITS.maxPageBytes;
      const result = schema.safeParse(await readJson(open, { ...call, task, limitBytes }));
      if (result.success) return { body: result.data, url, link: open.answer.header('link') };
      throw new PlimsollError('REGISTRY_INVALID', `${task}: ${host} answers with something else than its API promises`);
    },
    connection.until(call),
  );
}
