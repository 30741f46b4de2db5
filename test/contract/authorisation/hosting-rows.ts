/** Who may read and change the rules of the hosted registry. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

/** A project whose images are pushed to the server has a space from the beginning. */
async function space(world: SampleWorld): Promise<SampleRequest> {
  const body = { namespaceId: world.own, name: world.freshName(), distributionMethod: 'rhcc' };
  const { pid } = await world.ask('POST', '/api/v1/projects', body);
  return { params: { space: String(pid) } };
}

/** Defaults and quotas are the server's business; a space is its namespace's. */
export const HOSTING_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/hosting/defaults', for: 'server viewer' },
  { route: 'PATCH /api/v1/hosting/defaults', for: 'server admin', request: () => ({ body: { untaggedDays: null } }) },
  {
    route: 'GET /api/v1/hosting/spaces',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await space(world);
      return { query: '?limit=500' };
    },
  },
  { route: 'GET /api/v1/hosting/spaces/:space', for: 'viewer', request: space },
  {
    route: 'PATCH /api/v1/hosting/spaces/:space',
    for: 'admin',
    request: async world => ({ ...(await space(world)), body: { untaggedDays: 30 } }),
  },
];
