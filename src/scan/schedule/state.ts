/**
 * The states of a scan job, and which may follow which, as data.
 *
 * A job shows the state of its latest run. `job-reducer.ts` moves along these edges only; `action.ts` says what a user may do where.
 */
import type { ScanType } from './settings.ts';

interface StateRow {
  /** `active`: there is a run; `idle`: waits for its next launch; `terminal`: the last run ended, or the job is done. */
  readonly kind: 'idle' | 'active' | 'terminal';
  readonly meaning: string;
  readonly next: readonly string[];
}

/**
 * Every state that is stored. Some edges go beyond the vendor's table: a baseline can be paused and resumed, since blackout windows and rate
 * limits do not spare it; a job whose baseline did not complete queues a baseline again, from wherever it is; a job can be retired.
 */
export const JOB_STATES = {
  Created: {
    kind: 'idle',
    meaning: 'Saved, never launched; every launch scans all images',
    next: ['BaselineCreated', 'Queued', 'Canceled', 'Finished'],
  },
  BaselineCreated: {
    kind: 'idle',
    meaning: 'Saved, never launched; the first run is the baseline',
    next: ['Created', 'BaselineQueued', 'Canceled', 'Finished'],
  },
  BaselineQueued: {
    kind: 'active',
    meaning: 'The baseline waits for a sensor or a free slot',
    next: ['BaselineRunning', 'Canceled', 'Error'],
  },
  BaselineRunning: {
    kind: 'active',
    meaning: 'The baseline lists or scans',
    next: ['BaselineCompleted', 'Paused', 'Error', 'Failed', 'Canceled'],
  },
  BaselineCompleted: {
    kind: 'idle',
    meaning: 'The baseline is done; an Automatic job waits for its next run, an On Demand job is shown as Finished',
    next: ['Queued', 'Finished'],
  },
  Queued: {
    kind: 'active',
    meaning: 'A later run, or one that scans all images, waits for a sensor or a free slot',
    next: ['Running', 'Canceled', 'Error'],
  },
  Running: {
    kind: 'active',
    meaning: 'A later run, or one that scans all images, lists or scans',
    next: ['Completed', 'Finished', 'Paused', 'Error', 'Failed', 'Canceled'],
  },
  Paused: {
    kind: 'active',
    meaning: 'The run is held: by a user, a blackout window, a rate limit or a full disk',
    next: ['Running', 'BaselineRunning', 'Canceled'],
  },
  Completed: {
    kind: 'idle',
    meaning: 'A run of an Automatic job is done, the next one is planned',
    next: ['Queued', 'BaselineQueued', 'Finished'],
  },
  Finished: {
    kind: 'terminal',
    meaning: 'An On Demand job is done, or an Automatic job was retired',
    next: ['Queued', 'BaselineQueued'],
  },
  Error: {
    kind: 'terminal',
    meaning: 'The run could not do its work: credentials, no repository, network',
    next: ['Queued', 'BaselineQueued', 'Finished'],
  },
  Failed: {
    kind: 'terminal',
    meaning: 'A sensor or Plimsoll itself failed: crash, lost heartbeat, retries used up',
    next: ['Queued', 'BaselineQueued', 'Finished'],
  },
  Canceled: {
    kind: 'terminal',
    meaning: 'A user stopped the run, or a change replaced it',
    next: ['Queued', 'BaselineQueued', 'Finished'],
  },
} as const satisfies Record<string, StateRow>;

/** A state that is stored. */
export type JobState = keyof typeof JOB_STATES;

/** A state that is shown: `Unknown` lies over a running state while its sensor is silent. */
export type ShownState = JobState | 'Unknown';

/** Whether the table knows the edge. */
export function mayFollow(from: JobState, to: JobState): boolean {
  const next: readonly string[] = JOB_STATES[from].next;
  return next.includes(to);
}

/** Whether there is a run under way or waiting. */
export function isActive(state: JobState): boolean {
  return JOB_STATES[state].kind === 'active';
}

/** Whether sensors may be at work for the job. */
export function isRunning(state: JobState): boolean {
  return state === 'Running' || state === 'BaselineRunning';
}

/** The state as people see it. */
export function showState(
  { state, scanType }: { readonly state: JobState; readonly scanType: ScanType },
  { isSensorSilent = false } = {},
): ShownState {
  if (isSensorSilent && isRunning(state)) return 'Unknown';
  return state === 'BaselineCompleted' && scanType === 'OnDemand' ? 'Finished' : state;
}
