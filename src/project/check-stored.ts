/**
 * The checks on an image whose report is stored: of a project, or of any registry that is scanned.
 */
import type { BaseImage as KnownBase } from '#certification/base-image.ts';
import type { CheckResult } from '#certification/check.ts';
import type { FileFacts } from '#certification/file-facts.ts';
import { guessPolicy, type PolicyName } from '#certification/policies.ts';
import { isPassed, runChecks } from '#certification/run-checks.ts';
import type { CertificationSubject, ConfigFacts } from '#certification/subject.ts';
import { findFileFacts } from '#scan/content/file-facts.ts';
import { inventoryOfImage } from '#scan/content/report-of-image.ts';
import type { StoredConfig } from '#scan/content/trim-config.ts';
import { type ImagePlace, listPlaces } from '#store/image-list.ts';
import { type BaseImage, listBaseImages } from '#store/project-base-image.ts';
import { findConfig } from './health.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

/** Base images that an image is compared with. */
const MAX_BASES = 5000;

/** What is known of the image besides what is stored. */
export interface StoredSubject extends Pick<CertificationSubject, 'name' | 'tags' | 'inventory'> {
  readonly digest: string;
  readonly architecture: string;
}

/** What the checks say of an image. */
export interface ImageChecks {
  readonly policy: PolicyName;
  /** Why it is that policy; missing when it was asked for. */
  readonly policyReason: string | undefined;
  readonly isPassed: boolean;
  readonly results: readonly CheckResult[];
}

/** Runs the checks of a policy. @throws {ProjectError} `not_scanned` when too little is known of its files. */
export async function checkStored(
  context: ProjectContext,
  { digest, architecture, inventory, ...names }: StoredSubject,
  policy: PolicyName,
): Promise<readonly CheckResult[]> {
  const { db } = context.store;
  const config = toConfigFacts(await findConfig(db, digest), architecture);
  return runChecks(
    {
      ...names,
      inventory,
      ...(config === undefined ? {} : { config }),
      layerCount: inventory.image.layers.length,
      files: await getFiles(context, digest),
      bases: (await listBaseImages(db, { architecture, limit: MAX_BASES })).map(toKnownBase),
      settings: context.rules.checks,
    },
    policy,
  );
}

/**
 * Checks an image of a registry, whether or not it belongs to a project; nothing is kept. `namespaceIds` are those whose registries one may
 * see. @throws {ProjectError} `not_scanned`.
 */
export async function checkImage(
  context: ProjectContext,
  image: { readonly id: number; readonly digest: string; readonly architecture: string | undefined },
  wish: { readonly policy?: PolicyName | undefined; readonly namespaceIds: readonly string[] | undefined },
): Promise<ImageChecks> {
  const { db } = context.store;
  const [place] = (await listPlaces(db, { namespaceIds: wish.namespaceIds }, [image.id])).get(image.id) ?? [];
  const name = nameOf(place, image.digest);
  const inventory = await inventoryOfImage(db, image.digest, { reference: name.text });
  if (inventory === undefined)
    throw new ProjectError('not_scanned', 'Cannot check the image: it has not been read yet');
  const guess = guessPolicy(inventory);
  const policy = wish.policy ?? guess.policy;
  const pointingHere = (place?.tags ?? []).filter(tag => tag.toLowerCase() !== 'latest');
  const tags =
    name.tag === undefined
      ? ({ kind: 'looked-for', pointingHere, otherCount: pointingHere.length, isComplete: true } as const)
      : ({ kind: 'named', pointsHere: true } as const);
  const { digest, architecture = '' } = image;
  const results = await checkStored(context, { digest, architecture, name, tags, inventory }, policy);
  const policyReason = wish.policy === undefined ? guess.why : undefined;
  return { policy, policyReason, isPassed: isPassed(results), results };
}

function nameOf(place: ImagePlace | undefined, digest: string): CertificationSubject['name'] {
  if (place === undefined) return { text: digest };
  const { host, repository, tags } = place;
  const tag = tags.find(one => one.toLowerCase() !== 'latest');
  const text = `${host}/${repository}`;
  return tag === undefined ? { text: `${text}@${digest}`, repository } : { text: `${text}:${tag}`, repository, tag };
}

function toConfigFacts(config: StoredConfig | undefined, architecture: string): ConfigFacts | undefined {
  if (config === undefined) return undefined;
  return {
    user: config.user ?? '',
    labels: config.labels ?? {},
    diffIds: config.diffIds,
    architecture,
    ...(config.created === undefined ? {} : { created: config.created }),
  };
}

function toKnownBase({ registry, repository, tag, digest, diffIds }: BaseImage): KnownBase {
  return {
    name: `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}`,
    digest,
    layers: diffIds,
    isApproved: true,
  };
}

/** What the checks ask of files, as it was kept when the image was read. @throws {ProjectError} `not_scanned`. */
async function getFiles({ store }: ProjectContext, digest: string): Promise<FileFacts> {
  const files = await findFileFacts(store.db, digest);
  if (files !== undefined) return files;
  throw new ProjectError(
    'not_scanned',
    'Cannot certify the image: it was read by parts or by an older version, so that not enough is known of its files',
  );
}
