/**
 * The health of an image: known weaknesses that it may not be published with, and its grade, by what is known today.
 */
import { type GateResult, judgeGate } from '#certification/gate.ts';
import { toGradedImage } from '#certification/graded-errata.ts';
import { gradeOf, type HealthGrade } from '#certification/health-grade.ts';
import { tellUnknowns } from '#certification/unknowns.ts';
import type { AdvisoryLookup } from '#matching/finding.ts';
import { type ImageReport, reportOfImage } from '#scan/content/report-of-image.ts';
import type { StoredConfig } from '#scan/content/trim-config.ts';
import { type Db, toJson } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import type { GradePeriod } from '#store/project-grade.ts';
import { keepGradeSchedule } from '#store/project-grade.ts';
import type { ProjectImage } from '#store/project-image.ts';
import { findProjectImage, listScannedImageIds, updateProjectImage } from '#store/project-image.ts';
import { inTransaction } from '#store/transaction.ts';
import { isJsonObject } from './merge-deep.ts';
import type { ProjectContext } from './project-context.ts';

/** What is known of an image's weaknesses today. */
export interface Health {
  readonly report: ImageReport;
  readonly gate: GateResult;
  readonly grade: HealthGrade;
}

const MAX_CONTACTS = 20;

/** Knows no advisories: before there is a vulnerability database. */
const NO_LOOKUP: AdvisoryLookup = { find: () => [] } as unknown as AdvisoryLookup;

/** The health of an image; `undefined` when it has not been scanned. */
export async function assessHealth(
  context: ProjectContext,
  image: ProjectImage,
  signal: AbortSignal,
): Promise<Health | undefined> {
  const { store, rules, now, vulnerabilities } = context;
  const today = now();
  const reference = referenceOf(image);
  const report = await reportOfImage(store.db, image.digest, { reference, today });
  if (report === undefined) return undefined;
  using lease = await vulnerabilities.acquire(signal);
  const lookup = lease.lookup ?? NO_LOOKUP;
  const { inventory, findings, undetermined } = report;
  const unknown = [
    ...(lease.lookup === undefined ? ['There is no vulnerability database yet'] : []),
    ...tellUnknowns(inventory, undetermined),
  ];
  const config = await findConfig(store.db, image.digest);
  const graded = toGradedImage(findings, {
    inventory,
    lookup,
    now: today,
    created: config?.created ?? image.createdAt,
    unknown,
  });
  return {
    report,
    gate: judgeGate(findings, rules.gate, { lookup, now: today, unknown }),
    grade: gradeOf(graded, rules.grades),
  };
}

/** Writes the grade of an image, and tells when it is another than before. */
export async function keepGrade(
  context: ProjectContext,
  image: ProjectImage,
  project: Pick<ProjectRecord, 'namespaceId' | 'name' | 'details'>,
  grade: HealthGrade,
): Promise<void> {
  const at = context.now();
  // Where something is unknown, the schedule is of what is known alone, and nobody may rely on it.
  const periods = grade.grade === 'unknown' ? [] : grade.schedule.map(toPeriod);
  const current = grade.grade === 'unknown' ? undefined : grade.grade;
  await inTransaction(context.store.db, async trx => {
    const isNew = await keepGradeSchedule(trx, image.id, periods, at);
    if (current !== image.grade) await updateProjectImage(trx, image.id, { grade: current }, at);
    if (!isNew && current === image.grade) return;
    await recordEvents(trx, [
      {
        kind: 'grade.changed',
        at,
        namespaceId: project.namespaceId,
        data: {
          projectId: image.projectId,
          project: project.name,
          imageId: image.id,
          digest: image.digest,
          grade: current ?? null,
          before: image.grade ?? null,
          isPublished: image.publishedAt !== undefined,
          // When it falls again without another image, and whom the project wants to be told.
          nextDropAt: grade.nextDrop?.at.toISOString() ?? null,
          contacts: contactsOf(project),
        },
      },
    ]);
  });
}

/** Grades all scanned images again: what is known of packages has changed, or a day has passed. */
export async function regradeAll(context: ProjectContext, signal: AbortSignal): Promise<number> {
  const { db } = context.store;
  let count = 0;
  for (let after = ''; ; ) {
    const ids = await listScannedImageIds(db, { after, limit: 100 });
    for (const id of ids) {
      signal.throwIfAborted();
      const image = await findProjectImage(db, id);
      const project = image === undefined ? undefined : await findProject(db, { id: image.projectId });
      if (image === undefined || project === undefined) continue;
      const health = await assessHealth(context, image, signal);
      if (health === undefined) continue;
      await keepGrade(context, image, project, health.grade);
      count += 1;
    }
    const last = ids.at(-1);
    if (last === undefined) return count;
    after = last;
  }
}

/** The config of an image as it is kept. */
export async function findConfig(db: Db, digest: string): Promise<StoredConfig | undefined> {
  const row = await db.selectFrom('manifest').select('config').where('digest', '=', digest).executeTakeFirst();
  return (row?.config ?? undefined) as StoredConfig | undefined;
}

/** What an image is called in reports. */
export function referenceOf({ registry, repository, tags, digest }: ProjectImage): string {
  const [tag] = tags.toReversed();
  const name = repository === undefined ? '' : `${registry === undefined ? '' : `${registry}/`}${repository}`;
  if (name === '') return digest;
  return tag === undefined ? `${name}@${digest}` : `${name}:${tag.name}`;
}

/** Addresses of the people to turn to about a project, as its details have them. */
function contactsOf({ details }: Pick<ProjectRecord, 'details'>): readonly string[] {
  const { contacts } = details;
  if (!Array.isArray(contacts)) return [];
  return contacts
    .flatMap((one: unknown) => (isJsonObject(one) ? [one['email_address']] : []))
    .filter(address => typeof address === 'string')
    .slice(0, MAX_CONTACTS);
}

function toPeriod({ grade, start, end }: HealthGrade['schedule'][number]): GradePeriod {
  return JSON.parse(toJson({ grade, startsAt: start.toISOString(), endsAt: end?.toISOString() })) as GradePeriod;
}
