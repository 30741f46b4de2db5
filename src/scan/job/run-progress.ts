/**
 * Where a run is: events about its progress, and its end once nothing of it is left.
 */
import { countOf } from '#base/count-of.ts';
import type { RegistryProduct } from '#connector/connector.ts';
import { getProduct } from '#connector/products.ts';
import type { RegistryType } from '#connector/registry-type.ts';
import { type Trx, toJson } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { listTagNames } from '#store/listing.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { listRepositories } from '#store/repository.ts';
import { findRun, type RunRecord, updateRun } from '#store/run.ts';
import { countRunRepositories, listRunRepositories } from '#store/run-repository.ts';
import { explainNoMatch, FigureCollector } from '../schedule/explain-no-match.ts';
import { addRunError, type ErrorKind, type RunError } from '../schedule/run-errors.ts';
import type { TagSelection } from '../schedule/select-tags.ts';
import { planSelection } from '../schedule/selection-plan.ts';
import { isRunning, type JobState } from '../schedule/state.ts';
import { applyToJob, type JobHandle, loadRun, settingsOf } from './job-state.ts';

const PROGRESS_EVERY_MS = 1000;
/** Names held against the patterns of a run that matched nothing. */
const MAX_NAMES = 20_000;
/** Failures of sensors and of ours, as against those of registries and images. */
const INTERNAL = new Set(['SENSOR_LOST', 'BUG', 'SERVER_UNAVAILABLE', 'STORE_UNAVAILABLE']);

/** The product that a registry is of. */
export async function productOf({ type }: Pick<RegistryRecord, 'type'>): Promise<RegistryProduct> {
  return await getProduct(type as RegistryType);
}

/** Ends the run when nothing of it is left, else tells how far it is, at most once a second. */
export async function advanceRun(trx: Trx, registry: RegistryRecord, runId: string, at: Date): Promise<void> {
  let handle = await loadRun(trx, registry, runId);
  if (handle?.run === undefined || handle.run.completedAt !== undefined) return;
  const { listingsOpen, counters } = handle.run;
  const isListed = listingsOpen === 0;
  const isOver = isListed && counters.digestsQueued === 0 && counters.digestsRunning === 0;
  if (isListed && handle.run.listingCompletedAt === undefined && handle.run.listingStartedAt !== undefined) {
    handle = { ...handle, run: await updateRun(trx, runId, { listingCompletedAt: at }) };
  }
  if (!isOver) {
    await tellProgress(trx, handle, at);
    return;
  }
  if (handle.run?.state === 'Queued' || handle.run?.state === 'BaselineQueued') {
    const started = await applyToJob(trx, handle, { kind: 'started', run: handle.run.number }, { at });
    if (started.kind === 'changed') handle = started.handle;
  }
  // A run that is held ends when it is let go.
  if (handle.run === undefined || !isRunning(handle.run.state as JobState)) return;
  await finishRun(trx, handle as JobHandle & { readonly run: RunRecord }, at);
}

/** Adds to the errors of a run. */
export async function addError(trx: Trx, runId: string, error: RunError): Promise<void> {
  const run = await findRun(trx, runId);
  if (run === undefined) return;
  await updateRun(trx, runId, { errors: toJson(addRunError(run.errors as readonly ErrorKind[], error)) });
}

async function tellProgress(trx: Trx, { registry, schedule, run }: JobHandle, at: Date): Promise<void> {
  if (run === undefined) return;
  const last = run.progressAt === undefined ? undefined : Date.parse(run.progressAt);
  // A clock that went back must not silence a run.
  if (last !== undefined && at.getTime() >= last && at.getTime() - last < PROGRESS_EVERY_MS) return;
  await updateRun(trx, run.id, { progressAt: at });
  await recordEvents(trx, [
    {
      kind: 'run.progress',
      at,
      namespaceId: registry.namespaceId,
      registryId: registry.id,
      scheduleId: schedule?.id,
      runId: run.id,
      data: { state: run.state, counters: run.counters, listingsOpen: run.listingsOpen },
    },
  ]);
}

