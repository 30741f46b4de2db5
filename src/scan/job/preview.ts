/**
 * What a scan job would do, before it is saved: which repositories and tags it selects, what it leaves out and why, and what that costs.
 *
 * Repositories and the tags of a few of them are listed anew, through the same tasks as a run's; of the others what is known counts.
 */
import { sql } from 'kysely';
import type { PushedAtSource } from '#connector/connector.ts';
import type { Digest } from '#oci/digest.ts';
import { parsePlatform } from '#oci/platform.ts';
import type { Db, Trx } from '#store/database.ts';
import { findInRepository, findListedManifests } from '#store/listing.ts';
import { getRegistry, lockRegistry, noRegistry, type RegistryRateLimit, type RegistryRecord } from '#store/registry.ts';
import { listRepositories, upsertRepositories } from '#store/repository.ts';
import { valueSet } from '#store/row-set.ts';
import { findScanFacts } from '#store/scan-state.ts';
import { listTags } from '#store/tag.ts';
import { type NewTask, type TaskRecord, wantTasks } from '#store/task.ts';
import { inTransaction } from '#store/transaction.ts';
import { explainNoMatch, FigureCollector, type TargetFigures } from '../schedule/explain-no-match.ts';
import { selectImages } from '../schedule/select-images.ts';
import { type ExclusionCounts, selectTags } from '../schedule/select-tags.ts';
import { namedRepositories, needsCatalogue, planSelection, targetsOf } from '../schedule/selection-plan.ts';
import type { Violation } from '../schedule/violation.ts';
import { awaitTask } from './await-task.ts';
import { type JobContext, MAX_IMAGE_ATTEMPTS } from './job-context.ts';
import { requireConnected } from './require-connected.ts';
import { catalogueTask, listTask, type PlannedRun } from './run-listing.ts';
import { productOf } from './run-progress.ts';
import { resolve } from './run-selection.ts';
import { checkSettings } from './schedule-facts.ts';
import { NO_SUCH_REPOSITORY } from './task-failure.ts';

/** What a preview tells. */
export interface SchedulePreview {
  readonly repositories: {
    readonly known: number;
    readonly matched: number;
    /** The first by name. */
    readonly sample: readonly string[];
    /** Why the registry's own list is not behind these figures, where it is not. */
    readonly problem?: string;
  };
  /** Of the repositories that were listed for this preview. */
  readonly listed: readonly PreviewedRepository[];
  readonly tags: { readonly seen: number; readonly matched: number; readonly excluded: ExclusionCounts };
  readonly images: {
    readonly toScan: number;
    readonly skippedKnown: number;
    readonly skippedPlatform: number;
    readonly skippedNotScannable: number;
  };
  readonly estimate: {
    /** Layers that no report has read; of images whose manifest is known. */
    readonly bytes: number;
    /** Manifests and blobs, as rate limits count them. */
    readonly pulls: number;
    readonly rateLimit: RegistryRateLimit | undefined;
    readonly fitsRateLimit: boolean | undefined;
    /** Whether every matched repository was listed; else figures of tags and images are of those that were. */
    readonly isComplete: boolean;
  };
  readonly targets: readonly TargetFigures[];
  /** Why nothing matched, when nothing did. */
  readonly explanation: readonly string[] | undefined;
  readonly warnings: readonly Violation[];
}

/** A repository that was looked into. */
export interface PreviewedRepository {
  readonly repository: string;
  readonly seen: number;
  readonly matched: number;
  /** The first tags that are selected, latest first, and of each reason some that are not. */
  readonly sample: readonly string[];
  readonly excluded: Readonly<Partial<Record<string, readonly string[]>>>;
  /** From the registry just now, or as it was when it was last listed. */
  readonly isLive: boolean;
  readonly problem?: string;
}

/** Looked into; more would keep people waiting. */
const MAX_LISTED = 10;
const MAX_SAMPLE = 20;
const MAX_NAMES = 20_000;
const MAX_TAGS = 50_000;
const TASK_TIMEOUT_MS = 20_000;

/**
 * Previews settings. Registries that cannot be asked now are judged by what is known, which the answer says.
 * @throws {ViolationError} `SCHEDULE_INVALID`. @throws {PlimsollError} `NOT_FOUND`, `REQUEST_INVALID`.
 */
