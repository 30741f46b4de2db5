/**
 * GitLab's container registry: listing by GitLab's API, pulling from the registry beside it.
 *
 * Source: docs.gitlab.com, "Container registry API", "Authenticate with the container registry", "Pagination".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiAnswer, ApiAuthorization, ApiClient, ApiRequest } from '../api-client.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { mapConcurrently } from '../concurrent.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { plainTags } from '../named-tags.ts';
import { byLink, pagesOf } from '../paging.ts';
import { readProduct } from '../product-settings.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { apiBaseOf, findGitlab } from './gitlab-place.ts';
import { projectsPage, repositoriesPage, tagAnswer, tagNamesPage } from './schema.ts';
import { GITLAB, gitlabSettings } from './settings.ts';

/** The most that the API gives. */
const PAGE_SIZE = 100;
/** Each tag's date is a request of its own. */
const TAGS_AT_A_TIME = 4;
/** Repositories whose numbers are kept from listing them. */
const MAX_KNOWN = 100_000;
/** Names that an image may have below its project. */
const MAX_IMAGE_NAMES = 2;

/** Opens the registry. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openGitlab(options: ConnectorOptions): Promise<Connector> {
  const { credentials, settings } = options;
  const { group, gitlabUrl } = readProduct(settings, gitlabSettings);
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const login = toLogin(credentials);
  const pull = login && ({ ...login, kind: 'password', source: SETTINGS_SOURCE } as const);
  const named = gitlabUrl ?? (host === 'registry.gitlab.com' ? 'https://gitlab.com' : undefined);
  const alsoHome = named === undefined ? [] : [new URL(named).hostname];
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(pull), alsoHome });
  const gitlab = new Gitlab(connection, { url: named, group, token: login?.password });
  return Promise.resolve(
    assembleConnector({
      product: GITLAB,
      connection,
      listRepositories: call => {
        if (login === undefined) throw refuseVisitors(host);
        return gitlab.repositories(call);
      },
      listTags: (repository, query, call) =>
        login === undefined ? plainTags(connection, repository, query, call) : gitlab.tags(repository, query, call),
    }),
  );
}

/** The registry takes any user name beside a personal access token. */
function toLogin(credentials: RegistryCredentials): { username: string; password: string } | undefined {
  if (credentials.kind === 'basic') return { username: credentials.username, password: credentials.password };
  if (credentials.kind === 'token') return { username: credentials.username ?? 'token', password: credentials.token };
  return undefined;
}

function refuseVisitors(host: string): PlimsollError {
  return new PlimsollError(
    'CATALOG_UNSUPPORTED',
    `Cannot list the repositories of ${host} without credentials: add a token with the scopes read_api and read_registry, or name the repositories to scan`,
  );
}

interface GitlabOptions {
  readonly url: string | undefined;
  readonly group: string | undefined;
  readonly token: string | undefined;
}

/** A repository's numbers in the API. */
interface Place {
  readonly projectId: number;
  readonly id: number;
}

class Gitlab {
  readonly #connection: Connection;
  readonly #options: GitlabOptions;
  #api: Promise<ApiClient> | undefined;
  readonly #places = new Map<string, Place>();

