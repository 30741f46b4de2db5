/** Who may use the routes of the build service; and those for builders, who have tokens of their own, so that nobody here may. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const NO_ID = '00000000-0000-4000-8000-000000000000';
const CONFIGURATION = { source: { url: 'https://git.example/acme/app.git' } };

async function newProject(world: SampleWorld): Promise<string> {
  const body = { namespaceId: world.own, name: world.freshName(), distributionMethod: 'rhcc' };
  return String((await world.ask('POST', '/api/v1/projects', body))['id']);
}

const project = async (world: SampleWorld): Promise<SampleRequest> => ({
  params: { projectId: await newProject(world) },
});

/** A build that waits: no builder is there. */
async function build(world: SampleWorld): Promise<SampleRequest> {
  const projectId = await newProject(world);
  await world.ask('PUT', `/api/v1/projects/${projectId}/build-configuration`, CONFIGURATION);
  const { id } = await world.ask('POST', `/api/v1/projects/${projectId}/builds`, { tag: '1.0-1' });
  return { params: { buildId: String(id) } };
}

/** A build that is over: its log ends. */
async function endedBuild(world: SampleWorld): Promise<SampleRequest> {
  const made = await build(world);
  await world.ask('POST', `/api/v1/builds/${made.params?.['buildId']}/cancel`);
  return made;
}

/** Builds: a viewer of the namespace watches, an operator configures and builds. */
export const BUILD_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/projects/:projectId/build-configuration', for: 'viewer', request: project },
  {
    route: 'PUT /api/v1/projects/:projectId/build-configuration',
    for: 'operator',
    request: async world => ({ ...(await project(world)), body: CONFIGURATION }),
  },
  {
    // That is no address, which only those are told who may ask.
    route: 'POST /api/v1/projects/:projectId/build-configuration/test',
    for: 'operator',
    request: async world => ({ ...(await project(world)), body: { source: { url: 'nowhere' } } }),
  },
  { route: 'GET /api/v1/projects/:projectId/builds', for: 'viewer', request: project },
  {
    route: 'POST /api/v1/projects/:projectId/builds',
    for: 'operator',
    request: async world => ({ ...(await project(world)), body: { tag: '1.0-1' } }),
  },
  {
    route: 'GET /api/v1/projects/:projectId/next-build-tag',
    for: 'viewer',
    request: async world => ({ ...(await project(world)), query: '?version=1.0' }),
  },
  { route: 'GET /api/v1/builds/:buildId', for: 'viewer', request: build },
  { route: 'POST /api/v1/builds/:buildId/cancel', for: 'operator', request: build },
  { route: 'POST /api/v1/builds/:buildId/retry', for: 'operator', request: build },
  { route: 'GET /api/v1/builds/:buildId/log', for: 'viewer', request: build },
  { route: 'GET /api/v1/builds/:buildId/log/stream', for: 'viewer', request: endedBuild },
  { route: 'GET /api/v1/builders', for: 'server viewer' },
  {
    route: 'POST /api/v1/builders',
    for: 'server admin',
    request: world => ({ body: { name: world.freshName() } }),
  },
  {
    route: 'DELETE /api/v1/builders/:builderId',
    for: 'server admin',
    request: async world => {
      const { builder } = await world.ask('POST', '/api/v1/builders', { name: world.freshName() });
      return { params: { builderId: String((builder as unknown as { readonly id: string }).id) } };
    },
  },
];

/** What builders ask for, by their own tokens: no role and no key opens it. */
export const BUILDER_PORT_ROWS: readonly Row[] = [
  { route: 'POST /api/builder/v1/lease', for: 'sensor', request: () => ({ body: { waitMs: 0, versions: {} } }) },
  ...['report', 'end'].map(
    (word): Row => ({
      route: `POST /api/builder/v1/builds/:buildId/${word}`,
      for: 'sensor',
      request: () => ({ params: { buildId: NO_ID }, body: {} }),
    }),
  ),
];
