/**
 * The GitHub Container Registry: listing by GitHub's packages API, pulling from ghcr.io, which has no catalogue.
 *
 * Source: docs.github.com, "REST API endpoints for packages", "Rate limits for the REST API", "Working with the Container registry".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiAuthorization, ApiClient } from '../api-client.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { plainTags } from '../named-tags.ts';
import { byLink, pagesOf } from '../paging.ts';
import { readProduct } from '../product-settings.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { accountAnswer, packagesPage, versionsPage } from './schema.ts';
import { apiBaseOf, GHCR, ghcrSettings } from './settings.ts';

/** The most that the API gives. */
const PAGE_SIZE = 100;
const HEADERS = { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' };

/** Opens the registry. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openGhcr(options: ConnectorOptions): Promise<Connector> {
  const { credentials, settings } = options;
  const { owner } = readProduct(settings, ghcrSettings);
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const login = toLogin(credentials);
  const pull = login && ({ ...login, kind: 'password', source: SETTINGS_SOURCE } as const);
  const apiBase = apiBaseOf(base);
  const alsoHome = [apiBase.hostname];
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(pull), alsoHome });
  const authorization = login && bearer(login.password);
  const packages = new Packages(connection.api({ base: apiBase, authorization, headers: HEADERS }), owner);
  return Promise.resolve(
    assembleConnector({
      product: GHCR,
      connection,
      listRepositories: call => {
        if (login === undefined) throw refuseVisitors();
        return packages.list(call);
      },
      listTags: (repository, query, call) =>
        // Visitors may not ask the API, but may list the tags of public packages.
        login === undefined ? plainTags(connection, repository, query, call) : packages.tags(repository, query, call),
    }),
  );
}

/** The registry takes any user name beside a token. */
function toLogin(credentials: RegistryCredentials): { username: string; password: string } | undefined {
  if (credentials.kind === 'basic') return { username: credentials.username, password: credentials.password };
  if (credentials.kind === 'token') return { username: credentials.username ?? 'token', password: credentials.token };
  return undefined;
}

function bearer(token: string): ApiAuthorization {
  return { headers: () => Promise.resolve({ authorization: `Bearer ${token}` }), secrets: () => [token] };
}

function refuseVisitors(): PlimsollError {
  return new PlimsollError(
    'CATALOG_UNSUPPORTED',
    'Cannot list the repositories of GitHub without credentials: add a token with the scope read:packages, or name the repositories to scan',
  );
}

class Packages {
  readonly #api: ApiClient;
  readonly #owner: string | undefined;
  /** The path of an account's packages, by its name. */
  readonly #paths = new Map<string, Promise<string>>();

  constructor(api: ApiClient, owner: string | undefined) {
    this.#api = api;
    this.#owner = owner;
  }

  async *list(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    const owner = this.#owner;
    const whose = owner === undefined ? 'your packages' : `the packages of "${printable(owner)}"`;
    const first = {
      path: owner === undefined ? 'user/packages' : await this.#pathOf(owner, call),
      query: { package_type: 'container', per_page: PAGE_SIZE },
      schema: packagesPage,
      task: `Cannot list ${whose} on GitHub`,
    };
    for await (const { body } of pagesOf(this.#api, first, byLink, call)) {
      for (const { name, owner: account, repository } of body) {
        const space = (account?.login ?? owner)?.toLowerCase();
        if (space === undefined) continue;
        yield { name: `${space}/${name}`, ...(repository?.archived ? { note: 'its repository is archived' } : {}) };
      }
    }
  }

  async *tags(repository: string, { since }: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const [owner = '', ...rest] = repository.split('/');
    const first = {
      path: `${await this.#pathOf(owner, call, repository)}/container/${encodeURIComponent(rest.join('/'))}/versions`,
      query: { state: 'active', per_page: PAGE_SIZE },
      schema: versionsPage,
      task: taskOf(repository),
      missing: `repository "${printable(repository)}"`,
    };
    for await (const { body } of pagesOf(this.#api, first, byLink, call)) {
      for (const { tags, facts } of body) {
        for (const name of tags) yield { name, ...facts };
      }
      // Newest first, as far as anyone knows: a whole page of older ones, most of them without a tag, is taken for the end.
      const isOlder = (date: string | undefined) => since !== undefined && date !== undefined && new Date(date) < since;
      if (body.length > 0 && body.every(({ changedAt }) => isOlder(changedAt))) return;
    }
  }

  /** Packages are below their owner, whose kind has to be asked for; those of the token's own user are all seen only as such. */
  async #pathOf(owner: string, call: CallOptions, repository?: string): Promise<string> {
    const known = this.#paths.get(owner);
    if (known !== undefined) return await known;
    const asked = this.#askPath(owner, call, repository);
    this.#paths.set(owner, asked);
    asked.catch(() => this.#paths.delete(owner));
    return await asked;
  }

  async #askPath(owner: string, call: CallOptions, repository: string | undefined): Promise<string> {
    const whom = printable(owner);
    const task = repository === undefined ? `Cannot list the packages of "${whom}" on GitHub` : taskOf(repository);
    const missing =
      repository === undefined ? `organisation or user "${whom}"` : `repository "${printable(repository)}"`;
    const path = `users/${encodeURIComponent(owner)}`;
    const { body } = await this.#api.ask({ path, schema: accountAnswer, task, missing }, call);
    if (body.type === 'Organization') return `orgs/${encodeURIComponent(owner)}/packages`;
    return (await this.#isOurs(body.login, call)) ? 'user/packages' : `users/${encodeURIComponent(owner)}/packages`;
  }

  async #isOurs(login: string, call: CallOptions): Promise<boolean> {
    try {
      const { body } = await this.#api.ask(
        { path: 'user', schema: accountAnswer, task: 'Cannot ask GitHub who we are' },
        call,
      );
      return body.login.toLowerCase() === login.toLowerCase();
    } catch (error) {
      // Tokens of apps are of no user.
      if (error instanceof PlimsollError && error.code === 'REGISTRY_DENIED') return false;
      throw error;
    }
  }
}

function taskOf(repository: string): string {
  return `Cannot list the tags of "${printable(repository)}" on GitHub`;
}
