/**
 * What may be done with a job in which state: one at a time, and in bulk, where some states are passed over in silence.
 */
import type { ScanType } from './settings.ts';
import { isRunning, type JobState, type ShownState, showState } from './state.ts';
import { type Violation, violation } from './violation.ts';

/** What a user can do with one job. */
export const ACTIONS = ['cancel', 'delete', 'update', 'restart', 'run-now', 'pause', 'resume'] as const;
export type Action = (typeof ACTIONS)[number];

const IDLE: readonly JobState[] = ['Finished', 'Completed', 'BaselineCompleted', 'Error', 'Failed', 'Canceled'];

/** The states in which an action is allowed. An update is for Automatic jobs besides. */
export const ALLOWED_IN: Readonly<Record<Action, readonly JobState[]>> = {
  cancel: ['Created', 'BaselineCreated', 'Queued', 'Paused', 'Running', 'BaselineQueued', 'BaselineRunning'],
  delete: ['Created', 'BaselineCreated', 'Queued', 'BaselineQueued', 'Paused', ...IDLE],
  update: ['Created', 'BaselineCreated', 'Queued', 'BaselineQueued', 'Paused', ...IDLE],
  restart: IDLE,
  'run-now': ['Created', 'BaselineCreated', ...IDLE],
  pause: ['Running', 'BaselineRunning'],
  resume: ['Paused'],
};

/** Passed over by bulk calls without a word, by the state that is shown. */
const IGNORED_IN_BULK: Readonly<Record<'cancel' | 'delete', readonly ShownState[]>> = {
  cancel: ['Finished', 'Unknown', 'Error'],
  delete: ['Queued', 'BaselineQueued', 'Unknown', 'Running', 'BaselineRunning'],
};

/** As far as actions care. */
export interface ActionSubject {
  readonly state: JobState;
  readonly scanType: ScanType;
  /** What is already on its way; nothing but a delete can be added to it. */
  readonly desiredState?: 'Canceled' | 'Deleted' | undefined;
}

/** Why an action is refused now, or undefined when it is allowed. Goes by the stored state: a silent sensor is no reason to refuse a cancel. */
export function refusalOf(action: Action, { state, scanType, desiredState }: ActionSubject): Violation | undefined {
  if (desiredState === 'Deleted') {
    return violation('STATE_NOT_ALLOWED', '', `Cannot ${action} a job that is being deleted`);
  }
  if (action === 'update' && scanType === 'OnDemand') {
    return violation('SCHEDULE_IMMUTABLE', '', 'Cannot update an On Demand job');
  }
  if ((action === 'delete' || action === 'update') && isRunning(state)) {
    return violation('SCHEDULE_RUNNING', '', `Cannot ${action} a job that is ${state}`);
  }
  if (!ALLOWED_IN[action].includes(state)) {
    const allowed = ALLOWED_IN[action].join(', ');
    return violation('STATE_NOT_ALLOWED', '', `Cannot ${action} a job that is ${state}: it must be one of ${allowed}`);
  }
  if (desiredState === 'Canceled' && (action === 'pause' || action === 'cancel')) {
    return violation('STATE_NOT_ALLOWED', '', `Cannot ${action} a run that is being cancelled`);
  }
  return undefined;
}

/** The actions that a job allows now, in the order of `ACTIONS`. */
export function allowedActions(job: ActionSubject): readonly Action[] {
  return ACTIONS.filter(action => refusalOf(action, job) === undefined);
}

/** A job in a bulk call. */
export interface BulkJob extends ActionSubject {
  readonly id: string;
  readonly isSensorSilent?: boolean;
}

/** What a bulk call will do. Each id is in exactly one list. */
export interface BulkPlan {
  readonly accepted: readonly string[];
  readonly ignored: readonly string[];
  readonly refused: readonly { readonly id: string; readonly violation: Violation }[];
  /** Asked for by id, but there is no such job. */
  readonly unknown: readonly string[];
}

/**
 * Plans a bulk call. With both `ids` and `filter` the ids win. `filter` is `scheduleUuid:*` for all, `scheduleUuid:ID` or `status:STATE`, the
 * state as it is shown; undefined when it is none of these, so that a misspelt filter never means everything.
 */
export function planBulk(
  action: 'cancel' | 'delete',
  jobs: readonly BulkJob[],
  { ids, filter }: { readonly ids?: readonly string[] | undefined; readonly filter?: string | undefined },
): BulkPlan | undefined {
  const wantedIds = ids !== undefined && ids.length > 0 ? new Set(ids) : undefined;
  const isWanted = wantedIds === undefined ? readFilter(filter) : ({ id }: BulkJob) => wantedIds.has(id);
  if (isWanted === undefined) return undefined;
  const accepted: string[] = [];
  const ignored: string[] = [];
  const refused: { id: string; violation: Violation }[] = [];
  for (const job of jobs.filter(isWanted)) {
    const refusal = refusalOf(action, job);
    if (IGNORED_IN_BULK[action].includes(showState(job, job))) ignored.push(job.id);
    else if (refusal === undefined) accepted.push(job.id);
    else refused.push({ id: job.id, violation: refusal });
  }
  const known = new Set(jobs.map(job => job.id));
  return { accepted, ignored, refused, unknown: [...(wantedIds ?? [])].filter(id => !known.has(id)) };
}

/** Why a registry cannot be removed, given the states of its jobs. */
export function registryDeletionRefusal(states: readonly JobState[]): Violation | undefined {
  const running = states.filter(isRunning).length;
  if (running === 0) return undefined;
  const jobs = running === 1 ? '1 of its jobs is' : `${running} of its jobs are`;
  return violation('REGISTRY_HAS_RUNNING_SCHEDULE', '', `Cannot remove the registry: ${jobs} running`);
}

/** Why a connector cannot be removed, given the names of the registries that use it. */
export function connectorDeletionRefusal(registryNames: readonly string[]): Violation | undefined {
  if (registryNames.length === 0) return undefined;
  const shown = registryNames.slice(0, 5).join(', ');
  const rest = registryNames.length > 5 ? ` and ${registryNames.length - 5} more` : '';
  return violation('CONNECTOR_IN_USE', '', `Cannot remove the connector: used by ${shown}${rest}`);
}

function readFilter(filter: string | undefined): ((job: BulkJob) => boolean) | undefined {
  const [, key, value] = /^(scheduleUuid|status):(\S{1,64})$/.exec(filter?.trim() ?? '') ?? [];
  if (key === 'status') return job => showState(job, job).toLowerCase() === value?.toLowerCase();
  if (key === 'scheduleUuid') return job => value === '*' || job.id === value;
  return undefined;
}
