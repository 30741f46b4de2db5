/** Builds of projects: how they are made, adding one, watching it. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { BuildContext } from '#build/build-context.ts';
import { followBuildLog, readBuildLog } from '#build/build-log.ts';
import { configureBuilds, getBuildConfiguration, type LookAtSource, testBuildSource } from '#build/configure-build.ts';
import { addBuild, cancelBuild, getBuild, listProjectBuilds, proposeTag, retryBuild } from '#build/queue-build.ts';
import { BUILD_STATES } from '#store/build.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { lastEventIdOf, type SentEvent, sendEventStream } from '../../event-stream.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { problems, typed } from '../native-route.ts';
import { projectParams } from '../project/project-schema.ts';
import {
  buildSchema,
  configurationBody,
  configurationSchema,
  presentBuild,
  presentConfiguration,
} from './build-schema.ts';

const tags = ['builds'];
const access = { config: { access: 'signed-in' as const } };
const buildParams = z.object({ buildId: z.uuid() });
const position = z.object({ at: z.iso.datetime(), id: z.uuid() });
const MAX_BODY = 1024 * 1024;
/** A look at a source takes as long as a clone. */
const LOOK_MS = 120_000;

const sourceReport = z
  .object({
    commit: z.string(),
    ref: z.string(),
    hasDockerfile: z.boolean(),
    froms: z.array(z.string()).describe('What stands behind FROM, in order'),
    stages: z.array(z.string()),
    hostKeys: z.array(z.string()).describe('Lines of known_hosts, to be pinned'),
    hostKeyFingerprints: z.array(z.string()),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'BuildSourceReport' });

/** Adds the routes. */
export function buildRoutes(context: BuildContext, look: LookAtSource) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    configurationRoutes(app, context, look);
    listRoutes(app, context);
    oneRoutes(app, context);
    logRoutes(app, context);
  };
}

type App = ReturnType<typeof typed>;

function configurationRoutes(app: App, context: BuildContext, look: LookAtSource): void {
  const url = '/api/v1/projects/:projectId/build-configuration';
  app.get(
    url,
    {
      ...access,
      schema: {
        tags,
        summary: 'How the image of a project is built',
        params: projectParams,
        response: { 200: z.object({ configuration: configurationSchema.nullable() }), ...problems },
      },
    },
    async (request, reply) => {
      const configuration = await getBuildConfiguration(context, callerOf(request), request.params.projectId);
      if (configuration === undefined) return { configuration: null };
      sendRevision(reply, configuration.revision);
      return { configuration: presentConfiguration({ configuration, warnings: [] }) };
    },
  );
  app.put(
    url,
    {
      ...access,
      bodyLimit: MAX_BODY,
      schema: {
        tags,
        summary: 'Say how the image of a project is built, from Git',
        params: projectParams,
        body: configurationBody,
        response: { 200: z.object({ configuration: configurationSchema }), ...problems },
      },
    },
    async (request, reply) => {
      const made = await configureBuilds(context, callerOf(request), request.params.projectId, {
        change: request.body,
        revision: expectedRevision(request),
      });
      sendRevision(reply, made.configuration.revision);
      return { configuration: presentConfiguration(made) };
    },
  );
  app.post(
    `${url}/test`,
    {
      ...access,
      bodyLimit: MAX_BODY,
      schema: {
        tags,
        summary: 'Clone a source and say what is found, before it is saved',
        params: projectParams,
        body: configurationBody,
        response: { 200: sourceReport, ...problems },
      },
    },
    async request => {
      const signal = AbortSignal.any([request.server.stopping, AbortSignal.timeout(LOOK_MS)]);
      const found = await testBuildSource(context, callerOf(request), request.params.projectId, {
        change: request.body,
        look,
        signal,
      });
      return {
        ...found,
        froms: [...found.froms],
        stages: [...found.stages],
        hostKeys: [...found.hostKeys],
        hostKeyFingerprints: [...found.hostKeyFingerprints],
        warnings: [...found.warnings],
      };
    },
  );
}

