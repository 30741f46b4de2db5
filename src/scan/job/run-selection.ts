/**
 * From a listing that came to its end to the images that runs scan: applied to the inventory first, then judged for each run that wanted it.
 */

import { PlimsollError } from '#base/errors.ts';
import type { PushedAtSource } from '#connector/connector.ts';
import type { Digest } from '#oci/digest.ts';
import { type Platform, parsePlatform, toPlatform } from '#oci/platform.ts';
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import {
  type DatedTag,
  findInRepository,
  findListedManifests,
  type ListedManifest,
  type ListedManifests,
  listStagedDigests,
  listStagedTags,
} from '#store/listing.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { addToRun, type RunRecord } from '#store/run.ts';
import { insertRunImages, type NewRunImage } from '#store/run-image.ts';
import { endRunRepository, wasCovered } from '#store/run-repository.ts';
import { findInRun, findScanFacts, findScannedInRuns, markScansQueued, type ScanFacts } from '#store/scan-state.ts';
import { applyListing, type ListingChange } from '#store/tag.ts';
import { type NewTask, type TaskRecord, wantTasks } from '#store/task.ts';
import { type ImageSelection, type KnownState, type ResolvedImage, selectImages } from '../schedule/select-images.ts';
import { selectTags, type TagSelection } from '../schedule/select-tags.ts';
import type { Work } from '../task/contract.ts';
import { type JobContext, MAX_IMAGE_ATTEMPTS } from './job-context.ts';
import { keyOf, type PlannedRun, wishOf } from './run-listing.ts';
import { addError } from './run-progress.ts';

/** Named in one event; the rest is counted. */
const MAX_TOLD = 100;

/** A listing that was whole, as far as it was asked for. */
export interface EndedListing {
  readonly registry: RegistryRecord;
  readonly task: TaskRecord;
  readonly repositoryId: number;
  readonly work: Work & { readonly kind: 'list' };
  /** Tags that the repository has, as the sensor counted them before any filter. */
  readonly tagsSeen: number;
  /** Tags that could not be read: whether they are gone nobody knows. */
  readonly problems: readonly { readonly tag: string; readonly code: string; readonly message: string }[];
  readonly runs: readonly PlannedRun[];
  readonly at: Date;
}

/** What every run that wanted the listing is judged by. */
interface World {
  readonly listed: ListedManifests;
  readonly tags: readonly DatedTag[];
  readonly facts: ReadonlyMap<string, ScanFacts>;
  /** As the repository was before the listing. */
  readonly before: ReadonlyMap<string, readonly string[]>;
}

/** Applies a listing, and selects for each run. */
export async function endListing(
  trx: Trx,
  context: Pick<JobContext, 'analyserVersion'>,
  listing: EndedListing,
): Promise<void> {
  const { task, repositoryId, runs, work, problems, at } = listing;
  const listed = await findListedManifests(trx, await listStagedDigests(trx, task.id));
  const digests = [
    ...new Set([...listed.manifests.keys(), ...[...listed.children.values()].flat().map(one => one.digest)]),
  ];
  const before = await findInRepository(trx, repositoryId, digests);
  const isWhole = work.tags.length === 0 && work.since === undefined && problems.length === 0;
  const change = await applyListing(trx, { taskId: task.id, repositoryId, isWhole, at });
  await tellListing(trx, listing, change);
  if (runs.length === 0) return;
  const world: World = {
    listed,
    before,
    tags: await listStagedTags(trx, task.id, repositoryId),
    facts: await findScanFacts(trx, digests),
  };
  for (const planned of runs) {
    for (const { tag, code, message } of problems) {
      const error = { code, message: `${work.repository}:${tag}: ${message}` };
      await addError(trx, planned.run.id, { ...error, repository: work.repository, at: at.toISOString() });
    }
    try {
      await selectForRun(trx, context, { listing, planned, world });
    } catch (error) {
      // Patterns that cost too much are the run's trouble; the sensor did its work.
      if (!(error instanceof PlimsollError)) throw error;
      await failListing(trx, { run: planned.run, repository: work.repository, repositoryId, error, at });
    }
  }
}

