/**
 * The connector of Sonatype Nexus: lists components by its REST API, an image and a tag each, and pulls by a port, a sub-domain or a path.
 *
 * Source: Sonatype, "Components API", "Search API", "Repositories API".
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiClient } from '../api-client.ts';
import { basicLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry } from '../connector.ts';
import { withPrefix } from '../name-prefix.ts';
import { byToken, pagesOf, restarting } from '../paging.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { toTagEntry } from '../tag-facts.ts';
import { componentsPage, type NexusComponent, repositoriesAnswer } from './schema.ts';
import { apiBaseOf, checkNexusSettings, NEXUS, type NexusSettings } from './settings.ts';

const RIGHT =
  'the privileges nx-repository-view-docker-NAME-browse and nx-repository-view-docker-NAME-read, and nx-search-read for searching';

/** Opens the registry of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openNexus(options: ConnectorOptions): Promise<Connector> {
  const { credentials } = options;
  const { url, tls, product } = checkNexusSettings(options.settings);
  const { host, base } = parseRegistryAddress(url, tls);
  const login =
    credentials.kind === 'basic' ? ({ ...credentials, kind: 'password', source: SETTINGS_SOURCE } as const) : undefined;
  const apiBase = apiBaseOf(base, product);
  const alsoHome = [apiBase.hostname];
  const connection = new Connection(options, { host, base, pullCredentials: storeOf(login), alsoHome });
  const api = connection.api({ base: apiBase, authorization: basicLogin(credentials) });
  const nexus = new Nexus(api, host, product);
  const connector = assembleConnector({
    product: NEXUS,
    connection,
    listRepositories: call => nexus.repositories(call),
    listTags: (repository, _, call) => nexus.tags(repository, call),
    normaliseRepository: text => nexus.toPullName(text),
  });
  return Promise.resolve(connector);
}

class Nexus {
  readonly #api: ApiClient;
  readonly #host: string;
  readonly #settings: NexusSettings;

  constructor(api: ApiClient, host: string, settings: NexusSettings) {
    this.#api = api;
    this.#host = host;
    this.#settings = settings;
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    for (const { name: repository, note } of await this.#listed(call)) {
      const task = `Cannot list the images in repository "${printable(repository)}" of ${this.#host}`;
      const seen = new Set<string>();
      for await (const { name: image } of this.#components('components', { repository }, task, call)) {
        const clean = image.replace(/^\/+/, '');
        if (seen.has(clean)) continue;
        seen.add(clean);
        const name = this.#settings.accessMethod === 'path' ? `${repository}/${clean}` : clean;
        yield note === undefined ? { name } : { name, note };
      }
    }
  }

  async *tags(name: string, call: CallOptions): AsyncGenerator<TagEntry> {
    const task = `Cannot list the tags of "${printable(`${this.#host}/${name}`)}"`;
    const { repository, image } = this.#split(name, task);
    let isThere = false;
    const query = { repository, format: 'docker', name: image };
    for await (const component of this.#components('search', query, task, call)) {
      // The search knows wildcards and near misses; names are compared here.
      if (component.name.replace(/^\/+/, '') !== image || !component.version) continue;
      isThere = true;
      yield toEntry(component.version, component);
    }
    if (!isThere) {
      const where = `repository "${printable(repository)}"`;
      throw new PlimsollError(
        'MANIFEST_UNKNOWN',
        `${task}: there is no image "${printable(image)}" in ${where}, or these credentials may not see it`,
      );
    }
  }

  /** What people write: with the repository of Nexus in front where names begin with it, and as it stands in its URLs. */
  toPullName(text: string): string {
    const { accessMethod, repository } = this.#settings;
    const name = text.startsWith('repository/') ? text.slice('repository/'.length).replace('/v2/', '/') : text;
    return accessMethod === 'path' ? withPrefix(name, repository) : name;
  }

  /** The place in a list may be forgotten when Nexus is started anew (status 406): the list is begun once more. */
  #components(
    path: 'components' | 'search',
    query: Readonly<Record<string, string>>,
    task: string,
    call: CallOptions,
  ): AsyncIterable<NexusComponent> {
    const missing = `repository "${printable(query['repository'] ?? '')}"`;
    const first = { path, query, schema: componentsPage, task, missing, right: RIGHT };
    const { base } = this.#api;
    const next = byToken<(typeof componentsPage)['_output']>('continuationToken', page => page.continuationToken);
    const api = this.#api;
    return restarting(async function* () {
      for await (const { body } of pagesOf(api, { ...first, path: new URL(path, base) }, next, call)) yield* body.items;
    });
  }

  /** Groups show what their members hold, which are listed themselves; so they are left out unless one is named. */
  async #listed(call: CallOptions): Promise<readonly { readonly name: string; readonly note?: string }[]> {
    const { repository } = this.#settings;
    if (repository !== undefined) return [{ name: repository }];
    const task = `Cannot list the repositories of ${this.#host}`;
    const { body } = await this.#api.ask(
      { path: 'repositories', schema: repositoriesAnswer, task, right: RIGHT },
      call,
    );
    return body
      .filter(({ format, type }) => format === 'docker' && type !== 'group')
      .map(({ name, type }) => ({
        name,
        ...(type === 'proxy' ? { note: 'proxy repository: lists what was pulled before' } : {}),
      }));
  }

  #split(name: string, task: string): { readonly repository: string; readonly image: string } {
    const { accessMethod, repository } = this.#settings;
    if (accessMethod !== 'path') return { repository: repository ?? '', image: name };
    const slash = name.indexOf('/');
    if (slash === -1) {
      throw new PlimsollError(
        'MANIFEST_UNKNOWN',
        `${task}: the repository of Nexus stands in front, such as docker-hosted/app`,
      );
    }
    return { repository: name.slice(0, slash), image: name.slice(slash + 1) };
  }
}

/** The manifest among the assets has the date and, as its checksum, the digest. */
function toEntry(name: string, { assets }: NexusComponent): TagEntry {
  const list = assets ?? [];
  const manifest = list.find(({ path }) => path?.includes('/manifests/')) ?? list[0];
  const sha256 = manifest?.checksum?.sha256;
  const pushedAt = manifest?.lastModified ?? manifest?.blobCreated;
  return toTagEntry(name, { digest: sha256 ? `sha256:${sha256}` : undefined, pushedAt });
}
