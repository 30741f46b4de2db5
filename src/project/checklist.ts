/**
 * What a project still misses before its image can be published: one list for the page and for whoever asks why nothing is published yet.
 */
import { type Grade, isAtLeast } from '#certification/health-grade.ts';
import type { ProjectRecord } from '#store/project.ts';
import { listProjectImages, type ProjectImage } from '#store/project-image.ts';
import { isJsonObject } from './merge-deep.ts';
import type { ProjectContext } from './project-context.ts';

/** Things that a project has or misses. */
export const CHECKLIST_ITEMS = [
  'description',
  'contacts',
  'location',
  'pull-secret',
  'image',
  'checks',
  'grade',
  'published',
] as const;
export type ChecklistItemName = (typeof CHECKLIST_ITEMS)[number];

/**
 * `done`; `open`: it must be done; `advised`: nothing waits for it; `running`: the server is at it; `not-needed`: it is not asked of such a
 * project.
 */
export type ChecklistState = 'done' | 'open' | 'advised' | 'running' | 'not-needed';

/** One line of the checklist. */
export interface ChecklistItem {
  readonly item: ChecklistItemName;
  readonly state: ChecklistState;
  /** One sentence without full stop: what is so, or what to do. */
  readonly message: string;
}

/** What the checklist goes by of an image. */
type ImageFacts = Pick<
  ProjectImage,
  'isCertified' | 'isVerifiedCertified' | 'scanState' | 'scanMessage' | 'grade' | 'publishedAt' | 'exception'
>;

/** The newest images say what is so; older ones were replaced by them. */
const MAX_IMAGES = 50;

/** The checklist of a project as it is now. */
export async function readChecklist(
  context: ProjectContext,
  project: ProjectRecord,
): Promise<readonly ChecklistItem[]> {
  const { db } = context.store;
  const images = await listProjectImages(db, { projectId: project.id, limit: MAX_IMAGES });
  const published = await listProjectImages(db, { projectId: project.id, isPublished: true, limit: 1 });
  return toChecklist(project, [...images, ...published], { minGrade: context.rules.minGrade });
}

/** The checklist by facts alone, in the order in which things are done. */
export function toChecklist(
  project: Pick<
    ProjectRecord,
    'details' | 'registry' | 'repository' | 'isHosted' | 'pullSecret' | 'status' | 'autoPublish'
  >,
  images: readonly ImageFacts[],
  { minGrade }: { readonly minGrade: Grade },
): readonly ChecklistItem[] {
  const isSet = project.registry !== undefined && project.repository !== undefined;
  return [
    hasDescription(project.details)
      ? line('description', 'done', 'The catalogue has a description to show')
      : line('description', 'advised', 'Write a short description: the catalogue shows it'),
    hasContacts(project.details)
      ? line('contacts', 'done', 'There is somebody to write to')
      : line('contacts', 'advised', 'Name a technical contact, for when the health grade falls'),
    toLocation(project, isSet),
    toSecret(project),
    images.length > 0
      ? line('image', 'done', 'An image was submitted')
      : line('image', 'open', project.isHosted ? 'Push an image to the project' : 'Scan an image where it lies'),
    toChecks(images),
    toGrade(images, minGrade),
    toPublished(project, images),
  ];
}

function toLocation(
  { registry, repository, isHosted }: Pick<ProjectRecord, 'registry' | 'repository' | 'isHosted'>,
  isSet: boolean,
): ChecklistItem {
  if (isSet) return line('location', 'done', `The image is catalogued at ${registry}/${repository}`);
  if (isHosted) return line('location', 'not-needed', 'The image is catalogued where it is pushed to');
  return line('location', 'open', 'Say at which registry and repository people will pull the image');
}

function toSecret({ isHosted, pullSecret }: Pick<ProjectRecord, 'isHosted' | 'pullSecret'>): ChecklistItem {
  if (isHosted) return line('pull-secret', 'not-needed', 'The image is pushed here, and read without a pull secret');
  if (pullSecret === undefined) {
    return line('pull-secret', 'advised', 'Save a pull secret, unless anybody may pull the image');
  }
  return line('pull-secret', 'done', `A pull secret for ${pullSecret.entry} is kept`);
}

function toChecks(images: readonly ImageFacts[]): ChecklistItem {
  if (images.length === 0) return line('checks', 'open', 'The checks run when there is an image');
  if (images.some(image => image.isVerifiedCertified === true || image.exception !== undefined)) {
    return line('checks', 'done', 'An image passed the checks, or has an exception');
  }
  const [newest] = images;
  if (images.some(({ scanState }) => scanState === 'pending' || scanState === 'running')) {
    return line('checks', 'running', 'The checks are running');
  }
  if (newest?.scanState === 'failed') {
    return line('checks', 'open', `The newest image could not be read: ${newest.scanMessage ?? 'nobody knows why'}`);
  }
  return line('checks', 'open', 'No image passed all checks: its test results say what to change');
}

function toGrade(images: readonly ImageFacts[], minGrade: Grade): ChecklistItem {
  if (images.length === 0) return line('grade', 'open', 'The grade is counted when there is an image');
  const isGood = ({ grade }: ImageFacts) => isAtLeast((grade ?? 'unknown') as Grade | 'unknown', minGrade);
  if (images.some(isGood)) return line('grade', 'done', `An image has the health grade ${minGrade} or better`);
  if (images.some(({ scanState }) => scanState === 'pending' || scanState === 'running')) {
    return line('grade', 'running', 'The grade is being counted');
  }
  const best = images.flatMap(({ grade }) => grade ?? []).toSorted()[0];
  return best === undefined
    ? line('grade', 'open', 'The health grade of no image is known')
    : line('grade', 'open', `The best health grade is ${best}, needed is ${minGrade}: build the image with updates`);
}

function toPublished(
  { status, autoPublish }: Pick<ProjectRecord, 'status' | 'autoPublish'>,
  images: readonly ImageFacts[],
): ChecklistItem {
  if (images.some(({ publishedAt }) => publishedAt !== undefined)) {
    return line('published', 'done', 'An image is in the catalogue');
  }
  if (status === 'archived') return line('published', 'open', 'The project is archived, and publishes nothing');
  return line(
    'published',
    'open',
    autoPublish ? 'The first image without objections is published by itself' : 'Publish an image',
  );
}

function hasDescription(details: Readonly<Record<string, unknown>>): boolean {
  const { container } = details;
  const text = isJsonObject(container) ? container['short_description'] : undefined;
  return typeof text === 'string' && text.trim() !== '';
}

function hasContacts({ contacts }: Readonly<Record<string, unknown>>): boolean {
  return Array.isArray(contacts) && contacts.some(one => isJsonObject(one) && typeof one['email_address'] === 'string');
}

function line(item: ChecklistItemName, state: ChecklistState, message: string): ChecklistItem {
  return { item, state, message };
}
