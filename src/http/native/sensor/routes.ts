/**
 * `/api/v1/sensors`: who reads images, for whoever runs the server.
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import {
  drainSensor,
  listSensors,
  retireSensor,
  type SensorView,
  showSensor,
  updateSensor,
} from '#scan/sensor/administration.ts';
import { collectDiagnostics } from '#scan/sensor/diagnostics.ts';
import { installationWays } from '#scan/sensor/installation.ts';
import { sensorLabels } from '#scan/sensor/labels.ts';
import type { sensorProfile } from '#scan/sensor/profile.ts';
import { createSensorToken, listSensorTokens, revokeSensorToken } from '#scan/sensor/registration.ts';
import { SENSOR_STATES } from '#scan/sensor/state.ts';
import { heartbeat } from '#scan/task/contract.ts';
import type { ServerContext } from '#store/context.ts';
import { actorOf } from '../../route-access.ts';
import { originOf, type Site } from '../../session-cookie.ts';
import { problems, typed } from '../native-route.ts';

const sensorSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    isBuiltIn: z.boolean(),
    state: z.enum(SENSOR_STATES),
    reason: z.string().nullable().describe('Why the state is not a better one'),
    labels: z.record(z.string(), z.string()),
    profile: z.unknown().describe('Settings, read by the sensor with its next heartbeat'),
    profileVersion: z.number().int(),
    appliedProfileVersion: z.number().int().nullable(),
    isDraining: z.boolean(),
    lastHeartbeatAt: z.iso.datetime().nullable(),
    createdAt: z.iso.datetime(),
    retiredAt: z.iso.datetime().nullable(),
    report: heartbeat.nullable().describe('What it said of itself last'),
  })
  .meta({ id: 'Sensor' });

const tokenSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    labels: z.record(z.string(), z.string()),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime(),
  })
  .meta({ id: 'SensorToken' });

const waySchema = z
  .object({
    kind: z.enum(['podman', 'docker', 'systemd', 'kubernetes', 'npx']),
    title: z.string(),
    note: z.string().describe('What to know before'),
    text: z.string().describe('To be run in a shell; the token is in it'),
  })
  .meta({ id: 'InstallationWay' });

/** What the routes know of the server that they are of. */
export interface SensorSite extends Site {
  readonly version: string;
}

/** Length of the names of tokens: the beginning of a hash that nobody can go back from. */
const TOKEN_NAME = 12;
const admin = { config: { access: { server: 'admin' as const } } };
const operator = { config: { access: { server: 'viewer' as const } } };
const params = z.object({ sensorId: z.uuid() });
const tags = ['sensors'];

/** Adds the routes. */
export function sensorRoutes(context: ServerContext, site: SensorSite) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/sensors',
      {
        ...operator,
        schema: {
          tags,
          summary: 'List sensors by name',
          querystring: z.object({ retired: z.stringbool().default(false).describe('Retired ones too') }),
          response: { 200: z.object({ items: z.array(sensorSchema) }), ...problems },
        },
      },
      async request => {
        const sensors = await listSensors(context, { includesRetired: request.query.retired });
        return { items: sensors.map(present) };
      },
    );
    app.get(
      '/api/v1/sensors/:sensorId',
      { ...operator, schema: { tags, summary: 'Read a sensor', params, response: { 200: sensorSchema, ...problems } } },
      async request => present(await showSensor(context, request.params.sensorId)),
    );
    app.patch(
      '/api/v1/sensors/:sensorId',
      {
        ...admin,
        schema: {
          tags,
          summary: 'Change a sensor: its name, labels, profile, or whether it takes new work',
          params,
          body: z.strictObject({
            name: z.string().trim().min(1).max(200).optional(),
            labels: sensorLabels.optional(),
            profile: z.unknown().optional().describe('The whole profile'),
            isDraining: z.boolean().optional(),
          }),
          response: { 200: sensorSchema, ...problems },
        },
      },
      async request => {
        const { sensorId } = request.params;
        const { isDraining, name, labels, profile } = request.body;
        const actor = actorOf(request);
        if (isDraining !== undefined) await drainSensor(context, sensorId, isDraining, actor);
        if (name === undefined && labels === undefined && profile === undefined) {
          return present(await showSensor(context, sensorId));
        }
        const checked = profile === undefined ? undefined : readProfile(profile);
        return present(await updateSensor(context, sensorId, { name, labels, profile: checked }, actor));
      },
    );
    app.delete(
      '/api/v1/sensors/:sensorId',
      {
        ...admin,
        schema: {
          tags,
          summary: 'Retire a sensor: its work goes back to the queue',
          params,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await retireSensor(context, request.params.sensorId, actorOf(request));
        return await reply.code(204).send(null);
      },
    );
    diagnosticsRoutes(instance, context, site);
    tokenRoutes(instance, context, site);
  };
}

