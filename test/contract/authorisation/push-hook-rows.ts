/** Who may make the push address of a registry, and use it. */
import type { Row, SampleWorld } from './row.ts';

async function newRegistry(world: SampleWorld): Promise<string> {
  const { id } = await world.ask('POST', '/api/v1/registries', {
    name: world.freshName(),
    type: 'docker-v2',
    url: 'http://127.0.0.1:9',
    tls: { insecureHttp: true },
    namespaceId: world.own,
  });
  return String(id);
}

const withHook = async (world: SampleWorld) => {
  const registryId = await newRegistry(world);
  await world.ask('PUT', `/api/v1/registries/${registryId}/hook`);
  return { params: { registryId } };
};

/** Push addresses. */
export const PUSH_HOOK_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/registries/:registryId/hook', for: 'viewer', request: withHook },
  {
    route: 'PUT /api/v1/registries/:registryId/hook',
    for: 'admin',
    request: async world => ({ params: { registryId: await newRegistry(world) } }),
  },
  { route: 'DELETE /api/v1/registries/:registryId/hook', for: 'admin', request: withHook },
  {
    // By the secret of the address: no account opens it.
    route: 'POST /api/v1/hooks/:registryId',
    for: 'sensor',
    request: async world => ({ ...(await withHook(world)), body: { repository: 'app', tag: 'latest' } }),
  },
  {
    route: 'POST /api/v1/registry-products/aws-ecr/role',
    for: 'signed-in',
    request: () => ({ body: { accountType: 'global', trusted: '123456789012' } }),
  },
];