  constructor(connection: Connection, options: GitlabOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    const { group } = this.#options;
    const api = await this.#open(call);
    if (group !== undefined) {
      const task = `Cannot list the repositories of group "${printable(group)}" on ${api.base.host}`;
      const path = `groups/${encodeURIComponent(group)}/registry/repositories`;
      yield* this.#repositoriesAt(api, { path, task, missing: `group "${printable(group)}"` }, call);
      return;
    }
    const task = `Cannot list the projects of ${api.base.host}`;
    const query = { membership: true, per_page: PAGE_SIZE, pagination: 'keyset', order_by: 'id', sort: 'asc' };
    for await (const { body } of pagesOf(
      api,
      { path: 'projects', query, schema: projectsPage, task },
      nextPage,
      call,
    )) {
      for (const project of body) {
        const note = project.archived ? { note: 'its project is archived' } : {};
        for await (const entry of this.#repositoriesOf(api, project, call)) yield { ...entry, ...note };
      }
    }
  }

  async *tags(repository: string, { names }: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const api = await this.#open(call);
    const task = `Cannot list the tags of "${printable(`${this.#connection.place.host}/${repository}`)}"`;
    const { projectId, id } = await this.#placeOf(api, repository, task, call);
    const path = `projects/${projectId}/registry/repositories/${id}/tags`;
    const missing = `repository "${printable(repository)}"`;
    const first = { path, query: { per_page: PAGE_SIZE }, schema: tagNamesPage, task, missing };
    const wanted = names === undefined ? tagNames(pagesOf(api, first, nextPage, call)) : toAsync(names);
    const found = mapConcurrently(wanted, TAGS_AT_A_TIME, async name => {
      const answer = await api.find({ path: `${path}/${encodeURIComponent(name)}`, schema: tagAnswer, task }, call);
      // A tag whose image is damaged is listed and cannot be looked at; it is still there to be scanned, and fails by name.
      return answer?.body ?? (names === undefined ? { name } : undefined);
    });
    for await (const tag of found) if (tag !== undefined) yield tag;
  }

  /** A project without a registry has no such list; one where we may not see it is told of and left out. */
  async *#repositoriesOf(
    api: ApiClient,
    project: { readonly id: number; readonly path_with_namespace: string },
    call: CallOptions,
  ): AsyncGenerator<RepositoryEntry> {
    const name = printable(project.path_with_namespace);
    const path = `projects/${project.id}/registry/repositories`;
    const task = `Cannot list the repositories of project "${name}" on ${api.base.host}`;
    try {
      yield* this.#repositoriesAt(api, { path, task, missing: 'registry' }, call);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      if (error.code === 'MANIFEST_UNKNOWN') return;
      if (error.code !== 'REGISTRY_DENIED') throw error;
      this.#connection.warn(`The project "${name}" does not let these credentials see its images; it is left out`);
    }
  }

  async *#repositoriesAt(
    api: ApiClient,
    request: { readonly path: string; readonly task: string; readonly missing: string },
    call: CallOptions,
  ): AsyncGenerator<RepositoryEntry> {
    const first = { ...request, query: { per_page: PAGE_SIZE }, schema: repositoriesPage };
    for await (const { body } of pagesOf(api, first, nextPage, call)) {
      for (const { path, id, project_id } of body) {
        if (this.#places.size < MAX_KNOWN) this.#places.set(path, { projectId: project_id, id });
        yield { name: path };
      }
    }
  }

  /** The numbers of a repository: known from a listing, or found through its project, whose path is the beginning of its name. */
  async #placeOf(api: ApiClient, repository: string, task: string, call: CallOptions): Promise<Place> {
    const known = this.#places.get(repository);
    if (known !== undefined) return known;
    const parts = repository.split('/');
    for (let names = 0; names <= MAX_IMAGE_NAMES && parts.length - names >= 2; names += 1) {
      const project = parts.slice(0, parts.length - names).join('/');
      const path = `projects/${encodeURIComponent(project)}/registry/repositories`;
      try {
        for await (const { name } of this.#repositoriesAt(api, { path, task, missing: 'such project' }, call)) {
          const place = name === repository ? this.#places.get(name) : undefined;
          if (place !== undefined) return place;
        }
      } catch (error) {
        if (!(error instanceof PlimsollError) || error.code !== 'MANIFEST_UNKNOWN') throw error;
      }
    }
    const what = `${this.#connection.place.host} has no repository "${printable(repository)}"`;
    throw new PlimsollError('MANIFEST_UNKNOWN', `${task}: ${what}, or these credentials may not see it`);
  }

  async #open(call: CallOptions): Promise<ApiClient> {
    const { url, token } = this.#options;
    const open = async () => {
      const gitlab = url === undefined ? await findGitlab(this.#connection, call) : new URL(url);
      const authorization = token === undefined ? undefined : privateToken(token);
      return this.#connection.api({ base: apiBaseOf(gitlab), authorization, isDiscovered: url === undefined });
    };
    this.#api ??= open();
    const opened = this.#api;
    opened.catch(() => {
      this.#api = undefined;
    });
    return await opened;
  }
}

function privateToken(token: string): ApiAuthorization {
  return { headers: () => Promise.resolve({ 'private-token': token }), secrets: () => [token] };
}

/** Large lists have a Link header alone, older servers behind some proxies the number of the next page alone. */
function nextPage<T>(answer: ApiAnswer<T>, request: ApiRequest<T>): ApiRequest<T> | undefined {
  const linked = byLink(answer, request);
  if (linked !== undefined) return linked;
  const page = /^\d{1,9}$/.exec(answer.header('x-next-page') ?? '')?.[0];
  return page === undefined ? undefined : { ...request, query: { ...request.query, page } };
}

async function* tagNames(
  pages: AsyncIterable<ApiAnswer<readonly { readonly name: string }[]>>,
): AsyncGenerator<string> {
  for await (const { body } of pages) for (const { name } of body) yield name;
}

async function* toAsync<T>(entries: Iterable<T>): AsyncGenerator<T> {
  yield* entries;
}
