/**
 * Google Artifact Registry in this process: its API, its registry, and the token service.
 *
 * Oddities: one entry for each digest, of all images of a repository together; sizes are texts; what may not be seen and what is not there
 * are told the same way.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { sendGcrFolder } from '../../google-container-registry/testing/server.ts';
import { GoogleTokens } from '../../testing/google-account.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

/** Where the registry is. */
export const GAR_HOST = 'europe-west1-docker.pkg.dev';
const GAR_PROJECT = 'acme-project';
const API_HOST = 'artifactregistry.googleapis.com';

/** See above. */
export class GarServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly tokens = new GoogleTokens();
  maxPageSize = 1000;
  /** Repositories besides those that hold images: name, format, mode. */
  readonly others: { name: string; format: string; mode: string }[] = [];
  /** Called after each page of images. */
  onPage: () => void = () => {};

  constructor(images: HeldImages) {
    this.images = images;
  }

  get serviceOrigins(): Record<string, string> {
    const { host } = this.images.registry;
    return { [API_HOST]: host, 'oauth2.googleapis.com': host, [GAR_HOST]: host };
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (url.host === 'oauth2.googleapis.com') return this.tokens.grant(request, response);
    if (url.host === API_HOST) return this.#api(request, url, response);
    const [, path] = /^\/v2\/(.+)\/tags\/list$/.exec(url.pathname) ?? [];
    return path !== undefined && sendGcrFolder(this.images, path, response);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #api({ headers }: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (!this.tokens.isGood(headers.authorization)) {
      const message = 'Request had invalid authentication credentials. Expected OAuth 2 access token.';
      sendJson(response, 401, { error: { code: 401, message, status: 'UNAUTHENTICATED' } });
      return true;
    }
    const start = Number(url.searchParams.get('pageToken') ?? 0);
    const size = Math.min(Number(url.searchParams.get('pageSize') ?? 100), this.maxPageSize);
    const parent = `/v1/projects/${GAR_PROJECT}/locations/europe-west1/repositories`;
    if (url.pathname === parent) {
      const held = this.#repositories().map(name => ({ name, format: 'DOCKER', mode: 'STANDARD_REPOSITORY' }));
      const { page, next } = pageOf([...held, ...this.others], start, size);
      const repositories = page.map(({ name, ...rest }) => ({ ...rest, name: `${parent.slice(4)}/${name}` }));
      sendJson(response, 200, { repositories, ...tokenOf(next) });
      return true;
    }
    const [, repository = ''] = /\/repositories\/([^/]+)\/dockerImages$/.exec(url.pathname) ?? [];
    if (!url.pathname.startsWith(parent) || !this.#repositories().includes(repository)) {
      const message = `Permission 'artifactregistry.dockerimages.list' denied on resource '${url.pathname}' (or it may not exist).`;
      sendJson(response, 403, { error: { code: 403, message, status: 'PERMISSION_DENIED' } });
      return true;
    }
    const held = this.images.all().filter(entry => entry.repository.startsWith(`${GAR_PROJECT}/${repository}/`));
    const { page, next } = pageOf(held, start, size);
    const dockerImages = page.map(entry => ({
      name: `${url.pathname.slice(4)}/${entry.repository.split('/').at(-1)}@${entry.digest}`,
      uri: `${GAR_HOST}/${entry.repository}@${entry.digest}`,
      tags: [entry.tag],
      imageSizeBytes: String(entry.sizeBytes),
      uploadTime: entry.pushedAt.toISOString().replace('.000Z', '.000000Z'),
      mediaType: entry.mediaType,
      buildTime: '1970-01-01T00:00:00Z',
      updateTime: new Date().toISOString(),
    }));
    sendJson(response, 200, { dockerImages, ...tokenOf(next) });
    this.onPage();
    return true;
  }

  /** Names of the repositories of Artifact Registry: the second part of the path. */
  #repositories(): readonly string[] {
    return [...new Set(this.images.repositories().map(name => name.split('/')[1] ?? ''))];
  }
}

/** Starts the server; `login` is what images are pulled with. */
export async function startGarServer(login?: { username: string; password: string }): Promise<GarServer> {
  let server: GarServer | undefined;
  const images = await holdImages(
    (request, url, response) => server?.answer(request, url, response) ?? false,
    login === undefined ? {} : { auth: 'basic', login },
  );
  server = new GarServer(images);
  return server;
}

function tokenOf(next: number | undefined): object {
  return next === undefined ? {} : { nextPageToken: String(next) };
}
