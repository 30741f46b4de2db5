/**
 * The connector of Amazon ECR Public: owners list their own repositories by the API of AWS; what belongs to others is listed by the
 * distribution protocol, which knows no dates.
 */
import type { ECRPUBLICClient, ImageTagDetail } from '@aws-sdk/client-ecr-public';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isDigest } from '#oci/digest.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { AwsSession, checkAwsCredentials } from '../aws-ecr/aws-session.ts';
import { EcrLogin, readLogin } from '../aws-ecr/ecr-login.ts';
import { tokenPages } from '../aws-ecr/token-pages.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { withPrefix } from '../name-prefix.ts';
import { AWS_ECR_PUBLIC, ECR_PUBLIC_HOST, VISITOR_CAPABILITIES } from './settings.ts';

/** The API is in one region, whatever region an owner works in. */
const REGION = 'us-east-1';
const PAGE_SIZE = 1000;
const POLICY = 'AmazonElasticContainerRegistryPublicReadOnly';

/** Opens the registry. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openEcrPublic(options: ConnectorOptions): Promise<Connector> {
  const { credentials, settings } = options;
  const opened = credentials.kind === 'aws' ? openAsOwner(options, credentials) : openAsVisitor(options);
  const alias = new URL(settings.url).pathname.replace(/^\//, '');
  return Promise.resolve(alias === '' ? opened : onlyOf(alias, opened));
}

function openAsVisitor(options: ConnectorOptions): Connector {
  const connection = new Connection(options, PLACE);
  return assembleConnector({
    product: { ...AWS_ECR_PUBLIC, capabilities: VISITOR_CAPABILITIES },
    connection,
    // biome-ignore lint/correctness/useYield: there is nothing to list, and saying so is all it does.
    async *listRepositories() {
      throw new PlimsollError(
        'CATALOG_UNSUPPORTED',
        `Cannot list the repositories of ${ECR_PUBLIC_HOST}: AWS lists them to their owner only; add credentials of the owner, or name the repositories to scan`,
      );
    },
    listTags: (repository, _, call) => listByProtocol(connection, repository, call),
  });
}

function openAsOwner(options: ConnectorOptions, credentials: RegistryCredentials & { kind: 'aws' }): Connector {
  checkAwsCredentials(credentials);
  const login = new EcrLogin(call => authorize(session, call), options.now ?? Date.now);
  const connection = new Connection(options, { ...PLACE, pullCredentials: login });
  const session = new AwsSession<ECRPUBLICClient>({
    region: REGION,
    credentials,
    connection,
    policy: POLICY,
    newClient: async config => new (await import('@aws-sdk/client-ecr-public')).ECRPUBLICClient(config),
  });
  let aliases: ReadonlySet<string> | undefined;
  return assembleConnector({
    product: AWS_ECR_PUBLIC,
    connection,
    listRepositories: call => listRepositories(session, call),
    async *listTags(repository, _, call) {
      aliases ??= await ownAliases(session, call);
      const slash = repository.indexOf('/');
      const isOwn = aliases.has(repository.slice(0, slash));
      if (isOwn) yield* listOwnTags(session, repository, repository.slice(slash + 1), call);
      else yield* listByProtocol(connection, repository, call);
    },
  });
}

const PLACE = { host: ECR_PUBLIC_HOST, base: new URL(`https://${ECR_PUBLIC_HOST}/`) };

/** The part of one owner. People write their repositories with the alias and without it. */
function onlyOf(alias: string, connector: Connector): Connector {
  return {
    ...connector,
    async *listRepositories(call) {
      for await (const entry of connector.listRepositories(call)) if (entry.name.startsWith(`${alias}/`)) yield entry;
    },
    normaliseRepository: text => withPrefix(connector.normaliseRepository(text), alias),
  };
}

async function* listByProtocol(
  connection: Connection,
  repository: string,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  for await (const name of connection.tagNames(repository, call)) yield { name };
}

