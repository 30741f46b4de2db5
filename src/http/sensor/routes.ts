/**
 * `/api/sensor/v1`: what sensors ask, for our own sensors only. A sensor shows its secret with each request, but for the first, in which it
 * introduces itself with a one-time token.
 */
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { isDigest } from '#oci/digest.ts';
import { authenticateSensor, registerSensor } from '#scan/sensor/registration.ts';
import {
  digestPage,
  endRequest,
  LEASE_HEADER,
  leaseRequest,
  manifestPage,
  registerRequest,
  repositoryPage,
  SENSOR_API,
  tagPage,
  WIRE_LIMITS,
} from '#scan/sensor/wire.ts';
import { heartbeat, type Lease, type LeasedTask, type SensorPort } from '#scan/task/contract.ts';
import type { ServerContext } from '#store/context.ts';
import type { StoredSensor } from '#store/sensor.ts';
import { typed } from '../native/native-route.ts';

/** What the routes work with. */
export interface SensorRouteContext {
  readonly server: Pick<ServerContext, 'store' | 'now'>;
  /** The port for a sensor that has shown its secret. */
  readonly openPort: (sensor: StoredSensor) => SensorPort;
}

const uuid = z.uuid();
const taskParams = z.object({ taskId: uuid });
const factsParams = z.object({
  digest: z.string().refine(isDigest, 'a digest'),
  version: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
});
const access = { config: { access: 'sensor' as const } };
const hide = true;
const toText = promisify(gunzip);

/** Adds the routes. */
export function sensorPortRoutes({ server, openPort }: SensorRouteContext) {
  const ports = new WeakMap<FastifyRequest, SensorPort>();
  const portOf = (request: FastifyRequest): SensorPort => {
    const port = ports.get(request);
    if (port === undefined) throw new PlimsollError('BUG', 'A route of sensors was reached without a sensor');
    return port;
  };
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    // Before any body is read: who may not speak cannot make the server hold half a gigabyte.
    app.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      if (request.routeOptions.config.access !== 'sensor') return;
      const [, secret = ''] = /^Bearer ([\w-]{1,200})$/.exec(request.headers.authorization ?? '') ?? [];
      ports.set(request, openPort(await authenticateSensor(server, secret)));
    });
    const asBytes = { parseAs: 'buffer' } as const;
    app.addContentTypeParser(['application/octet-stream', 'application/gzip'], asBytes, (_, body, done) => {
      done(null, body);
    });

    app.post(
      `${SENSOR_API}/register`,
      { config: { access: 'own' }, schema: { hide, body: registerRequest } },
      async request => {
        const { id, name } = await registerSensor(server, { ...request.body, remoteAddress: request.ip });
        return { id, name };
      },
    );
    app.post(
      `${SENSOR_API}/heartbeat`,
      { ...access, bodyLimit: WIRE_LIMITS.document, schema: { hide, body: heartbeat } },
      async (request, reply) => await portOf(request).heartbeat(request.body, { signal: signalOf(reply) }),
    );
    app.post(`${SENSOR_API}/lease`, { ...access, schema: { hide, body: leaseRequest } }, async (request, reply) => {
      const { count, waitMs } = request.body;
      const signal = AbortSignal.any([signalOf(reply), request.server.stopping]);
      return { tasks: await lease(portOf(request), { count, waitMs, signal }) };
    });
    reportRoutes(app, portOf);
    factsRoutes(app, portOf);
  };
}

type TypedApp = ReturnType<typeof typed>;
type PortOf = (request: FastifyRequest) => SensorPort;

