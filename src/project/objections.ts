/** What stands against publishing an image. */
import { isAtLeast } from '#certification/health-grade.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { ProjectImage } from '#store/project-image.ts';
import { listTestResults } from '#store/project-result.ts';
import { assessHealth } from './health.ts';
import { findIndexFaults } from './index-members.ts';
import type { ProjectContext } from './project-context.ts';
import type { Situation } from './situation.ts';

/** Something that stands against publishing. */
export interface Objection {
  readonly situation: Situation;
  /** One sentence without full stop. */
  readonly message: string;
  /** Whether an admin may pass over it, with a reason. */
  readonly isWaivable: boolean;
}

/** What stands against publishing an image now; empty: nothing. */
export async function findObjections(
  context: ProjectContext,
  project: ProjectRecord,
  image: ProjectImage,
  signal: AbortSignal,
): Promise<readonly Objection[]> {
  const objections: Objection[] = [];
  const against = (situation: Situation, message: string, isWaivable = true) =>
    objections.push({ situation, message, isWaivable });
  if (project.status === 'archived') against('not_certified', 'The project is archived', false);
  if (image.deletedAt !== undefined) against('not_found', 'The image was deleted', false);
  if (image.registry === undefined || image.repository === undefined) {
    against('location_mismatch', 'The project has no registry and repository to publish at; set them', false);
  }
  if (image.tags.length === 0) against('tag_invalid', 'The image has no tag', false);
  if (image.scanState !== 'completed') {
    const why = image.scanMessage === undefined ? 'the scan has not come to its end' : image.scanMessage;
    against('not_scanned', `The image is not graded: ${why}`);
  }
  if (!image.isCertified && image.exception === undefined)
    against('not_certified', await tellFailedChecks(context, image));
  if (
    context.rules.requiresVerification &&
    image.isVerifiedCertified !== true &&
    image.isCertified &&
    image.exception === undefined
  ) {
    against(
      'not_certified',
      `The image is certified by its client's word alone: ${await tellFailedChecks(context, image)}`,
    );
  }
  for (const fault of await findIndexFaults(context, image)) against('index_incomplete', fault);
  const health = image.scanState === 'completed' ? await assessHealth(context, image, signal) : undefined;
  if (health !== undefined) {
    const { gate, grade } = health;
    if (context.rules.gate.length > 0 && gate.outcome !== 'passed') against('not_certified', gate.summary);
    if (grade.grade === 'F') against('not_certified', 'The health grade is F, which is never published', false);
    else if (!isAtLeast(grade.grade, context.rules.minGrade)) {
      const known = grade.grade === 'unknown' ? `unknown (${grade.unknown[0] ?? 'not graded'})` : grade.grade;
      against('not_certified', `The health grade is ${known}, needed is ${context.rules.minGrade} or better`);
    }
  }
  return objections;
}

async function tellFailedChecks({ store }: ProjectContext, image: ProjectImage): Promise<string> {
  const [verified] = await listTestResults(store.db, { imageId: image.id, origin: 'verified', limit: 1 });
  if (verified === undefined) return 'The image is not certified: our checks have not run';
  const { results = {} } = verified.document as {
    results?: Record<string, readonly { name: string; summary?: string }[]>;
  };
  const failed = [...(results['failed'] ?? []), ...(results['errors'] ?? [])];
  if (failed.length === 0) return 'The image is not certified';
  return `The image is not certified: ${failed.map(({ name, summary }) => `${name}: ${summary ?? ''}`).join('; ')}`;
}
