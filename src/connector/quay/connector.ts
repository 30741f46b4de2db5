/**
 * The connector of Red Hat Quay: lists by its API with the token of an application, or, with a robot alone, by the registry itself.
 *
 * Source: Quay's API reference, "repository" and "tag".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Credentials } from '#image/registry/credential-store.ts';
import type { ApiClient } from '../api-client.ts';
import { bearerLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { byNumber, byToken, pagesOf } from '../paging.ts';
import { readProduct } from '../product-settings.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { isBefore, toTagEntry } from '../tag-facts.ts';
import { type QuayTag, repositoriesPage, tagsPage, userAnswer } from './schema.ts';
import { QUAY, quaySettings, ROBOT_CAPABILITIES } from './settings.ts';

/** The most that Quay gives. */
const PAGE_SIZE = 100;
/** Up to so many names are looked up one by one; beyond, a listing is cheaper. */
const MAX_LOOKUPS = 20;
const RIGHT = 'the token of an OAuth application with the scope repo:read (View all visible repositories)';

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openQuay(options: ConnectorOptions): Promise<Connector> {
  const { settings, credentials } = options;
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const { namespaces } = readProduct(settings, quaySettings);
  const apiToken = credentials.kind === 'quay' ? credentials.apiToken : undefined;
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(toPull(credentials)) });
  const isRobotOnly = toPull(credentials) !== undefined && apiToken === undefined;
  if (isRobotOnly) return Promise.resolve(openAsRobot(connection));
  const api = connection.api({ base: new URL('api/v1/', base), authorization: bearerLogin(apiToken) });
  const lister = new Quay(api, host, { namespaces, isVisitor: apiToken === undefined });
  const connector = assembleConnector({
    product: QUAY,
    connection,
    listRepositories: call => lister.repositories(call),
    listTags: (repository, query, call) => lister.tags(repository, query, call),
  });
  return Promise.resolve(connector);
}

function openAsRobot(connection: Connection): Connector {
  return assembleConnector({
    product: { ...QUAY, capabilities: ROBOT_CAPABILITIES },
    connection,
    async *listRepositories(call) {
      for await (const name of connection.catalog(call)) yield { name };
    },
    async *listTags(repository, _, call) {
      for await (const name of connection.tagNames(repository, call)) yield { name };
    },
  });
}

class Quay {
  readonly #api: ApiClient;
  readonly #host: string;
  readonly #namespaces: readonly string[] | undefined;
  readonly #isVisitor: boolean;

  constructor(
    api: ApiClient,
    host: string,
    options: { readonly namespaces: readonly string[] | undefined; readonly isVisitor: boolean },
  ) {
    this.#api = api;
    this.#host = host;
    this.#namespaces = options.namespaces;
    this.#isVisitor = options.isVisitor;
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    for (const namespace of this.#namespaces ?? (await this.#ownNamespaces(call))) {
      const first = {
        path: 'repository',
        query: { namespace, last_modified: true, ...(this.#isVisitor ? { public: true } : {}) },
        schema: repositoriesPage,
        task: `Cannot list the repositories of "${printable(namespace)}" at ${this.#host}`,
        right: RIGHT,
      };
      const pages = pagesOf(
        this.#api,
        first,
        byToken('next_page', page => page.next_page),
        call,
      );
      for await (const { body } of pages) {
        for (const { namespace: owner, name, kind, state } of body.repositories) {
          if (kind && kind !== 'image') continue; // Applications of an older time are no images.
          yield { name: `${owner}/${name}`, ...(state === 'MIRROR' ? { note: 'mirror of another registry' } : {}) };
        }
      }
    }
  }

  async *tags(repository: string, { since, names }: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const first = {
      path: `repository/${repository}/tag/`,
      query: { limit: PAGE_SIZE, page: 1, onlyActiveTags: true },
      schema: tagsPage,
      task: `Cannot list the tags of "${printable(`${this.#host}/${repository}`)}"`,
      missing: `repository "${printable(repository)}"`,
      right: RIGHT,
    };
    if (names !== undefined && names.length <= MAX_LOOKUPS) {
      for (const specificTag of names) {
        const { body } = await this.#api.ask({ ...first, query: { ...first.query, specificTag } }, call);
        for (const tag of body.tags) yield toEntry(tag);
      }
      return;
    }
    const pages = pagesOf(
      this.#api,
      first,
      byNumber('page', ({ body }) => body.has_additional === true),
      call,
    );
    for await (const { body } of pages) {
      for (const tag of body.tags) {
        const entry = toEntry(tag);
        if (isBefore(entry, since)) return;
        yield entry;
      }
    }
  }

  /** The user of the token and the organisations that they are in. */
  async #ownNamespaces(call: CallOptions): Promise<readonly string[]> {
    const fail = (why: string, cause?: unknown) =>
      new PlimsollError(
        'CATALOG_UNSUPPORTED',
        `Cannot list the repositories of ${this.#host}: ${why}; name the namespaces in the settings of the registry, or the repositories to scan`,
        { cause },
      );
    if (this.#isVisitor) throw fail('Quay wants to know whose');
    try {
      const task = `Cannot find out whose token of ${this.#host} it is`;
      const { body } = await this.#api.ask({ path: 'user/', schema: userAnswer, task, right: 'user:read' }, call);
      return [...new Set([body.username, ...(body.organizations ?? []).map(({ name }) => name)])];
    } catch (error) {
      // A token that is no good at all answers 401 to everything; one without `user:read` works but for this.
      if (!(error instanceof PlimsollError) || error.code !== 'REGISTRY_DENIED') throw error;
      const query = { public: true, limit: 1 };
      await this.#api.ask(
        { path: 'repository', query, schema: repositoriesPage, task: `Cannot use ${this.#host}` },
        call,
      );
      throw fail('the token does not have the scope user:read, so its namespaces are not known', error);
    }
  }
}

/** When the tag was put where it is: in seconds, and as text with another name of the zone than the standard has. */
function toEntry({ name, manifest_digest, size, start_ts, last_modified }: QuayTag): TagEntry {
  const pushedAt = start_ts ? start_ts * 1000 : last_modified;
  return toTagEntry(name, { digest: manifest_digest, sizeBytes: size, pushedAt });
}

/** A robot pulls; without one, the token of the application does. */
function toPull(credentials: RegistryCredentials): Credentials | undefined {
  const as = (username: string, password: string) =>
    ({ kind: 'password', username, password, source: SETTINGS_SOURCE }) as const;
  if (credentials.kind === 'basic') return as(credentials.username, credentials.password);
  if (credentials.kind !== 'quay') return undefined;
  if (credentials.robot !== undefined) return as(credentials.robot.username, credentials.robot.password);
  return credentials.apiToken === undefined ? undefined : as('$oauthtoken', credentials.apiToken);
}
