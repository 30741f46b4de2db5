/**
 * GitHub played by this process: the packages API of api.github.com and the registry ghcr.io, told apart by the host that was asked.
 */
import { type RegistryServer, startRegistryServer } from '../../../../test/fixtures/registry-server.ts';
import { type ApiCall, type ApiReply, type ApiRoute, apiRoutes, pageByNumber } from '../../testing/api-routes.ts';
import { CONTRACT_PAGE_SIZE, type ContractRepository } from '../../testing/contract-world.ts';

/** How GitHub behaves. */
export interface GitHubOptions {
  readonly login: { readonly username: string; readonly password: string };
  readonly world: readonly ContractRepository[];
  readonly digests: ReadonlyMap<string, string>;
  /** What the owner `acme` is: an organisation, the token's own user, or another user. */
  readonly ownerIs?: 'Organization' | 'self' | 'User';
}

/** Starts it. `digests` may be filled afterwards. */
export async function startGitHub(options: GitHubOptions): Promise<RegistryServer> {
  const { login, world, digests, ownerIs = 'Organization' } = options;
  const own = ownerIs === 'Organization' ? 'orgs/acme' : ownerIs === 'self' ? 'user' : 'users/acme';
  const guarded =
    (answer: ApiRoute[1]): ApiRoute[1] =>
    call => {
      const isKnown = call.request.headers.authorization === `Bearer ${login.password}`;
      const isRight = call.request.headers['x-github-api-version'] === '2022-11-28';
      if (!isRight) return { status: 400, body: { message: 'no version' } };
      return isKnown ? answer(call) : { status: 401, body: { message: 'Bad credentials', status: '401' } };
    };
  const versionsOf = ({ name, tags }: ContractRepository) =>
    tags
      .toReversed()
      .flatMap(({ name: tag, pushedAt }, at) => [
        version(`sha256:${String(at).padStart(64, '0')}`, pushedAt, []),
        version(digests.get(`${name}:${tag}`) ?? '', pushedAt, [tag]),
      ]);
  const api = apiRoutes([
    [
      /^GET api\.github\.com \/users\/([^/]+)$/,
      guarded(({ groups: [account] }) =>
        account === 'acme'
          ? { body: { login: 'Acme', type: ownerIs === 'Organization' ? ownerIs : 'User' } }
          : NOT_FOUND,
      ),
    ],
    [
      /^GET api\.github\.com \/user$/,
      guarded(() => ({ body: { login: ownerIs === 'self' ? 'Acme' : login.username, type: 'User' } })),
    ],
    [
      /^GET api\.github\.com \/(orgs\/acme|users\/acme|user)\/packages$/,
      guarded(call => {
        if (call.groups[0] !== own) return NOT_FOUND;
        const packages = world.map(({ name }) => ({ name: name.replace('acme/', ''), owner: { login: 'Acme' } }));
        return paged(packages, call);
      }),
    ],
    [
      /^GET api\.github\.com \/(orgs\/acme|users\/acme|user)\/packages\/container\/([^/]+)\/versions$/,
      guarded(call => {
        const repository = world.find(({ name }) => name === `acme/${call.groups[1]}`);
        return call.groups[0] !== own || repository === undefined ? NOT_FOUND : paged(versionsOf(repository), call);
      }),
    ],
  ]);
  return await startRegistryServer({ auth: 'bearer', realm: 'https://ghcr.io/token', catalog: 'denied', login, api });
}

const NOT_FOUND: ApiReply = { status: 404, body: { message: 'Package not found.', status: '404' } };

function version(name: string, at: string, tags: readonly string[]): object {
  const date = at.replace('.000Z', 'Z');
  return {
    id: 1,
    name,
    created_at: date,
    updated_at: date,
    metadata: { package_type: 'container', container: { tags } },
  };
}

/** As GitHub pages: by number, with a Link header of whole URLs. */
function paged(entries: readonly object[], call: ApiCall): ApiReply {
  const { page, number, hasMore } = pageByNumber(entries, call, { size: 'per_page', maxSize: CONTRACT_PAGE_SIZE });
  const to = (target: number) => {
    const url = new URL(`https://api.github.com${call.url.pathname}${call.url.search}`);
    url.searchParams.set('page', String(target));
    return url.href;
  };
  const link = `<${to(1)}>; rel="first"${hasMore ? `, <${to(number + 1)}>; rel="next", <${to(99)}>; rel="last"` : ''}`;
  return { headers: { link, 'x-ratelimit-limit': '5000', 'x-ratelimit-remaining': '4999' }, body: page };
}
