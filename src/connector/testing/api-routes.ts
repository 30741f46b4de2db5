/**
 * The API of a product played by a test: a table of patterns and what they answer.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../test/fixtures/registry-server.ts';

/** A request that fits a pattern. */
export interface ApiCall {
  readonly request: SeenRequest;
  /** With the host that the request was for. */
  readonly url: URL;
  /** What the groups of the pattern matched, URL-decoded. */
  readonly groups: readonly string[];
}

/** What to answer; 200 unless told. */
export interface ApiReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** A pattern for `METHOD host /path` without the query, and its answer. */
export type ApiRoute = readonly [pattern: RegExp, answer: (call: ApiCall) => ApiReply];

/** Answers by the first route that fits; leaves the rest to the registry. */
export function apiRoutes(table: readonly ApiRoute[]): (request: SeenRequest, response: ServerResponse) => boolean {
  return (request, response) => {
    const url = new URL(request.path, `http://${request.headers.host ?? 'none'}`);
    for (const [pattern, answer] of table) {
      const match = pattern.exec(`${request.method} ${url.host} ${url.pathname}`);
      if (match === null) continue;
      const groups = match.slice(1).map(group => decodeURIComponent(group ?? ''));
      const { status = 200, headers = {}, body } = answer({ request, url, groups });
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      sendJson(response, status, body);
      return true;
    }
    return false;
  };
}

/** The page of `entries` that a request asks for by number, at most `maxSize` long. */
export function pageByNumber<T>(
  entries: readonly T[],
  { url }: Pick<ApiCall, 'url'>,
  options: { readonly size: string; readonly maxSize: number },
): { readonly page: readonly T[]; readonly number: number; readonly hasMore: boolean } {
  const number = Number(url.searchParams.get('page') ?? 1);
  const size = Math.min(Number(url.searchParams.get(options.size) ?? 10), options.maxSize);
  const start = (number - 1) * size;
  return { page: entries.slice(start, start + size), number, hasMore: start + size < entries.length };
}
