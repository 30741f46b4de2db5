/**
 * One task from its lease to its outcome. What goes wrong is an outcome as well; nothing is thrown.
 */
import { ERRORS, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { AttemptError } from '#image/registry/attempt.ts';
import type { LayerPool } from '../layer-pool.ts';
import type { LeasedTask, ListedRepository, TaskOutcome, TaskProgress } from '../task/contract.ts';
import { toReported, writeReported } from '../task/reported-image.ts';
import type { ConfigStore } from './config-store.ts';
import type { BorrowedConnector, ConnectorPool } from './connector-pool.ts';
import { checkDisk, type SensorFolders } from './host-checks.ts';
import type { LayerStore } from './layer-store.ts';
import { listTags } from './list-tags.ts';
import type { Meter } from './meter.ts';
import type { SensorProfile } from './profile.ts';
import type { TaskReports } from './reports.ts';
import { scanTask } from './scan-task.ts';
import type { SensorLog } from './sensor-log.ts';
import { DiskFull, isDiskFull, TaskStop } from './task-stop.ts';
import type { TokenBucket } from './token-bucket.ts';

/** What all tasks of a sensor share. */
export interface TaskTools {
  readonly connectors: ConnectorPool;
  readonly layers: LayerStore;
  readonly configs: ConfigStore;
  readonly pool: LayerPool;
  readonly threads: number;
  readonly bandwidth: TokenBucket;
  readonly folders: SensorFolders;
  readonly profile: SensorProfile;
  readonly now: () => Date;
  readonly log: SensorLog;
}

/** What one task has. */
export interface TaskHands {
  readonly reports: TaskReports;
  readonly meter: Meter;
  /** Ends the work; its reason is a `TaskStop`. */
  readonly signal: AbortSignal;
  /** Ends the telling of what is finished: later than the work, unless nobody wants to hear it. */
  readonly telling: AbortSignal;
}

const PAGE = 500;

/** Does the task. Its outcome is undefined when the server wants to hear no more of it. */
export async function executeTask(
  task: LeasedTask,
  hands: TaskHands,
  tools: TaskTools,
): Promise<TaskOutcome | undefined> {
  const { meter, signal } = hands;
  const { registry, work, id: taskId } = task;
  let borrowed: BorrowedConnector | undefined;
  const progress = (): TaskProgress => {
    meter.rateLimit = borrowed?.rateLimit();
    return meter.snapshot();
  };
  try {
    borrowed = await tools.connectors.borrow(registry);
    const result = await doWork(task, borrowed, hands, tools);
    tools.connectors.note(registry.id, undefined);
    return { kind: 'done', progress: progress(), ...result };
  } catch (error) {
    const stop = stopOf(signal, error);
    if (stop?.reason === 'dropped') return undefined;
    if (stop !== undefined) return { kind: 'returned', progress: progress(), reason: stop.reason };
    if (isDiskFull(error)) {
      tools.log.warn({ taskId, err: error }, 'task returned, the disk is full');
      return { kind: 'returned', progress: progress(), reason: 'disk' };
    }
    tools.connectors.note(registry.id, error);
    return toFailure(error, progress(), { taskId, work: work.kind }, tools);
  } finally {
    borrowed?.[Symbol.dispose]();
  }
}

type Done = Omit<Extract<TaskOutcome, { kind: 'done' }>, 'kind' | 'progress'>;

async function doWork(
  task: LeasedTask,
  borrowed: BorrowedConnector,
  hands: TaskHands,
  tools: TaskTools,
): Promise<Done> {
  const { work } = task;
  const { connector } = borrowed;
  const { reports, meter, signal, telling } = hands;
  switch (work.kind) {
    case 'catalogue': {
      let page: ListedRepository[] = [];
      for await (const { name, note } of connector.listRepositories({ signal })) {
        page.push({ name, ...(note === undefined ? {} : { note: printable(note, 500) }) });
        if (page.length < PAGE) continue;
        await reports.repositories(page, signal);
        page = [];
      }
      if (page.length > 0) await reports.repositories(page, signal);
      return {};
    }
    case 'list': {
      const { configs } = tools;
      const { platforms } = tools.profile;
      const { problems, ...counts } = await listTags(work, { connector, reports, meter, configs, platforms, signal });
      return { ...counts, ...(problems.length === 0 ? {} : { problems: [...problems] }) };
    }
    case 'scan': {
      const disk = await checkDisk(tools.folders, tools.profile);
      if (!disk.ok) throw new DiskFull(disk.detail);
      const scanned = await scanTask(work, { ...tools, connector, meter, signal });
      meter.detail = 'reporting';
      await reports.inventory(writeReported(toReported(scanned)), telling);
      return {};
    }
    case 'probe': {
      const steps: unknown[] = [];
      const { repository } = work;
      for await (const step of connector.probe({ signal, ...(repository === undefined ? {} : { repository }) })) {
        if (steps.length < 50) steps.push(step);
      }
      return { steps };
    }
    default:
      return work satisfies never;
  }
}

function stopOf(signal: AbortSignal, error: unknown): TaskStop | undefined {
  if (error instanceof TaskStop) return error;
  if (!signal.aborted) return undefined;
  // Something else may have gone wrong in the same moment; the task is stopped all the same.
  return signal.reason instanceof TaskStop ? signal.reason : new TaskStop('stopping');
}

function toFailure(
  error: unknown,
  progress: TaskProgress,
  what: { readonly taskId: string; readonly work: string },
  { now, log }: TaskTools,
): TaskOutcome {
  const known = toPlimsollError(error);
  const isBug = ERRORS[known.code].family === 'bug';
  if (isBug) log.error({ ...what, err: error }, 'task failed by a bug');
  else log.info({ ...what, code: known.code }, 'task failed');
  const message = isBug ? `Unexpected failure of the sensor; its log has more under ${what.taskId}` : known.message;
  const retryAfterMs = known instanceof AttemptError ? known.retryAfterMs : undefined;
  return {
    kind: 'failed',
    progress,
    code: known.code,
    message: printable(message, 4000),
    ...(retryAfterMs === undefined ? {} : { retryAt: new Date(now().getTime() + retryAfterMs).toISOString() }),
  };
}