function diagnosticsRoutes(instance: FastifyInstance, context: ServerContext, { version }: SensorSite): void {
  typed(instance).get(
    '/api/v1/sensors/:sensorId/diagnostics',
    {
      ...admin,
      schema: {
        tags,
        summary: 'Download all that the server knows of a sensor, without secrets',
        description: 'For whoever looks into what is wrong: its report, its last tasks, and how its state changed.',
        params,
        response: { 200: z.record(z.string(), z.unknown()), ...problems },
      },
    },
    async (request, reply) => {
      const { sensorId } = request.params;
      const diagnostics = await collectDiagnostics(context, sensorId, { serverVersion: version });
      reply.header('content-disposition', `attachment; filename="sensor-${sensorId}.json"`);
      return { ...diagnostics };
    },
  );
}

function tokenRoutes(instance: FastifyInstance, context: ServerContext, site: SensorSite): void {
  const app = typed(instance);
  app.get(
    '/api/v1/sensor-tokens',
    {
      ...admin,
      schema: {
        tags,
        summary: 'List tokens that no sensor has used',
        response: { 200: z.object({ items: z.array(tokenSchema) }), ...problems },
      },
    },
    async () => {
      const tokens = await listSensorTokens(context);
      const items = tokens.map(({ hash, name, labels, createdBy, createdAt, expiresAt }) => ({
        id: hash.slice(0, TOKEN_NAME),
        name,
        labels: { ...labels },
        createdBy,
        createdAt,
        expiresAt,
      }));
      return { items };
    },
  );
  app.post(
    '/api/v1/sensor-tokens',
    {
      config: { access: { server: 'admin' }, answersSecret: true },
      schema: {
        tags,
        summary: 'Make a token with which one new sensor introduces itself; it is shown this once',
        description: 'With it comes how a sensor is installed with that token, in several ways.',
        body: z.strictObject({
          name: z.string().trim().min(1).max(200),
          labels: sensorLabels.default({}),
          lifeMinutes: z.number().int().min(1).max(43_200).default(60),
        }),
        response: {
          201: z.object({ token: z.string(), expiresAt: z.iso.datetime(), ways: z.array(waySchema) }),
          ...problems,
        },
      },
    },
    async (request, reply) => {
      const { name, labels, lifeMinutes } = request.body;
      const issued = await createSensorToken(context, { name, labels, lifeMs: lifeMinutes * 60_000 }, actorOf(request));
      const ways = installationWays({
        serverUrl: originOf(request, site),
        token: issued.token,
        name,
        labels,
        image: `plimsoll:${site.version}`,
      });
      return await reply.code(201).send({ ...issued, ways: [...ways] });
    },
  );
  app.delete(
    '/api/v1/sensor-tokens/:tokenId',
    {
      ...admin,
      schema: {
        tags,
        summary: 'Take a token back',
        params: z.object({ tokenId: z.string().max(200) }),
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const tokens = await listSensorTokens(context);
      const found = tokens.find(({ hash }) => hash.slice(0, TOKEN_NAME) === request.params.tokenId);
      if (found === undefined)
        throw new PlimsollError('NOT_FOUND', 'Cannot revoke the token: there is no unused one of that id');
      await revokeSensorToken(context, found.hash, actorOf(request));
      return await reply.code(204).send(null);
    },
  );
}

/** Checked again, with sentences, by the use case. */
function readProfile(value: unknown): z.input<typeof sensorProfile> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PlimsollError('REQUEST_INVALID', 'Cannot use the profile of a sensor: it is no object');
  }
  return value;
}

function present(sensor: SensorView) {
  const { reason, labels, appliedProfileVersion, lastHeartbeatAt, retiredAt, report, ...rest } = sensor;
  return {
    ...rest,
    labels: { ...labels },
    reason: reason ?? null,
    appliedProfileVersion: appliedProfileVersion ?? null,
    lastHeartbeatAt: lastHeartbeatAt ?? null,
    retiredAt: retiredAt ?? null,
    report: report ?? null,
  };
}
