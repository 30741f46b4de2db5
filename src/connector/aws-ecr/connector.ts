/**
 * The connector of Amazon ECR: lists by the API of AWS, pulls with the password that it gives out for twelve hours.
 */
import type { DescribeImagesCommandInput, ECRClient, ImageDetail } from '@aws-sdk/client-ecr';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isDigest } from '#oci/digest.ts';
import { assembleConnector } from '../assemble-connector.ts';
import { Connection } from '../connection.ts';
import type { CallOptions, Connector, ConnectorOptions, RepositoryEntry, TagEntry, TagQuery } from '../connector.ts';
import { type EcrAddress, parseEcrHost } from './address.ts';
import { AwsSession, checkAwsCredentials } from './aws-session.ts';
import { EcrLogin, readLogin } from './ecr-login.ts';
import { AWS_ECR } from './settings.ts';
import { tokenPages } from './token-pages.ts';

/** The most that the API gives at a time. */
const PAGE_SIZE = 1000;
/** Up to so many names are looked up one by one; beyond, a listing is cheaper. The API fails for a list in which one name is missing. */
const MAX_LOOKUPS = 20;

/** Opens the registry at the address of the settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function openEcr(options: ConnectorOptions): Promise<Connector> {
  const { settings, credentials } = options;
  if (credentials.kind !== 'aws') throw new Error('Amazon ECR takes credentials of AWS only');
  checkAwsCredentials(credentials);
  const base = new URL(`${settings.url}/`);
  const address = parseEcrHost(base.host);
  const { region, isFips, isDualStack } = address;
  const login = new EcrLogin(call => authorize(session, address, call), options.now ?? Date.now);
  const connection = new Connection(options, { host: base.host, base, pullCredentials: login });
  const session = new AwsSession<ECRClient>({
    region,
    isFips,
    isDualStack,
    credentials,
    connection,
    policy: 'AmazonEC2ContainerRegistryReadOnly',
    newClient: async config => new (await import('@aws-sdk/client-ecr')).ECRClient(config),
  });
  const connector = assembleConnector({
    product: AWS_ECR,
    connection,
    listRepositories: call => listRepositories(session, address, call),
    listTags: (repository, query, call) => listTags(session, address, repository, query, call),
  });
  return Promise.resolve(connector);
}

async function authorize(session: AwsSession<ECRClient>, { host }: EcrAddress, call: CallOptions) {
  const { GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
  const task = `Cannot log in to ${host}`;
  const answer = await session.call((client, options) => client.send(new GetAuthorizationTokenCommand({}), options), {
    ...call,
    task,
    action: 'ecr:GetAuthorizationToken',
  });
  const [data] = answer.authorizationData ?? [];
  return readLogin(data?.authorizationToken, data?.expiresAt, task);
}

async function* listRepositories(
  session: AwsSession<ECRClient>,
  { accountId, host }: EcrAddress,
  call: CallOptions,
): AsyncGenerator<RepositoryEntry> {
  const { DescribeRepositoriesCommand } = await import('@aws-sdk/client-ecr');
  const caches = await pullThroughCaches(session, accountId, call);
  const task = { task: `Cannot list the repositories of ${host}`, action: 'ecr:DescribeRepositories', ...call };
  const pages = tokenPages(task.task, nextToken =>
    session.call((client, options) => {
      const input = { registryId: accountId, maxResults: PAGE_SIZE, nextToken };
      return client.send(new DescribeRepositoriesCommand(input), options);
    }, task),
  );
  for await (const { repositories = [] } of pages) {
    for (const { repositoryName: name } of repositories) {
      if (name === undefined) continue;
      const upstream = caches.find(({ prefix }) => prefix === 'ROOT' || name.startsWith(`${prefix}/`))?.upstream;
      if (upstream === undefined) yield { name };
      else yield { name, note: `pull-through cache of ${upstream}: lists what was pulled before` };
    }
  }
}

/** Prefixes whose repositories are filled from elsewhere. To know them takes a right that scanning does not, so without it nothing is said. */
async function pullThroughCaches(session: AwsSession<ECRClient>, registryId: string, call: CallOptions) {
  const { DescribePullThroughCacheRulesCommand } = await import('@aws-sdk/client-ecr');
  const task = { task: 'Cannot list the pull-through caches', action: 'ecr:DescribePullThroughCacheRules', ...call };
  try {
    const { pullThroughCacheRules: rules = [] } = await session.call(
      (client, options) =>
        client.send(new DescribePullThroughCacheRulesCommand({ registryId, maxResults: PAGE_SIZE }), options),
      task,
    );
    return rules.map(({ ecrRepositoryPrefix: prefix = '', upstreamRegistryUrl = '' }) => ({
      prefix,
      upstream: printable(upstreamRegistryUrl, 100),
    }));
  } catch (error) {
    const isOptional = error instanceof PlimsollError && ['REGISTRY_DENIED', 'REGISTRY_INVALID'].includes(error.code);
    if (isOptional) return [];
    throw error;
  }
}

async function* listTags(
  session: AwsSession<ECRClient>,
  { accountId, host }: EcrAddress,
  repositoryName: string,
  { names }: TagQuery,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const { DescribeImagesCommand } = await import('@aws-sdk/client-ecr');
  const task = {
    task: `Cannot list the tags of "${printable(`${host}/${repositoryName}`)}"`,
    action: 'ecr:DescribeImages',
    ...call,
  };
  const describe = (input: Omit<DescribeImagesCommandInput, 'registryId' | 'repositoryName'>) =>
    session.call(
      (client, options) =>
        client.send(new DescribeImagesCommand({ registryId: accountId, repositoryName, ...input }), options),
      task,
    );
  if (names !== undefined && names.length <= MAX_LOOKUPS) {
    for (const imageTag of names) {
      try {
        const { imageDetails = [] } = await describe({ imageIds: [{ imageTag }] });
        for (const image of imageDetails) yield* toTags(image);
      } catch (error) {
        if (!isMissingImage(error)) throw error;
      }
    }
    return;
  }
  const pages = tokenPages(task.task, nextToken =>
    describe({ filter: { tagStatus: 'TAGGED' }, maxResults: PAGE_SIZE, nextToken }),
  );
  for await (const { imageDetails = [] } of pages) {
    for (const image of imageDetails) yield* toTags(image);
  }
}

/** An image has one date, of the digest: a tag that is moved to an older image keeps the date of that image. */
function* toTags(image: ImageDetail): Generator<TagEntry> {
  const { imageDigest, imageTags = [], imagePushedAt, imageSizeInBytes, imageManifestMediaType } = image;
  for (const name of imageTags) {
    yield {
      name,
      ...(imageDigest !== undefined && isDigest(imageDigest) ? { digest: imageDigest } : {}),
      ...(imagePushedAt === undefined ? {} : { pushedAt: imagePushedAt.toISOString() }),
      ...(imageSizeInBytes === undefined ? {} : { sizeBytes: imageSizeInBytes }),
      ...(imageManifestMediaType === undefined ? {} : { mediaType: imageManifestMediaType }),
    };
  }
}

/** No image of that tag, in a repository that exists. */
function isMissingImage(error: unknown): boolean {
  return error instanceof PlimsollError && error.code === 'MANIFEST_UNKNOWN' && error.message.includes('ImageNotFound');
}
