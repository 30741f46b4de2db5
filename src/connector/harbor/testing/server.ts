/**
 * Harbor in this process.
 *
 * Oddities: ten entries per page unless asked for more; repositories in paths are encoded twice; links have no host; an artifact has the
 * date of its first push, each tag one of its own.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, type HeldTag, holdImages, pageOf } from '../../testing/held-images.ts';

/** A robot that the server knows. */
export const HARBOR_ROBOT = { username: 'robot$acme+scanner', password: 'secret-of-the-robot' } as const;
const BASIC = `Basic ${Buffer.from(`${HARBOR_ROBOT.username}:${HARBOR_ROBOT.password}`).toString('base64')}`;

/** See above. */
export class HarborServer implements AsyncDisposable {
  readonly images: HeldImages;
  maxPageSize = 100;
  /** Projects that are proxy caches. */
  readonly caches = new Set<string>();
  /** When the artifact of a tag was first pushed, where that is not when the tag was: by tag. */
  readonly artifactDates = new Map<string, string>();
  mayListProjects = true;

  constructor(images: HeldImages) {
    this.images = images;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/api\/v2\.0\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) return false;
    if (path === 'systeminfo') return send(response, 200, { auth_mode: 'db_auth', self_registration: false });
    if (request.headers.authorization !== BASIC) return fail(response, 401, 'UNAUTHORIZED', 'unauthorized');
    if (path === 'projects' && !this.mayListProjects) return fail(response, 403, 'FORBIDDEN', 'forbidden');
    if (path === 'projects') return this.#list(url, response, this.#projects());
    if (path === 'repositories') {
      const repositories = this.images.repositories().map(name => ({ name, artifact_count: 1 }));
      return this.#list(url, response, repositories);
    }
    const [, project, encoded, reference] =
      /^projects\/([^/]+)\/repositories\/([^/]+)\/artifacts(?:\/([^/]+))?$/.exec(path) ?? [];
    if (project === undefined || encoded === undefined) return fail(response, 404, 'NOT_FOUND', `path ${path}`);
    const name = `${project}/${decodeURIComponent(decodeURIComponent(encoded))}`;
    const tags = this.images.newestOf(name);
    if (tags === undefined) return fail(response, 404, 'NOT_FOUND', `repository ${name} not found`);
    if (reference === undefined)
      return this.#list(
        url,
        response,
        tags.map(tag => this.#artifact(tag)),
      );
    const one = tags.find(({ tag }) => tag === decodeURIComponent(reference));
    if (one === undefined) return fail(response, 404, 'NOT_FOUND', `artifact ${name}:${reference} not found`);
    return send(response, 200, this.#artifact(one));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #projects() {
    const names = new Set(this.images.repositories().map(name => name.split('/')[0] ?? ''));
    return [...names].map(name => ({ name, registry_id: this.caches.has(name) ? 7 : null }));
  }

  #artifact({ tag, digest, mediaType, sizeBytes, pushedAt }: HeldTag): object {
    return {
      digest,
      type: 'IMAGE',
      manifest_media_type: mediaType,
      size: sizeBytes,
      push_time: this.artifactDates.get(tag) ?? pushedAt.toISOString(),
      pull_time: '0001-01-01T00:00:00.000Z',
      references: null,
      tags: [{ name: tag, push_time: pushedAt.toISOString(), pull_time: '0001-01-01T00:00:00.000Z', immutable: false }],
    };
  }

  #list(url: URL, response: ServerResponse, list: readonly object[]): boolean {
    const number = Number(url.searchParams.get('page') ?? 1);
    const size = Math.min(Number(url.searchParams.get('page_size') ?? 10), this.maxPageSize);
    const { page, next } = pageOf(list, (number - 1) * size, size);
    response.setHeader('x-total-count', list.length);
    if (next !== undefined) {
      const query = new URLSearchParams(url.searchParams);
      query.set('page', String(number + 1));
      response.setHeader('link', `<${url.pathname}?${query}>; rel="next"`);
    }
    return send(response, 200, page);
  }
}

/** Starts the server. */
export async function startHarborServer(): Promise<HarborServer> {
  let server: HarborServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'bearer',
    login: HARBOR_ROBOT,
  });
  server = new HarborServer(images);
  return server;
}

function fail(response: ServerResponse, status: number, code: string, message: string): boolean {
  return send(response, status, { errors: [{ code, message }] });
}

function send(response: ServerResponse, status: number, document: object): boolean {
  sendJson(response, status, document);
  return true;
}
