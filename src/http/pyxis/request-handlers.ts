/** Scan requests and image requests. */
import { z } from 'zod';
import { getImage } from '#project/image.ts';
import { getProject } from '#project/manage-project.ts';
import { getRequest, requestForImages, requestScan } from '#project/requests.ts';
import { listRequests, type ProjectRequest } from '#store/project-request.ts';
import { answerList, project as projected, readListQuery, readProjection } from './list-answer.ts';
import { readBody } from './project-shape.ts';
import { PyxisError } from './pyxis-error.ts';
import { REQUEST_FIELDS, toWireRequest } from './result-shape.ts';
import type { PyxisRequest, PyxisRoute } from './route-table.ts';

const MAX_ROWS = 2000;
const text = z.string().max(4096);
const scanSchema = z.looseObject({ pull_spec: text, tag: text });
const imageSchema = z.looseObject({
  operation: text,
  image_id: text.nullish(),
  manifest_list_digest: text.nullish(),
  tag: text.nullish(),
  override_reason: text.nullish(),
});
const tagSchema = z.looseObject({ image_id: text, tag: text.nullish() });

export const REQUEST_ROUTES: readonly PyxisRoute[] = [
  {
    method: 'POST',
    path: 'v1/projects/certification/id/:id/requests/scans',
    handle: async ({ context, caller, params, body }) => {
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const { pull_spec, tag } = readBody(scanSchema, body);
      const request = await requestScan(context, caller, project, { pullSpec: pull_spec, tag });
      return { status: 201, body: toWireRequest(request, project) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id/requests/scans',
    handle: async request => await listOf(request, 'scan'),
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/requests/scans/id/:requestId',
    handle: async request => await read(request, 'scan'),
  },
  {
    method: 'POST',
    path: 'v1/projects/certification/id/:id/requests/images',
    handle: async ({ context, caller, params, body }) => {
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const sent = readBody(imageSchema, body);
      const request = await requestForImages(context, caller, project, {
        operation: sent.operation,
        imageId: sent.image_id ?? undefined,
        listDigest: sent.manifest_list_digest ?? undefined,
        tag: sent.tag ?? undefined,
        overrideReason: sent.override_reason ?? undefined,
      });
      return { status: 201, body: toWireRequest(request, project) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id/requests/images',
    handle: async request => await listOf(request, 'image'),
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/requests/images/id/:requestId',
    handle: async request => await read(request, 'image'),
  },
  {
    // The older way to publish.
    method: 'POST',
    path: 'v1/projects/certification/id/:id/requests/tags',
    handle: async ({ context, caller, params, body }) => {
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const { image_id, tag } = readBody(tagSchema, body);
      const wish = { operation: 'publish', imageId: image_id, tag: tag ?? undefined };
      const request = await requestForImages(context, caller, project, wish);
      return { status: 201, body: { ...toWireRequest(request, project), tag: tag ?? null } };
    },
  },
  {
    method: 'GET',
    path: 'v1/images/id/:imageId/requests',
    handle: async ({ context, caller, params, query }) => {
      const wanted = readListQuery(query, REQUEST_FIELDS);
      const { image, project } = await getImage(context, caller, params['imageId'] ?? '');
      // A published image is for everybody, what was asked about it is not.
      await getProject(context, caller, { id: project.id });
      const requests = await listRequests(context.store.db, { kind: 'image', imageId: image.id, limit: MAX_ROWS });
      return {
        status: 200,
        body: answerList(
          requests.toReversed().map(one => toWireRequest(one, project)),
          wanted,
        ),
      };
    },
  },
];

async function listOf({ context, caller, params, query }: PyxisRequest, kind: ProjectRequest['kind']) {
  const wanted = readListQuery(query, REQUEST_FIELDS);
  const project = await getProject(context, caller, { id: params['id'] ?? '' });
  const requests = await listRequests(context.store.db, { projectId: project.id, kind, limit: MAX_ROWS });
  return {
    status: 200,
    body: answerList(
      requests.toReversed().map(one => toWireRequest(one, project)),
      wanted,
    ),
  };
}

async function read({ context, caller, params, query }: PyxisRequest, kind: ProjectRequest['kind']) {
  const id = params['requestId'] ?? '';
  if (id === '') throw new PyxisError(404, 'There is no such request');
  const { request, project } = await getRequest(context, caller, id, kind);
  return { status: 200, body: projected(toWireRequest(request, project), readProjection(query)) };
}
