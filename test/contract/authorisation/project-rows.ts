/** Who may use the routes of certification projects: our own, and those that preflight speaks. */
import { randomBytes } from 'node:crypto';
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const SPEC = `registry.example/acme/app@sha256:${'0'.repeat(64)}`;

async function newProject(world: SampleWorld, more: object = {}): Promise<string> {
  const body = { namespaceId: world.own, name: world.freshName(), ...more };
  return String((await world.ask('POST', '/api/v1/projects', body))['id']);
}

const project = async (world: SampleWorld): Promise<SampleRequest> => ({
  params: { projectId: await newProject(world) },
});
const hosted = async (world: SampleWorld): Promise<SampleRequest> => ({
  params: { projectId: await newProject(world, { distributionMethod: 'rhcc' }) },
});

async function newImage(world: SampleWorld): Promise<{ readonly projectId: string; readonly imageId: string }> {
  const projectId = await newProject(world, { osContentType: 'Scratch Image' });
  const { pid } = await world.ask('GET', `/api/v1/projects/${projectId}`);
  const { _id } = await world.ask('POST', '/api/containers/v1/images', {
    isv_pid: pid,
    docker_image_digest: `sha256:${randomBytes(32).toString('hex')}`,
    architecture: 'amd64',
    certified: true,
    // Where nothing listens.
    repositories: [{ registry: '127.0.0.1:9', repository: 'acme/app', tags: [{ name: '1' }] }],
  });
  return { projectId, imageId: String(_id) };
}

const image = async (world: SampleWorld): Promise<SampleRequest> => ({
  params: { imageId: (await newImage(world)).imageId },
});

async function newScan(world: SampleWorld): Promise<string> {
  const projectId = await newProject(world);
  const body = { pullSpec: SPEC, tag: '1' };
  return String((await world.ask('POST', `/api/v1/projects/${projectId}/scans`, body))['id']);
}

/** Projects: a viewer of the namespace reads, an operator does. */
export const PROJECT_ROWS: readonly Row[] = [
  {
    route: 'GET /api/v1/projects',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newProject(world);
      return { query: '?limit=500' };
    },
  },
  {
    route: 'POST /api/v1/projects',
    for: 'operator',
    request: world => ({ body: { namespaceId: world.own, name: world.freshName() } }),
  },
  { route: 'GET /api/v1/projects/:projectId', for: 'viewer', request: project },
  {
    route: 'PATCH /api/v1/projects/:projectId',
    for: 'operator',
    request: async world => ({ ...(await project(world)), body: { autoPublish: true } }),
  },
  {
    route: 'PUT /api/v1/projects/:projectId/pull-secret',
    for: 'operator',
    request: async world => ({
      ...(await project(world)),
      body: { pullSecret: '{"auths":{"quay.io":{"auth":"dXNlcjpwYXNzd29yZA=="}}}' },
    }),
  },
  { route: 'DELETE /api/v1/projects/:projectId/pull-secret', for: 'operator', request: project },
  { route: 'GET /api/v1/projects/:projectId/registry-key', for: 'operator', request: hosted },
  { route: 'POST /api/v1/projects/:projectId/registry-key/rotate', for: 'operator', request: hosted },
  { route: 'DELETE /api/v1/projects/:projectId/registry-key', for: 'operator', request: hosted },
  { route: 'GET /api/v1/projects/:projectId/images', for: 'viewer', request: project },
  { route: 'GET /api/v1/project-images/:imageId', for: 'viewer', request: image },
  { route: 'GET /api/v1/project-images/:imageId/test-results', for: 'viewer', request: image },
  {
    route: 'POST /api/v1/projects/:projectId/scans',
    for: 'operator',
    request: async world => ({ ...(await project(world)), body: { pullSpec: SPEC, tag: '1' } }),
  },
  {
    route: 'POST /api/v1/projects/:projectId/image-requests',
    for: 'operator',
    request: async world => {
      const { projectId, imageId } = await newImage(world);
      return { params: { projectId }, body: { operation: 'sync-tags', imageId } };
    },
  },
  { route: 'GET /api/v1/projects/:projectId/requests', for: 'viewer', request: project },
  {
    route: 'GET /api/v1/project-requests/:requestId',
    for: 'viewer',
    request: async world => ({ params: { requestId: await newScan(world) } }),
  },
  { route: 'GET /api/v1/projects/:projectId/checklist', for: 'viewer', request: project },
  { route: 'GET /api/v1/catalog/repositories', for: 'everybody' },
  { route: 'GET /api/v1/catalog/images', for: 'everybody' },
  // Nothing is published, which everybody is told.
  ...['', '/vulnerabilities', '/sbom'].map(
    (below): Row => ({
      route: `GET /api/v1/catalog/images/:imageId${below}`,
      for: 'everybody',
      request: () => ({ params: { imageId: '0'.repeat(24) } }),
    }),
  ),
  { route: 'GET /api/v1/base-images', for: 'signed-in' },
  // There is no such registry, which only those are told who may ask.
  {
    route: 'POST /api/v1/base-images',
    for: 'server admin',
    request: () => ({ body: { reference: '127.0.0.1:9/base:1' } }),
  },
  {
    // That is no id, which only those are told who may remove one.
    route: 'DELETE /api/v1/base-images/:baseImageId',
    for: 'server admin',
    request: () => ({ params: { baseImageId: 'none' } }),
  },
];

const below = (path: string, id: string) => ({ rest: path.replace('ID', id) });

/** The certification API, of which each path says who may use it. */
export const PYXIS_ROWS: readonly Row[] = [
  {
    route: 'GET /api/containers/*',
    for: 'viewer',
    request: async world => below('v1/projects/certification/id/ID', await newProject(world)),
  },
  {
    route: 'GET /api/containers/*',
    for: 'viewer',
    request: async world => below('v1/images/id/ID', (await newImage(world)).imageId),
  },
  { route: 'GET /api/containers/*', for: 'everybody', request: () => ({ rest: 'v1/repositories' }) },
  {
    route: 'POST /api/containers/*',
    for: 'operator',
    request: async world => ({
      ...below('v1/projects/certification/id/ID/requests/scans', await newProject(world)),
      body: { pull_spec: SPEC, tag: '1' },
    }),
  },
  ...['/graphql', '//graphql'].map(
    (path): Row => ({
      route: `POST /api/containers${path}`,
      for: 'everybody',
      request: () => ({ body: { query: '{find_images{total}}' } }),
    }),
  ),
  {
    route: 'PATCH /api/containers/*',
    for: 'operator',
    request: async world => ({
      ...below('v1/projects/certification/id/ID', await newProject(world)),
      body: { container: { auto_publish: true } },
    }),
  },
  {
    route: 'PATCH /api/containers/*',
    for: 'operator',
    request: async world => ({
      ...below('v1/images/id/ID', (await newImage(world)).imageId),
      body: { certified: true },
    }),
  },
  // Nothing is put or deleted there, which whoever has signed in is told.
  { route: 'PUT /api/containers/*', for: 'signed-in', request: () => ({ rest: 'v1/repositories' }) },
  { route: 'DELETE /api/containers/*', for: 'signed-in', request: () => ({ rest: 'v1/repositories' }) },
];
