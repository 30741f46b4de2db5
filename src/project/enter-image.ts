/** How an image that is stored comes into a project. */
import type { Trx } from '#store/database.ts';
import {
  findProjectImageByDigest,
  insertProjectImage,
  type ProjectImage,
  updateProjectImage,
} from '#store/project-image.ts';
import { describeStored } from './describe-stored.ts';
import { addTags } from './image.ts';
import { newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';

/** An image to be entered. */
export interface EnteredImage {
  readonly projectId: string;
  readonly digest: string;
  readonly architecture: string;
  readonly listDigest: string | undefined;
  readonly registry: string | undefined;
  readonly repository: string | undefined;
  readonly tags: readonly string[];
  readonly origin: 'scan' | 'push';
  readonly at: Date;
}

/** Enters an image that is stored into its project, or adds to the entry that there is. */
export async function enterImage(
  trx: Trx,
  context: Pick<ProjectContext, 'now'>,
  entered: EnteredImage,
): Promise<ProjectImage> {
  const { projectId, digest, architecture, listDigest, registry, repository, tags, origin, at } = entered;
  const described = await describeStored(trx, digest);
  const made = await insertProjectImage(trx, {
    id: newObjectId(context.now()),
    projectId,
    digest,
    architecture,
    listDigest,
    registry,
    repository,
    tags: addTags([], tags, at),
    origin,
    ...described,
    rawConfig: undefined,
    isReportedCertified: undefined,
    isVerifiedCertified: undefined,
    isCertified: false,
    exception: undefined,
    scanState: 'pending',
    scanMessage: undefined,
    grade: undefined,
    pushedAt: at.toISOString(),
    publishedAt: undefined,
    deletedAt: undefined,
    at,
  });
  if (made !== undefined) return made;
  const known = await findProjectImageByDigest(trx, projectId, digest);
  if (known === undefined) throw new Error('The image was there a moment ago');
  const isPublished = known.publishedAt !== undefined;
  return await updateProjectImage(
    trx,
    known.id,
    {
      tags: isPublished ? known.tags : addTags(known.tags, tags, at),
      listDigest: listDigest ?? known.listDigest,
      ...(known.diffIds === undefined ? { diffIds: described.diffIds } : {}),
      ...(known.deletedAt === undefined ? {} : { deletedAt: undefined, registry, repository }),
      ...(isPublished || known.registry !== undefined ? {} : { registry, repository }),
    },
    at,
  );
}
