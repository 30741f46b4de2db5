/**
 * The repositories of Artifactory: which there are, and where each is searched. Remote ones are searched in their cache, virtual ones in their
 * members; all are pulled from by their own key.
 */
import type { ApiClient } from '../api-client.ts';
import type { CallOptions } from '../connector.ts';
import { repositoriesAnswer, virtualAnswer } from './schema.ts';

/** A Docker repository of Artifactory. */
export interface DockerRepository {
  readonly key: string;
  readonly kind: 'local' | 'remote' | 'virtual';
}

const RIGHT = 'Read on the repositories';
/** Virtual repositories may hold others. */
const MAX_DEPTH = 5;
const MAX_MEMBERS = 200;
const KEPT_MS = 60_000;

/** See above. What was found is kept for a minute. */
export class RepositoryKeys {
  readonly #api: ApiClient;
  readonly #now: () => number;
  #kept: { readonly repositories: readonly DockerRepository[]; readonly untilMs: number } | undefined;

  constructor(api: ApiClient, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** Those that hold Docker images and can be seen. */
  async list(call: CallOptions): Promise<readonly DockerRepository[]> {
    if (this.#kept !== undefined && this.#kept.untilMs > this.#now()) return this.#kept.repositories;
    const task = `Cannot list the Docker repositories of ${this.#api.base.host}`;
    const request = { path: 'api/repositories', query: { packageType: 'docker' }, task, right: RIGHT };
    const { body } = await this.#api.ask({ ...request, schema: repositoriesAnswer }, call);
    const repositories = body.map(({ key, type }) => ({ key, kind: toKind(type) }));
    this.#kept = { repositories, untilMs: this.#now() + KEPT_MS };
    return repositories;
  }

  /** Where to search for what is pulled by `key`, in the order in which Artifactory looks. A key that is not listed is taken as local. */
  async searchKeys(key: string, call: CallOptions): Promise<readonly string[]> {
    const found = new Set<string>();
    await this.#collect(key, 0, found, call);
    return [...found];
  }

  async #collect(key: string, depth: number, found: Set<string>, call: CallOptions): Promise<void> {
    if (depth > MAX_DEPTH || found.size > MAX_MEMBERS) return;
    const kind = (await this.list(call)).find(repository => repository.key === key)?.kind ?? 'local';
    if (kind === 'local') found.add(key);
    else if (kind === 'remote') found.add(`${key}-cache`);
    else for (const member of await this.#members(key, call)) await this.#collect(member, depth + 1, found, call);
  }

  async #members(key: string, call: CallOptions): Promise<readonly string[]> {
    const task = `Cannot find out what the virtual repository "${key}" is made of`;
    const request = { path: `api/repositories/${encodeURIComponent(key)}`, task, missing: `repository "${key}"` };
    const { body } = await this.#api.ask({ ...request, right: RIGHT, schema: virtualAnswer }, call);
    return body.repositories ?? [];
  }
}

function toKind(type: string): DockerRepository['kind'] {
  switch (type.toUpperCase()) {
    case 'REMOTE':
      return 'remote';
    case 'VIRTUAL':
      return 'virtual';
    default:
      return 'local'; // Federated ones are local ones that are mirrored.
  }
}
