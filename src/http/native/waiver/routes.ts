/**
 * `/api/v1/waivers`: weaknesses that somebody accepts in images of a namespace.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type Role, requireRole } from '#access/principal.ts';
import { PlimsollError } from '#base/errors.ts';
import { createWaiver, endWaiver, getWaiver, requireScope, updateWaiver } from '#scan/waiver/manage-waiver.ts';
import { waiverDocument } from '#scan/waiver/waiver-document.ts';
import type { ServerContext } from '#store/context.ts';
import { listWaivers, type StoredWaiver, stateOfWaiver } from '#store/waiver.ts';
import { waiverEffects } from '#store/waiver-effect.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { expectedRevision, sendRevision } from '../../revision.ts';
import { actorOf, namespacesOf, signedIn } from '../../route-access.ts';
import { problems, typed } from '../native-route.ts';
import { newWaiverSchema, presentWaiver, WAIVER_STATES, waiverChangeSchema, waiverSchema } from './waiver-schema.ts';

type WaiverContext = Pick<ServerContext, 'store' | 'now'>;

const params = z.object({ waiverId: z.uuid() });
const tags = ['waivers'];
const access = { config: { access: 'signed-in' as const } };
const words = z.string().trim().min(1).max(300).optional();
const digest = z.string().regex(/^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, 'a digest');
const repository = z.string().min(1).max(512);

/** Adds the routes. */
export function waiverRoutes(context: WaiverContext) {
  return (instance: FastifyInstance): void => {
    readRoutes(instance, context);
    changeRoutes(instance, context);
  };
}

