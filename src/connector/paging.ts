/**
 * Lists of a product's API, page after page, by whatever the product calls the next one. A list is whole or it fails: pages in a circle
 * and lists without end are errors.
 */
import { PlimsollError } from '#base/errors.ts';
import { LIST_LIMITS } from '#image/registry/listing.ts';
import { nextUrl } from '#image/registry/page-link.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from './api-client.ts';
import type { CallOptions } from './connector.ts';

/** The request for the page after this one; `undefined` after the last. */
export type NextPage<T> = (answer: ApiAnswer<T>, request: ApiRequest<T>) => ApiRequest<T> | undefined;

/** The pages of a list, each asked for when the one before has been used. @throws {PlimsollError} what `ask` throws; `LIMIT_EXCEEDED`. */
export async function* pagesOf<T>(
  api: ApiClient,
  first: ApiRequest<T>,
  next: NextPage<T>,
  options: CallOptions & { readonly maxPages?: number },
): AsyncGenerator<ApiAnswer<T>> {
  const { maxPages = LIST_LIMITS.maxPages } = options;
  const seen = new Set<string>();
  let request: ApiRequest<T> | undefined = first;
  for (let pages = 1; request !== undefined; pages += 1) {
    if (pages > maxPages) throw new PlimsollError('LIMIT_EXCEEDED', `${first.task}: over ${maxPages} pages`);
    const key = JSON.stringify([String(request.path), request.query, request.json, request.form]);
    if (seen.has(key)) {
      throw new PlimsollError('REGISTRY_INVALID', `${first.task}: ${api.base.host} sends pages that go in a circle`);
    }
    seen.add(key);
    const answer: ApiAnswer<T> = await api.ask(request, options);
    yield answer;
    request = next(answer, request);
  }
}

/** The next page by `Link: <…>; rel="next"`, at the origin asked, whatever host it names. */
export function byLink<T>(answer: ApiAnswer<T>, request: ApiRequest<T>): ApiRequest<T> | undefined {
  const url = nextUrl(answer.header('link'), answer.url);
  return url === undefined ? undefined : { ...request, path: url, query: undefined };
}

/** The next page by a URL in the body, at the origin asked, whatever host it names. */
export function byUrlIn<T>(linkIn: (body: T) => string | null | undefined): NextPage<T> {
  return (answer, request) => {
    const target = linkIn(answer.body);
    const url = target ? nextUrl(`<${target}>; rel="next"`, answer.url) : undefined;
    return url === undefined ? undefined : { ...request, path: url, query: undefined };
  };
}

/** The next page by a token in the body that goes into the query as `parameter`. */
export function byToken<T>(parameter: string, tokenIn: (body: T) => string | null | undefined): NextPage<T> {
  return (answer, request) => {
    const token = tokenIn(answer.body);
    return token ? { ...request, query: { ...request.query, [parameter]: token } } : undefined;
  };
}

/**
 * Pages that are counted in the query as `parameter`, from the number in the first request (1 when it has none): the next one while
 * `hasMore` says so, for example while a page is as long as asked for.
 */
export function byNumber<T>(parameter: string, hasMore: (answer: ApiAnswer<T>, page: number) => boolean): NextPage<T> {
  return (answer, request) => {
    const page = Number(request.query?.[parameter] ?? 1);
    return hasMore(answer, page) ? { ...request, query: { ...request.query, [parameter]: page + 1 } } : undefined;
  };
}

/** Each entry once: lists paged by number repeat entries when something is added meanwhile. @throws {PlimsollError} `LIMIT_EXCEEDED`. */
export async function* eachOnce<T>(
  source: AsyncIterable<T>,
  keyOf: (entry: T) => string,
  options: { readonly task: string; readonly limit?: number },
): AsyncGenerator<T> {
  const { task, limit = LIST_LIMITS.maxNames } = options;
  const seen = new Set<string>();
  for await (const entry of source) {
    const key = keyOf(entry);
    if (seen.has(key)) continue;
    if (seen.size >= limit)
      throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${limit} entries; name what is wanted instead`);
    seen.add(key);
    yield entry;
  }
}

/**
 * Products that forget where in a list one was (Kubernetes after some minutes, Nexus when it was started anew) refuse the next page. Then
 * the list is begun once more, from its first page; entries come again, see `eachOnce`. A first page that is refused is an error.
 */
export async function* restarting<T>(list: () => AsyncIterable<T>): AsyncGenerator<T> {
  let hasBegun = false;
  try {
    for await (const entry of list()) {
      hasBegun = true;
      yield entry;
    }
  } catch (error) {
    if (!hasBegun || !(error instanceof PlimsollError) || error.code !== 'REGISTRY_INVALID') throw error;
    yield* list();
  }
}
