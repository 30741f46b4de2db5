/**
 * `/api/v1/hooks/{registryId}`, where registries tell of pushes, and the routes by which such an address is made and removed.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { JobContext } from '#scan/job/job-context.ts';
import { closePushHook, MAX_PUSHES, openPushHook, receivePush } from '#scan/job/push-hook.ts';
import { findPushHook, type PushHook } from '#store/push-hook.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { actorOf } from '../../route-access.ts';
import type { Site } from '../../session-cookie.ts';
import { registryFor } from '../job/job-access.ts';
import { problems, typed } from '../native-route.ts';

const params = z.object({ registryId: z.uuid() });
const access = { config: { access: 'signed-in' as const } };
const tags = ['registries'];

const hookSchema = z
  .object({
    path: z.string().describe('Of the address, on this server'),
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    notices: z.int().describe('How many have come'),
    lastNoticeAt: z.iso.datetime().nullable(),
    lastForm: z.string().nullable().describe('Which product’s form the last one had'),
    lastImages: z.int().nullable().describe('How many images the last one that told of a push had scanned'),
  })
  .meta({ id: 'PushHook' });

const openedSchema = hookSchema
  .extend({
    secret: z.string().describe('Shown this once'),
    url: z.string().describe('The whole address, with the secret, for products that can send no header'),
  })
  .meta({ id: 'OpenedPushHook' });

const outcomeSchema = z
  .object({
    runIds: z.array(z.uuid()).describe('Runs that were begun'),
    waiting: z.int().describe('Tags that a run will look at anyway'),
    refused: z.array(z.object({ repository: z.string(), tag: z.string(), reason: z.string() })),
  })
  .meta({ id: 'PushOutcome' });

/** Adds the routes. */
export function pushHookRoutes(context: JobContext, site: Site) {
  return (instance: FastifyInstance): void => {
    const { db } = context.store;
    // Registries have types of their own for what is JSON all the same.
    instance.addContentTypeParser('*', { parseAs: 'string' }, instance.getDefaultJsonParser('error', 'error'));
    const app = typed(instance);
    app.get(
      '/api/v1/registries/:registryId/hook',
      {
        ...access,
        schema: {
          tags,
          summary: 'Read the push address of a registry',
          params,
          response: { 200: hookSchema, ...problems },
        },
      },
      async request => {
        const registry = await registryFor(request, db, 'viewer', request.params.registryId);
        return present(await knownHook(registry));
      },
    );
    app.put(
      '/api/v1/registries/:registryId/hook',
      {
        ...access,
        schema: {
          tags,
          summary: 'Make the push address of a registry, or give it another secret',
          description: 'Enter it in the registry as a webhook: what is pushed there is then scanned at once.',
          params,
          response: { 200: openedSchema, ...problems },
        },
      },
      async request => {
        const registry = await registryFor(request, db, 'admin', request.params.registryId);
        const { secret } = await openPushHook(context, { registryId: registry.id, actor: actorOf(request) });
        const hook = present(await knownHook(registry));
        const url = new URL(hook.path, site.publicUrl ?? originOf(request));
        url.searchParams.set('secret', secret);
        return { ...hook, secret, url: url.href };
      },
    );
    app.delete(
      '/api/v1/registries/:registryId/hook',
      {
        ...access,
        schema: {
          tags,
          summary: 'Remove the push address of a registry',
          params,
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        const registry = await registryFor(request, db, 'admin', request.params.registryId);
        await closePushHook(context, { registryId: registry.id, actor: actorOf(request) });
        return await reply.code(204).send(null);
      },
    );
    app.post(
      '/api/v1/hooks/:registryId',
      {
        // Registries have no account: the secret of the address says who they are.
        config: { access: 'own' },
        bodyLimit: 1024 * 1024,
        schema: {
          tags,
          summary: 'Tell of a push; for registries',
          description:
            `Takes what the distribution registry, GitLab, Azure, Harbor, Docker Hub, Quay, GitHub, JFrog Artifactory, Nexus, Google and Amazon send, or \`{"repository": "…", "tag": "…"}\`; up to ${MAX_PUSHES} images. ` +
            'The secret comes as `?secret=`, or as `Authorization`, with or without `Bearer`.',
          params,
          // Products add words of their own to an address.
          querystring: z.looseObject({ secret: z.string().max(100).optional() }),
          body: z.unknown(),
          response: { 202: outcomeSchema, ...problems },
        },
      },
      async (request, reply) => {
        const { registryId } = request.params;
        const secret = request.query.secret ?? request.headers.authorization?.replace(/^Bearer /i, '');
        const { runIds, waiting, refused } = await receivePush(context, { registryId, secret, body: request.body });
        return await reply.code(202).send({ runIds: [...runIds], waiting, refused: [...refused] });
      },
    );

    async function knownHook({ id, name }: Pick<RegistryRecord, 'id' | 'name'>): Promise<PushHook> {
      const hook = await findPushHook(db, id);
      if (hook !== undefined) return hook;
      throw new PlimsollError('NOT_FOUND', `Cannot find the push address of "${printable(name)}": it has none`);
    }
  };
}

function present(hook: PushHook): z.output<typeof hookSchema> {
  const { registryId, createdBy, createdAt, notices, lastNoticeAt, lastForm, lastImages } = hook;
  return {
    path: `/api/v1/hooks/${registryId}`,
    createdBy,
    createdAt,
    notices,
    lastNoticeAt: lastNoticeAt ?? null,
    lastForm: lastForm ?? null,
    lastImages: lastImages ?? null,
  };
}

const originOf = ({ protocol, host }: FastifyRequest) => `${protocol}://${host}`;