function readRoutes(instance: FastifyInstance, context: WaiverContext): void {
  const { db } = context.store;
  const app = typed(instance);
  app.get(
    '/api/v1/waivers',
    {
      ...access,
      schema: {
        tags,
        summary: 'List waivers, newest first: those that are over too',
        querystring: z.object({
          ...namespaceQuery,
          state: z.enum(WAIVER_STATES).optional(),
          vulnerability: words.describe('As the waiver has it, in any capitals'),
          package: words,
          registry: z.uuid().optional().describe('Made for this registry, or a repository of it'),
          repository: repository.optional().describe('Made for repositories of this full name'),
          image: digest.optional().describe('Made for the image of this digest'),
          q: words.describe('In the weakness, the package, the reason, or who made it'),
          ...pageQuery,
        }),
        response: { 200: pageOf(waiverSchema), ...problems },
      },
    },
    async request => {
      const { limit, cursor, namespace, registry, image, q, ...rest } = request.query;
      const after = decodeCursor(cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const filter = {
        ...rest,
        namespaceIds: namespacesOf(request, namespace),
        registryId: registry,
        digest: image,
        text: q,
      };
      const found = await listWaivers(db, filter, { now: context.now(), limit: limit + 1, after });
      const { items, nextCursor } = toPage(found, limit, ({ createdAt, id }) => [createdAt, id]);
      return { items: await presentAll(context, items), nextCursor };
    },
  );
  app.get(
    '/api/v1/waivers/document',
    {
      ...access,
      schema: {
        tags,
        summary: 'Waivers that hold, as the file that `plimsoll scan --ignore-file` takes',
        description:
          'Those for the whole namespace and, where a registry, repository or image is named, those made for it: a file knows no scopes, so it has only what holds for all that it is asked for.',
        querystring: z.object({
          namespace: z.uuid(),
          registry: z.uuid().optional(),
          repository: repository.optional().describe('Full name, in that registry'),
          image: digest.optional(),
        }),
        response: { 200: { content: { 'application/yaml': { schema: z.string() } } }, ...problems },
      },
    },
    async (request, reply) => {
      const { namespace, registry, repository: name, image } = request.query;
      requireRole(signedIn(request), 'viewer', namespace);
      if (name !== undefined && registry === undefined) {
        throw new PlimsollError(
          'REQUEST_INVALID',
          `Cannot write the waivers of "${name}": several registries may have it; name the registry as well`,
        );
      }
      if (registry !== undefined) {
        const scope =
          name === undefined
            ? ({ kind: 'registry', registryId: registry } as const)
            : ({ kind: 'repository', registryId: registry, repository: name } as const);
        await requireScope(db, namespace, scope);
      }
      const text = await waiverDocument(context, {
        namespaceId: namespace,
        registryId: registry,
        repository: name,
        digest: image,
      });
      return await reply
        .type('application/yaml; charset=utf-8')
        .header('content-disposition', 'inline; filename=".plimsollignore.yaml"')
        .header('x-content-type-options', 'nosniff')
        .send(text);
    },
  );
  app.get(
    '/api/v1/waivers/:waiverId',
    { ...access, schema: { tags, summary: 'Read a waiver', params, response: { 200: waiverSchema, ...problems } } },
    async (request, reply) => {
      const waiver = await waiverFor(request, context, 'viewer', request.params.waiverId);
      sendRevision(reply, waiver.revision);
      return await presentOne(context, waiver);
    },
  );
}

function changeRoutes(instance: FastifyInstance, context: WaiverContext): void {
  const app = typed(instance);
  app.post(
    '/api/v1/waivers',
    {
      ...access,
      schema: {
        tags,
        summary: 'Accept a weakness in images of a namespace',
        description:
          'Its findings are set aside wherever the images of its scope are looked at: counts are without them, and lists have them on request.',
        body: newWaiverSchema,
        response: { 201: waiverSchema, ...problems },
      },
    },
    async (request, reply) => {
      requireRole(signedIn(request), 'operator', request.body.namespaceId);
      const waiver = await createWaiver(context, request.body, actorOf(request));
      sendRevision(reply, waiver.revision);
      return await reply.code(201).send(await presentOne(context, waiver));
    },
  );
  app.patch(
    '/api/v1/waivers/:waiverId',
    {
      ...access,
      schema: {
        tags,
        summary: 'Change why a waiver holds, or until when',
        params,
        body: waiverChangeSchema,
        response: { 200: waiverSchema, ...problems },
      },
    },
    async (request, reply) => {
      const { waiverId } = request.params;
      await waiverFor(request, context, 'operator', waiverId);
      const by = { actor: actorOf(request), revision: expectedRevision(request) };
      const waiver = await updateWaiver(context, waiverId, request.body, by);
      sendRevision(reply, waiver.revision);
      return await presentOne(context, waiver);
    },
  );
  app.delete(
    '/api/v1/waivers/:waiverId',
    {
      ...access,
      schema: {
        tags,
        summary: 'End a waiver; it stays readable',
        params,
        response: { 204: z.null(), ...problems },
      },
    },
    async (request, reply) => {
      const { waiverId } = request.params;
      await waiverFor(request, context, 'operator', waiverId);
      await endWaiver(context, waiverId, { actor: actorOf(request), revision: expectedRevision(request) });
      return await reply.code(204).send(null);
    },
  );
}

async function waiverFor(
  request: FastifyRequest,
  { store }: WaiverContext,
  role: Role,
  id: string,
): Promise<StoredWaiver> {
  const principal = signedIn(request);
  const waiver = await getWaiver(store.db, id);
  requireRole(principal, role, waiver.namespaceId);
  return waiver;
}

async function presentAll(context: WaiverContext, waivers: readonly StoredWaiver[]) {
  const now = context.now();
  const active = waivers.filter(waiver => stateOfWaiver(waiver, now) === 'active');
  const effects = await waiverEffects(context.store.db, active);
  return waivers.map(waiver => presentWaiver(waiver, { now, effect: effects.get(waiver.id) }));
}

async function presentOne({ store, now }: WaiverContext, waiver: StoredWaiver) {
  const at = now();
  const isActive = stateOfWaiver(waiver, at) === 'active';
  const effects = await waiverEffects(store.db, isActive ? [waiver] : []);
  return presentWaiver(waiver, { now: at, effect: effects.get(waiver.id) });
}
