/**
 * Our own verdict on an image of a project: the checks of its policy on what was stored when it was read, the gate, the grade.
 */

import { PlimsollError } from '#base/errors.ts';
import type { CheckResult } from '#certification/check.ts';
import { type PolicyName, selectPolicy } from '#certification/policies.ts';
import { isPassed } from '#certification/run-checks.ts';
import type { TagFacts } from '#certification/subject.ts';
import { analyserVersion } from '#scan/sensor/layer-store.ts';
import { recordEvents } from '#store/event.ts';
import { lockProject, type ProjectRecord } from '#store/project.ts';
import { findProjectImage, listProjectImages, type ProjectImage, updateProjectImage } from '#store/project-image.ts';
import { insertTestResult, listTestResults } from '#store/project-result.ts';
import { storable } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import { checkStored } from './check-stored.ts';
import { assessHealth, findConfig, type Health, keepGrade, referenceOf } from './health.ts';
import { certifiedBy } from './image.ts';
import { newObjectId } from './object-id.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

/** What came of it. */
export interface Verdict {
  readonly image: ProjectImage;
  readonly policy: PolicyName;
  readonly results: readonly CheckResult[];
  readonly isPassed: boolean;
  readonly health: Health;
}

/**
 * Certifies an image whose report is stored: keeps the test result, the grade, and whether it is certified.
 * @throws {ProjectError} `not_scanned`, `bundle_project`.
 */
export async function certifyImage(
  context: ProjectContext,
  image: ProjectImage,
  project: ProjectRecord,
  signal: AbortSignal,
): Promise<Verdict> {
  const policy = selectPolicy({
    type: project.containerType,
    osContentType: project.osContentType,
    isPrivileged: project.isPrivileged,
  });
  if (policy === undefined) {
    throw new ProjectError(
      'bundle_project',
      `Cannot certify the image: "${project.name}" is a project for operator bundles`,
    );
  }
  const health = await assessHealth(context, image, signal);
  if (health === undefined) throw new ProjectError('not_scanned', 'Cannot certify the image: it has not been read yet');
  const { inventory } = health.report;
  const { db } = context.store;
  const [tag] = image.tags
    .map(({ name }) => name)
    .filter(name => name.toLowerCase() !== 'latest')
    .slice(-1);
  const results = await checkStored(
    context,
    {
      digest: image.digest,
      architecture: image.architecture,
      name: {
        text: referenceOf(image),
        ...(image.repository === undefined ? {} : { repository: image.repository }),
        ...(tag === undefined ? {} : { tag }),
      },
      tags: await findTags(context, image, tag),
      inventory,
    },
    policy,
  );
  const passed = isPassed(results);
  const certified = await keepVerdict(context, project, image, { policy, results, isPassed: passed, health });
  await keepGrade(context, certified, project, health.grade);
  return {
    image: (await findProjectImage(db, image.id)) ?? certified,
    policy,
    results,
    isPassed: passed,
    health,
  };
}

async function keepVerdict(
  context: ProjectContext,
  project: ProjectRecord,
  image: ProjectImage,
  verdict: Omit<Verdict, 'image'>,
): Promise<ProjectImage> {
  const at = context.now();
  const document = storable(toDocument(image, verdict));
  return await inTransaction(context.store.db, async trx => {
    await lockProject(trx, project.id);
    const now = await findProjectImage(trx, image.id);
    if (now === undefined) throw new PlimsollError('NOT_FOUND', 'The image is gone');
    const [last] = await listTestResults(trx, { imageId: image.id, origin: 'verified', limit: 1 });
    const isSame = last !== undefined && summaryOf(last.document) === summaryOf(document);
    if (!isSame) {
      await insertTestResult(trx, {
        id: newObjectId(at),
        projectId: project.id,
        imageId: image.id,
        origin: 'verified',
        isPassed: verdict.isPassed,
        document,
        at,
      });
    }
    const isVerifiedCertified = verdict.isPassed;
    const isCertified = certifiedBy({ ...now, isVerifiedCertified });
    const updated = await updateProjectImage(
      trx,
      image.id,
      {
        isVerifiedCertified,
        // What is published stays so until somebody takes it back.
        isCertified: isCertified || (now.publishedAt !== undefined && now.isCertified),
        scanState: 'completed',
        scanMessage: undefined,
        diffIds: now.diffIds ?? (await findConfig(trx, image.digest))?.diffIds,
      },
      at,
    );
    if (!isSame) {
      await recordEvents(trx, [
        {
          kind: 'image.certified',
          at,
          namespaceId: project.namespaceId,
          data: {
            projectId: project.id,
            project: project.name,
            imageId: image.id,
            digest: image.digest,
            isPassed: verdict.isPassed,
            policy: verdict.policy,
          },
        },
      ]);
    }
    return updated;
  });
}

/** In the form of preflight's results.json, with the reasons that it has no place for. */
function toDocument(image: ProjectImage, { policy, results, isPassed: passed, health }: Omit<Verdict, 'image'>) {
  const of = (...outcomes: readonly CheckResult['outcome'][]) =>
    results.filter(({ outcome }) => outcomes.includes(outcome)).map(toItem);
  const { gate, grade } = health;
  return {
    image: referenceOf(image),
    passed,
    test_library: { name: 'plimsoll', version: analyserVersion(), commit: '' },
    results: { passed: of('passed', 'not-applicable'), failed: of('failed'), errors: of('error') },
    policy,
    gate: { outcome: gate.outcome, summary: gate.summary, unknown: gate.unknown.slice(0, 20) },
    grade: {
      grade: grade.grade,
      unknown: grade.unknown.slice(0, 20),
      next_drop: grade.nextDrop?.at.toISOString() ?? null,
    },
  };
}

function toItem({ name, outcome, description, summary, why, fix, found, differsFromPreflight }: CheckResult) {
  return {
    name,
    elapsed_time: 0,
    description,
    ...(outcome === 'passed' ? {} : { help: summary, suggestion: fix }),
    outcome,
    summary,
    why,
    found: found.slice(0, 50),
    ...(differsFromPreflight === undefined ? {} : { differs_from_preflight: differsFromPreflight }),
  };
}

/** What makes two results the same: outcomes and findings, whatever the order that the database keeps fields in. */
function summaryOf(document: Readonly<Record<string, unknown>>): string {
  const { policy, image, results, gate } = document as {
    policy?: unknown;
    image?: unknown;
    results?: Record<string, readonly { name: string; summary?: string }[]>;
    gate?: { summary?: unknown };
  };
  const items = Object.values(results ?? {})
    .flat()
    .map(({ name, summary }) => `${name}: ${summary ?? ''}`)
    .sort();
  return JSON.stringify([policy, image, items, gate?.summary]);
}

async function findTags({ store }: ProjectContext, image: ProjectImage, tag: string | undefined): Promise<TagFacts> {
  // Its project gave it that tag, which nobody else can.
  if (tag !== undefined) return { kind: 'named' };
  const others = await listProjectImages(store.db, { projectId: image.projectId, limit: 200 });
  const names = new Set(others.flatMap(({ tags }) => tags.map(({ name }) => name)).filter(name => name !== 'latest'));
  return { kind: 'looked-for', pointingHere: [], otherCount: names.size, isComplete: true };
}