async function selectForRun(
  trx: Trx,
  { analyserVersion }: Pick<JobContext, 'analyserVersion'>,
  { listing, planned, world }: { readonly listing: EndedListing; readonly planned: PlannedRun; readonly world: World },
): Promise<void> {
  const { work, repositoryId, at } = listing;
  const { run, plan, settings } = planned;
  const entries = world.tags.map(({ name, digest, pushedAt, pushedAtSource }) => ({
    name,
    digest: digest as Digest,
    ...(pushedAt === undefined ? {} : { pushedAt }),
    pushedAtSource: pushedAtSource as PushedAtSource,
  }));
  const selection = selectTags(work.repository, entries, plan);
  const resolved = selection.selected.map(({ name, digest }) => ({ tag: name, images: resolve(digest, world.listed) }));
  const digests = [...new Set(resolved.flatMap(({ images }) => images.map(({ digest }) => digest)))];
  const images = selectImages(
    resolved,
    {
      repository: work.repository,
      kind: run.kind === 'image' ? 'forced' : run.kind,
      mode: run.mode,
      hasBaseline:
        run.scheduleId !== undefined && (await wasCovered(trx, { scheduleId: run.scheduleId, repositoryId })),
      platforms: settings.platforms.map(parsePlatform),
      maxAttempts: MAX_IMAGE_ATTEMPTS,
    },
    await knownState(trx, { digests, planned, world }),
  );
  const reuses = (digest: Digest) => !run.isDeep && world.facts.get(digest)?.analyserVersion === analyserVersion;
  const isRepeat = run.kind === 'forced' || run.kind === 'image' || run.mode === 'from-the-beginning';
  const toScan = images.filter(({ decision, digest }) => decision.kind === 'scan' && !reuses(digest));
  const tasks = toScan.map(image => scanTask(planned, work.repository, image));
  const wanted = await wantTasks(trx, tasks, wishOf(planned, at));
  const rows = images.flatMap((image): readonly NewRunImage[] => {
    const { digest, tags, decision } = image;
    switch (decision.kind) {
      case 'another-location':
        return [];
      case 'scan': {
        const task = wanted.get(scanTask(planned, work.repository, image).key);
        if (task !== undefined) {
          return [{ digest, tags, taskId: task.id, state: task.state === 'leased' ? 'running' : 'queued' }];
        }
        // Packages are judged once for all images: a report by the present analyser is as good as a new one.
        return isRepeat
          ? [{ digest, tags, state: 'scanned', reason: 're-matched' }]
          : [{ digest, tags, state: 'skipped-known', reason: 'analysed-elsewhere' }];
      }
      case 'skipped-platform':
        return [{ digest, tags, state: decision.kind }];
      default:
        return [{ digest, tags, state: decision.kind, reason: decision.why }];
    }
  });
  await markScansQueued(
    trx,
    toScan.map(({ digest }) => digest),
  );
  await insertRunImages(trx, { runId: run.id, repositoryId, at }, rows);
  const tagsSeen = Math.max(listing.tagsSeen, selection.seen);
  await addToRun(trx, run.id, {
    repositoriesListed: 1,
    tagsSeen,
    tagsMatched: selection.selected.length,
  });
  await endRunRepository(
    trx,
    { runId: run.id, repositoryId },
    {
      state: 'listed',
      at,
      tagsSeen,
      tagsMatched: selection.selected.length,
      figures: figuresOf(selection, tagsSeen),
    },
  );
}

/** Says that a repository could not be listed, or not be selected from. */
export async function failListing(
  trx: Trx,
  {
    run,
    repository,
    repositoryId,
    error: { code, message },
    at,
  }: {
    readonly run: RunRecord;
    readonly repository: string;
    readonly repositoryId: number;
    readonly error: { readonly code: string; readonly message: string };
    readonly at: Date;
  },
): Promise<void> {
  await endRunRepository(trx, { runId: run.id, repositoryId }, { state: 'failed', at, error: { code, message } });
  await addError(trx, run.id, { code, message, repository, at: at.toISOString() });
}

/** What the selection counts, with the tags that the sensor left out by name. */
function figuresOf(selection: TagSelection, tagsSeen: number): TagSelection {
  const unsent = tagsSeen - selection.seen;
  const byName = (selection.excluded['tag-name'] ?? 0) + unsent;
  return {
    ...selection,
    seen: tagsSeen,
    selected: [],
    excluded: byName === 0 ? selection.excluded : { ...selection.excluded, 'tag-name': byName },
    patterns: selection.patterns.map(pattern => ({ ...pattern, seen: tagsSeen })),
  };
}

