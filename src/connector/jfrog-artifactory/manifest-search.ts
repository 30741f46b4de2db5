/**
 * Searching for manifests in Artifactory, page after page.
 *
 * An administrator may have limited the rows of a search: then a page is shorter than asked for, with status 200 and totals that count the
 * page. So a short page proves nothing, and only an empty one is the end.
 */
import { PlimsollError } from '#base/errors.ts';
import { LIST_LIMITS } from '#image/registry/listing.ts';
import type { ApiClient } from '../api-client.ts';
import type { CallOptions } from '../connector.ts';
import { type ManifestSearch, toAql } from './aql.ts';
import { type AqlItem, aqlAnswer } from './schema.ts';

const PAGE_SIZE = 1000;
const RIGHT = 'Read on the repository, and on the cache of a remote one';

/** See above. */
export class ManifestSearcher {
  readonly #api: ApiClient;
  /** Whether this edition knows an order; until it is asked, it does. */
  #canSort = true;

  constructor(api: ApiClient) {
    this.#api = api;
  }

  /** The manifests of `search`; `maxRows` ends it early. */
  async *find(
    search: ManifestSearch,
    options: CallOptions & { readonly task: string; readonly maxRows?: number },
  ): AsyncGenerator<AqlItem> {
    const { task, maxRows = LIST_LIMITS.maxNames } = options;
    const limit = Math.min(PAGE_SIZE, maxRows);
    for (let offset = 0, pages = 1; ; pages += 1) {
      const rows = await this.#page(search, { offset, limit }, options);
      if (rows.length === 0) return;
      yield* rows;
      offset += rows.length;
      if (options.maxRows !== undefined && offset >= maxRows) return;
      if (pages > LIST_LIMITS.maxPages || offset > LIST_LIMITS.maxNames) {
        throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${offset} manifests; name what is wanted instead`);
      }
    }
  }

  async #page(
    search: ManifestSearch,
    page: { readonly offset: number; readonly limit: number },
    options: CallOptions & { readonly task: string },
  ): Promise<readonly AqlItem[]> {
    const ask = async (isSorted: boolean) => {
      const text = toAql(search, { ...page, isSorted });
      const request = { path: 'api/search/aql', text, schema: aqlAnswer, task: options.task, right: RIGHT };
      return (await this.#api.ask(request, options)).body.results;
    };
    if (!this.#canSort) return await ask(false);
    try {
      return await ask(true);
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'REGISTRY_INVALID') throw error;
      // The free edition refuses searches that want an order. When it is something else, it is refused again.
      const rows = await ask(false);
      this.#canSort = false;
      return rows;
    }
  }
}
