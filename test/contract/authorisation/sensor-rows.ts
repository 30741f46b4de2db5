/** Who may use the routes about sensors; and those for sensors, who have secrets of their own, so that nobody here may. */
import { randomBytes } from 'node:crypto';
import type { Row, SampleRequest, SampleWorld } from './row.ts';

const NO_ID = '00000000-0000-4000-8000-000000000000';

/** A sensor that has introduced itself. */
async function newSensor(world: SampleWorld): Promise<SampleRequest> {
  const { token } = await world.ask('POST', '/api/v1/sensor-tokens', { name: world.freshName() });
  const secret = `plss_${randomBytes(32).toString('base64url')}`;
  const { id } = await world.ask('POST', '/api/sensor/v1/register', { token, secret });
  return { params: { sensorId: String(id) } };
}

async function newToken(world: SampleWorld): Promise<SampleRequest> {
  const name = world.freshName();
  await world.ask('POST', '/api/v1/sensor-tokens', { name });
  const { items } = await world.ask('GET', '/api/v1/sensor-tokens');
  const found = (items as readonly { id: string; name: string }[]).find(token => token.name === name);
  return { params: { tokenId: found?.id ?? NO_ID } };
}

/** Sensors and their tokens. */
export const SENSOR_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/sensors', for: 'server viewer' },
  { route: 'GET /api/v1/sensors/:sensorId', for: 'server viewer', request: newSensor },
  {
    route: 'PATCH /api/v1/sensors/:sensorId',
    for: 'server admin',
    request: async world => ({ ...(await newSensor(world)), body: { labels: {} } }),
  },
  { route: 'DELETE /api/v1/sensors/:sensorId', for: 'server admin', request: newSensor },
  { route: 'GET /api/v1/sensors/:sensorId/diagnostics', for: 'server admin', request: newSensor },
  { route: 'GET /api/v1/sensor-tokens', for: 'server admin' },
  {
    route: 'POST /api/v1/sensor-tokens',
    for: 'server admin',
    request: world => ({ body: { name: world.freshName() } }),
  },
  { route: 'DELETE /api/v1/sensor-tokens/:tokenId', for: 'server admin', request: newToken },
];

const task = { params: { taskId: NO_ID } };
const facts = { params: { digest: `sha256:${'0'.repeat(64)}`, version: '1' } };

/** What sensors ask for, by their own secrets: no role and no key opens it. */
export const SENSOR_PORT_ROWS: readonly Row[] = [
  // The token in its body decides; that a wrong one opens nothing is said elsewhere.
  {
    route: 'POST /api/sensor/v1/register',
    for: 'everybody',
    request: () => ({ body: { token: 'wrong', secret: 'wrong' } }),
  },
  { route: 'POST /api/sensor/v1/heartbeat', for: 'sensor', request: () => ({ body: {} }) },
  { route: 'POST /api/sensor/v1/lease', for: 'sensor', request: () => ({ body: { count: 1, waitMs: 0 } }) },
  { route: 'POST /api/sensor/v1/tasks/:taskId/repositories', for: 'sensor', request: () => ({ ...task, body: {} }) },
  {
    route: 'POST /api/sensor/v1/tasks/:taskId/unknown-manifests',
    for: 'sensor',
    request: () => ({ ...task, body: {} }),
  },
  { route: 'POST /api/sensor/v1/tasks/:taskId/manifests', for: 'sensor', request: () => ({ ...task, body: {} }) },
  { route: 'POST /api/sensor/v1/tasks/:taskId/tags', for: 'sensor', request: () => ({ ...task, body: {} }) },
  { route: 'POST /api/sensor/v1/tasks/:taskId/inventory', for: 'sensor', request: () => ({ ...task, body: {} }) },
  { route: 'POST /api/sensor/v1/tasks/:taskId/end', for: 'sensor', request: () => ({ ...task, body: {} }) },
  { route: 'GET /api/sensor/v1/layers/:digest/facts/:version', for: 'sensor', request: () => facts },
  { route: 'PUT /api/sensor/v1/layers/:digest/facts/:version', for: 'sensor', request: () => ({ ...facts, body: {} }) },
];
