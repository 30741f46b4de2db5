/**
 * Docker Hub: listing by its own API at hub.docker.com, pulling from registry-1.docker.io.
 *
 * Source: docs.docker.com, "Docker Hub API reference" and "Pull usage and limits".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isRepositoryName } from '#oci/reference.ts';
import type { ApiAuthorization, ApiClient } from '../api-client.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import { KeptToken } from '../kept-token.ts';
import { byUrlIn, pagesOf } from '../paging.ts';
import { readProduct } from '../product-settings.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { loginAnswer, namespacesAnswer, repositoriesPage, tagAnswer, tagsPage } from './schema.ts';
import { DOCKER_HUB, dockerHubSettings } from './settings.ts';

/** The most that the API gives. */
const PAGE_SIZE = 100;
/** The API's tokens live some ten minutes, and do not say so. */
const TOKEN_LIFE_MS = 10 * 60_000;
/** Up to so many named tags are looked up one by one; more are found faster in the whole list. */
const MAX_LOOK_UPS = 20;

/** Opens Docker Hub. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openDockerHub(options: ConnectorOptions): Promise<Connector> {
  const { credentials, settings } = options;
  const { organization } = readProduct(settings, dockerHubSettings);
  const login = credentials.kind === 'basic' ? credentials : undefined;
  const pull = login && ({ ...login, kind: 'password', source: SETTINGS_SOURCE } as const);
  const base = new URL('https://registry-1.docker.io/');
  const connection = new Connection(options, { host: 'docker.io', base, pullCredentials: storeOf(pull) });
  const api: ApiClient = connection.api({
    base: new URL('https://hub.docker.com/v2/'),
    authorization: login && tokenOf(login, () => api, connection),
  });
  const hub = new Hub(api, login?.username, organization);
  return Promise.resolve(
    assembleConnector({
      product: DOCKER_HUB,
      connection,
      listRepositories: call => hub.repositories(call),
      listTags: (repository, query, call) => hub.tags(repository, query, call),
      normaliseRepository: toHubName,
      // Docker's own, for looking at the limits without using them up.
      probeRepository: 'ratelimitpreview/test',
    }),
  );
}

/** The token that the API gives for user name and password, or access token. */
function tokenOf(
  login: { readonly username: string; readonly password: string },
  api: () => ApiClient,
  connection: Connection,
): ApiAuthorization {
  const { username: identifier, password: secret } = login;
  const kept = new KeptToken(
    async call => {
      const task = 'Cannot log in to Docker Hub';
      const json = { identifier, secret };
      const { body } = await api().ask({ path: 'auth/token', json, schema: loginAnswer, task, isLogin: true }, call);
      return { value: body.access_token, lifeMs: TOKEN_LIFE_MS };
    },
    () => connection.now(),
  );
  return {
    headers: async call => ({ authorization: `Bearer ${await kept.get(call)}` }),
    renew: () => {
      kept.forget();
      return true;
    },
    secrets: () => kept.secrets(),
  };
}

class Hub {
  readonly #api: ApiClient;
  readonly #username: string | undefined;
  readonly #organization: string | undefined;

  constructor(api: ApiClient, username: string | undefined, organization: string | undefined) {
    this.#api = api;
    this.#username = username;
    this.#organization = organization;
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    for (const namespace of await this.#namespaces(call)) {
      const first = {
        path: `repositories/${encodeURIComponent(namespace)}/`,
        query: { page: 1, page_size: PAGE_SIZE },
        schema: repositoriesPage,
        task: `Cannot list the repositories of "${printable(namespace)}" on Docker Hub`,
        missing: `namespace "${printable(namespace)}"`,
      };
      for await (const { body } of pagesOf(
        this.#api,
        first,
        byUrlIn(page => page.next),
        call,
      )) {
        for (const { namespace: owner, name } of body.results) yield { name: `${owner}/${name}` };
      }
    }
  }

  async *tags(repository: string, query: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const { names, since } = query;
    const request = this.#repository(repository);
    if (names !== undefined && names.length <= MAX_LOOK_UPS) {
      yield* this.#named(repository, names, call);
      return;
    }
    const first = {
      ...request,
      path: `${request.path}/tags`,
      query: { page: 1, page_size: PAGE_SIZE, ordering: 'last_updated' },
      schema: tagsPage,
    };
    for await (const { body } of pagesOf(
      this.#api,
      first,
      byUrlIn(page => page.next),
      call,
    )) {
      for (const { tag, updatedAt } of body.results) {
        // Newest first: what follows is older still. One without a date says nothing about the next.
        if (since !== undefined && updatedAt !== undefined && new Date(updatedAt) < since) return;
        yield tag;
      }
    }
  }

  async *#named(repository: string, names: readonly string[], call: CallOptions): AsyncGenerator<TagEntry> {
    const request = this.#repository(repository);
    let hasAny = false;
    for (const name of names) {
      const path = `${request.path}/tags/${encodeURIComponent(name)}`;
      const found = await this.#api.find({ ...request, path, schema: tagAnswer }, call);
      if (found === undefined) continue;
      hasAny = true;
      yield found.body.tag;
    }
    // None of them may mean that there is no such repository, which somebody should hear of.
    if (!hasAny)
      await this.#api.ask(
        { ...request, path: `${request.path}/tags`, query: { page_size: 1 }, schema: tagsPage },
        call,
      );
  }

  async #namespaces(call: CallOptions): Promise<readonly string[]> {
    if (this.#organization !== undefined) return [this.#organization];
    const username = this.#username;
    if (username === undefined) {
      throw new PlimsollError(
        'CATALOG_UNSUPPORTED',
        'Cannot list the repositories of Docker Hub without knowing whose: add credentials or an organisation to the settings, or name the repositories to scan',
      );
    }
    const task = `Cannot list what "${printable(username)}" belongs to on Docker Hub`;
    const found = await this.#api.find({ path: 'repositories/namespaces', schema: namespacesAnswer, task }, call);
    return found === undefined || found.body.namespaces.length === 0 ? [username.toLowerCase()] : found.body.namespaces;
  }

  #repository(repository: string): { readonly path: string; readonly task: string; readonly missing: string } {
    return {
      path: `repositories/${repository}`,
      task: `Cannot list the tags of "${printable(`docker.io/${repository}`)}"`,
      missing: `repository "${printable(repository)}"`,
    };
  }
}

/** Pages of its web site, and the names that it gives itself; a name of one word is an official image. */
function toHubName(text: string): string {
  const name = text
    .replace(/^(?:index\.docker\.io|registry-1\.docker\.io|hub\.docker\.com\/r|hub\.docker\.com)\//i, '')
    .replace(/^_\//, 'library/');
  return !name.includes('/') && isRepositoryName(name) ? `library/${name}` : name;
}
