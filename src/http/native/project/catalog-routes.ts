/** `/api/v1/catalog`: what is published, for everybody. Nothing here depends on who asks. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type CatalogImage, listCatalogImages } from '#project/catalog.ts';
import { isJsonObject } from '#project/merge-deep.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { FORMATS, type FormatName } from '#report/formats.ts';
import { inventoryOfImage } from '#scan/content/report-of-image.ts';
import { listFindings } from '#store/finding-list.ts';
import { findManifestScans, findManifestViews } from '#store/manifest-view.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import { listPublishedRepositories } from '#store/project-catalog.ts';
import { findGradeSchedules } from '#store/project-grade.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import {
  countsOf,
  countsSchema,
  endOfLifeOf,
  endOfLifeSchema,
  presentFinding,
  severityRank,
  severitySchema,
} from '../image/image-schema.ts';
import { problems, typed } from '../native-route.ts';
import { imageParams } from './project-schema.ts';

const tags = ['catalog'];
const open = { config: { access: 'anonymous' as const } };
const time = z.iso.datetime();
const name = z.string().max(255);
const position = z.object({ at: time, id: z.string() });
const place = z.object({ registry: z.string(), repository: z.string() });

const repositorySchema = z
  .object({
    registry: z.string(),
    repository: z.string(),
    project: z.string(),
    imageCount: z.number().int(),
    architectures: z.array(z.string()),
    grade: z.string().nullable().describe('Of the newest image; null: unknown'),
    description: z.string().nullable(),
    publishedAt: time.describe('When an image of it was last published'),
  })
  .meta({ id: 'CatalogRepository' });

const imageFields = {
  id: z.string(),
  project: z.string(),
  registry: z.string(),
  repository: z.string(),
  digest: z.string(),
  listDigest: z.string().nullable(),
  architecture: z.string(),
  tags: z.array(z.string()),
  grade: z.string().nullable().describe('A to F; null: unknown'),
  endOfLife: endOfLifeSchema,
  publishedAt: time,
  pull: z.string().describe('What to give to `podman pull`, by digest: always this image'),
  pullByTag: z.array(z.string()).describe('The same by tag: what the tag leads to when it is pulled'),
};
const imageSchema = z.object(imageFields).meta({ id: 'CatalogImage' });

const imageDetailsSchema = z
  .object({
    ...imageFields,
    description: z.string().nullable(),
    sizeBytes: z.number().nullable(),
    grades: z.array(z.object({ grade: z.string(), startsAt: time, endsAt: time.nullable() })),
    scannedAt: time.nullable().describe('Null: it was never read, and nothing is known of its weaknesses'),
    counts: countsSchema.nullable(),
  })
  .meta({ id: 'CatalogImageDetails' });

const findingSchema = z
  .object({
    id: z.string(),
    severity: severitySchema,
    title: z.string().nullable(),
    package: z.object({ type: z.string(), name: z.string(), version: z.string() }),
    fix: z.object({ kind: z.string(), version: z.string().nullable() }),
    isKnownExploited: z.boolean(),
  })
  .meta({ id: 'CatalogFinding' });

/** Adds the routes. */
export function catalogRoutes(context: ProjectContext, version: string) {
  const { db } = context.store;
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    app.get(
      '/api/v1/catalog/repositories',
      {
        ...open,
        schema: {
          tags,
          summary: 'List repositories with published images; for everybody',
          querystring: z.object({
            ...pageQuery,
            q: name.optional().describe('In the place, the name of the project or its description'),
            registry: name.optional(),
            repository: name.optional(),
          }),
          response: { 200: pageOf(repositorySchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, q, registry, repository } = request.query;
        const after = decodeCursor(cursor, place);
        const query = { text: q, registry, repository, after, limit: limit + 1 };
        const found = await listPublishedRepositories(db, query);
        const page = toPage(found, limit, one => ({ registry: one.registry, repository: one.repository }));
        const items = [];
        for (const { projectId, ...one } of page.items) {
          const project = await findProject(db, { id: projectId });
          items.push({
            ...one,
            architectures: [...one.architectures],
            project: project?.name ?? '',
            description: descriptionOf(project),
          });
        }
        return { items, nextCursor: page.nextCursor };
      },
    );
    app.get(
      '/api/v1/catalog/images',
      {
        ...open,
        schema: {
          tags,
          summary: 'List published images, newest first; for everybody',
          querystring: z.object({ ...pageQuery, registry: name.optional(), repository: name.optional() }),
          response: { 200: pageOf(imageSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor, registry, repository } = request.query;
        const before = decodeCursor(cursor, position);
        const images = await listCatalogImages(db, { registry, repository, before, limit: limit + 1 });
        const page = toPage(images, limit, ({ image }) => ({ at: image.createdAt, id: image.id }));
        const ended = await findEnded(
          context,
          page.items.map(({ image }) => image.digest),
        );
        return {
          items: page.items.map(one => ({ ...presentImage(one), endOfLife: ended.get(one.image.digest) ?? null })),
          nextCursor: page.nextCursor,
        };
      },
    );
    app.get(
      '/api/v1/catalog/images/:imageId',
      {
        ...open,
        schema: {
          tags,
          summary: 'Read a published image; for everybody',
          params: imageParams,
          response: { 200: imageDetailsSchema, ...problems },
        },
      },
      async request => {
        const { image, project } = await getPublished(context, request.params.imageId);
        const grades = (await findGradeSchedules(db, [image.id])).get(image.id);
        const manifestId = await findManifestId(context, image.digest);
        const scan = manifestId === undefined ? undefined : (await findManifestScans(db, [manifestId])).get(manifestId);
        const isTold = scan !== undefined && scan.scannedAt !== null;
        return {
          ...presentImage({ image, project }),
          description: descriptionOf(project),
          sizeBytes: image.sizeBytes ?? null,
          grades: (grades?.periods ?? []).map(one => ({ ...one, endsAt: one.endsAt ?? null })),
          scannedAt: scan?.scannedAt ?? null,
          counts: isTold ? countsOf(scan) : null,
          endOfLife: isTold ? endOfLifeOf(scan, context.now()) : null,
        };
      },
    );
    app.get(
      '/api/v1/catalog/images/:imageId/vulnerabilities',
      {
        ...open,
        schema: {
          tags,
          summary: 'List what is wrong with a published image, the worst first; for everybody',
          params: imageParams,
          querystring: z.object({
            ...pageQuery,
            q: name.optional().describe('In the name of the weakness or of the package'),
            severity: severitySchema.optional(),
          }),
          response: { 200: pageOf(findingSchema), ...problems },
        },
      },
      async request => {
        const { image } = await getPublished(context, request.params.imageId);
        const manifestId = await findManifestId(context, image.digest);
        if (manifestId === undefined) return { items: [], nextCursor: null };
        const { limit, cursor, q, severity } = request.query;
        const after = decodeCursor(cursor, z.array(z.union([z.string(), z.number()])).max(10));
        const filter = { text: q, ...(severity === undefined ? {} : { severities: [severityRank(severity)] }) };
        const findings = await listFindings(db, manifestId, filter, { sort: 'severity', limit: limit + 1, after });
        const page = toPage(findings, limit, one => one.position);
        const items = page.items
          .map(presentFinding)
          .map(({ id, severity: rank, title, package: own, fix, ...rest }) => ({
            id,
            severity: rank,
            title,
            package: { type: own.type, name: own.name, version: own.version },
            fix,
            isKnownExploited: rest.isKnownExploited,
          }));
        return { items, nextCursor: page.nextCursor };
      },
    );
    app.get(
      '/api/v1/catalog/images/:imageId/sbom',
      {
        ...open,
        schema: {
          tags,
          summary: 'What is installed in a published image, in a format of the command line; for everybody',
          params: imageParams,
          querystring: z.object({
            format: z.enum(Object.keys(FORMATS) as [FormatName, ...FormatName[]]).default('cyclonedx-json'),
          }),
        },
      },
      async (request, reply) => {
        const { image, project } = await getPublished(context, request.params.imageId);
        const { pull, digest } = presentImage({ image, project });
        const inventory = await inventoryOfImage(db, digest, { reference: pull });
        if (inventory === undefined) {
          throw new PlimsollError('NOT_FOUND', `Cannot show what is in ${digest}: it has not been read yet`);
        }
        const { load, mediaType, extension } = FORMATS[request.query.format];
        const render = await load();
        const text = render(inventory, { createdAt: context.now(), toolVersion: version });
        const file = `${digest.replace(':', '-').slice(0, 24)}${extension}`;
        return await reply.type(mediaType).header('content-disposition', `attachment; filename="${file}"`).send(text);
      },
    );
  };
}

/** The image, while it is published. @throws {PlimsollError} `NOT_FOUND`. */
async function getPublished({ store }: ProjectContext, id: string): Promise<CatalogImage> {
  const [found] = await listCatalogImages(store.db, { id, limit: 1 });
  if (found !== undefined) return found;
  throw new PlimsollError('NOT_FOUND', `Cannot find image "${printable(id)}": none of that id is published`);
}

async function findManifestId({ store }: ProjectContext, digest: string): Promise<number | undefined> {
  return (await findManifestViews(store.db, [digest])).get(digest)?.id;
}

/** The ends of releases that are past, by the digest of the image. */
async function findEnded({ store, now }: ProjectContext, digests: readonly string[]) {
  const views = await findManifestViews(store.db, digests);
  const scans = await findManifestScans(
    store.db,
    [...views.values()].map(({ id }) => id),
  );
  const today = now();
  return new Map(
    [...views].map(([digest, { id }]) => {
      const scan = scans.get(id);
      return [digest, scan === undefined ? null : endOfLifeOf(scan, today)] as const;
    }),
  );
}

function presentImage({ image, project }: CatalogImage) {
  const { id, registry = '', repository = '', digest, listDigest, architecture, grade, publishedAt } = image;
  return {
    id,
    project: project.name,
    registry,
    repository,
    digest,
    listDigest: listDigest ?? null,
    architecture,
    tags: image.tags.map(tag => tag.name),
    grade: grade ?? null,
    publishedAt: publishedAt ?? image.updatedAt,
    pull: `${registry}/${repository}@${listDigest ?? digest}`,
    pullByTag: image.tags.map(tag => `${registry}/${repository}:${tag.name}`),
  };
}

function descriptionOf(project: ProjectRecord | undefined): string | null {
  const container = project?.details['container'];
  const text = isJsonObject(container) ? container['short_description'] : undefined;
  return typeof text === 'string' && text.trim() !== '' ? text : null;
}
