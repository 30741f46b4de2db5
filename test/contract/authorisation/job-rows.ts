/** Who may use the routes of registries, scan jobs, runs and events. */
import type { Row, SampleRequest, SampleWorld } from './row.ts';

/** Nobody ever asks there. */
const URL = 'http://127.0.0.1:9';
const NO_ID = '00000000-0000-4000-8000-000000000000';

const registryOf = (world: SampleWorld) => ({
  name: world.freshName(),
  type: 'docker-v2',
  url: URL,
  tls: { insecureHttp: true },
  namespaceId: world.own,
});

async function newRegistry(world: SampleWorld): Promise<{ registryId: string }> {
  const { id } = await world.ask('POST', '/api/v1/registries', registryOf(world));
  return { registryId: String(id) };
}

const settingsOf = (world: SampleWorld) => ({
  name: world.freshName(),
  scanType: 'Automatic',
  targets: [{ repository: 'app' }],
  recurrence: { intervalDays: 1, startTime: '03:00' },
});

async function newSchedule(world: SampleWorld): Promise<{ scheduleId: string }> {
  const { registryId } = await newRegistry(world);
  const { schedule } = await world.ask('POST', `/api/v1/registries/${registryId}/schedules`, settingsOf(world));
  return { scheduleId: String((schedule as { id: string }).id) };
}

async function newRun(world: SampleWorld): Promise<{ runId: string }> {
  const { registryId } = await newRegistry(world);
  const image = { repository: 'app', tag: 'latest' };
  const { id } = await world.ask('POST', `/api/v1/registries/${registryId}/images/scan`, image);
  return { runId: String(id) };
}

type Maker = (world: SampleWorld) => Promise<Readonly<Record<string, string>>>;

/** A request about something that `make` makes. */
const about =
  (make: Maker, bodyOf?: (world: SampleWorld) => unknown) =>
  async (world: SampleWorld): Promise<SampleRequest> => {
    const params = await make(world);
    return bodyOf === undefined ? { params } : { params, body: bodyOf(world) };
  };

/** Registries, scan jobs and runs. */
export const JOB_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/registry-products', for: 'signed-in' },
  {
    route: 'GET /api/v1/registry-products/:type',
    for: 'signed-in',
    request: () => ({ params: { type: 'docker-v2' } }),
  },
  {
    route: 'GET /api/v1/registries',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newRegistry(world);
      return {};
    },
  },
  {
    route: 'POST /api/v1/registries',
    for: 'admin',
    request: world => ({ body: registryOf(world) }),
  },
  {
    route: 'POST /api/v1/registries/test',
    for: 'admin',
    request: world => ({ body: registryOf(world) }),
  },
  { route: 'GET /api/v1/registries/:registryId', for: 'viewer', request: about(newRegistry) },
  {
    route: 'PATCH /api/v1/registries/:registryId',
    for: 'admin',
    request: about(newRegistry, world => ({ name: world.freshName() })),
  },
  { route: 'DELETE /api/v1/registries/:registryId', for: 'admin', request: about(newRegistry) },
  {
    route: 'POST /api/v1/registries/:registryId/test',
    for: 'operator',
    request: about(newRegistry, () => ({})),
    waits: true,
  },
  {
    route: 'POST /api/v1/registries/:registryId/schedules/preview',
    for: 'operator',
    request: about(newRegistry, settingsOf),
    waits: true,
  },
  {
    route: 'POST /api/v1/registries/:registryId/images/scan',
    for: 'operator',
    request: about(newRegistry, () => ({ repository: 'app', tag: 'latest' })),
  },
  {
    route: 'POST /api/v1/registries/:registryId/schedules/cancel',
    for: 'operator',
    request: about(newRegistry, () => ({ ids: [NO_ID] })),
  },
  {
    route: 'POST /api/v1/registries/:registryId/schedules/delete',
    for: 'operator',
    request: about(newRegistry, () => ({ ids: [NO_ID] })),
  },
  {
    route: 'GET /api/v1/registries/:registryId/bulk/:jobId',
    for: 'viewer',
    request: about(async world => {
      const { registryId } = await newRegistry(world);
      const path = `/api/v1/registries/${registryId}/schedules/cancel`;
      const { jobId } = await world.ask('POST', path, { ids: [NO_ID] });
      return { registryId, jobId: String(jobId) };
    }),
  },
  {
    route: 'GET /api/v1/schedules',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newSchedule(world);
      return {};
    },
  },
  { route: 'GET /api/v1/schedules/:scheduleId', for: 'viewer', request: about(newSchedule) },
  {
    route: 'POST /api/v1/registries/:registryId/schedules',
    for: 'operator',
    request: about(newRegistry, settingsOf),
  },
  { route: 'PUT /api/v1/schedules/:scheduleId', for: 'operator', request: about(newSchedule, settingsOf) },
  {
    route: 'PATCH /api/v1/schedules/:scheduleId',
    for: 'operator',
    request: about(newSchedule, () => ({ isEnabled: false })),
  },
  { route: 'DELETE /api/v1/schedules/:scheduleId', for: 'operator', request: about(newSchedule) },
  {
    route: 'POST /api/v1/schedules/:scheduleId/preview-update',
    for: 'operator',
    request: about(newSchedule, settingsOf),
  },
  { route: 'POST /api/v1/schedules/:scheduleId/cancel', for: 'operator', request: about(newSchedule) },
  { route: 'POST /api/v1/schedules/:scheduleId/pause', for: 'operator', request: about(newSchedule) },
  { route: 'POST /api/v1/schedules/:scheduleId/resume', for: 'operator', request: about(newSchedule) },
  { route: 'POST /api/v1/schedules/:scheduleId/run-now', for: 'operator', request: about(newSchedule, () => ({})) },
  { route: 'POST /api/v1/schedules/:scheduleId/restart', for: 'operator', request: about(newSchedule, () => ({})) },
  {
    route: 'GET /api/v1/runs',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newRun(world);
      return {};
    },
  },
  { route: 'GET /api/v1/runs/:runId', for: 'viewer', request: about(newRun) },
  { route: 'GET /api/v1/runs/:runId/images', for: 'viewer', request: about(newRun) },
  { route: 'GET /api/v1/runs/:runId/events', for: 'viewer', request: about(newRun) },
  { route: 'POST /api/v1/runs/:runId/cancel', for: 'operator', request: about(newRun) },
];

/** What happened. */
export const EVENT_ROWS: readonly Row[] = [
  {
    route: 'GET /api/v1/events',
    for: 'signed-in',
    isFiltered: true,
    request: async world => {
      await newRun(world);
      return {};
    },
  },
  { route: 'GET /api/v1/events/stream', for: 'signed-in' },
];
