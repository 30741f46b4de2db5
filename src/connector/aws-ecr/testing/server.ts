/**
 * Amazon ECR and STS in this process: JSON 1.1 with `X-Amz-Target`, and the query protocol, as AWS documents them.
 *
 * Oddities: dates are Unix seconds with a fraction; several tags of one image come as one entry; throttling and expired keys are status
 * 400 with the name of an exception in the body.
 */
import type { ServerResponse } from 'node:http';
import { type Certificate, type SeenRequest, sendJson } from '../../../../test/fixtures/registry-server.ts';
import { type HeldImages, holdImages, pageOf } from '../../testing/held-images.ts';

/** The account and region that the server plays. */
const ECR_ACCOUNT = '123456789012';
export const ECR_HOST = `${ECR_ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com`;
const API_HOSTS = [
  'api.ecr.eu-west-1.amazonaws.com',
  'api.ecr-fips.us-gov-west-1.amazonaws.com',
  'api.ecr.cn-north-1.amazonaws.com.cn',
  'ecr.eu-central-1.api.aws',
];
const STS_HOST = 'sts.eu-west-1.amazonaws.com';

/** Access keys that the server knows. */
export const ECR_KEYS = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret/of+the+key' } as const;

const PASSWORD = 'password-of-ecr';

/** See above. */
export class EcrServer implements AsyncDisposable {
  readonly images: HeldImages;
  /** Exceptions to answer with before anything else: by the name of an operation, one for each call. */
  readonly exceptions = new Map<string, { type: string; message: string; status?: number }[]>();
  /** Names of operations called, in order. */
  readonly calls: string[] = [];
  /** What AssumeRole was asked with. */
  readonly roles: URLSearchParams[] = [];
  /** Session tokens of roles that are still good. */
  readonly sessions = new Set<string>();
  maxPageSize = 1000;
  roleSeconds = 3600;
  tokenSeconds = 12 * 3600;
  pullThroughPrefixes: readonly { ecrRepositoryPrefix: string; upstreamRegistryUrl: string }[] = [];

  constructor(images: HeldImages) {
    this.images = images;
  }

  /** What to open connectors with, so that AWS's hosts are this server. */
  get serviceOrigins(): Record<string, string> {
    const { host } = this.images.registry;
    return Object.fromEntries([...API_HOSTS, STS_HOST, ECR_HOST].map(name => [name, host]));
  }

  answer(request: SeenRequest, url: URL, response: ServerResponse): boolean {
    if (url.host === STS_HOST) return this.#assumeRole(request, response);
    if (!API_HOSTS.includes(url.host)) return false;
    const operation = String(request.headers['x-amz-target']).replace(/^AmazonEC2ContainerRegistry_V20150921\./, '');
    this.calls.push(operation);
    const exception = this.exceptions.get(operation)?.shift() ?? this.#whyRefused(request);
    if (exception !== undefined) {
      sendException(response, exception);
      return true;
    }
    const input = JSON.parse(request.body) as EcrInput;
    switch (operation) {
      case 'DescribeRepositories':
        return this.#repositories(input, response);
      case 'DescribeImages':
        return this.#images(input, response);
      case 'GetAuthorizationToken':
        return this.#token(response);
      case 'DescribePullThroughCacheRules':
        sendJson(response, 200, { pullThroughCacheRules: this.pullThroughPrefixes });
        return true;
      default:
        sendException(response, { type: 'UnknownOperationException', message: '' });
        return true;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.images[Symbol.asyncDispose]();
  }

  #whyRefused({ headers }: SeenRequest) {
    const authorization = headers.authorization ?? '';
    const session = headers['x-amz-security-token'];
    if (!authorization.startsWith('AWS4-HMAC-SHA256 Credential=')) {
      return { type: 'MissingAuthenticationTokenException', message: 'Missing Authentication Token' };
    }
    if (session === undefined && !authorization.includes(`Credential=${ECR_KEYS.accessKeyId}/`)) {
      return { type: 'UnrecognizedClientException', message: 'The security token included in the request is invalid.' };
    }
    if (session !== undefined && !this.sessions.has(String(session))) {
      return { type: 'ExpiredTokenException', message: 'The security token included in the request is expired' };
    }
    return undefined;
  }

