/**
 * Red Hat Quay in this process.
 *
 * Oddities: two log-ins; dates as Unix seconds and as RFC 1123 with a zone of `-0000`; whether there is another page is a flag; the next page of
 * repositories is opaque.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

/** The token of an application, and a robot. */
export const QUAY_TOKEN = 'oauth-token-of-the-application';
export const QUAY_ROBOT = { username: 'acme+scanner', password: 'token-of-the-robot' } as const;

/** See above. */
export class QuayServer implements AsyncDisposable {
  readonly images: HeldImages;
  maxPageSize = 100;
  /** Whether the token has `user:read`. */
  mayReadUser = true;
  /** Repositories that everybody may see. */
  readonly publicNames = new Set<string>();
  /** Repositories that are no images. */
  readonly applications = new Set<string>();

  constructor(images: HeldImages) {
    this.images = images;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/api\/v1\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) return false;
    const shown = request.headers.authorization;
    if (shown !== undefined && shown !== `Bearer ${QUAY_TOKEN}`) {
      const error_message = 'Invalid or expired token';
      sendJson(response, 401, { status: 401, error_type: 'invalid_token', error_message, detail: error_message });
      return true;
    }
    const isVisitor = shown === undefined;
    if (path === 'user/') return this.#user(isVisitor, response);
    if (path === 'repository') return this.#repositories(isVisitor, url, response);
    const [, name = ''] = /^repository\/(.+)\/tag\/$/.exec(path) ?? [];
    if (isVisitor && !this.publicNames.has(name)) {
      sendJson(response, 401, { status: 401, error_type: 'invalid_token', detail: 'Requires authentication' });
      return true;
    }
    return this.#tags(name, url, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #user(isVisitor: boolean, response: ServerResponse): boolean {
    if (isVisitor || !this.mayReadUser) {
      sendJson(response, 403, { status: 403, error_type: 'insufficient_scope', detail: 'Unauthorized' });
      return true;
    }
    sendJson(response, 200, { username: 'scanner', organizations: [{ name: 'acme' }] });
    return true;
  }

  #repositories(isVisitor: boolean, url: URL, response: ServerResponse): boolean {
    const namespace = url.searchParams.get('namespace');
    const names = this.images
      .repositories()
      .filter(
        name => (namespace === null || name.startsWith(`${namespace}/`)) && (!isVisitor || this.publicNames.has(name)),
      );
    const start = Number(Buffer.from(url.searchParams.get('next_page') ?? '', 'base64').toString() || 0);
    const { page, next } = pageOf(names, start, this.maxPageSize);
    const repositories = page.map(name => ({
      namespace: name.slice(0, name.indexOf('/')),
      name: name.slice(name.indexOf('/') + 1),
      is_public: this.publicNames.has(name),
      kind: this.applications.has(name) ? 'application' : 'image',
      state: 'NORMAL',
      last_modified: 1_700_000_000,
    }));
    const next_page = next === undefined ? {} : { next_page: Buffer.from(String(next)).toString('base64') };
    sendJson(response, 200, { repositories, ...next_page });
    return true;
  }

  #tags(name: string, url: URL, response: ServerResponse): boolean {
    const held = this.images.newestOf(name);
    if (held === undefined) {
      sendJson(response, 404, { status: 404, error_type: 'not_found', detail: 'Not Found' });
      return true;
    }
    const specific = url.searchParams.get('specificTag');
    const kept = held.filter(({ tag }) => specific === null || tag === specific);
    const number = Number(url.searchParams.get('page') ?? 1);
    const size = Math.min(Number(url.searchParams.get('limit') ?? 50), this.maxPageSize);
    const { page, next } = pageOf(kept, (number - 1) * size, size);
    const tags = page.map(({ tag, digest, sizeBytes, pushedAt }) => ({
      name: tag,
      reversion: false,
      start_ts: pushedAt.getTime() / 1000,
      manifest_digest: digest,
      is_manifest_list: false,
      size: sizeBytes,
      last_modified: pushedAt.toUTCString().replace('GMT', '-0000'),
    }));
    sendJson(response, 200, { tags, page: number, has_additional: next !== undefined });
    return true;
  }
}

/** Starts the server; a robot pulls, or the token as `$oauthtoken`. */
export async function startQuayServer(login: { username: string; password: string } = QUAY_ROBOT): Promise<QuayServer> {
  let server: QuayServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'bearer',
    login,
    catalog: 'listed',
    maxPageSize: 3,
  });
  server = new QuayServer(images);
  return server;
}
