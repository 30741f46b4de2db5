/**
 * The connector of JFrog Artifactory. Each repository has three names: the key it is searched by (`hub-cache`), the one it is pulled by, and the one
 * people see (`hub/library/alpine`), which is the second here.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Credentials } from '#image/registry/credential-store.ts';
import { basicLogin, bearerLogin } from '../api-login.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { jwtSubject } from '../jwt.ts';
import { withPrefix } from '../name-prefix.ts';
import { SETTINGS_SOURCE, storeOf } from '../pull-credentials.ts';
import { parseRegistryAddress } from '../registry-address.ts';
import { toTagEntry } from '../tag-facts.ts';
import { toImageAndTag } from './aql.ts';
import { ManifestSearcher } from './manifest-search.ts';
import { RepositoryKeys } from './repository-keys.ts';
import { apiBaseOf, checkJfrogSettings, JFROG_ARTIFACTORY, type JfrogSettings } from './settings.ts';

/** So many tags go into one search; more are found by listing all. */
const MAX_NAMES = 100;

/** Opens the registry of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openJfrog(options: ConnectorOptions): Promise<Connector> {
  const { credentials } = options;
  const { url, tls, product } = checkJfrogSettings(options.settings);
  const { host, base } = parseRegistryAddress(url, tls);
  const apiBase = apiBaseOf(base, product);
  const pullCredentials = storeOf(toPull(credentials));
  const connection = new Connection(options, { host, base, pullCredentials, alsoHome: [apiBase.hostname] });
  const authorization = credentials.kind === 'token' ? bearerLogin(credentials.token) : basicLogin(credentials);
  const artifactory = new Artifactory(connection, apiBase, authorization, product);
  const connector = assembleConnector({
    product: JFROG_ARTIFACTORY,
    connection,
    listRepositories: call => artifactory.repositories(call),
    listTags: (repository, query, call) => artifactory.tags(repository, query, call),
    normaliseRepository: text => toPullName(text, product),
  });
  return Promise.resolve(connector);
}

class Artifactory {
  readonly #settings: JfrogSettings;
  readonly #host: string;
  readonly #keys: RepositoryKeys;
  readonly #search: ManifestSearcher;

  constructor(
    connection: Connection,
    base: URL,
    authorization: ReturnType<typeof basicLogin>,
    settings: JfrogSettings,
  ) {
    const api = connection.api({ base, authorization });
    this.#settings = settings;
    this.#host = connection.place.host;
    this.#keys = new RepositoryKeys(api, () => connection.now());
    this.#search = new ManifestSearcher(api);
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    for (const { key, note } of await this.#listed(call)) {
      const seen = new Set<string>();
      for (const repo of await this.#keys.searchKeys(key, call)) {
        const task = `Cannot list the images in repository "${printable(key)}" of ${this.#host}`;
        for await (const { path } of this.#search.find({ repo }, { ...call, task })) {
          const image = toImageAndTag(path)?.image;
          if (image === undefined || seen.has(image)) continue;
          seen.add(image);
          const name = this.#settings.accessMethod === 'path' ? `${key}/${image}` : image;
          yield note === undefined ? { name } : { name, note };
        }
      }
    }
  }

  async *tags(repository: string, { since, names }: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const { key, image } = this.#split(repository);
    const task = `Cannot list the tags of "${printable(`${this.#host}/${repository}`)}"`;
    const tags = names !== undefined && names.length > 0 && names.length <= MAX_NAMES ? names : undefined;
    const repos = await this.#keys.searchKeys(key, call);
    let isThere = false;
    for (const repo of repos) {
      for await (const item of this.#search.find({ repo, image, tags, since }, { ...call, task })) {
        const found = toImageAndTag(item.path);
        if (found?.image !== image) continue;
        isThere = true;
        const digest = item.sha256 ? `sha256:${item.sha256}` : undefined;
        yield toTagEntry(found.tag, { digest, pushedAt: item.modified ?? item.created });
      }
    }
    if (isThere) return;
    // Nothing that fits may mean that there is no such image at all, which somebody should hear of.
    for (const repo of repos) {
      for await (const item of this.#search.find({ repo, image }, { ...call, task, maxRows: MAX_NAMES })) {
        if (toImageAndTag(item.path)?.image === image) return;
      }
    }
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `${task}: there is no image "${printable(image)}" in repository "${printable(key)}", or these credentials may not see it`,
    );
  }

  /** Members of virtual repositories are listed themselves, so those are left out unless one is named. */
  async #listed(call: CallOptions): Promise<readonly { readonly key: string; readonly note?: string }[]> {
    const { repositoryKey } = this.#settings;
    if (repositoryKey !== undefined) return [{ key: repositoryKey }];
    return (await this.#keys.list(call))
      .filter(({ kind }) => kind !== 'virtual')
      .map(({ key, kind }) => ({
        key,
        ...(kind === 'remote' ? { note: 'remote repository: lists what was pulled before' } : {}),
      }));
  }

  #split(repository: string): { readonly key: string; readonly image: string } {
    const { accessMethod, repositoryKey } = this.#settings;
    if (accessMethod !== 'path') return { key: repositoryKey ?? '', image: repository };
    const slash = repository.indexOf('/');
    if (slash === -1) {
      throw new PlimsollError(
        'MANIFEST_UNKNOWN',
        `Cannot list the tags of "${printable(`${this.#host}/${repository}`)}": the key of a repository stands in front of the image, such as docker-local/${printable(repository)}`,
      );
    }
    return { key: repository.slice(0, slash), image: repository.slice(slash + 1) };
  }
}

/** What people write: with the key or without it when one is set, and as it stands in links of the user interface. */
function toPullName(text: string, { accessMethod, repositoryKey, serviceContext }: JfrogSettings): string {
  const inner = `${serviceContext}/api/docker/`;
  const name = text.startsWith(inner) ? text.slice(inner.length).replace('/v2/', '/') : text;
  return accessMethod === 'path' ? withPrefix(name, repositoryKey) : name;
}

/** Docker's log-in wants a user name: that beside the token, or the one that the token names: `jfac@…/users/NAME`. */
function toPull(credentials: RegistryCredentials): Credentials | undefined {
  const source = SETTINGS_SOURCE;
  if (credentials.kind === 'basic') {
    return { kind: 'password', username: credentials.username, password: credentials.password, source };
  }
  if (credentials.kind !== 'token') return undefined;
  const { token } = credentials;
  const username = credentials.username ?? jwtSubject(token)?.split('/').at(-1);
  if (username !== undefined && username !== '') return { kind: 'password', username, password: token, source };
  throw new PlimsollError(
    'REGISTRY_SETTINGS_INVALID',
    'Cannot use the access token of JFrog Artifactory without a user name: it does not say whose it is; give the user name beside it',
  );
}
