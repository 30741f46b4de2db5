/**
 * The closed loop: looks whether a published image would become better by being built again, and then has that done.
 *
 * Three things are looked at: advisories that have a fix now, base images whose tag names another image now, and newer packages in the
 * distribution's repositories. What a build of the version has dealt with already is no reason any more, so that a fix that cannot be had yet
 * makes one build and not one every hour.
 */
import { toPlimsollError } from '#base/errors.ts';
import { RegistryClient } from '#image/registry/client.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseReference } from '#oci/reference.ts';
import { inventoryOfImage } from '#scan/content/report-of-image.ts';
import { type BuildRecord, listBuilds, listPublishedBuilds, listUsedNumbers } from '#store/build.ts';
import { type BuildConfiguration, findBuildConfiguration, listRebuiltProjects } from '#store/build-configuration.ts';
import { findProject, lockProject, type ProjectRecord } from '#store/project.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildWorkContext } from './build-context.ts';
import { openBuildSecrets } from './build-secrets.ts';
import { nextBuildTag } from './build-tag.ts';
import { fixesOf } from './follow-build.ts';
import { pullCredentials } from './pull-credentials.ts';
import { addCauses, isOver, queueBuild, tagOf } from './queue-build.ts';
import { type BaseImageState, decideRebuild, type PackageUpdate, type RebuildCause } from './rebuild/decide-rebuild.ts';
import { backoffMs, baseKey, fixKey, toNewFix, updateKey } from './rebuild-cause.ts';

/** What to look at; nothing said: all. */
export interface WatchScope {
  readonly projectId?: string | undefined;
  /** Builds from a base image of this repository of the hosted registry. */
  readonly repository?: string | undefined;
}

/** Told of what could not be looked at. */
export type OnWatchProblem = (problem: {
  readonly projectId: string;
  readonly tag: string;
  readonly message: string;
}) => void;

/** Builds of a version that are looked back at. */
const MAX_NEWER = 100;

/** Looks once. A project that fails holds up no other. @throws when `signal` aborts. */
export async function watchForRebuilds(
  context: BuildWorkContext,
  { projectId, repository }: WatchScope,
  { signal, onProblem }: { readonly signal: AbortSignal; readonly onProblem: OnWatchProblem },
): Promise<void> {
  const { db } = context.store;
  const ids = await listRebuiltProjects(db);
  for (const id of ids) {
    if (projectId !== undefined && id !== projectId) continue;
    const project = await findProject(db, { id });
    const configuration = await findBuildConfiguration(db, id);
    if (project === undefined || configuration === undefined) continue;
    for (const build of await listPublishedBuilds(db, id)) {
      signal.throwIfAborted();
      if (repository !== undefined && !isBasedOn(build, repository)) continue;
      const tag = tagOf(build);
      try {
        const problems = await watchBuild(context, { project, configuration, build }, signal);
        for (const message of problems) onProblem({ projectId: id, tag, message });
      } catch (error) {
        if (signal.aborted) throw error;
        onProblem({ projectId: id, tag, message: toPlimsollError(error).message });
      }
    }
  }
}

interface Watched {
  readonly project: ProjectRecord;
  readonly configuration: BuildConfiguration;
  readonly build: BuildRecord;
}

async function watchBuild(
  context: BuildWorkContext,
  watched: Watched,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { project, build } = watched;
  const { db } = context.store;
  const newer = await findNewer(context, build);
  // What is under way may be all that is needed; when it is over it is looked at again.
  if (newer.some(({ state }) => state !== 'queued' && !isOver(state))) return [];
  if (isBackingOff(newer, context.now())) return [];
  const done = new Set(
    [build, ...newer.filter(({ state }) => state !== 'failed' && state !== 'cancelled')].flatMap(one => one.considered),
  );
  const findings = (await fixesOf(context, build)).filter(finding => !done.has(fixKey(finding)));
  const bases = await lookAtBases(context, watched, signal);
  const baseImages = bases.states.filter(state => !done.has(baseKey(state)));
  const found = await lookForUpdates(context, build, signal);
  const updates = found.updates.filter(update => !done.has(updateKey(update)));
  const causes = decideRebuild({ fixes: findings.flatMap(one => toNewFix(one) ?? []), baseImages, updates });
  const problems = [...bases.problems, ...found.problems];
  const [first, ...rest] = causes;
  if (first === undefined) return problems;
  const moved = baseImages.filter(({ built, now }) => now !== undefined && now !== built);
  const considered = [...findings.map(fixKey), ...moved.map(baseKey), ...updates.map(updateKey)];
  await inTransaction(db, async trx => {
    await lockProject(trx, project.id);
    await queueRebuild(trx, context, watched, { causes: [first, ...rest], considered });
  });
  return problems;
}