function reportRoutes(app: TypedApp, portOf: PortOf): void {
  const task = `${SENSOR_API}/tasks/:taskId`;
  const route = <T extends z.ZodType>(body: T, bodyLimit: number = WIRE_LIMITS.document) => ({
    ...access,
    bodyLimit,
    schema: { hide, params: taskParams, body },
  });
  app.post(`${task}/repositories`, route(repositoryPage), async (request, reply) => {
    const options = { signal: signalOf(reply) };
    return { answer: await portOf(request).reportRepositories(leaseOf(request), request.body.repositories, options) };
  });
  app.post(`${task}/unknown-manifests`, route(digestPage), async (request, reply) => {
    const options = { signal: signalOf(reply) };
    return { unknown: await portOf(request).findUnknownManifests(leaseOf(request), request.body.digests, options) };
  });
  app.post(`${task}/manifests`, route(manifestPage, WIRE_LIMITS.manifests), async (request, reply) => {
    const options = { signal: signalOf(reply) };
    return { answer: await portOf(request).reportManifests(leaseOf(request), request.body.manifests, options) };
  });
  app.post(`${task}/tags`, route(tagPage), async (request, reply) => {
    const options = { signal: signalOf(reply) };
    return { answer: await portOf(request).reportTags(leaseOf(request), request.body.tags, options) };
  });
  app.post(
    `${task}/inventory`,
    { ...access, bodyLimit: WIRE_LIMITS.inventory, schema: { hide, params: taskParams } },
    async (request, reply) => {
      const options = { signal: signalOf(reply) };
      const inventory = await inflateInventory(bytesOf(request));
      return { answer: await portOf(request).reportInventory(leaseOf(request), inventory, options) };
    },
  );
  app.post(`${task}/end`, route(endRequest), async (request, reply) => {
    const options = { signal: signalOf(reply) };
    await portOf(request).end(leaseOf(request), request.body.outcome, options);
    return await reply.code(204).send();
  });
}

function factsRoutes(app: TypedApp, portOf: PortOf): void {
  const path = `${SENSOR_API}/layers/:digest/facts/:version`;
  app.get(path, { ...access, schema: { hide, params: factsParams } }, async (request, reply) => {
    const { digest, version } = request.params;
    const facts = await portOf(request).findLayerFacts(digest, version, { signal: signalOf(reply) });
    if (facts === undefined)
      throw new PlimsollError('NOT_FOUND', `Cannot find facts of layer ${digest}: nobody has read it`);
    return await reply
      .type('application/octet-stream')
      .send(Buffer.from(facts.buffer, facts.byteOffset, facts.byteLength));
  });
  app.put(
    path,
    { ...access, bodyLimit: WIRE_LIMITS.facts, schema: { hide, params: factsParams } },
    async (request, reply) => {
      const { digest, version } = request.params;
      const options = { signal: signalOf(reply) };
      await portOf(request).keepLayerFacts(digest, version, bytesOf(request), options);
      return await reply.code(204).send();
    },
  );
}

/** Leases; what was leased for a sensor that has hung up meanwhile is given back, so that nobody waits for its lease to end. */
async function lease(
  port: SensorPort,
  { count, waitMs, signal }: { readonly count: number; readonly waitMs: number; readonly signal: AbortSignal },
): Promise<readonly LeasedTask[]> {
  let tasks: readonly LeasedTask[];
  try {
    tasks = await port.lease(count, { waitMs, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new PlimsollError('SERVER_UNAVAILABLE', 'Cannot lease tasks: the server is stopping', { cause: error });
  }
  if (!signal.aborted) return tasks;
  const progress = { bytesPulled: 0, pulls: 0 };
  for (const { id: taskId, leaseToken } of tasks) {
    const outcome = { kind: 'returned', progress, reason: 'stopping' } as const;
    await port.end({ taskId, leaseToken }, outcome, { signal: AbortSignal.timeout(5000) });
  }
  return [];
}

/** Aborted when the sensor hangs up. */
function signalOf(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** The lease that a request names. @throws {PlimsollError} `REQUEST_INVALID`. */
function leaseOf(request: FastifyRequest): Lease {
  const { taskId } = taskParams.parse(request.params);
  const token = uuid.safeParse(request.headers[LEASE_HEADER]);
  if (token.success) return { taskId, leaseToken: token.data };
  throw new PlimsollError('REQUEST_INVALID', `Cannot take the report: the header ${LEASE_HEADER} names no lease`);
}

function bytesOf({ body }: FastifyRequest): Buffer {
  if (Buffer.isBuffer(body)) return body;
  throw new PlimsollError('REQUEST_INVALID', 'Cannot take the request: its body is not of the type that belongs here');
}

/** @throws {PlimsollError} `LIMIT_EXCEEDED`, `REQUEST_INVALID`. */
async function inflateInventory(bytes: Buffer): Promise<string> {
  try {
    const text = await toText(bytes, { maxOutputLength: WIRE_LIMITS.inventory });
    return text.toString('utf8');
  } catch (cause) {
    const isTooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE';
    if (isTooLarge) throw new PlimsollError('LIMIT_EXCEEDED', 'Cannot take the inventory: it is too large', { cause });
    throw new PlimsollError('REQUEST_INVALID', 'Cannot take the inventory: it is not gzip', { cause });
  }
}