export async function previewSchedule(
  context: JobContext,
  {
    registryId,
    input,
    timeoutMs = TASK_TIMEOUT_MS,
    signal,
  }: {
    readonly registryId: string;
    readonly input: unknown;
    /** For each of the two steps. */
    readonly timeoutMs?: number | undefined;
    readonly signal: AbortSignal;
  },
): Promise<SchedulePreview> {
  const { db } = context.store;
  const registry = await getRegistry(db, registryId);
  requireConnected(registry, 'preview scan jobs of');
  const { settings, warnings } = await checkSettings(context, registry, input);
  const product = await productOf(registry);
  const plan = planSelection(settings, product, context.now());
  const planned = { plan, settings, product };
  const wait = { timeoutMs, signal };
  const problem = needsCatalogue(plan)
    ? await listNow(context, registry, () => Promise.resolve([catalogueTask(registry, planned)]), wait)
    : [];
  const known = await listRepositories(db, registryId, { limit: MAX_NAMES });
  const names = [...new Set([...known.map(({ name }) => name), ...namedRepositories(plan)])].sort();
  const named = names.filter(name => targetsOf(name, plan).length > 0);
  const chosen = named.slice(0, MAX_LISTED);
  const idOf = new Map<string, number>();
  const makeTasks = async (trx: Trx): Promise<readonly NewTask[]> => {
    const ids = await upsertRepositories(
      trx,
      registry.id,
      chosen.map(name => ({ name })),
      { at: context.now(), isCatalogued: false },
    );
    for (const [name, id] of ids) idOf.set(name, id);
    return [...ids].map(([name, id]) => listTask(registry, planned, name, id));
  };
  const tasks = chosen.length === 0 ? [] : await listNow(context, registry, makeTasks, wait);
  // What somebody only named counts as a repository until the registry says that there is none.
  const isNowhere = (name: string) => {
    const task = tasks.find(({ repositoryId }) => repositoryId !== undefined && repositoryId === idOf.get(name))?.task;
    return task?.state === 'failed' && NO_SUCH_REPOSITORY.has(task.errorCode ?? '');
  };
  const nowhere = new Set(chosen.filter(isNowhere));
  const matched = named.filter(name => !nowhere.has(name));
  const collector = new FigureCollector(plan);
  for (const name of names) if (!nowhere.has(name)) collector.addRepository(name);
  const looked = await look(db, { registry, planned, chosen, tasks, collector });
  const figures = collector.figures();
  const { remaining } = registry.rateLimit ?? {};
  const [failed] = problem.flatMap(task => task.problem ?? []);
  return {
    repositories: {
      known: known.length,
      matched: matched.length,
      sample: matched.slice(0, MAX_SAMPLE),
      ...(failed === undefined ? {} : { problem: failed }),
    },
    listed: looked.repositories,
    tags: { seen: figures.tagsSeen, matched: figures.tagsSelected, excluded: figures.excluded },
    images: looked.images,
    estimate: {
      bytes: looked.bytes,
      pulls: looked.pulls,
      rateLimit: registry.rateLimit,
      fitsRateLimit: remaining === undefined ? undefined : looked.pulls <= remaining,
      isComplete: named.length === chosen.length,
    },
    targets: figures.targets,
    explanation: explainNoMatch(figures),
    warnings,
  };
}

interface TaskResult {
  readonly repositoryId: number | undefined;
  readonly task: TaskRecord | undefined;
  readonly problem: string | undefined;
}

