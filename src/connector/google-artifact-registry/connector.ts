/**
 * The connector of Google Artifact Registry: lists by its API, which has dates; visitors list by the registry itself.
 *
 * Source: Google, "Artifact Registry REST reference", v1: projects.locations.repositories and its dockerImages.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiClient } from '../api-client.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry } from '../connector.ts';
import { listGcrTags } from '../google-container-registry/gcr-folder.ts';
import { googleAuthorization, googlePullCredentials, projectPath } from '../google-service-account.ts';
import { withPrefix } from '../name-prefix.ts';
import { byToken, pagesOf } from '../paging.ts';
import { storeOf } from '../pull-credentials.ts';
import { DockerImages, type GarRepository, READER } from './docker-images.ts';
import { repositoriesPage } from './schema.ts';
import { checkGarSettings, type GarSettings, GOOGLE_ARTIFACT_REGISTRY, locationOf } from './settings.ts';

const API = new URL('https://artifactregistry.googleapis.com/v1/');
const PAGE_SIZE = 1000;

/** Opens the registry of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openGar(options: ConnectorOptions): Promise<Connector> {
  const { url, product } = checkGarSettings(options.settings);
  const base = new URL(`${url}/`);
  const pullCredentials = storeOf(googlePullCredentials(options.credentials));
  const connection = new Connection(options, { host: base.host, base, pullCredentials });
  const isVisitor = options.credentials.kind === 'none';
  const registry = isVisitor ? undefined : new Gar(connection, product);
  const { capabilities, type } = GOOGLE_ARTIFACT_REGISTRY;
  const connector = assembleConnector({
    product: { type, capabilities: { ...capabilities, catalog: !isVisitor } },
    connection,
    listRepositories: call => registry?.repositories(call) ?? refuseVisitor(base.host),
    listTags: (repository, _, call) => registry?.tags(repository, call) ?? listGcrTags(connection, repository, call),
    normaliseRepository: text => toPullName(text, product),
  });
  return Promise.resolve(connector);
}

class Gar {
  readonly #settings: GarSettings;
  readonly #host: string;
  readonly #api: ApiClient;
  readonly #images: DockerImages;

  constructor(connection: Connection, settings: GarSettings) {
    this.#settings = settings;
    this.#host = connection.place.host;
    this.#api = connection.api({ base: API, authorization: googleAuthorization(connection) });
    this.#images = new DockerImages(this.#api, () => connection.now());
  }

  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    for await (const { name, note } of this.#repositories(call)) {
      const repository = this.#repository(name);
      for (const path of (await this.#images.of(repository, call)).keys()) {
        const full = `${projectPath(this.#settings.projectId)}/${name}/${path}`;
        yield note === undefined ? { name: full } : { name: full, note };
      }
    }
  }

  async *tags(repository: string, call: CallOptions): AsyncGenerator<TagEntry> {
    const root = `${projectPath(this.#settings.projectId)}/`;
    const task = `Cannot list the tags of "${printable(`${this.#host}/${repository}`)}"`;
    const fail = (why: string) => new PlimsollError('MANIFEST_UNKNOWN', `${task}: ${why}`);
    if (!repository.startsWith(root)) throw fail(`it is not in the project ${this.#settings.projectId}`);
    const [name = '', ...path] = repository.slice(root.length).split('/');
    const tags = await this.#images.tagsOf(this.#repository(name), path.join('/'), call);
    if (tags === undefined) throw fail(`repository "${printable(name)}" has no such image`);
    yield* tags;
  }

  /** Those of the format Docker; a virtual one shows what its upstream ones hold, which are listed themselves. */
  async *#repositories(call: CallOptions): AsyncGenerator<{ readonly name: string; readonly note?: string }> {
    const { repository, projectId } = this.#settings;
    if (repository !== undefined) {
      yield { name: repository };
      return;
    }
    const first = {
      path: `${this.#parent()}/repositories`,
      query: { pageSize: PAGE_SIZE },
      schema: repositoriesPage,
      task: `Cannot list the repositories of ${this.#host}/${projectPath(projectId)}`,
      missing: `project "${printable(projectId)}"`,
      right: READER,
    };
    const pages = pagesOf(
      this.#api,
      first,
      byToken('pageToken', page => page.nextPageToken),
      call,
    );
    for await (const { body } of pages) {
      for (const { name: resource, format, mode } of body.repositories ?? []) {
        const name = resource.split('/').at(-1) ?? '';
        if (format !== 'DOCKER' || mode === 'VIRTUAL_REPOSITORY') continue;
        if (mode === 'REMOTE_REPOSITORY') yield { name, note: 'remote repository: lists what was pulled before' };
        else yield { name };
      }
    }
  }

  #repository(name: string): GarRepository {
    return {
      resource: `${this.#parent()}/repositories/${encodeURIComponent(name)}`,
      uriPrefix: `${this.#host}/${projectPath(this.#settings.projectId)}/${name}/`,
    };
  }

  #parent(): string {
    return `projects/${this.#settings.projectId}/locations/${locationOf(this.#host)}`;
  }
}

// biome-ignore lint/correctness/useYield: there is nothing to list, and saying so is all it does.
async function* refuseVisitor(host: string): AsyncGenerator<RepositoryEntry> {
  throw new PlimsollError(
    'CATALOG_UNSUPPORTED',
    `Cannot list the repositories of ${host} as a visitor: add a service account with ${READER}, or name the repositories to scan`,
  );
}

/** People write the path after project and repository; longer ones are understood as well. */
function toPullName(text: string, { projectId, repository }: GarSettings): string {
  const root = projectPath(projectId);
  if (text.startsWith(`${root}/`)) return text;
  return withPrefix(text, repository === undefined ? root : `${root}/${repository}`);
}
