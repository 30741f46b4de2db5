/**
 * What comes after the push: the images are scanned, checked and graded as any other push; then documents are attached, changes told, and the
 * images published where that is wanted.
 */
import { toPlimsollError } from '#base/errors.ts';
import type { Finding } from '#matching/finding.ts';
import { findObjections } from '#project/objections.ts';
import { publishAutomatically } from '#project/publish.ts';
import { FORMATS } from '#report/formats.ts';
import { compareImages } from '#scan/content/compare-images.ts';
import { inventoryOfImage, reportOfImage } from '#scan/content/report-of-image.ts';
import {
  type BuildOutcome,
  type BuildRecord,
  findBuild,
  findHoldingBuild,
  listBuildsAwaiting,
  listPublishedBuilds,
  listScanningBuilds,
} from '#store/build.ts';
import { type BuildConfiguration, findBuildConfiguration } from '#store/build-configuration.ts';
import { findHostedRepository } from '#store/hosting-space.ts';
import { findProject, type ProjectRecord } from '#store/project.ts';
import { findProjectImage, findProjectImageByDigest, type ProjectImage } from '#store/project-image.ts';
import { inTransaction } from '#store/transaction.ts';
import { attachDocument } from './attach-documents.ts';
import type { BuildContext, BuildWorkContext } from './build-context.ts';
import { DEFAULT_LIMITS } from './build-settings.ts';
import { endBuild } from './end-build.ts';
import { provenanceStatement } from './provenance.ts';
import { tagOf } from './queue-build.ts';
import { fixKey, isOfDistribution } from './rebuild-cause.ts';

/** What is listed of packages that changed. */
const MAX_LISTED = 100;

/** Goes on with a build whose images were pushed. May run any number of times. */
export async function followBuild(context: BuildWorkContext, buildId: string, signal: AbortSignal): Promise<void> {
  const { store } = context;
  const build = await findBuild(store.db, buildId);
  const project = build && (await findProject(store.db, { id: build.projectId }));
  if (build?.state !== 'scanning' || build.result === undefined || project === undefined) return;
  const images = await findImages(context, build);
  const broken = images.find(({ scanState }) => scanState === 'failed');
  if (broken !== undefined) {
    const message = `Cannot judge build ${tagOf(build)}: ${broken.scanMessage ?? 'its image cannot be scanned'}`;
    await end(context, project, build, { kind: 'failed', message });
    return;
  }
  // What is not scanned yet tells when it is.
  if (images.some(({ scanState }) => scanState !== 'completed')) return;
  await attachAll(context, build, signal);
  const changes = await findChanges(context, build);
  const configuration = await findBuildConfiguration(store.db, project.id);
  const notPublished = await publishWhereWanted(context, { build, project, configuration, images, changes }, signal);
  const after = await Promise.all(images.map(({ id }) => findProjectImage(store.db, id)));
  const outcome: BuildOutcome = {
    images: after.flatMap(image =>
      image === undefined
        ? []
        : [
            {
              id: image.id,
              digest: image.digest,
              isCertified: image.isCertified,
              grade: image.grade,
              isPublished: image.publishedAt !== undefined,
            },
          ],
    ),
    changes,
    notPublished,
  };
  const fixes = await fixesOf(context, build);
  const considered = [...new Set([...build.considered, ...fixes.map(fixKey)])];
  await end(context, project, build, { kind: 'succeeded', outcome, considered });
}

/** Wakes builds that wait for an image. */
export async function wakeBuildsOf(
  { store, queue }: Pick<BuildContext, 'store' | 'queue'>,
  { projectId, digest }: Pick<ProjectImage, 'projectId' | 'digest'>,
): Promise<void> {
  for (const buildId of await listBuildsAwaiting(store.db, { projectId, digest })) {
    await queue.send(store.db, 'build-step', { buildId }, { singletonKey: buildId });
  }
}

/** Wakes all builds whose images are scanned: in case that a server died in between. */
export async function wakeScanningBuilds({ store, queue }: Pick<BuildContext, 'store' | 'queue'>): Promise<void> {
  for (const buildId of await listScanningBuilds(store.db)) {
    await queue.send(store.db, 'build-step', { buildId }, { singletonKey: buildId });
  }
}

/** Whether an image belongs to a build that has not decided about publishing it, or decided against. */
export async function isHeldByBuild({ store }: Pick<BuildContext, 'store'>, image: ProjectImage): Promise<boolean> {
  const { projectId, digest, listDigest, tags } = image;
  const digests = listDigest === undefined ? [digest] : [digest, listDigest];
  const held = { projectId, digests, tags: tags.map(({ name }) => name) };
  return (await findHoldingBuild(store.db, held)) !== undefined;
}

/** Weaknesses of packages of the distribution that have a fix, in all images of a build. */
export async function fixesOf(
  { store, now }: Pick<BuildContext, 'store' | 'now'>,
  { result }: Pick<BuildRecord, 'result'>,
): Promise<readonly Finding[]> {
  const found = new Map<string, Finding>();
  for (const { digest } of result?.manifests ?? []) {
    const report = await reportOfImage(store.db, digest, { reference: digest, today: now() });
    for (const finding of report?.findings ?? []) {
      if (finding.fix.kind === 'fixed' && isOfDistribution(finding.package)) found.set(fixKey(finding), finding);
    }
  }
  return [...found.values()];
}

/** Images of a build in its project; those of architectures that are not certified are none. */
async function findImages(
  { store }: BuildContext,
  { projectId, result }: BuildRecord,
): Promise<readonly ProjectImage[]> {
  const images: ProjectImage[] = [];
  for (const { digest } of result?.manifests ?? []) {
    const image = await findProjectImageByDigest(store.db, projectId, digest);
    if (image !== undefined) images.push(image);
  }
  return images;
}

