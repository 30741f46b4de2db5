/** Images: submitted, read, listed, revised; their packages and vulnerabilities. */
import { z } from 'zod';
import { hasRole } from '#access/principal.ts';
import { findProjectForImage, getImage, reviseImage, submitImage } from '#project/image.ts';
import { getProject } from '#project/manage-project.ts';
import type { JsonObject } from '#project/merge-deep.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { keepRpmManifest } from '#project/results.ts';
import { ProjectError } from '#project/situation.ts';
import type { ProjectRecord } from '#store/project.ts';
import { findGradeSchedules } from '#store/project-grade.ts';
import { listProjectImages, type ProjectImage } from '#store/project-image.ts';
import { IMAGE_FIELDS, readImageBody, toWireImage } from './image-shape.ts';
import {
  answerList,
  project as projected,
  readListQuery,
  readProjection,
  type Wire,
  wantedValue,
} from './list-answer.ts';
import { readBody } from './project-shape.ts';
import { PyxisError } from './pyxis-error.ts';
import { toWireRpmManifest } from './result-shape.ts';
import type { PyxisRoute } from './route-table.ts';
import { findRpms, listVulnerabilities, VULNERABILITY_FIELDS } from './weaknesses.ts';

/** As many as are looked through for one answer; newer ones first. */
const MAX_IMAGES = 5000;

const revisionSchema = z.looseObject({ certified: z.boolean().nullish(), deleted: z.boolean().nullish() });
const rpmSchema = z.looseObject({
  image_id: z.string().max(64).nullish(),
  rpms: z.array(z.record(z.string(), z.unknown())).nullish(),
});

export const IMAGE_ROUTES: readonly PyxisRoute[] = [
  {
    method: 'POST',
    path: 'v1/images',
    handle: async ({ context, caller, body }) => {
      const { pid, ...submitted } = readImageBody(body);
      const project = await findProjectForImage(context, caller, { ...submitted, pid });
      const { kind, image } = await submitImage(context, caller, project, submitted);
      if (kind === 'known') {
        throw new ProjectError('duplicate', `The project has image ${image.digest} already: its id is ${image.id}`);
      }
      return { status: 201, body: await presentOne(context, image, project, false) };
    },
  },
  {
    method: 'GET',
    path: 'v1/projects/certification/id/:id/images',
    handle: async ({ context, caller, params, query }) => {
      const wanted = readListQuery(query, IMAGE_FIELDS);
      const project = await getProject(context, caller, { id: params['id'] ?? '' });
      const images = await listProjectImages(context.store.db, {
        projectId: project.id,
        digest: wantedValue(wanted.filter, 'docker_image_digest'),
        id: wantedValue(wanted.filter, '_id'),
        includesDeleted: true,
        limit: MAX_IMAGES,
      });
      // Deleted ones only where they are asked for.
      const isAbout = wantedValue(wanted.filter, 'deleted') === 'true';
      const shown = images.filter(image => isAbout || image.deletedAt === undefined).toReversed();
      return { status: 200, body: answerList(await presentAll(context, shown, project, false), wanted) };
    },
  },
  {
    method: 'GET',
    path: 'v1/images/id/:imageId',
    isPublic: true,
    handle: async ({ context, caller, params, query }) => {
      const { image, project } = await getImage(context, caller, params['imageId'] ?? '');
      const isPublic = !hasRole(caller.principal, 'viewer', project.namespaceId);
      return {
        status: 200,
        body: projected(await presentOne(context, image, project, isPublic), readProjection(query)),
      };
    },
  },
  {
    method: 'PATCH',
    path: 'v1/images/id/:imageId',
    handle: async ({ context, caller, params, body }) => {
      const { certified, deleted } = readBody(revisionSchema, body);
      const revision = { isCertified: certified ?? undefined, isDeleted: deleted ?? undefined };
      const image = await reviseImage(context, caller, params['imageId'] ?? '', revision);
      const { project } = await getImage(context, caller, image.id);
      return { status: 200, body: await presentOne(context, image, project, false) };
    },
  },
  {
    method: 'POST',
    path: 'v1/images/id/:imageId/rpm-manifest',
    handle: async ({ context, caller, params, body }) => {
      const id = params['imageId'] ?? '';
      const { rpms } = readBody(rpmSchema, body);
      const manifest = await keepRpmManifest(context, caller, id, (rpms ?? []) as readonly JsonObject[]);
      if (manifest === undefined) {
        throw new ProjectError('duplicate', `Image ${id} has an RPM manifest already`);
      }
      return { status: 201, body: toWireRpmManifest(manifest) };
    },
  },
  {
    method: 'GET',
    path: 'v1/images/id/:imageId/rpm-manifest',
    isPublic: true,
    handle: async ({ context, caller, params, query }) => {
      const { image } = await getImage(context, caller, params['imageId'] ?? '');
      const manifest = await findRpms(context, image);
      if (manifest === undefined) throw new PyxisError(404, `Image ${image.id} has no RPM manifest`);
      return { status: 200, body: projected(toWireRpmManifest(manifest), readProjection(query)) };
    },
  },
  {
    method: 'GET',
    path: 'v1/images/id/:imageId/vulnerabilities',
    isPublic: true,
    handle: async ({ context, caller, params, query }) => {
      const wanted = readListQuery(query, VULNERABILITY_FIELDS);
      const { image } = await getImage(context, caller, params['imageId'] ?? '');
      return { status: 200, body: answerList(await listVulnerabilities(context, image), wanted) };
    },
  },
];

/** One image as a document. */
export async function presentOne(
  context: ProjectContext,
  image: ProjectImage,
  project: ProjectRecord,
  isPublic: boolean,
): Promise<Wire> {
  const [document = {}] = await presentAll(context, [image], project, isPublic);
  return document;
}

/** Images of one project as documents. */
async function presentAll(
  { store }: Pick<ProjectContext, 'store'>,
  images: readonly ProjectImage[],
  project: ProjectRecord,
  isPublic: boolean,
): Promise<readonly Wire[]> {
  const grades = await findGradeSchedules(
    store.db,
    images.map(({ id }) => id),
  );
  return images.map(image => toWireImage(image, { project, grades: grades.get(image.id), isPublic }));
}