async function finishRun(trx: Trx, handle: JobHandle & { readonly run: RunRecord }, at: Date): Promise<void> {
  const { run, registry } = handle;
  const { counters } = run;
  const noImagesMatched = counters.tagsMatched === 0 && counters.digestsSelected === 0;
  const verdict = await judgeEnd(trx, run);
  const isBlank = noImagesMatched && verdict.kind === 'completed';
  const explained = isBlank ? await explain(trx, registry, run) : undefined;
  const written = await updateRun(trx, run.id, {
    noImagesMatched: isBlank,
    ...(explained === undefined ? {} : { patterns: toJson(explained.figures) }),
    ...(run.scanningStartedAt === undefined ? {} : { scanningCompletedAt: at }),
  });
  const idle = verdict.kind === 'completed' ? explainIdle(run) : undefined;
  const reason = verdict.reason ?? explained?.sentences.join('\n') ?? idle;
  await applyToJob(trx, { ...handle, run: written }, { kind: verdict.kind, run: run.number }, { at, reason });
}

/** Why a run that selected images scanned none and knew none: what they are instead. `undefined` when it did. */
function explainIdle(run: RunRecord): string | undefined {
  const { digestsSelected, digestsSkippedPlatform, digestsSkippedNotScannable } = run.counters;
  if (digestsSelected === 0 || digestsSkippedPlatform + digestsSkippedNotScannable < digestsSelected) return undefined;
  const { platforms } = settingsOf(run);
  const reasons = [
    digestsSkippedPlatform > 0 ? `${digestsSkippedPlatform} for other platforms than ${platforms.join(', ')}` : [],
    digestsSkippedNotScannable > 0 ? `${digestsSkippedNotScannable} that cannot be scanned as an image` : [],
  ].flat();
  return `Nothing was scanned: of ${countOf(digestsSelected, 'image')} found, ${reasons.join(', ')}`;
}

/** How a run ended: it did its work, could not, or was let down by sensors. Failures of single images and repositories do not count. */
async function judgeEnd(
  trx: Trx,
  run: RunRecord,
): Promise<{ readonly kind: 'completed' | 'errored' | 'failed'; readonly reason?: string }> {
  const errors = run.errors as readonly ErrorKind[];
  const [latest] = errors;
  const kindOf = (code: string) => (INTERNAL.has(code) ? ('failed' as const) : ('errored' as const));
  // Set when the catalogue could not be listed: nobody knows what was missed.
  if (run.reason !== undefined) return { kind: kindOf(latest?.code ?? '') };
  const { listed = 0, failed = 0 } = await countRunRepositories(trx, run.id);
  if (latest !== undefined && listed === 0 && failed > 0) return { kind: kindOf(latest.code), reason: latest.message };
  const { digestsScanned, digestsSkippedKnown, digestsFailed } = run.counters;
  const isAllLost = digestsFailed > 0 && digestsScanned + digestsSkippedKnown === 0;
  if (isAllLost && errors.every(({ code }) => INTERNAL.has(code)) && latest !== undefined) {
    return { kind: 'failed', reason: latest.message };
  }
  return { kind: 'completed' };
}

async function explain(trx: Trx, registry: RegistryRecord, run: RunRecord) {
  const plan = planSelection(settingsOf(run), await productOf(registry), new Date(run.createdAt));
  const collector = new FigureCollector(plan);
  const named = new Set<string>();
  for (const { name } of await listRepositories(trx, registry.id, { limit: MAX_NAMES })) {
    named.add(name);
    collector.addRepository(name);
  }
  for (const { repository, repositoryId, state, figures } of await listRunRepositories(trx, run.id, {
    limit: MAX_NAMES,
  })) {
    if (state !== 'listed' || figures === undefined) continue;
    if (!named.has(repository)) collector.addRepository(repository);
    collector.addTags(figures as TagSelection, await listTagNames(trx, repositoryId, 1000));
  }
  const figures = collector.figures();
  return { figures, sentences: explainNoMatch(figures) ?? [] };
}
