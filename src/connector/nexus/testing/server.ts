/**
 * Sonatype Nexus in this process.
 *
 * Oddities: pages of a size that nobody chooses; the place in a list may be forgotten (406); the search finds names that are only alike;
 * an image and a tag are one component.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, type HeldTag, holdImages, pageOf } from '../../testing/held-images.ts';

/** A user that the server knows. */
export const NEXUS_LOGIN = { username: 'scanner', password: 'password-of-the-scanner' } as const;
const BASIC = `Basic ${Buffer.from(`${NEXUS_LOGIN.username}:${NEXUS_LOGIN.password}`).toString('base64')}`;

/** See above. */
export class NexusServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly #isByPath: boolean;
  pageSize = 10;
  /** How many times the place in a list is forgotten. */
  forgets = 0;
  /** Repositories with another type than `hosted`. */
  readonly types = new Map<string, string>();

  constructor(images: HeldImages, isByPath: boolean) {
    this.images = images;
    this.#isByPath = isByPath;
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/service\/rest\/v1\/(.*)$/.exec(url.pathname) ?? [];
    if (path === undefined) return false;
    if (request.headers.authorization !== BASIC) {
      response.writeHead(401, { 'www-authenticate': 'BASIC realm="Sonatype Nexus Repository Manager"' });
      response.end();
      return true;
    }
    if (path === 'repositories') {
      const names = new Set(this.images.all().map(held => this.#place(held).repository));
      const docker = [...names, ...[...this.types.keys()].filter(name => !names.has(name))].map(name => ({
        name,
        format: 'docker',
        type: this.types.get(name) ?? 'hosted',
      }));
      sendJson(response, 200, [...docker, { name: 'maven-central', format: 'maven2', type: 'proxy' }] as object);
      return true;
    }
    return this.#components(url, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #components(url: URL, response: ServerResponse): boolean {
    const token = url.searchParams.get('continuationToken');
    if (token !== null && this.forgets > 0) {
      this.forgets -= 1;
      response.writeHead(406);
      response.end();
      return true;
    }
    const repository = url.searchParams.get('repository');
    const name = url.searchParams.get('name');
    const found = this.images.all().filter(held => {
      const place = this.#place(held);
      return place.repository === repository && (name === null || place.image.includes(name));
    });
    const { page, next } = pageOf(found, Number(token ?? 0), this.pageSize);
    const items = page.map(held => this.#component(held));
    sendJson(response, 200, { items, continuationToken: next === undefined ? null : String(next) });
    return true;
  }

  #component(held: HeldTag): object {
    const { repository, image } = this.#place(held);
    const { tag, digest, pushedAt } = held;
    const lastModified = pushedAt.toISOString().replace('Z', '+00:00');
    return {
      id: 'x',
      repository,
      format: 'docker',
      group: null,
      name: image,
      version: tag,
      assets: [
        {
          path: `v2/${image}/manifests/${tag}`,
          lastModified,
          lastDownloaded: null,
          blobCreated: '2020-01-01T00:00:00.000+00:00',
          checksum: { sha256: digest.replace('sha256:', '') },
          fileSize: 500,
        },
      ],
    };
  }

  #place({ repository }: HeldTag): { readonly repository: string; readonly image: string } {
    if (!this.#isByPath) return { repository: 'docker-hosted', image: repository };
    const [first = '', ...rest] = repository.split('/');
    return { repository: first, image: rest.join('/') };
  }
}

/** Starts the server: by port all images are of the repository `docker-hosted`, by path it is the first part of their names. */
export async function startNexusServer(method: 'port' | 'path' = 'port'): Promise<NexusServer> {
  let server: NexusServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'bearer',
    login: NEXUS_LOGIN,
  });
  server = new NexusServer(images, method === 'path');
  return server;
}
