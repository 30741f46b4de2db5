/**
 * From a catalogue to listings: which repositories of it a run lists, and with what questions. Catalogue and listings stream into each other.
 */
import { createHash } from 'node:crypto';
import type { RegistryProduct } from '#connector/connector.ts';
import type { Trx } from '#store/database.ts';
import type { RegistryRecord } from '#store/registry.ts';
import { upsertRepositories } from '#store/repository.ts';
import { addToRun, type RunRecord } from '#store/run.ts';
import { insertRunRepositories } from '#store/run-repository.ts';
import { type NewTask, type TaskWish, wantTasks } from '#store/task.ts';
import {
  namedRepositories,
  needsCatalogue,
  planSelection,
  type SelectionPlan,
  tagQueryOf,
  targetsOf,
} from '../schedule/selection-plan.ts';
import type { ScheduleSettings } from '../schedule/settings.ts';
import type { Work } from '../task/contract.ts';
import { settingsOf } from './job-state.ts';
import { productOf } from './run-progress.ts';

/** Minutes by which later wishes overtake: what people wait for goes first, forced scans of everything last. */
const HANDICAP = { image: 0, user: 10, baseline: 20, incremental: 30, forced: 40 } as const;

/** A run with what its launch selects. */
export interface PlannedRun {
  readonly run: RunRecord;
  readonly settings: ScheduleSettings;
  readonly plan: SelectionPlan;
  readonly product: RegistryProduct;
}

/** Reads the selection of a run. @throws {PlimsollError} `SCHEDULE_INVALID` when its product does not take it any more. */
export async function planRun(registry: RegistryRecord, run: RunRecord): Promise<PlannedRun> {
  const settings = settingsOf(run);
  const product = await productOf(registry);
  return { run, settings, product, plan: planSelection(settings, product, new Date(run.createdAt)) };
}

/** How tasks of a run are wished for. */
export function wishOf({ run, settings }: Pick<PlannedRun, 'run' | 'settings'>, at: Date): TaskWish {
  const isUsers = run.trigger === 'user' && settings.scanType === 'OnDemand';
  return {
    registryId: run.registryId,
    runId: run.id,
    selector: settings.sensorSelector.labels,
    handicapMinutes: HANDICAP[isUsers && run.kind !== 'image' ? 'user' : run.kind],
    at,
  };
}

/** Starts what a run begins with: listings of repositories named in full, and the catalogue when patterns need it. */
export async function startListing(trx: Trx, registry: RegistryRecord, planned: PlannedRun, at: Date): Promise<void> {
  const { plan, run } = planned;
  await listRepositoriesOf(trx, registry, planned, { names: namedRepositories(plan), at, isNamed: true });
  if (!needsCatalogue(plan)) return;
  const [task] = (await wantTasks(trx, [catalogueTask(registry, planned)], wishOf(planned, at))).values();
  await addToRun(trx, run.id, { listingsOpen: 1 });
  if (task?.state !== 'leased') return;
  // Somebody else's catalogue is under way: its first pages have passed.
  const rows = await trx.selectFrom('taskRepository').select('name').where('taskId', '=', task.id).execute();
  await listRepositoriesOf(trx, registry, planned, { names: rows.map(({ name }) => name), at });
}

/** Lists those of `names` that a run selects and has not seen yet. */
export async function listRepositoriesOf(
  trx: Trx,
  registry: RegistryRecord,
  planned: PlannedRun,
  { names, at, isNamed = false }: { readonly names: readonly string[]; readonly at: Date; readonly isNamed?: boolean },
): Promise<void> {
  const { plan, run } = planned;
  const selected = [...new Set(names)].filter(name => targetsOf(name, plan).length > 0);
  if (selected.length === 0) return;
  const ids = await upsertRepositories(
    trx,
    registry.id,
    selected.map(name => ({ name })),
    { at, isCatalogued: !isNamed },
  );
  const fresh = await insertRunRepositories(trx, run.id, [...ids.values()]);
  const tasks = [...ids].filter(([, id]) => fresh.has(id)).map(([name, id]) => listTask(registry, planned, name, id));
  await wantTasks(trx, tasks, wishOf(planned, at));
  await addToRun(trx, run.id, { listingsOpen: tasks.length });
}

/** The task that lists one repository as a launch wants it. */
export function listTask(
  registry: Pick<RegistryRecord, 'id'>,
  { plan, settings, product }: Pick<PlannedRun, 'plan' | 'settings' | 'product'>,
  repository: string,
  repositoryId: number,
): NewTask {
  const patterns = targetsOf(repository, plan).flatMap(place => plan.targets[place]?.tags ?? []);
  const isAll = patterns.some(({ kind }) => kind === 'everything');
  const { since } = tagQueryOf(repository, plan);
  const isDated = plan.pushed !== undefined || plan.within !== undefined || plan.latest !== undefined;
  const work: Work = {
    kind: 'list',
    repository,
    tags: isAll ? [] : [...new Set(patterns.map(({ text }) => text))].sort(),
    patternMode: settings.patternMode,
    since: since?.toISOString(),
    platforms: [...settings.platforms],
    wantsBuiltAt: isDated && !product.capabilities.pushedDate,
  };
  const key = keyOf(registry.id, repository, { work, selector: settings.sensorSelector.labels });
  return { kind: 'list', key, repositoryId, work };
}

/** The task that lists the repositories of a registry. */
export function catalogueTask(
  registry: Pick<RegistryRecord, 'id'>,
  { settings }: Pick<PlannedRun, 'settings'>,
): NewTask {
  const work: Work = { kind: 'catalogue' };
  return { kind: 'catalogue', key: keyOf(registry.id, '', settings.sensorSelector.labels), work };
}

/** A name for work, the same for everybody who wants the same of the same registry. */
export function keyOf(registryId: string, subject: string, facts: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(facts)).digest('base64url').slice(0, 22);
  return `${registryId}/${subject}#${hash}`;
}