/** Has sensors do tasks, and waits for them; one that is not done in time is told, not thrown. */
async function listNow(
  { store, now }: JobContext,
  registry: RegistryRecord,
  make: (trx: Trx) => Promise<readonly NewTask[]>,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<readonly TaskResult[]> {
  const wanted = await inTransaction(store.db, async trx => {
    if ((await lockRegistry(trx, registry.id)) === undefined) throw noRegistry(registry.id);
    const tasks = await make(trx);
    const selector = {};
    const made = await wantTasks(trx, tasks, { registryId: registry.id, selector, handicapMinutes: 0, at: now() });
    return tasks.flatMap(({ key, repositoryId }) => {
      const task = made.get(key);
      return task === undefined ? [] : [{ id: task.id, repositoryId }];
    });
  });
  const until = performance.now() + timeoutMs;
  const results: TaskResult[] = [];
  for (const { id, repositoryId } of wanted) {
    const left = Math.max(0, until - performance.now());
    const task = await awaitTask(store, id, { timeoutMs: left, signal });
    results.push({ repositoryId, task, problem: problemOf(task) });
  }
  return results;
}

function problemOf(task: TaskRecord | undefined): string | undefined {
  if (task === undefined) return 'No sensor listed it in time; this is as it was when it was last listed';
  return task.state === 'done' ? undefined : (task.errorMessage ?? 'It could not be listed');
}

interface Looked {
  readonly repositories: readonly PreviewedRepository[];
  readonly images: SchedulePreview['images'];
  readonly bytes: number;
  readonly pulls: number;
}

async function look(
  db: Db,
  {
    registry,
    planned,
    chosen,
    tasks,
    collector,
  }: {
    readonly registry: RegistryRecord;
    readonly planned: Pick<PlannedRun, 'plan' | 'settings' | 'product'>;
    readonly chosen: readonly string[];
    readonly tasks: readonly TaskResult[];
    readonly collector: FigureCollector;
  },
): Promise<Looked> {
  const repositories: PreviewedRepository[] = [];
  const images = { toScan: 0, skippedKnown: 0, skippedPlatform: 0, skippedNotScannable: 0 };
  const toScan = new Set<string>();
  for (const name of chosen) {
    const id = await findId(db, registry.id, name);
    const result = tasks.find(({ repositoryId }) => repositoryId === id);
    const listed = id === undefined ? [] : await listTags(db, id, { limit: MAX_TAGS });
    const entries = listed.map(tag => ({
      name: tag.name,
      digest: tag.digest as Digest,
      ...(tag.pushedAt === undefined ? {} : { pushedAt: tag.pushedAt }),
      pushedAtSource: tag.pushedAtSource as PushedAtSource,
    }));
    const selection = selectTags(name, entries, planned.plan);
    collector.addTags(
      selection,
      entries.map(entry => entry.name),
    );
    const manifests = await findListedManifests(
      db,
      selection.selected.map(({ digest }) => digest),
    );
    const resolved = selection.selected.map(tag => ({ tag: tag.name, images: resolve(tag.digest, manifests) }));
    const digests = [...new Set(resolved.flatMap(tag => tag.images.map(({ digest }) => digest)))];
    const facts = await findScanFacts(db, digests);
    const inRepository = id === undefined ? new Map() : await findInRepository(db, id, digests);
    const decided = selectImages(
      resolved,
      {
        repository: name,
        kind: planned.settings.scanAllImages ? 'forced' : 'baseline',
        mode: 'fresh',
        hasBaseline: false,
        platforms: planned.settings.platforms.map(parsePlatform),
        maxAttempts: MAX_IMAGE_ATTEMPTS,
      },
      {
        find: digest =>
          inRepository.has(digest)
            ? {
                isScanned: facts.get(digest)?.scannedAt !== undefined,
                isScannedByVersion: false,
                isScannedByLastRun: false,
                failedAttempts: facts.get(digest)?.attempts ?? 0,
                tags: [],
              }
            : undefined,
        isAnalysedElsewhere: digest => facts.get(digest)?.scannedAt !== undefined,
        isInRun: digest => toScan.has(digest),
      },
    );
    for (const { decision, digest } of decided) {
      if (decision.kind === 'skipped-platform') images.skippedPlatform += 1;
      else if (decision.kind === 'skipped-not-scannable') images.skippedNotScannable += 1;
      else if (decision.kind === 'skipped-known') images.skippedKnown += 1;
      // A report that exists is judged again without pulling anything.
      else if (decision.kind === 'scan' && facts.get(digest)?.scannedAt !== undefined) images.skippedKnown += 1;
      else if (decision.kind === 'scan') {
        images.toScan += 1;
        toScan.add(digest);
      }
    }
    repositories.push({
      repository: name,
      seen: seenOf(result?.task) ?? selection.seen,
      matched: selection.selected.length,
      sample: selection.selected.slice(0, MAX_SAMPLE).map(tag => tag.name),
      excluded: selection.examples,
      isLive: result?.task?.state === 'done',
      ...(result?.problem === undefined ? {} : { problem: result.problem }),
    });
  }
  return { repositories, images, ...(await costOf(db, [...toScan])) };
}

function seenOf(task: TaskRecord | undefined): number | undefined {
  return (task?.result as { tagsSeen?: number } | undefined)?.tagsSeen;
}

async function findId(db: Db, registryId: string, name: string): Promise<number | undefined> {
  const row = await db
    .selectFrom('repository')
    .select('id')
    .where('registryId', '=', registryId)
    .where('name', '=', name)
    .executeTakeFirst();
  return row?.id;
}

/** Bytes of layers that nobody has read, each once, and requests: the manifest and config of each image, and those layers. */
async function costOf(db: Db, digests: readonly string[]): Promise<{ readonly bytes: number; readonly pulls: number }> {
  if (digests.length === 0) return { bytes: 0, pulls: 0 };
  const { rows } = await sql<{ bytes: number | null; layers: number }>`
    SELECT sum(size_bytes)::bigint AS bytes, count(*)::int AS layers FROM (
      SELECT DISTINCT ON (l.layer_id) l.layer_id, l.size_bytes
      FROM manifest m JOIN manifest_layer l ON l.manifest_id = m.id JOIN layer y ON y.id = l.layer_id
      WHERE m.digest IN (SELECT value FROM ${valueSet(digests, 'text')})
        AND NOT EXISTS (SELECT 1 FROM layer_facts f WHERE f.layer_digest = y.digest)
      ORDER BY l.layer_id) AS unread`.execute(db);
  return { bytes: rows[0]?.bytes ?? 0, pulls: 2 * digests.length + (rows[0]?.layers ?? 0) };
}