  #repositories({ maxResults = 100, nextToken, registryId }: EcrInput, response: ServerResponse): boolean {
    const size = Math.min(maxResults, this.maxPageSize);
    const { page, next } = pageOf(this.images.repositories(), Number(nextToken ?? 0), size);
    const repositories = page.map(repositoryName => ({
      repositoryName,
      registryId,
      repositoryUri: `${ECR_HOST}/${repositoryName}`,
      createdAt: 1_700_000_000.123,
    }));
    sendJson(response, 200, { repositories, ...tokenOf(next) });
    return true;
  }

  #images(input: EcrInput, response: ServerResponse): boolean {
    const { repositoryName = '', maxResults = 100, nextToken, imageIds } = input;
    const tags = this.images.tagsOf(repositoryName);
    if (tags === undefined) {
      const message = `The repository with name '${repositoryName}' does not exist in the registry with id '${ECR_ACCOUNT}'`;
      sendException(response, { type: 'RepositoryNotFoundException', message });
      return true;
    }
    const wanted = imageIds?.map(({ imageTag }) => imageTag);
    const missing = wanted?.find(name => !tags.some(({ tag }) => tag === name));
    if (missing !== undefined) {
      const message = `The image with imageId {imageTag:'${missing}'} does not exist within the repository`;
      sendException(response, { type: 'ImageNotFoundException', message });
      return true;
    }
    const kept = tags.filter(({ tag }) => wanted?.includes(tag) ?? true);
    const { page, next } = pageOf(kept, Number(nextToken ?? 0), Math.min(maxResults, this.maxPageSize));
    const imageDetails = page.map(({ digest, tag, pushedAt, mediaType, sizeBytes }) => ({
      registryId: ECR_ACCOUNT,
      repositoryName,
      imageDigest: digest,
      imageTags: [tag],
      imageSizeInBytes: sizeBytes,
      imagePushedAt: pushedAt.getTime() / 1000,
      imageManifestMediaType: mediaType,
    }));
    sendJson(response, 200, { imageDetails, ...tokenOf(next) });
    return true;
  }

  #token(response: ServerResponse): boolean {
    const authorizationToken = Buffer.from(`AWS:${PASSWORD}`).toString('base64');
    const expiresAt = Date.now() / 1000 + this.tokenSeconds;
    sendJson(response, 200, {
      authorizationData: [{ authorizationToken, expiresAt, proxyEndpoint: `https://${ECR_HOST}` }],
    });
    return true;
  }

  #assumeRole({ body }: SeenRequest, response: ServerResponse): boolean {
    const form = new URLSearchParams(body);
    this.roles.push(form);
    this.calls.push('AssumeRole');
    response.setHeader('content-type', 'text/xml');
    if (form.get('ExternalId') !== 'plimsoll-test') {
      const role = form.get('RoleArn');
      const message = `User: arn:aws:iam::210987654321:user/sensor is not authorized to perform: sts:AssumeRole on resource: ${role}`;
      response.statusCode = 403;
      response.end(
        `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
      );
      return true;
    }
    const session = `session-${this.roles.length}`;
    this.sessions.add(session);
    const expiration = new Date(Date.now() + this.roleSeconds * 1000).toISOString();
    response.end(
      `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>${session}</SessionToken><Expiration>${expiration}</Expiration></Credentials><AssumedRoleUser><Arn>arn:aws:sts::${ECR_ACCOUNT}:assumed-role/plimsoll/plimsoll</Arn><AssumedRoleId>AROA:plimsoll</AssumedRoleId></AssumedRoleUser></AssumeRoleResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></AssumeRoleResponse>`,
    );
    return true;
  }
}

/** Starts the server; images are pulled with the password that GetAuthorizationToken gives. */
export async function startEcrServer(tls?: Certificate): Promise<EcrServer> {
  let server: EcrServer | undefined;
  const images = await holdImages((request, url, response) => server?.answer(request, url, response) ?? false, {
    auth: 'basic',
    login: { username: 'AWS', password: PASSWORD },
    ...(tls === undefined ? {} : { tls }),
  });
  server = new EcrServer(images);
  return server;
}

interface EcrInput {
  readonly registryId?: string;
  readonly repositoryName?: string;
  readonly maxResults?: number;
  readonly nextToken?: string;
  readonly imageIds?: readonly { readonly imageTag?: string }[];
}

function tokenOf(next: number | undefined): object {
  return next === undefined ? {} : { nextToken: String(next) };
}

function sendException(
  response: ServerResponse,
  { type, message, status = 400 }: { type: string; message: string; status?: number },
): void {
  sendJson(response, status, { __type: `com.amazonaws.ecr#${type}`, message });
}
