/**
 * Docker Hub played by this process: its API, its token server and its registry, told apart by the host that was asked.
 */
import {
  type RegistryServer,
  type SeenRequest,
  startRegistryServer,
} from '../../../../test/fixtures/registry-server.ts';
import { type ApiReply, type ApiRoute, apiRoutes, pageByNumber } from '../../testing/api-routes.ts';
import { CONTRACT_PAGE_SIZE, type ContractRepository } from '../../testing/contract-world.ts';

/** How Docker Hub behaves. */
export interface DockerHubOptions {
  readonly login?: { readonly username: string; readonly password: string };
  readonly world: readonly ContractRepository[];
  readonly digests: ReadonlyMap<string, string>;
  /** Whether the namespaces of an account can be asked for; else 404. */
  readonly knowsNamespaces?: boolean;
}

/** The server, and a way to end the tokens of its API. */
export interface DockerHubServer {
  readonly server: RegistryServer;
  endTokens(): void;
  /** For `serviceOrigins`. */
  readonly origins: Readonly<Record<string, string>>;
}

/** Starts it. `digests` may be filled afterwards. */
export async function startDockerHub(options: DockerHubOptions): Promise<DockerHubServer> {
  const { login, world, digests, knowsNamespaces = true } = options;
  const tokens = new Set<string>();
  let granted = 0;
  const isAllowed = ({ headers }: SeenRequest) =>
    login === undefined ||
    headers.authorization === undefined ||
    tokens.has(headers.authorization.replace('Bearer ', ''));
  const guarded =
    (answer: ApiRoute[1]): ApiRoute[1] =>
    call =>
      isAllowed(call.request) ? answer(call) : { status: 401, body: { message: 'object not found or access denied' } };
  const tagOf = (repository: ContractRepository, { name, pushedAt }: ContractRepository['tags'][number]) => ({
    name,
    digest: digests.get(`${repository.name}:${name}`),
    full_size: 1234,
    last_updated: pushedAt.replace('.000Z', '.123456Z'),
    tag_last_pushed: pushedAt,
    images: [{ architecture: 'amd64', os: 'linux' }],
  });
  const named = ([namespace, name]: readonly string[]) => world.find(one => one.name === `${namespace}/${name}`);

  const api = apiRoutes([
    [
      /^POST hub\.docker\.com \/v2\/auth\/token$/,
      ({ request }) => {
        const { identifier, secret } = JSON.parse(request.body) as { identifier: string; secret: string };
        if (identifier !== login?.username || secret !== login.password) {
          return { status: 401, body: { detail: `incorrect authentication credentials ${secret}` } };
        }
        const token = `hub-${++granted}`;
        tokens.add(token);
        return { body: { access_token: token } };
      },
    ],
    [
      /^GET hub\.docker\.com \/v2\/repositories\/namespaces$/,
      guarded(() => (knowsNamespaces ? { body: { namespaces: ['acme'] } } : NOT_FOUND)),
    ],
    [
      /^GET hub\.docker\.com \/v2\/repositories\/([^/]+)\/$/,
      guarded(call => {
        const owned = world.filter(({ name }) => name.startsWith(`${call.groups[0]}/`));
        if (owned.length === 0) return NOT_FOUND;
        const results = owned.map(({ name }) => {
          const [namespace = '', repository = ''] = name.split('/');
          return { namespace, name: repository, status: 1, is_private: true };
        });
        return paged(results, call);
      }),
    ],
    [
      /^GET hub\.docker\.com \/v2\/repositories\/([^/]+)\/([^/]+)\/tags$/,
      guarded(call => {
        const repository = named(call.groups);
        if (repository === undefined) return NOT_FOUND;
        const newestFirst = repository.tags.map(tag => tagOf(repository, tag)).reverse();
        return paged(newestFirst, call);
      }),
    ],
    [
      /^GET hub\.docker\.com \/v2\/repositories\/([^/]+)\/([^/]+)\/tags\/([^/]+)$/,
      guarded(call => {
        const repository = named(call.groups);
        const tag = repository?.tags.find(({ name }) => name === call.groups[2]);
        return repository === undefined || tag === undefined ? NOT_FOUND : { body: tagOf(repository, tag) };
      }),
    ],
  ]);
  const server = await startRegistryServer({
    auth: 'bearer',
    realm: 'https://auth.docker.io/token',
    catalog: 'denied',
    api,
    ...(login === undefined ? {} : { login }),
  });
  const hosts = ['hub.docker.com', 'registry-1.docker.io', 'auth.docker.io'];
  return {
    server,
    origins: Object.fromEntries(hosts.map(host => [host, server.host])),
    endTokens: () => {
      tokens.clear();
      server.endTokens();
    },
  };
}

const NOT_FOUND: ApiReply = { status: 404, body: { message: 'httperror 404: object not found' } };

/** As Docker Hub pages: the next page is a whole URL in the body, and every answer says what is left of a limit per minute. */
function paged(results: readonly object[], call: Parameters<ApiRoute[1]>[0]): ApiReply {
  const { page, number, hasMore } = pageByNumber(results, call, { size: 'page_size', maxSize: CONTRACT_PAGE_SIZE });
  const next = new URL(`https://hub.docker.com${call.url.pathname}${call.url.search}`);
  next.searchParams.set('page', String(number + 1));
  const headers = { 'x-ratelimit-limit': '600', 'x-ratelimit-remaining': '599', 'x-ratelimit-reset': '1789000000' };
  return { headers, body: { count: results.length, next: hasMore ? next.href : null, results: page } };
}
