/**
 * Jobs and runs as people see them.
 */
import type { Db } from '#store/database.ts';
import { isSensorSilent, listRuns, type RunRecord } from '#store/run.ts';
import { listRunImages } from '#store/run-image.ts';
import { listRunRepositories } from '#store/run-repository.ts';
import { getSchedule, type ScheduleRecord } from '#store/schedule.ts';
import { type Action, allowedActions } from '../schedule/action.ts';
import type { ScheduleSettings } from '../schedule/settings.ts';
import { isRunning, type JobState, type ShownState, showState } from '../schedule/state.ts';
import { SENSOR_THRESHOLDS } from '../sensor/state.ts';
import type { JobContext } from './job-context.ts';
import { settingsOf } from './job-state.ts';

/** A schedule as it is shown. */
export interface ScheduleView {
  readonly schedule: ScheduleRecord;
  readonly settings: ScheduleSettings;
  /** `Unknown` over a running state while every sensor that works on it is silent. */
  readonly state: ShownState;
  readonly actions: readonly Action[];
  /** The active run, or the last one. */
  readonly run: RunRecord | undefined;
  /** Why a run waits that no sensor has taken up; a sentence without full stop. */
  readonly waitsFor: string | undefined;
}

type ViewContext = Pick<JobContext, 'store' | 'now'>;

/** @throws {PlimsollError} `NOT_FOUND`. */
export async function showSchedule(context: ViewContext, id: string): Promise<ScheduleView> {
  return await toView(context, await getSchedule(context.store.db, id));
}

/** One thing that failed in a run. */
export interface RunFailure {
  readonly repository: string;
  /** Missing: the repository could not be listed. */
  readonly digest?: string;
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly at: string | undefined;
}

const PAGE = 500;

/** Everything that failed in a run, repositories first: the full list behind the ten kinds that a run shows. */
export async function* listRunFailures({ store }: Pick<JobContext, 'store'>, id: string): AsyncGenerator<RunFailure> {
  const { db } = store;
  let after: string | undefined;
  do {
    const page = await listRunRepositories(db, id, { state: 'failed', after, limit: PAGE });
    for (const { repository, errorCode, reason, endedAt } of page) {
      yield { repository, code: errorCode, reason, at: endedAt };
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.repository;
  } while (after !== undefined);
  do {
    const page = await listRunImages(db, id, { state: 'failed', after, limit: PAGE });
    for (const { repository, digest, errorCode, reason, endedAt } of page) {
      yield { repository, digest, code: errorCode, reason, at: endedAt };
    }
    after = page.length < PAGE ? undefined : page.at(-1)?.digest;
  } while (after !== undefined);
}

async function toView({ store, now }: ViewContext, schedule: ScheduleRecord): Promise<ScheduleView> {
  const { db } = store;
  const settings = settingsOf(schedule);
  const { scanType } = settings;
  const stored = schedule.state as JobState;
  const [run] = await listRuns(db, { scheduleId: schedule.id, limit: 1 });
  const silentSince = new Date(now().getTime() - SENSOR_THRESHOLDS.unknownAfterMs);
  const isSilent = run !== undefined && isRunning(stored) && (await isSensorSilent(db, run.id, silentSince));
  const desiredState = schedule.desiredState as 'Canceled' | 'Deleted' | undefined;
  const isWaiting = stored === 'Queued' || stored === 'BaselineQueued';
  return {
    schedule,
    settings,
    state: showState({ state: stored, scanType }, { isSensorSilent: isSilent }),
    actions: allowedActions({ state: stored, scanType, desiredState }),
    run,
    waitsFor: isWaiting ? await whyWaiting(db, schedule, silentSince) : undefined,
  };
}

async function whyWaiting(db: Db, { registryId, settings }: ScheduleRecord, heardSince: Date): Promise<string> {
  const registry = await db
    .selectFrom('registry')
    .select(['sensorSelector', 'coolDownUntil'])
    .where('id', '=', registryId)
    .executeTakeFirst();
  const sensors = await db
    .selectFrom('sensor')
    .select('labels')
    .where('retiredAt', 'is', null)
    .where('isDraining', '=', false)
    .where('lastHeartbeatAt', '>=', heardSince.toISOString())
    .execute();
  if (sensors.length === 0) return 'No sensor is running';
  const { labels } = (settings as ScheduleSettings).sensorSelector;
  const wanted = Object.entries({ ...(registry?.sensorSelector as Readonly<Record<string, string>>), ...labels });
  const fits = sensors.some(sensor => {
    const has = sensor.labels as Readonly<Record<string, string>>;
    return wanted.every(([name, value]) => has[name] === value);
  });
  if (!fits) {
    return `No running sensor has the labels ${wanted.map(([name, value]) => `${name}=${value}`).join(', ')}`;
  }
  return 'The sensors are busy with other tasks, or the registry allows no more at a time';
}
