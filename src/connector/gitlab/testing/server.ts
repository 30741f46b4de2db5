/**
 * GitLab played by this process: its API at one host, its registry at another, which sends to the first for tokens.
 */
import { type RegistryServer, startRegistryServer } from '../../../../test/fixtures/registry-server.ts';
import { type ApiCall, type ApiReply, type ApiRoute, apiRoutes, pageByNumber } from '../../testing/api-routes.ts';
import { CONTRACT_PAGE_SIZE, type ContractRepository } from '../../testing/contract-world.ts';

/** How GitLab behaves. */
export interface GitlabOptions {
  readonly login: { readonly username: string; readonly password: string };
  readonly world: readonly ContractRepository[];
  readonly digests: ReadonlyMap<string, string>;
  /** How lists tell their next page; by link unless told. */
  readonly pagesBy?: 'link' | 'number';
  /** The realm of its registry; GitLab's own unless told. */
  readonly realm?: string;
}

/** Hosts to play. */
export const GITLAB_HOST = 'gitlab.example';
export const GITLAB_REGISTRY = 'gitlab.example:5050';

/** Starts it: each repository is the image of a project of its own, but for the first two, which share project `acme/app`'s. */
export async function startGitlab(options: GitlabOptions): Promise<RegistryServer> {
  const { login, world, digests, pagesBy = 'link' } = options;
  const guarded =
    (answer: ApiRoute[1]): ApiRoute[1] =>
    call =>
      call.request.headers['private-token'] === login.password
        ? answer(call)
        : { status: 401, body: { message: '401 Unauthorized' } };
  const paged = (entries: readonly object[], call: ApiCall): ApiReply => {
    const { page, number, hasMore } = pageByNumber(entries, call, { size: 'per_page', maxSize: CONTRACT_PAGE_SIZE });
    // Behind a proxy it takes itself for http.
    const next = new URL(`http://${call.url.host}${call.url.pathname}${call.url.search}`);
    next.searchParams.set('page', String(number + 1));
    const link = { link: `<${next.href}>; rel="next"` };
    const more = pagesBy === 'link' ? link : { 'x-next-page': String(number + 1) };
    const limit = { 'ratelimit-limit': '2000', 'ratelimit-remaining': '1999', 'ratelimit-reset': '1789000000' };
    return { headers: { ...limit, ...(hasMore ? more : { 'x-next-page': '' }) }, body: page };
  };
  const projects = world.map(({ name }, at) => ({ id: 100 + at, path_with_namespace: name, archived: at === 2 }));
  const repositoriesOf = (project: number) =>
    world.flatMap(({ name }, at) => (100 + at === project ? [{ id: at, project_id: project, path: name }] : []));
  const projectOf = (text: string | undefined) =>
    projects.find(({ id, path_with_namespace: path }) => String(id) === text || path === text);

  const api = apiRoutes([
    [/^GET gitlab\.example \/api\/v4\/projects$/, guarded(call => paged(projects, call))],
    [
      /^GET gitlab\.example \/api\/v4\/groups\/([^/]+)\/registry\/repositories$/,
      guarded(call => {
        if (call.groups[0] !== 'acme') return NOT_FOUND;
        return paged(
          projects.flatMap(({ id }) => repositoriesOf(id)),
          call,
        );
      }),
    ],
    [
      /^GET gitlab\.example \/api\/v4\/projects\/([^/]+)\/registry\/repositories$/,
      guarded(call => {
        const project = projectOf(call.groups[0]);
        return project === undefined ? NOT_FOUND : paged(repositoriesOf(project.id), call);
      }),
    ],
    [
      /^GET gitlab\.example \/api\/v4\/projects\/\d+\/registry\/repositories\/(\d+)\/tags$/,
      guarded(call => {
        const repository = world[Number(call.groups[0])];
        const tags = repository?.tags.map(({ name }) => ({ name, path: `${repository.name}:${name}` }));
        return tags === undefined ? NOT_FOUND : paged(tags, call);
      }),
    ],
    [
      /^GET gitlab\.example \/api\/v4\/projects\/\d+\/registry\/repositories\/(\d+)\/tags\/([^/]+)$/,
      guarded(({ groups: [id, name] }) => {
        const repository = world[Number(id)];
        const tag = repository?.tags.find(one => one.name === name);
        if (repository === undefined || tag === undefined) return NOT_FOUND;
        const digest = digests.get(`${repository.name}:${tag.name}`);
        const created = tag.pushedAt.replace('.000Z', '.000+00:00');
        return { body: { name, digest, created_at: created, total_size: 99, revision: 'abc' } };
      }),
    ],
  ]);
  return await startRegistryServer({
    auth: 'bearer',
    realm: options.realm ?? `https://${GITLAB_HOST}/jwt/auth`,
    tokenPath: '/jwt/auth',
    catalog: 'denied',
    login,
    api,
  });
}

const NOT_FOUND: ApiReply = { status: 404, body: { message: '404 Not found' } };
