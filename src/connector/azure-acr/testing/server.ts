/**
 * Azure Container Registry and Microsoft Entra in this process: exchange of tokens, scopes for everything, lists newest first.
 *
 * Oddities: links have no host; dates have seven digits; a token with one scope is good for nothing else; tokens do not say in the answer
 * how long they live, but in themselves.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, type HeldTag, holdImages, pageOf } from '../../testing/held-images.ts';

/** The registry and who may use it. */
export const ACR_HOST = 'example.azurecr.io';
export const ACR_APPLICATION = {
  tenantId: '11111111-2222-3333-4444-555555555555',
  applicationId: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  clientSecret: 'secret~of.the-application',
} as const;
const LOGIN_HOST = 'login.microsoftonline.com';

/** See above. */
export class AcrServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly #entraTokens = new Set<string>();
  readonly #refreshTokens = new Set<string>();
  readonly #accessTokens = new Map<string, string>();
  #granted = 0;
  maxPageSize = 1000;
  refreshSeconds = 3 * 3600;
  /** Scopes that are not granted, although a token is. */
  withheld = /(?!)/;

  constructor(images: HeldImages) {
    this.images = images;
  }

  get serviceOrigins(): Record<string, string> {
    const { host } = this.images.registry;
    return { [LOGIN_HOST]: host, 'login.microsoftonline.us': host, [ACR_HOST]: host };
  }

  /** No access token granted so far is good any longer. */
  endTokens(): void {
    this.#accessTokens.clear();
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (url.host.startsWith('login.')) return this.#logIn(request, url, response);
    if (url.pathname === '/oauth2/exchange') return this.#exchange(request, response);
    if (url.pathname === '/oauth2/token') return this.#token(request, url, response);
    const [, repository] = /^\/v2\/(.+)\/(?:manifests|blobs|tags)\//.exec(url.pathname) ?? [];
    if (repository !== undefined) return !this.#isAllowed(request, `repository:${repository}:pull`, response);
    if (url.pathname === '/v2/') return !this.#isAllowed(request, '', response);
    if (url.pathname === '/acr/v1/_catalog') return this.#catalog(request, url, response);
    const [, name, tag] = /^\/acr\/v1\/(.+)\/_tags(?:\/([^/]+))?$/.exec(url.pathname) ?? [];
    return name !== undefined && this.#tags(name, tag, { request, url, response });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #logIn({ body }: SeenRequest, url: URL, response: ServerResponse): boolean {
    const form = new URLSearchParams(body);
    const isKnown =
      url.pathname === `/${ACR_APPLICATION.tenantId}/oauth2/v2.0/token` &&
      form.get('client_id') === ACR_APPLICATION.applicationId &&
      form.get('client_secret') === ACR_APPLICATION.clientSecret &&
      form.get('scope') === 'https://containerregistry.azure.net/.default';
    if (!isKnown) {
      const error_description = 'AADSTS7000215: Invalid client secret provided. Trace ID: 0';
      sendJson(response, 401, { error: 'invalid_client', error_description });
      return true;
    }
    const access_token = `entra-${++this.#granted}`;
    this.#entraTokens.add(access_token);
    sendJson(response, 200, { token_type: 'Bearer', expires_in: 3599, access_token });
    return true;
  }

  #exchange({ body }: SeenRequest, response: ServerResponse): boolean {
    const form = new URLSearchParams(body);
    const isKnown = form.get('service') === ACR_HOST && this.#entraTokens.has(form.get('access_token') ?? '');
    if (!isKnown) {
      sendJson(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
      return true;
    }
    const exp = Math.floor(Date.now() / 1000) + this.refreshSeconds;
    const refresh_token = jwt({ exp, number: ++this.#granted });
    this.#refreshTokens.add(refresh_token);
    sendJson(response, 200, { refresh_token });
    return true;
  }

  /** By form with a refresh token, or by GET with a user name and password. */
  #token({ body, headers, method }: SeenRequest, url: URL, response: ServerResponse): boolean {
    const form = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
    const { applicationId, clientSecret } = ACR_APPLICATION;
    const basic = `Basic ${Buffer.from(`${applicationId}:${clientSecret}`).toString('base64')}`;
    const isKnown =
      method === 'POST' ? this.#refreshTokens.has(form.get('refresh_token') ?? '') : headers.authorization === basic;
    if (!isKnown) {
      sendJson(response, 401, { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
      return true;
    }
    const access_token = jwt({ exp: Math.floor(Date.now() / 1000) + 3600, number: ++this.#granted });
    this.#accessTokens.set(access_token, form.get('scope') ?? '');
    sendJson(response, 200, { access_token });
    return true;
  }

  /** Whether the request shows a token with `scope`; else it is answered with a challenge. */
  #isAllowed({ headers }: SeenRequest, scope: string, response: ServerResponse): boolean {
    const granted = this.#accessTokens.get(headers.authorization?.replace('Bearer ', '') ?? '');
    const isWithheld = this.withheld.test(scope);
    if (granted !== undefined && !isWithheld && (scope === '' || granted.split(' ').includes(scope))) return true;
    const wanted = scope === '' ? '' : `,scope="${scope}"`;
    const error = granted === undefined ? '' : ',error="insufficient_scope"';
    const challenge = `Bearer realm="https://${ACR_HOST}/oauth2/token",service="${ACR_HOST}"${wanted}${error}`;
    response.setHeader('www-authenticate', challenge);
    sendJson(response, 401, {
      errors: [
        {
          code: 'UNAUTHORIZED',
          message: 'authentication required, visit https://aka.ms/acr/authorization for more information.',
        },
      ],
    });
    return false;
  }

  #catalog(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (!this.#isAllowed(request, 'registry:catalog:*', response)) return true;
    const names = this.images.repositories();
    const { page, next } = this.#page(names, url, name => name);
    if (next !== undefined)
      response.setHeader('link', `</acr/v1/_catalog?last=${next}&n=${page.length}&orderby=>; rel="next"`);
    // An empty registry has null in the place of a list.
    sendJson(response, 200, { repositories: page.length === 0 ? null : page });
    return true;
  }

  #tags(
    name: string,
    tag: string | undefined,
    at: { request: SeenRequest; url: URL; response: ServerResponse },
  ): boolean {
    const { request, url, response } = at;
    if (!this.#isAllowed(request, `repository:${name}:metadata_read`, response)) return true;
    const held = url.searchParams.get('orderby') === 'timedesc' ? this.images.newestOf(name) : this.images.tagsOf(name);
    if (held === undefined) {
      sendJson(response, 404, { errors: [{ code: 'NAME_UNKNOWN', message: `repository name not known to registry` }] });
      return true;
    }
    if (tag !== undefined) {
      const one = held.find(entry => entry.tag === decodeURIComponent(tag));
      if (one === undefined)
        sendJson(response, 404, { errors: [{ code: 'TAG_UNKNOWN', message: 'the specified tag does not exist' }] });
      else sendJson(response, 200, { registry: ACR_HOST, imageName: name, tag: describe(one) });
      return true;
    }
    const { page, next } = this.#page(held, url, entry => entry.tag);
    if (next !== undefined) {
      response.setHeader(
        'link',
        `</acr/v1/${name}/_tags?last=${encodeURIComponent(next)}&n=${page.length}&orderby=timedesc>; rel="next"`,
      );
    }
    sendJson(response, 200, { registry: ACR_HOST, imageName: name, tags: page.map(describe) });
    return true;
  }

  #page<T>(
    list: readonly T[],
    url: URL,
    keyOf: (entry: T) => string,
  ): { page: readonly T[]; next: string | undefined } {
    const last = url.searchParams.get('last');
    const start = last === null ? 0 : list.findIndex(entry => keyOf(entry) === last) + 1;
    const size = Math.min(Number(url.searchParams.get('n') ?? 100), this.maxPageSize);
    const { page, next } = pageOf(list, start, size);
    const end = page.at(-1);
    return { page, next: next === undefined || end === undefined ? undefined : keyOf(end) };
  }
}

/** Starts the server. */
export async function startAcrServer(): Promise<AcrServer> {
  let server: AcrServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false);
  server = new AcrServer(images);
  return server;
}

function describe({ tag, digest, pushedAt }: HeldTag): object {
  const time = pushedAt.toISOString().replace('Z', '0000Z');
  return {
    name: tag,
    digest,
    createdTime: time,
    lastUpdateTime: time,
    signed: false,
    changeableAttributes: { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true },
  };
}

function jwt(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}.c2lnbmF0dXJl`;
}