async function authorize(session: AwsSession<ECRPUBLICClient>, call: CallOptions) {
  const { GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr-public');
  const task = `Cannot log in to ${ECR_PUBLIC_HOST}`;
  const { authorizationData: data } = await session.call(
    (client, options) => client.send(new GetAuthorizationTokenCommand({}), options),
    { ...call, task, action: 'ecr-public:GetAuthorizationToken (and sts:GetServiceBearerToken)' },
  );
  return readLogin(data?.authorizationToken, data?.expiresAt, task);
}

/** The names under which the owner's repositories are, the one that AWS gave included. */
async function ownAliases(session: AwsSession<ECRPUBLICClient>, call: CallOptions): Promise<ReadonlySet<string>> {
  const { DescribeRegistriesCommand } = await import('@aws-sdk/client-ecr-public');
  const task = {
    task: `Cannot find out which aliases in ${ECR_PUBLIC_HOST} are yours`,
    action: 'ecr-public:DescribeRegistries',
    ...call,
  };
  const names = new Set<string>();
  const pages = tokenPages(task.task, nextToken =>
    session.call(
      (client, options) => client.send(new DescribeRegistriesCommand({ maxResults: PAGE_SIZE, nextToken }), options),
      task,
    ),
  );
  for await (const { registries = [] } of pages) {
    for (const { aliases = [] } of registries) for (const { name } of aliases) if (name) names.add(name);
  }
  return names;
}

async function* listRepositories(
  session: AwsSession<ECRPUBLICClient>,
  call: CallOptions,
): AsyncGenerator<RepositoryEntry> {
  const { DescribeRepositoriesCommand } = await import('@aws-sdk/client-ecr-public');
  const task = {
    task: `Cannot list the repositories of ${ECR_PUBLIC_HOST}`,
    action: 'ecr-public:DescribeRepositories',
    ...call,
  };
  const pages = tokenPages(task.task, nextToken =>
    session.call(
      (client, options) => client.send(new DescribeRepositoriesCommand({ maxResults: PAGE_SIZE, nextToken }), options),
      task,
    ),
  );
  for await (const { repositories = [] } of pages) {
    for (const { repositoryUri = '' } of repositories) {
      if (repositoryUri.startsWith(`${ECR_PUBLIC_HOST}/`))
        yield { name: repositoryUri.slice(ECR_PUBLIC_HOST.length + 1) };
    }
  }
}

async function* listOwnTags(
  session: AwsSession<ECRPUBLICClient>,
  repository: string,
  repositoryName: string,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const { DescribeImageTagsCommand } = await import('@aws-sdk/client-ecr-public');
  const task = {
    task: `Cannot list the tags of "${printable(`${ECR_PUBLIC_HOST}/${repository}`)}"`,
    action: 'ecr-public:DescribeImageTags',
    ...call,
  };
  const pages = tokenPages(task.task, nextToken =>
    session.call((client, options) => {
      const input = { repositoryName, maxResults: PAGE_SIZE, nextToken };
      return client.send(new DescribeImageTagsCommand(input), options);
    }, task),
  );
  for await (const { imageTagDetails = [] } of pages) {
    for (const detail of imageTagDetails) yield* toTag(detail);
  }
}

function* toTag({ imageTag, imageDetail = {} }: ImageTagDetail): Generator<TagEntry> {
  const { imageDigest, imagePushedAt, imageSizeInBytes, imageManifestMediaType } = imageDetail;
  if (imageTag === undefined) return;
  yield {
    name: imageTag,
    ...(imageDigest !== undefined && isDigest(imageDigest) ? { digest: imageDigest } : {}),
    ...(imagePushedAt === undefined ? {} : { pushedAt: imagePushedAt.toISOString() }),
    ...(imageSizeInBytes === undefined ? {} : { sizeBytes: imageSizeInBytes }),
    ...(imageManifestMediaType === undefined ? {} : { mediaType: imageManifestMediaType }),
  };
}
