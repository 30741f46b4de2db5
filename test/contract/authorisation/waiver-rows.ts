/** Who may use the routes of waivers. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const draftOf = ({ own, image }: SampleWorld) => ({
  namespaceId: own,
  vulnerability: image.vulnerability,
  scope: { kind: 'image', digest: image.digest },
  reason: 'nobody can reach it',
});

/** A waiver that sets nothing aside which requests of other rows are about. */
async function newWaiver(world: SampleWorld): Promise<SampleRequest> {
  const { id } = await world.ask('POST', '/api/v1/waivers', { ...draftOf(world), package: world.freshName() });
  return { params: { waiverId: String(id) } };
}

/** Waivers. */
export const WAIVER_ROWS: readonly Row[] = [
  {
    route: 'GET /api/v1/waivers',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newWaiver(world);
      return {};
    },
  },
  {
    route: 'POST /api/v1/waivers',
    for: 'operator',
    request: world => ({ body: { ...draftOf(world), package: world.freshName() } }),
  },
  { route: 'GET /api/v1/waivers/document', for: 'viewer', request: ({ own }) => ({ query: `?namespace=${own}` }) },
  { route: 'GET /api/v1/waivers/:waiverId', for: 'viewer', request: newWaiver },
  {
    route: 'PATCH /api/v1/waivers/:waiverId',
    for: 'operator',
    request: async world => ({ ...(await newWaiver(world)), body: { reason: 'the port is closed' } }),
  },
  { route: 'DELETE /api/v1/waivers/:waiverId', for: 'operator', request: newWaiver },
];