/** The images that a manifest stands for: itself, or the children of an index. One that nobody could read stands for itself. */
export function resolve(digest: string, { manifests, children }: ListedManifests, depth = 0): readonly ResolvedImage[] {
  const manifest = manifests.get(digest);
  if (manifest?.kind !== 'index') return [toImage(manifest, digest)];
  return (children.get(digest) ?? []).flatMap(child =>
    child.kind === 'index' && depth < 3
      ? resolve(child.digest, { manifests, children }, depth + 1)
      : [{ ...toImage(child, child.digest), platform: platformOf(child) }],
  );
}

function toImage(manifest: ListedManifest | undefined, digest: string): ResolvedImage {
  const why =
    manifest === undefined || manifest.kind === 'image' ? undefined : (manifest.unsupportedReason ?? manifest.kind);
  const reason = manifest?.unsupportedReason ?? why;
  return { digest: digest as Digest, ...(reason === undefined ? {} : { notScannable: reason }) };
}

function platformOf({ os, architecture, variant }: ListedManifest): Platform | undefined {
  return os === undefined || architecture === undefined ? undefined : toPlatform(os, architecture, variant);
}

async function knownState(
  trx: Trx,
  {
    digests,
    planned,
    world,
  }: { readonly digests: readonly Digest[]; readonly planned: PlannedRun; readonly world: World },
): Promise<KnownState> {
  const { run } = planned;
  const { scheduleId, settingsVersion, previousRunId } = run;
  const byVersion =
    scheduleId === undefined ? new Set() : await findScannedInRuns(trx, digests, { scheduleId, settingsVersion });
  const byLast =
    previousRunId === undefined ? new Set() : await findScannedInRuns(trx, digests, { runId: previousRunId });
  const inRun = await findInRun(trx, run.id, digests);
  return {
    find: digest => {
      const tags = world.before.get(digest);
      const facts = world.facts.get(digest);
      if (tags === undefined) return undefined;
      const isScanned = facts?.scannedAt !== undefined;
      return {
        isScanned,
        isScannedByVersion: isScanned && byVersion.has(digest),
        isScannedByLastRun: isScanned && byLast.has(digest),
        failedAttempts: facts?.attempts ?? 0,
        tags,
      };
    },
    isAnalysedElsewhere: digest => world.facts.get(digest)?.scannedAt !== undefined,
    isInRun: digest => inRun.has(digest),
  };
}

/** The task that reads one image for a run. */
function scanTask(
  { run, settings }: Pick<PlannedRun, 'run' | 'settings'>,
  repository: string,
  { digest, tags }: Pick<ImageSelection, 'digest' | 'tags'>,
): NewTask {
  const work: Work = { kind: 'scan', repository, digest, tag: tags[0], isDeep: run.isDeep };
  const key = keyOf(run.registryId, digest, { isDeep: run.isDeep, selector: settings.sensorSelector.labels });
  return { kind: 'scan', key, digest, work };
}

async function tellListing(
  trx: Trx,
  { registry, runs, work, at }: EndedListing,
  { found, gone, moved }: ListingChange,
): Promise<void> {
  const about = {
    at,
    namespaceId: registry.namespaceId,
    registryId: registry.id,
    scheduleId: runs[0]?.run.scheduleId,
    runId: runs[0]?.run.id,
  };
  const { repository } = work;
  const images = found.filter(({ kind }) => kind === 'image').map(({ digest }) => digest);
  await recordEvents(trx, [
    ...(images.length === 0
      ? []
      : [
          {
            ...about,
            kind: 'image.found' as const,
            data: { repository, count: images.length, digests: images.slice(0, MAX_TOLD) },
          },
        ]),
    ...(gone.length === 0
      ? []
      : [
          {
            ...about,
            kind: 'image.gone' as const,
            data: { repository, count: gone.length, digests: gone.slice(0, MAX_TOLD) },
          },
        ]),
    ...(moved.length === 0
      ? []
      : [
          {
            ...about,
            kind: 'tag.moved' as const,
            data: { repository, count: moved.length, tags: moved.slice(0, MAX_TOLD) },
          },
        ]),
  ]);
}
