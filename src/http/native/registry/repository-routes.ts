/**
 * `/api/v1/repositories` and their tags, with what is known of the security of each.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import type { Db } from '#store/database.ts';
import { type ImageTotals, NO_IMAGES, repositoryTotals } from '#store/image-totals.ts';
import { findManifestScans, findManifestViews, listChildren } from '#store/manifest-view.ts';
import { findRepository, listRepositories, type RepositoryRecord } from '#store/repository.ts';
import { type ListedRepository, listAllRepositories } from '#store/repository-list.ts';
import { listTagHistory, listTags, type TagRecord } from '#store/tag.ts';
import type { Scope } from '#store/visible.ts';
import { decodeCursor, namespaceQuery, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { childSchema, presentChild, presentScan } from '../image/image-schema.ts';
import { registryFor } from '../job/job-access.ts';
import { problems, typed } from '../native-route.ts';
import { seenScope } from '../seen-scope.ts';
import { totalsSchema } from './registry-schema.ts';

const access = { config: { access: 'signed-in' as const } };
const tags = ['repositories'];
const params = z.object({ registryId: z.uuid() });
const time = z.iso.datetime().nullable();

const repositorySchema = z
  .object({
    registryId: z.uuid(),
    name: z.string(),
    note: z.string().nullable(),
    firstSeenAt: z.iso.datetime(),
    lastListedAt: time,
    goneAt: time.describe('When a complete listing no longer had it'),
    totals: totalsSchema,
  })
  .meta({ id: 'Repository' });

const placedRepositorySchema = repositorySchema
  .extend({ registryName: z.string(), host: z.string() })
  .meta({ id: 'PlacedRepository' });

const tagSchema = z
  .object({
    name: z.string(),
    digest: z.string(),
    mediaType: z.string(),
    kind: z.enum(['image', 'index', 'artifact', 'unsupported']),
    pushedAt: time,
    pushedAtSource: z.enum(['registry', 'config', 'first-seen', 'unknown']),
    startedAt: z.iso.datetime().describe('Since when it names this'),
    endedAt: time,
    sizeBytes: z.number().int().nullable(),
    scan: childSchema.shape.scan,
    children: z.array(childSchema).describe('Of an index: the manifests that it lists'),
  })
  .meta({ id: 'Tag' });

const text = z.string().trim().min(1).max(300).optional().describe('In the full name');
const repositoryQuery = { repository: z.string().min(1).max(512).describe('Full name') };

interface RepositoryContext {
  readonly store: { readonly db: Db };
  readonly now: () => Date;
}

/** Adds the routes. */
export function repositoryRoutes(context: RepositoryContext) {
  const { db } = context.store;
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/repositories',
      {
        ...access,
        schema: {
          tags,
          summary: 'List the repositories of all registries, with their totals',
          querystring: z.object({
            q: text,
            registry: z.uuid().optional(),
            ...namespaceQuery,
            ...pageQuery,
          }),
          response: { 200: pageOf(placedRepositorySchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, q, registry, namespace } = request.query;
        const after = decodeCursor(cursor, z.tuple([z.string(), z.number()]));
        const scope = await seenScope(request, context, { namespace, registry });
        const found = await listAllRepositories(db, { ...scope, text: q }, { limit: limit + 1, after });
        const { items, nextCursor } = toPage(found, limit, ({ name, id }) => [name, id]);
        const totals = await repositoryTotals(
          db,
          items.map(({ id }) => id),
          scope,
        );
        return {
          items: items.map(one => ({ ...presentPlaced(one), totals: { ...getTotals(totals, one) } })),
          nextCursor,
        };
      },
    );
    app.get(
      '/api/v1/registries/:registryId/repositories',
      {
        ...access,
        schema: {
          tags,
          summary: 'List the repositories of a registry, with their totals',
          params,
          querystring: z.object({
            q: text,
            gone: z.stringbool().default(false).describe('Those that went away too'),
            ...pageQuery,
          }),
          response: { 200: pageOf(repositorySchema), ...problems },
        },
      },
      async request => {
        const { registryId } = request.params;
        await registryFor(request, db, 'viewer', registryId);
        const { limit, cursor, gone, q } = request.query;
        const after = decodeCursor(cursor, z.string());
        const wish = { after, limit: limit + 1, includesGone: gone, text: q };
        const repositories = await listRepositories(db, registryId, wish);
        const { items, nextCursor } = toPage(repositories, limit, ({ name }) => name);
        const totals = await repositoryTotals(
          db,
          items.map(({ id }) => id),
          await seenScope(request, context, { registry: registryId }),
        );
        return {
          items: items.flatMap(repository => {
            const found = totals.get(repository.id);
            return found === undefined ? [] : [{ ...presentRepository(repository), totals: { ...found } }];
          }),
          nextCursor,
        };
      },
    );
    app.get(
      '/api/v1/registries/:registryId/tags',
      {
        ...access,
        schema: {
          tags,
          summary: 'List the tags of a repository, with the scan of what each names',
          params,
          querystring: z.object({ ...repositoryQuery, ...pageQuery }),
          response: { 200: pageOf(tagSchema), ...problems },
        },
      },
      async request => {
        const repository = await repositoryFor(request, db, request.params.registryId, request.query.repository);
        const { limit, cursor } = request.query;
        const listed = await listTags(db, repository.id, { after: decodeCursor(cursor, z.string()), limit: limit + 1 });
        const { items, nextCursor } = toPage(listed, limit, ({ name }) => name);
        const scope = await repositoryScope(request, context, repository);
        return { items: await presentTags(db, items, scope, context.now()), nextCursor };
      },
    );
    app.get(
      '/api/v1/registries/:registryId/tags/:tag/history',
      {
        ...access,
        schema: {
          tags,
          summary: 'What a tag named, latest first',
          params: params.extend({ tag: z.string().min(1).max(128) }),
          querystring: z.object({ ...repositoryQuery, limit: pageQuery.limit }),
          response: { 200: z.object({ items: z.array(tagSchema) }), ...problems },
        },
      },
      async request => {
        const { registryId, tag } = request.params;
        const { limit } = request.query;
        const repository = await repositoryFor(request, db, registryId, request.query.repository);
        const history = await listTagHistory(db, repository.id, { name: tag, limit });
        const scope = await repositoryScope(request, context, repository);
        return { items: await presentTags(db, history, scope, context.now()) };
      },
    );
  };
}

