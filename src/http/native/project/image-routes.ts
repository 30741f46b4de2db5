/** Images, scans, results and publishing of projects; base images. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { addBaseImages, removeBaseImage } from '#project/base-image.ts';
import { getImage } from '#project/image.ts';
import { getProject } from '#project/manage-project.ts';
import { findObjections } from '#project/objections.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { getRequest, OPERATIONS, requestForImages, requestScan } from '#project/requests.ts';
import { findManifestScans, findManifestViews } from '#store/manifest-view.ts';
import { listBaseImages } from '#store/project-base-image.ts';
import { findGradeSchedules } from '#store/project-grade.ts';
import { listProjectImages, type ProjectImage } from '#store/project-image.ts';
import { listRequests } from '#store/project-request.ts';
import { listTestResults } from '#store/project-result.ts';
import { callerOf } from '../../authentication.ts';
import { decodeCursor, pageOf, pageQuery, toPage } from '../../cursor.ts';
import { problems, typed } from '../native-route.ts';
import {
  baseImageSchema,
  imageParams,
  imageSchema,
  presentBase,
  presentImage,
  presentRequest,
  presentResult,
  projectParams,
  requestSchema,
  resultSchema,
} from './project-schema.ts';

const tags = ['projects'];
const access = { config: { access: 'signed-in' as const } };
const position = z.object({ at: z.iso.datetime(), id: z.string() });
const positionOf = ({ createdAt, id }: { createdAt: string; id: string }) => ({ at: createdAt, id });

/** Adds the routes. */
export function projectImageRoutes(context: ProjectContext) {
  return (instance: FastifyInstance): void => {
    const app = typed(instance);
    const { db } = context.store;
    app.get(
      '/api/v1/projects/:projectId/images',
      {
        ...access,
        schema: {
          tags,
          summary: 'List images of a project, newest first',
          params: projectParams,
          querystring: z.object(pageQuery),
          response: { 200: pageOf(imageSchema), ...problems },
        },
      },
      async request => {
        const project = await getProject(context, callerOf(request), { id: request.params.projectId });
        const { limit, cursor } = request.query;
        const before = decodeCursor(cursor, position);
        const images = await listProjectImages(db, { projectId: project.id, before, limit: limit + 1 });
        const grades = await findGradeSchedules(
          db,
          images.map(({ id }) => id),
        );
        const { items, nextCursor } = toPage(images, limit, positionOf);
        const scans = await findScans(context, items);
        const today = context.now();
        return {
          items: items.map(one => presentImage(one, grades.get(one.id), scans.get(one.digest), today)),
          nextCursor,
        };
      },
    );
    app.get(
      '/api/v1/project-images/:imageId',
      {
        ...access,
        schema: {
          tags,
          summary: 'Read an image of a project, and what stands against publishing it',
          params: imageParams,
          response: {
            200: z.object({
              image: imageSchema,
              objections: z.array(z.object({ situation: z.string(), message: z.string(), isWaivable: z.boolean() })),
            }),
            ...problems,
          },
        },
      },
      async request => {
        const caller = callerOf(request);
        const { image, project } = await getImage(context, caller, request.params.imageId);
        // What is published is for everybody; what is said of it here is not.
        await getProject(context, caller, { id: project.id });
        const grades = await findGradeSchedules(db, [image.id]);
        const signal = AbortSignal.any([request.server.stopping, AbortSignal.timeout(60_000)]);
        const objections = await findObjections(context, project, image, signal);
        const scan = (await findScans(context, [image])).get(image.digest);
        return {
          image: presentImage(image, grades.get(image.id), scan, context.now()),
          objections: objections.map(one => ({ ...one })),
        };
      },
    );
    app.get(
      '/api/v1/project-images/:imageId/test-results',
      {
        ...access,
        schema: {
          tags,
          summary: 'List test results of an image, newest first: ours, and what clients reported',
          params: imageParams,
          querystring: z.object(pageQuery),
          response: { 200: pageOf(resultSchema), ...problems },
        },
      },
      async request => {
        const caller = callerOf(request);
        const { image, project } = await getImage(context, caller, request.params.imageId);
        await getProject(context, caller, { id: project.id });
        const { limit, cursor } = request.query;
        const before = decodeCursor(cursor, position);
        const results = await listTestResults(db, { imageId: image.id, before, limit: limit + 1 });
        const { items, nextCursor } = toPage(results, limit, positionOf);
        return { items: items.map(presentResult), nextCursor };
      },
    );
    app.post(
      '/api/v1/projects/:projectId/scans',
      {
        ...access,
        schema: {
          tags,
          summary: 'Scan an image where it lies now',
          params: projectParams,
          body: z.strictObject({
            pullSpec: z.string().max(1024).describe('Registry, repository and digest: `quay.io/acme/app@sha256:…`'),
            tag: z.string().max(200).describe('The tag that the image gets in the project'),
          }),
          response: { 202: requestSchema, ...problems },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const project = await getProject(context, caller, { id: request.params.projectId });
        return await reply.code(202).send(presentRequest(await requestScan(context, caller, project, request.body)));
      },
    );
    app.post(
      '/api/v1/projects/:projectId/image-requests',
      {
        ...access,
        schema: {
          tags,
          summary: 'Publish, unpublish, delete, or read tags again; of one image or of all of an index',
          params: projectParams,
          body: z.strictObject({
            operation: z.enum(OPERATIONS),
            imageId: z.string().max(100).optional(),
            listDigest: z.string().max(200).optional(),
            overrideReason: z.string().max(2000).optional().describe('Publish all the same; for admins'),
          }),
          response: { 202: requestSchema, ...problems },
        },
      },
      async (request, reply) => {
        const caller = callerOf(request);
        const project = await getProject(context, caller, { id: request.params.projectId });
        const made = await requestForImages(context, caller, project, request.body);
        return await reply.code(202).send(presentRequest(made));
      },
    );
    app.get(
      '/api/v1/projects/:projectId/requests',
      {
        ...access,
        schema: {
          tags,
          summary: 'List what was asked for, newest first',
          params: projectParams,
          querystring: z.object({ ...pageQuery, kind: z.enum(['scan', 'image']).optional() }),
          response: { 200: pageOf(requestSchema), ...problems },
        },
      },
      async request => {
        const project = await getProject(context, callerOf(request), { id: request.params.projectId });
        const { limit, cursor, kind } = request.query;
        const before = decodeCursor(cursor, position);
        const requests = await listRequests(db, { projectId: project.id, kind, before, limit: limit + 1 });
        const { items, nextCursor } = toPage(requests, limit, positionOf);
        return { items: items.map(presentRequest), nextCursor };
      },
    );
    app.get(
      '/api/v1/project-requests/:requestId',
      {
        ...access,
        schema: {
          tags,
          summary: 'Read a request',
          params: z.object({ requestId: z.string().max(100) }),
          response: { 200: requestSchema, ...problems },
        },
      },
      async request => presentRequest((await getRequest(context, callerOf(request), request.params.requestId)).request),
    );
    app.get(
      '/api/v1/base-images',
      {
        ...access,
        schema: {
          tags,
          summary: 'List approved base images',
          querystring: z.object(pageQuery),
          response: { 200: pageOf(baseImageSchema), ...problems },
        },
      },
      async request => {
        const { limit, cursor } = request.query;
        const after = decodeCursor(cursor, z.string());
        const bases = await listBaseImages(db, { after, limit: limit + 1 });
        const { items, nextCursor } = toPage(bases, limit, ({ id }) => id);
        return { items: items.map(presentBase), nextCursor };
      },
    );
    app.post(
      '/api/v1/base-images',
      {
        config: { access: { server: 'admin' as const } },
        schema: {
          tags,
          summary: 'Approve a base image: its layers are remembered, for all its architectures',
          body: z.strictObject({ reference: z.string().min(1).max(1024) }),
          response: { 201: z.object({ items: z.array(baseImageSchema) }), ...problems },
        },
      },
      async (request, reply) => {
        const signal = AbortSignal.any([request.server.stopping, AbortSignal.timeout(60_000)]);
        const bases = await addBaseImages(context, callerOf(request), request.body.reference, signal);
        return await reply.code(201).send({ items: bases.map(presentBase) });
      },
    );
    app.delete(
      '/api/v1/base-images/:baseImageId',
      {
        config: { access: { server: 'admin' as const } },
        schema: {
          tags,
          summary: 'Approve a base image no more',
          params: z.object({ baseImageId: z.string().max(100) }),
          response: { 204: z.null(), ...problems },
        },
      },
      async (request, reply) => {
        await removeBaseImage(context, callerOf(request), request.params.baseImageId);
        return await reply.code(204).send(null);
      },
    );
  };
}

/** What is known of the weaknesses of images, by digest. */
async function findScans({ store: { db } }: ProjectContext, images: readonly ProjectImage[]) {
  const views = await findManifestViews(db, [...new Set(images.map(({ digest }) => digest))]);
  const scans = await findManifestScans(
    db,
    [...views.values()].map(({ id }) => id),
  );
  return new Map([...views].map(([digest, { id }]) => [digest, scans.get(id)]));
}
