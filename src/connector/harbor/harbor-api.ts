/**
 * Listing by Harbor's API, version 2.0, for Harbor and what is built on it.
 *
 * Source: Harbor's `swagger.yaml`. Names of repositories go into paths without their project, and encoded twice when they have slashes.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { ApiClient } from '../api-client.ts';
import type { CallOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import { byLink, pagesOf } from '../paging.ts';
import { toTagEntry } from '../tag-facts.ts';
import { artifact, artifactsPage, type HarborArtifact, projectsPage, repositoriesPage } from './schema.ts';

/** The most that Harbor gives. */
const PAGE_SIZE = 100;
/** Up to so many names are looked up one by one; beyond, a listing is cheaper. */
const MAX_LOOKUPS = 20;
const RIGHT =
  'a robot with the permissions Repository: list, read, pull, Artifact: list, read and Tag: list, or the role Limited Guest in the project';

/** See above. */
export class HarborApi {
  readonly #api: ApiClient;
  readonly #host: string;

  /** `api` is based at `…/api/v2.0/`. */
  constructor(api: ApiClient, host: string) {
    this.#api = api;
    this.#host = host;
  }

  /** All repositories that can be seen. */
  async *repositories(call: CallOptions): AsyncGenerator<RepositoryEntry> {
    const caches = await this.#proxyCaches(call);
    const task = `Cannot list the repositories of ${this.#host}`;
    const first = {
      path: 'repositories',
      query: { page: 1, page_size: PAGE_SIZE },
      schema: repositoriesPage,
      task,
      right: RIGHT,
    };
    for await (const { body } of pagesOf(this.#api, first, byLink, call)) {
      for (const { name } of body) {
        const isCache = caches.has(name.slice(0, name.indexOf('/')));
        yield isCache ? { name, note: 'proxy cache: lists what was pulled before' } : { name };
      }
    }
  }

  /** Tags with the time when each was pushed, which may be later than that of its artifact. */
  async *tags(repository: string, { names }: TagQuery, call: CallOptions): AsyncGenerator<TagEntry> {
    const where = `${this.#host}/${repository}`;
    const task = `Cannot list the tags of "${printable(where)}"`;
    const slash = repository.indexOf('/');
    if (slash === -1) {
      throw new PlimsollError(
        'MANIFEST_UNKNOWN',
        `${task}: a repository of Harbor is in a project, such as library/app`,
      );
    }
    const name = encodeURIComponent(encodeURIComponent(repository.slice(slash + 1)));
    const path = `projects/${encodeURIComponent(repository.slice(0, slash))}/repositories/${name}`;
    const request = { task, missing: `repository "${printable(repository)}"`, right: RIGHT };
    if (names !== undefined && names.length <= MAX_LOOKUPS) {
      yield* this.#named(path, names, request, call);
      return;
    }
    const first = {
      ...request,
      path: `${path}/artifacts`,
      query: { page: 1, page_size: PAGE_SIZE, with_tag: true, sort: '-push_time', q: 'tags=*' },
      schema: artifactsPage,
    };
    for await (const { body } of pagesOf(this.#api, first, byLink, call)) for (const one of body) yield* toTags(one);
  }

  async *#named(
    path: string,
    names: readonly string[],
    request: { readonly task: string; readonly missing: string; readonly right: string },
    call: CallOptions,
  ): AsyncGenerator<TagEntry> {
    let isThere = false;
    for (const name of names) {
      const one = { ...request, path: `${path}/artifacts/${encodeURIComponent(name)}`, query: { with_tag: true } };
      const found = await this.#api.find({ ...one, schema: artifact }, call);
      if (found === undefined) continue;
      isThere = true;
      for (const tag of toTags(found.body)) if (tag.name === name) yield tag;
    }
    if (isThere) return;
    // None of them is there: perhaps the repository is not either, which somebody should hear of.
    const first = { ...request, path: `${path}/artifacts`, query: { page_size: 1 }, schema: artifactsPage };
    await this.#api.ask(first, call);
  }

  /** Projects that fetch from elsewhere. It is only for a note, so who may not list projects does without. */
  async #proxyCaches(call: CallOptions): Promise<ReadonlySet<string>> {
    const caches = new Set<string>();
    const task = `Cannot list the projects of ${this.#host}`;
    const first = { path: 'projects', query: { page: 1, page_size: PAGE_SIZE }, schema: projectsPage, task };
    try {
      for await (const { body } of pagesOf(this.#api, first, byLink, call)) {
        for (const { name, registry_id } of body) if (registry_id) caches.add(name);
      }
    } catch (error) {
      if (!['REGISTRY_DENIED', 'REGISTRY_INVALID'].includes(toPlimsollError(error).code)) throw error;
    }
    return caches;
  }
}

function* toTags({ digest, tags, push_time, size, manifest_media_type }: HarborArtifact): Generator<TagEntry> {
  for (const tag of tags ?? []) {
    const pushedAt = tag.push_time ?? push_time;
    yield toTagEntry(tag.name, { digest, pushedAt, sizeBytes: size, mediaType: manifest_media_type });
  }
}