/** A repository that the one who asks may see. @throws {PlimsollError} `NOT_FOUND`. */
async function repositoryFor(
  request: FastifyRequest,
  db: Db,
  registryId: string,
  name: string,
): Promise<RepositoryRecord> {
  await registryFor(request, db, 'viewer', registryId);
  const repository = await findRepository(db, registryId, name);
  if (repository === undefined)
    throw new PlimsollError('NOT_FOUND', `Cannot find the repository ${name}: this registry has none of that name`);
  return repository;
}

/** What is looked at is what one repository has, whichever others have the same. */
async function repositoryScope(
  request: FastifyRequest,
  context: RepositoryContext,
  { registryId, name }: RepositoryRecord,
): Promise<Scope> {
  return await seenScope(request, context, { registry: registryId, repository: name });
}

function presentPlaced({ id: _, ...repository }: ListedRepository) {
  return repository;
}

function getTotals(totals: ReadonlyMap<number, ImageTotals>, { id }: { readonly id: number }): ImageTotals {
  return totals.get(id) ?? NO_IMAGES;
}

function presentRepository({ registryId, name, note, firstSeenAt, lastListedAt, goneAt }: RepositoryRecord) {
  return {
    registryId,
    name,
    note: note ?? null,
    firstSeenAt,
    lastListedAt: lastListedAt ?? null,
    goneAt: goneAt ?? null,
  };
}

async function presentTags(
  db: Db,
  found: readonly TagRecord[],
  scope: Scope,
  now: Date,
): Promise<z.output<typeof tagSchema>[]> {
  const views = await findManifestViews(db, [...new Set(found.map(({ digest }) => digest))]);
  const children = await listChildren(
    db,
    [...views.values()].filter(({ kind }) => kind === 'index').map(({ id }) => id),
  );
  const childIds = [...children.values()].flat().flatMap(({ manifestId }) => (manifestId === null ? [] : [manifestId]));
  const scans = await findManifestScans(db, [...[...views.values()].map(({ id }) => id), ...childIds], scope);
  return found.flatMap(({ name, digest, pushedAt, pushedAtSource, startedAt, endedAt }) => {
    const view = views.get(digest);
    if (view === undefined) return [];
    const scan = view.kind === 'index' ? undefined : scans.get(view.id);
    return [
      {
        name,
        digest,
        mediaType: view.mediaType,
        kind: view.kind,
        pushedAt: pushedAt ?? null,
        pushedAtSource: pushedAtSource as z.output<typeof tagSchema>['pushedAtSource'],
        startedAt,
        endedAt: endedAt ?? null,
        sizeBytes: view.layersSizeBytes,
        scan: scan === undefined ? null : presentScan(scan, now),
        children: (children.get(view.id) ?? []).map(child =>
          presentChild({ ...child, scan: child.manifestId === null ? undefined : scans.get(child.manifestId) }, now),
        ),
      },
    ];
  });
}
