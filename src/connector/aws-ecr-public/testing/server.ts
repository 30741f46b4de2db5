/**
 * Amazon ECR Public in this process: the API of owners, and a registry that wants a token of everybody, which it grants to everybody.
 */
import type { ServerResponse } from 'node:http';
import { type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

const HOST = 'public.ecr.aws';
const API_HOST = 'api.ecr-public.us-east-1.amazonaws.com';

/** The alias whose repositories the API knows. */
const ECR_PUBLIC_ALIAS = 'acme';
/** The access key of its owner. */
export const ECR_PUBLIC_KEYS = { accessKeyId: 'AKIAPUBLIC', secretAccessKey: 'secret-of-the-owner' } as const;
const BASIC = `Basic ${Buffer.from('AWS:password-of-ecr-public').toString('base64')}`;

/** See above. */
export class EcrPublicServer implements AsyncDisposable {
  readonly images: HeldImages;
  readonly #tokens = new Set<string>();
  /** Who got tokens: the `Authorization` of each request for one. */
  readonly tokenRequests: (string | undefined)[] = [];
  maxPageSize = 1000;

  constructor(images: HeldImages) {
    this.images = images;
  }

  get serviceOrigins(): Record<string, string> {
    const { host } = this.images.registry;
    return { [API_HOST]: host, [HOST]: host };
  }

  endTokens(): void {
    this.#tokens.clear();
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (url.host === API_HOST) return this.#api(request, response);
    if (url.pathname === '/token/') return this.#grant(request, response);
    const shown = request.headers.authorization?.replace('Bearer ', '') ?? '';
    if (this.#tokens.has(shown)) return false;
    response.setHeader('www-authenticate', `Bearer realm="https://${HOST}/token/",service="${HOST}",scope="aws"`);
    sendJson(response, 401, { errors: [{ code: 'DENIED', message: 'Not Authorized' }] });
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #grant({ headers }: SeenRequest, response: ServerResponse): boolean {
    this.tokenRequests.push(headers.authorization);
    if (headers.authorization !== undefined && headers.authorization !== BASIC) {
      sendJson(response, 401, { errors: [{ code: 'DENIED', message: 'Not Authorized' }] });
      return true;
    }
    const token = `public-${this.tokenRequests.length}`;
    this.#tokens.add(token);
    sendJson(response, 200, { token });
    return true;
  }

  #api(request: SeenRequest, response: ServerResponse): boolean {
    const operation = String(request.headers['x-amz-target']).replace(/^SpencerFrontendService\./, '');
    if (request.headers.authorization?.includes(`Credential=${ECR_PUBLIC_KEYS.accessKeyId}/`) !== true) {
      sendJson(response, 400, { __type: 'UnrecognizedClientException', message: 'The security token is invalid.' });
      return true;
    }
    const input = JSON.parse(request.body) as { repositoryName?: string; maxResults?: number; nextToken?: string };
    const size = Math.min(input.maxResults ?? 100, this.maxPageSize);
    const own = this.images.repositories().filter(name => name.startsWith(`${ECR_PUBLIC_ALIAS}/`));
    switch (operation) {
      case 'DescribeRegistries':
        sendJson(response, 200, { registries: [{ registryId: '1', aliases: [{ name: ECR_PUBLIC_ALIAS }] }] });
        break;
      case 'DescribeRepositories': {
        const { page, next } = pageOf(own, Number(input.nextToken ?? 0), size);
        const repositories = page.map(name => ({
          repositoryName: name.slice(ECR_PUBLIC_ALIAS.length + 1),
          repositoryUri: `${HOST}/${name}`,
        }));
        sendJson(response, 200, { repositories, ...(next === undefined ? {} : { nextToken: String(next) }) });
        break;
      }
      case 'DescribeImageTags': {
        const tags = this.images.tagsOf(`${ECR_PUBLIC_ALIAS}/${input.repositoryName}`);
        if (tags === undefined) {
          const message = `The repository with name '${input.repositoryName}' does not exist`;
          sendJson(response, 400, { __type: 'RepositoryNotFoundException', message });
          break;
        }
        const { page, next } = pageOf(tags, Number(input.nextToken ?? 0), size);
        const imageTagDetails = page.map(({ tag, digest, pushedAt, sizeBytes, mediaType }) => ({
          imageTag: tag,
          createdAt: pushedAt.getTime() / 1000,
          imageDetail: {
            imageDigest: digest,
            imagePushedAt: pushedAt.getTime() / 1000,
            imageSizeInBytes: sizeBytes,
            imageManifestMediaType: mediaType,
          },
        }));
        sendJson(response, 200, { imageTagDetails, ...(next === undefined ? {} : { nextToken: String(next) }) });
        break;
      }
      case 'GetAuthorizationToken':
        sendJson(response, 200, {
          authorizationData: {
            authorizationToken: BASIC.slice('Basic '.length),
            expiresAt: Date.now() / 1000 + 43_200,
          },
        });
        break;
      default:
        sendJson(response, 400, { __type: 'UnknownOperationException', message: operation });
    }
    return true;
  }
}

/** Starts the server. */
export async function startEcrPublicServer(): Promise<EcrPublicServer> {
  let server: EcrPublicServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    maxPageSize: 3,
  });
  server = new EcrPublicServer(images);
  return server;
}