async function attachAll(context: BuildWorkContext, build: BuildRecord, signal: AbortSignal): Promise<void> {
  const { recipe, result } = build;
  const repository = await findHostedRepository(context.store.db, recipe?.repository ?? '');
  if (recipe === undefined || result === undefined || repository === undefined) return;
  const statement = provenanceStatement(
    {
      source: { ...recipe, login: { kind: 'none' } },
      dockerfile: recipe.dockerfile,
      context: recipe.context,
      args: Object.fromEntries(recipe.argumentNames.map(name => [name, ''])),
      platforms: recipe.platforms,
      labels: {},
      push: {
        repository: `${context.hosted?.host ?? ''}/${recipe.repository}`,
        tag: tagOf(build),
        username: '',
        password: '',
        isInsecure: false,
      },
      limits: DEFAULT_LIMITS,
    },
    { ...result, hostKeys: [] },
    {
      id: `${context.publicUrl}/builders/${encodeURIComponent(recipe.builder)}`,
      versions: recipe.versions,
      invocationId: `${context.publicUrl}/builds/${build.id}`,
    },
  );
  const created = { 'org.opencontainers.image.created': result.finishedAt };
  const text = JSON.stringify(statement);
  for (const subject of new Set([result.digest, ...result.manifests.map(({ digest }) => digest)])) {
    await attachDocument(
      context.hosting,
      repository,
      {
        subject,
        mediaType: 'application/vnd.in-toto+json',
        text,
        annotations: { ...created, 'in-toto.io/predicate-type': statement.predicateType },
      },
      signal,
    );
  }
  for (const { digest } of result.manifests) {
    const inventory = await inventoryOfImage(context.store.db, digest, {
      reference: `${context.hosted?.host ?? ''}/${recipe.repository}@${digest}`,
    });
    if (inventory === undefined) continue;
    const render = await FORMATS['cyclonedx-json'].load();
    const sbom = render(inventory, { createdAt: new Date(result.finishedAt), toolVersion: context.version });
    await attachDocument(
      context.hosting,
      repository,
      { subject: digest, mediaType: 'application/vnd.cyclonedx+json', text: sbom, annotations: created },
      signal,
    );
  }
}

/** What is otherwise than in the newest published build of the version. */
async function findChanges({ store, now }: BuildContext, build: BuildRecord): Promise<BuildOutcome['changes']> {
  const published = await listPublishedBuilds(store.db, build.projectId);
  const before = published.find(({ version, id }) => version === build.version && id !== build.id);
  if (before?.result === undefined || build.result === undefined) return undefined;
  const packages = new Map<string, { name: string; before?: string; after?: string }>();
  const [gone, added] = [new Set<string>(), new Set<string>()];
  for (const { platform, digest } of build.result.manifests) {
    const old = before.result.manifests.find(one => one.platform === platform);
    const compared = old && (await compareImages(store.db, old.digest, digest, now()));
    // A platform that was not there before: nothing can be said to be the same.
    if (compared === undefined) return undefined;
    for (const { type, name, before: was, after } of compared.packages) {
      packages.set(`${type}/${name}`, {
        name,
        ...(was.length === 0 ? {} : { before: was.join(', ') }),
        ...(after.length === 0 ? {} : { after: after.join(', ') }),
      });
    }
    for (const { id } of compared.onlyInA) gone.add(id);
    for (const { id } of compared.onlyInB) added.add(id);
  }
  return {
    tag: tagOf(before),
    packages: [...packages.values()].slice(0, MAX_LISTED),
    packageCount: packages.size,
    findingsGone: [...gone].sort(),
    findingsNew: [...added].sort(),
  };
}

/** Publishes what is to be published. Returns why it was not, where it was wanted. */
async function publishWhereWanted(
  context: BuildWorkContext,
  {
    build,
    project,
    configuration,
    images,
    changes,
  }: {
    readonly build: BuildRecord;
    readonly project: ProjectRecord;
    readonly configuration: BuildConfiguration | undefined;
    readonly images: readonly ProjectImage[];
    readonly changes: BuildOutcome['changes'];
  },
  signal: AbortSignal,
): Promise<string | undefined> {
  const isWanted = project.autoPublish || configuration?.autoPublish === true;
  const [first] = images;
  if (!isWanted || first === undefined) return undefined;
  const isByItself = build.causes.some(({ kind }) => kind !== 'manual' && kind !== 'retry');
  if (isByItself && changes !== undefined && changes.packageCount === 0) {
    return `No package changed since ${changes.tag}`;
  }
  for (const image of images) {
    const [objection] = image.publishedAt === undefined ? await findObjections(context, project, image, signal) : [];
    if (objection !== undefined) return objection.message;
  }
  try {
    await publishAutomatically(context, first.id, signal, { isWanted: true });
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    return toPlimsollError(error).message;
  }
}

async function end(
  context: BuildWorkContext,
  project: ProjectRecord,
  build: BuildRecord,
  how:
    | { readonly kind: 'failed'; readonly message: string }
    | { readonly kind: 'succeeded'; readonly outcome: BuildOutcome; readonly considered: readonly string[] },
): Promise<void> {
  const at = context.now();
  const ended = await inTransaction(context.store.db, async trx => {
    const locked = await findBuild(trx, build.id, { isLocked: true });
    if (locked?.state !== 'scanning') return undefined;
    if (how.kind === 'succeeded') return await endBuild(trx, project, locked, { ...how, state: 'succeeded', at });
    const failure = { code: 'CONFLICT', message: how.message, step: 'scan' as const, tail: [] };
    return await endBuild(trx, project, locked, { state: 'failed', failure, at });
  });
  await ended?.keepLog(context);
}