async function queueRebuild(
  trx: Parameters<typeof queueBuild>[0],
  context: BuildWorkContext,
  { project, configuration, build }: Watched,
  {
    causes,
    considered,
  }: { readonly causes: readonly [RebuildCause, ...RebuildCause[]]; readonly considered: readonly string[] },
): Promise<void> {
  const { version } = build;
  const waiting = (await listBuilds(trx, { projectId: project.id, version, states: ['queued'], limit: 10 })).find(
    ({ number }) => number > build.number,
  );
  if (waiting !== undefined) {
    await addCauses(trx, waiting, { causes, considered });
    return;
  }
  const next = nextBuildTag(version, await listUsedNumbers(trx, project.id, version));
  await queueBuild(trx, context, project, {
    ...next,
    causes,
    considered,
    requestedBy: 'plimsoll',
    notBefore: new Date(context.now().getTime() + configuration.rebuildDelaySeconds * 1000),
  });
}

/** Builds of the version after this one, newest first. */
async function findNewer(
  { store }: BuildWorkContext,
  { projectId, version, number }: BuildRecord,
): Promise<readonly BuildRecord[]> {
  const all = await listBuilds(store.db, { projectId, version, limit: MAX_NEWER });
  return all.filter(one => one.number > number).sort((a, b) => b.number - a.number);
}

/** Whether the last builds in turn failed, and not long enough ago. */
function isBackingOff(newer: readonly BuildRecord[], now: Date): boolean {
  const over = newer.filter(({ state }) => isOver(state));
  const firstGood = over.findIndex(({ state }) => state !== 'failed');
  const failures = firstGood === -1 ? over.length : firstGood;
  const last = Date.parse(over[0]?.finishedAt ?? '');
  return failures > 0 && now.getTime() - last < backoffMs(failures);
}

/** What the tags of the base images name now. */
async function lookAtBases(
  { store, sealer, world, hosted }: BuildWorkContext,
  { project, build }: Watched,
  signal: AbortSignal,
): Promise<{ readonly states: readonly BaseImageState[]; readonly problems: readonly string[] }> {
  const { pullAuth } = await openBuildSecrets(store.db, sealer, project.id);
  const { credentials, secrets } = pullCredentials(pullAuth);
  const client = (tlsVerify: boolean) =>
    new RegistryClient({
      credentials,
      secrets,
      tlsVerify,
      env: world.env,
      advice: 'settings',
      allowsPrivate: world.allowsPrivateAddresses,
      userAgent: world.userAgent,
      patience: { attempts: 3, maxRetryAfterMs: 5000 },
    });
  await using strict = client(true);
  // The hosted registry is asked as builds ask it.
  await using lenient = client(false);
  const insecure = hosted?.url.startsWith('http:') === true ? hosted.host : undefined;
  const states: BaseImageState[] = [];
  const problems: string[] = [];
  for (const { reference: text, digest: built } of build.result?.baseImages ?? []) {
    try {
      const reference = parseReference(`docker://${text}`);
      // What is named by its digest never moves.
      if (reference.transport !== 'docker' || reference.digest !== undefined) continue;
      await using source = await openRegistryWith(reference.registry === insecure ? lenient : strict, reference, {
        signal,
      });
      const { digest: now } = (await source.headRoot?.({ signal })) ?? (await source.root({ signal }));
      states.push({ reference: text, built, now });
    } catch (error) {
      if (signal.aborted) throw error;
      problems.push(toPlimsollError(error).message);
    }
  }
  return { states, problems };
}

async function lookForUpdates(
  { store, findPackageUpdates }: BuildWorkContext,
  { result }: BuildRecord,
  signal: AbortSignal,
): Promise<{ readonly updates: readonly PackageUpdate[]; readonly problems: readonly string[] }> {
  const updates = new Map<string, PackageUpdate>();
  const problems = new Set<string>();
  for (const { digest, platform } of result?.manifests ?? []) {
    const inventory = await inventoryOfImage(store.db, digest, { reference: digest });
    if (inventory?.distro === undefined) continue;
    const { distro, packages } = inventory;
    const found = await findPackageUpdates({ distro, architecture: platform.split('/')[1] ?? '', packages }, signal);
    for (const update of found.updates) updates.set(updateKey(update), update);
    for (const problem of found.problems) problems.add(problem);
  }
  return { updates: [...updates.values()], problems: [...problems] };
}

function isBasedOn({ result }: BuildRecord, repository: string): boolean {
  return (result?.baseImages ?? []).some(({ reference }) => {
    const path = reference.slice(reference.indexOf('/') + 1).replace(/@.*$/, '');
    return path.replace(/:[^/]*$/, '') === repository;
  });
}
