/**
 * The connector of Mirantis Secure Registry: asks which generation it is, and lists as that wants it.
 */
import { toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../api-client.ts';
import { basicLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry } from '../connector.ts';
import { HarborApi } from '../harbor/harbor-api.ts';
import { systemInfo } from '../harbor/schema.ts';
import { pagesOf } from '../paging.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { toTagEntry } from '../tag-facts.ts';
import { repositoriesPage, tagsPage } from './schema.ts';
import { MIRANTIS_MSR } from './settings.ts';

const PAGE_SIZE = 100;
const RIGHT = 'read-only access to the repository, by the user, a team or the namespace';

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openMsr(options: ConnectorOptions): Promise<Connector> {
  const { settings, credentials } = options;
  const { host, base } = parseRegistryAddress(settings.url, settings.tls);
  const login =
    credentials.kind === 'basic' ? ({ ...credentials, kind: 'password', source: SETTINGS_SOURCE } as const) : undefined;
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(login) });
  const authorization = basicLogin(credentials);
  const harborApi = connection.api({ base: new URL('api/v2.0/', base), authorization });
  const msrApi = connection.api({ base: new URL('api/v0/', base), authorization });
  const harbor = new HarborApi(harborApi, host);
  const generation = new Generation(harborApi, host);
  const connector = assembleConnector({
    product: MIRANTIS_MSR,
    connection,
    async *listRepositories(call) {
      yield* (await generation.isHarbor(call)) ? harbor.repositories(call) : listRepositories(msrApi, host, call);
    },
    async *listTags(repository, query, call) {
      yield* (await generation.isHarbor(call))
        ? harbor.tags(repository, query, call)
        : listTags(msrApi, host, repository, call);
    },
  });
  return Promise.resolve(connector);
}

/** Asks once whether a registry is built on Harbor; what fails for the moment is asked again. */
class Generation {
  readonly #api: ApiClient;
  readonly #host: string;
  #isHarbor: boolean | undefined;

  constructor(api: ApiClient, host: string) {
    this.#api = api;
    this.#host = host;
  }

  async isHarbor(call: CallOptions): Promise<boolean> {
    this.#isHarbor ??= await this.#ask(call);
    return this.#isHarbor;
  }

  async #ask(call: CallOptions): Promise<boolean> {
    const task = `Cannot find out which version ${this.#host} has`;
    try {
      const found = await this.#api.find({ path: 'systeminfo', schema: systemInfo, task, isLogin: true }, call);
      return found !== undefined;
    } catch (error) {
      // The user interface of the older ones answers whatever it does not know with its own page, or wants a log-in for it.
      if (['REGISTRY_INVALID', 'REGISTRY_DENIED'].includes(toPlimsollError(error).code)) return false;
      throw error;
    }
  }
}

async function* listRepositories(api: ApiClient, host: string, call: CallOptions): AsyncGenerator<RepositoryEntry> {
  const first = {
    path: 'repositories',
    query: { pageSize: PAGE_SIZE },
    schema: repositoriesPage,
    task: `Cannot list the repositories of ${host}`,
    right: RIGHT,
  };
  for await (const { body } of pagesOf(api, first, byHeader, call)) {
    for (const { namespace, name } of body.repositories ?? []) yield { name: `${namespace}/${name}` };
  }
}

async function* listTags(
  api: ApiClient,
  host: string,
  repository: string,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const first = {
    path: `repositories/${repository}/tags`,
    query: { pageSize: PAGE_SIZE, includeManifests: false },
    schema: tagsPage,
    task: `Cannot list the tags of "${printable(`${host}/${repository}`)}"`,
    missing: `repository "${printable(repository)}"`,
    right: RIGHT,
  };
  for await (const { body } of pagesOf(api, first, byHeader, call)) {
    for (const { name, digest, updatedAt, createdAt } of body ?? []) {
      yield toTagEntry(name, { digest, pushedAt: updatedAt ?? createdAt });
    }
  }
}

/** Where the next page starts is in a header; the last page has none, or an empty one. */
function byHeader<T>(answer: ApiAnswer<T>, request: ApiRequest<T>): ApiRequest<T> | undefined {
  const pageStart = answer.header('x-next-page-start');
  return pageStart ? { ...request, query: { ...request.query, pageStart } } : undefined;
}