function listRoutes(app: App, context: BuildContext): void {
  app.get(
    '/api/v1/projects/:projectId/builds',
    {
      ...access,
      schema: {
        tags,
        summary: 'List builds of a project, newest first',
        params: projectParams,
        querystring: z.object({
          ...pageQuery,
          version: z.string().max(128).optional(),
          state: z.union([z.enum(BUILD_STATES).transform(state => [state]), z.array(z.enum(BUILD_STATES))]).optional(),
        }),
        response: { 200: pageOf(buildSchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor, version, state: states } = request.query;
      const before = decodeCursor(cursor, position);
      const query = { version, states, before, limit: limit + 1 };
      const builds = await listProjectBuilds(context, callerOf(request), request.params.projectId, query);
      const { items, nextCursor } = toPage(builds, limit, ({ createdAt, id }) => ({ at: createdAt, id }));
      return { items: items.map(presentBuild), nextCursor };
    },
  );
  app.post(
    '/api/v1/projects/:projectId/builds',
    {
      ...access,
      schema: {
        tags,
        summary: 'Add a build under a tag: a version, a dash and a number that was not used',
        params: projectParams,
        body: z.strictObject({ tag: z.string().max(200).describe('`1.0-1`') }),
        response: { 202: buildSchema, ...problems },
      },
    },
    async (request, reply) => {
      const build = await addBuild(context, callerOf(request), request.params.projectId, request.body);
      return await reply.code(202).send(presentBuild(build));
    },
  );
  app.get(
    '/api/v1/projects/:projectId/next-build-tag',
    {
      ...access,
      schema: {
        tags,
        summary: 'The next free tag of a version',
        params: projectParams,
        querystring: z.object({ version: z.string().min(1).max(200).describe('`1.0` or a tag, `1.0-1`') }),
        response: { 200: z.object({ tag: z.string() }), ...problems },
      },
    },
    async request => ({
      tag: await proposeTag(context, callerOf(request), request.params.projectId, request.query.version),
    }),
  );
}

function oneRoutes(app: App, context: BuildContext): void {
  app.get(
    '/api/v1/builds/:buildId',
    {
      ...access,
      schema: { tags, summary: 'Read a build', params: buildParams, response: { 200: buildSchema, ...problems } },
    },
    async request => presentBuild((await getBuild(context, callerOf(request), request.params.buildId)).build),
  );
  app.post(
    '/api/v1/builds/:buildId/cancel',
    {
      ...access,
      schema: {
        tags,
        summary: 'Cancel a build whose image is not pushed yet',
        params: buildParams,
        response: { 200: buildSchema, ...problems },
      },
    },
    async request => presentBuild(await cancelBuild(context, callerOf(request), request.params.buildId)),
  );
  app.post(
    '/api/v1/builds/:buildId/retry',
    {
      ...access,
      schema: {
        tags,
        summary: 'Build the version of a build that failed again, under its next number',
        params: buildParams,
        response: { 202: buildSchema, ...problems },
      },
    },
    async (request, reply) =>
      await reply.code(202).send(presentBuild(await retryBuild(context, callerOf(request), request.params.buildId))),
  );
}

function logRoutes(app: App, context: BuildContext): void {
  app.get(
    '/api/v1/builds/:buildId/log',
    {
      ...access,
      schema: {
        tags,
        summary: 'The log of a build as text, as far as there is one',
        params: buildParams,
        querystring: z.object({ from: z.coerce.number().int().min(0).default(0).describe('Bytes to leave out') }),
        response: { 200: { content: { 'text/plain': { schema: z.string() } } }, ...problems },
      },
    },
    async (request, reply) => {
      const { build } = await getBuild(context, callerOf(request), request.params.buildId);
      const { from } = request.query;
      const signal = request.server.stopping;
      async function* pieces() {
        for (let end = from; ; ) {
          const piece = await readBuildLog(context, build.id, { from: end, signal });
          if (piece.text === '') return;
          end = piece.end;
          yield piece.text;
        }
      }
      const text = (await Array.fromAsync(pieces())).join('');
      return await reply.type('text/plain; charset=utf-8').header('x-content-type-options', 'nosniff').send(text);
    },
  );
  app.get(
    '/api/v1/builds/:buildId/log/stream',
    {
      ...access,
      schema: {
        tags,
        summary: 'Follow the log of a build (text/event-stream)',
        description:
          'Events `log` with the lines, and `state` with the state of the build; it ends with the build. `Last-Event-ID` goes on after a break.',
        params: buildParams,
      },
    },
    async (request, reply) => {
      const { build } = await getBuild(context, callerOf(request), request.params.buildId);
      const seen = lastEventIdOf(request) ?? '0';
      if (!/^\d{1,12}$/.test(seen)) {
        throw new PlimsollError('REQUEST_INVALID', 'Cannot follow the log: Last-Event-ID is not one of this stream');
      }
      await sendEventStream(request, reply, signal => events(context, build.id, { from: Number(seen), signal }));
    },
  );
}

async function* events(
  context: BuildContext,
  buildId: string,
  options: { readonly from: number; readonly signal: AbortSignal },
): AsyncGenerator<SentEvent> {
  for await (const piece of followBuildLog(context, buildId, options)) {
    yield 'text' in piece
      ? { id: String(piece.end), event: 'log', data: { text: piece.text } }
      : { id: String(piece.end), event: 'state', data: { state: piece.state } };
  }
}
