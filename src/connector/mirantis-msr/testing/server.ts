/**
 * Mirantis Secure Registry 3 in this process.
 *
 * Oddities: the next page is in a header, by an ID in the place of a number; unknown paths are answered with the page of the user interface;
 * no list is `null`.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

/** A user and an access token of theirs. */
export const MSR_LOGIN = { username: 'scanner', password: 'access-token-of-the-scanner' } as const;
const BASIC = `Basic ${Buffer.from(`${MSR_LOGIN.username}:${MSR_LOGIN.password}`).toString('base64')}`;

/** See above. */
export class MsrServer implements AsyncDisposable {
  readonly images: HeldImages;
  maxPageSize = 100;

  constructor(images: HeldImages) {
    this.images = images;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (url.pathname.startsWith('/v2/') || url.pathname === '/token') return false;
    const [, path] = /^\/api\/v0\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) {
      response.setHeader('content-type', 'text/html');
      response.end('<!DOCTYPE html><html><title>Mirantis Secure Registry</title></html>');
      return true;
    }
    if (request.headers.authorization !== BASIC) return fail(response, 401, 'UNAUTHORIZED', 'authentication required');
    if (path === 'repositories') {
      const list = this.images.repositories().map(name => {
        const [namespace = '', ...rest] = name.split('/');
        return { id: name, namespace, name: rest.join('/'), visibility: 'private', scanOnPush: false };
      });
      const page = this.#page(url, response, list, ({ id }) => id);
      sendJson(response, 200, { repositories: page });
      return true;
    }
    const [, repository = ''] = /^repositories\/(.+)\/tags$/.exec(path) ?? [];
    const tags = this.images.tagsOf(repository);
    if (tags === undefined)
      return fail(response, 404, 'NO_SUCH_REPOSITORY', 'A repository with the given namespace and name does not exist');
    const list = tags.map(({ tag, digest, pushedAt }) => ({
      name: tag,
      digest,
      author: 'me',
      createdAt: '2020-01-01T00:00:00.000Z',
      updatedAt: pushedAt.toISOString(),
      inNotary: false,
    }));
    sendJson(
      response,
      200,
      this.#page(url, response, list, ({ name }) => name),
    );
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #page<T>(url: URL, response: ServerResponse, list: readonly T[], keyOf: (entry: T) => string): readonly T[] {
    const from = url.searchParams.get('pageStart');
    const start = from === null ? 0 : list.findIndex(entry => keyOf(entry) === from);
    const size = Math.min(Number(url.searchParams.get('pageSize') ?? 10), this.maxPageSize);
    const { page, next } = pageOf(list, start, size);
    const entry = next === undefined ? undefined : list[next];
    response.setHeader('x-next-page-start', entry === undefined ? '' : keyOf(entry));
    return page;
  }
}

/** Starts the server. */
export async function startMsrServer(): Promise<MsrServer> {
  let server: MsrServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'bearer',
    login: MSR_LOGIN,
  });
  server = new MsrServer(images);
  return server;
}

function fail(response: ServerResponse, status: number, code: string, message: string): boolean {
  sendJson(response, status, { errors: [{ code, message }] });
  return true;
}
