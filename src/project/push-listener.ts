/** What the hosted registry's pushes and removals mean for projects. */
import { PlimsollError } from '#base/errors.ts';
import type { Push, PushListener, Removal } from '#hosting/context.ts';
import { DistributionError } from '#hosting/distribution-error.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import type { Trx } from '#store/database.ts';
import { findProject, lockProject } from '#store/project.ts';
import { listProjectImages, type ProjectImage, updateProjectImage } from '#store/project-image.ts';
import { enterImage } from './enter-image.ts';
import { advanceFromStarted } from './image.ts';
import type { ProjectContext, ProjectRules } from './project-context.ts';

/** Enters what is pushed to a project's space into the project, and keeps what is published from being moved or removed. */
export function projectPushListener(context: Pick<ProjectContext, 'now' | 'queue' | 'hosted' | 'rules'>): PushListener {
  return {
    async onManifest(trx, push) {
      if (push.projectId === undefined) return;
      const project = await lockProject(trx, push.projectId);
      if (project === undefined) return;
      await moveTags(trx, push.projectId, push, context.rules);
      if (push.kind !== 'image' && push.kind !== 'index') return;
      await advanceFromStarted(trx, project, push.pushedBy, context.now());
      for (const { digest, architecture } of await listMembers(trx, push)) {
        const image = await enterImage(trx, context, {
          projectId: project.id,
          digest,
          architecture,
          listDigest: push.kind === 'index' ? push.digest : undefined,
          registry: context.hosted?.host,
          repository: push.repository,
          tags: push.tags,
          origin: 'push',
          at: context.now(),
        });
        // It may have been read before, in another project.
        await context.queue.send(trx, 'project-image', { imageId: image.id }, { singletonKey: image.id });
      }
    },
    async onRemove(trx, removal) {
      if (removal.projectId === undefined || (await findProject(trx, { id: removal.projectId })) === undefined) return;
      await refuseRemoval(trx, removal.projectId, removal);
    },
  };
}

/** The images of a push that can be certified: the pushed one, or those of the index. */
async function listMembers(
  trx: Trx,
  { kind, digest, manifestId }: Push,
): Promise<readonly { readonly digest: string; readonly architecture: string }[]> {
  const rows =
    kind === 'image'
      ? await trx.selectFrom('manifest').select(['digest', 'architecture']).where('digest', '=', digest).execute()
      : await trx
          .selectFrom('manifestChild as child')
          .innerJoin('manifest', 'manifest.digest', 'child.digest')
          .select(['manifest.digest', 'manifest.architecture'])
          .where('child.indexId', '=', manifestId)
          .where('child.kind', '=', 'image')
          .where('manifest.kind', '=', 'image')
          .orderBy('child.position')
          .execute();
  return rows.flatMap(row =>
    row.architecture !== null && CERTIFIED_ARCHITECTURES.has(row.architecture)
      ? [{ digest: row.digest, architecture: row.architecture }]
      : [],
  );
}

/**
 * A tag that moves is taken off the image that had it. One that people pull a published image by stays where it is, unless the operator
 * allows it.
 */
async function moveTags(
  trx: Trx,
  projectId: string,
  { movedFrom, repository, digest }: Push,
  { hasMovableTags }: Pick<ProjectRules, 'hasMovableTags'>,
): Promise<void> {
  for (const [tag, before] of movedFrom) {
    for (const image of await imagesOf(trx, projectId, before)) {
      if (image.digest === digest || image.listDigest === digest || image.repository !== repository) continue;
      if (!image.tags.some(({ name }) => name === tag)) continue;
      if (image.publishedAt !== undefined && !hasMovableTags) {
        throw new DistributionError(
          'DENIED',
          `Cannot push "${repository}:${tag}": image ${before} is published under that tag; push under another tag, such as a higher build number, or unpublish it first`,
        );
      }
      const tags = image.tags.filter(({ name }) => name !== tag);
      await updateProjectImage(trx, image.id, { tags }, new Date(image.updatedAt));
    }
  }
}

async function refuseRemoval(trx: Trx, projectId: string, { digest, tag, repository }: Removal): Promise<void> {
  for (const image of await imagesOf(trx, projectId, digest)) {
    if (image.publishedAt === undefined || image.repository !== repository) continue;
    if (tag !== undefined && !image.tags.some(({ name }) => name === tag)) continue;
    throw new PlimsollError(
      'FORBIDDEN',
      `Cannot remove ${tag === undefined ? digest : `tag "${tag}"`} of "${repository}": it is published; unpublish image ${image.id} first`,
    );
  }
}

/** Images of the project that are this manifest, or are listed by it. */
async function imagesOf(trx: Trx, projectId: string, digest: string): Promise<readonly ProjectImage[]> {
  const [own, listed] = [
    await listProjectImages(trx, { projectId, digest, limit: 10 }),
    await listProjectImages(trx, { projectId, listDigest: digest, limit: 100 }),
  ];
  return [...own, ...listed];
}
