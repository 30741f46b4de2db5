/**
 * `gcr.io` in this process: folders with all that is in them in one answer, numbers as texts, no pages.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages } from '../../testing/held-images.ts';

/** Starts the server; `login` is what it takes, nothing for a project that is open to all. */
export async function startGcrServer(login?: { username: string; password: string }): Promise<GcrServer> {
  let server: GcrServer | undefined;
  const images = await holdImages(
    (request, url, response) => server?.answer(request, url, response) ?? false,
    login === undefined ? {} : { auth: 'basic', login },
  );
  server = new GcrServer(images, login);
  return server;
}

/** See above. */
export class GcrServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly #shown: string | undefined;

  constructor(images: HeldImages, login: { username: string; password: string } | undefined) {
    this.images = images;
    this.#shown = login && `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  }

  get serviceOrigins(): Record<string, string> {
    return { 'gcr.io': this.images.registry.host, 'europe-docker.pkg.dev': this.images.registry.host };
  }

  answer({ headers }: SeenRequest, url: URL, response: ServerResponse): boolean {
    const [, path] = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname) ?? [];
    if (path === undefined || (this.#shown !== undefined && headers.authorization !== this.#shown)) return false;
    return sendGcrFolder(this.images, path, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }
}

/** What Google says of a folder; of one that is not there, that it is empty. */
export function sendGcrFolder(images: HeldImages, path: string, response: ServerResponse): boolean {
  const below = images.repositories().filter(name => name.startsWith(`${path}/`));
  const child = [...new Set(below.map(name => name.slice(path.length + 1).split('/')[0] ?? ''))];
  const held = images.tagsOf(path) ?? [];
  const manifest = Object.fromEntries(
    held.map(({ digest, tag, sizeBytes, mediaType, pushedAt }) => [
      digest,
      {
        imageSizeBytes: String(sizeBytes),
        layerId: '',
        mediaType,
        tag: [tag],
        timeCreatedMs: '0',
        timeUploadedMs: String(pushedAt.getTime()),
      },
    ]),
  );
  sendJson(response, 200, { child, manifest, name: path, tags: held.map(({ tag }) => tag) });
  return true;
}
