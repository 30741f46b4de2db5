/**
 * The life of a scan job as a reducer: a job and an event give the job after it. No clock, no database; the caller writes the result in the
 * transaction in which it read the job, guarded by `sequence`.
 */
import { type Action, refusalOf } from './action.ts';
import type { ScanType } from './settings.ts';
import { isActive, isRunning, type JobState } from './state.ts';
import type { Violation } from './violation.ts';

/** `baseline`: every image that matches; `incremental`: newly found ones; `forced`: every image within the limit, known or not. */
export type RunKind = 'baseline' | 'incremental' | 'forced';

/** `fresh`: a launch of its own; the other two continue or repeat a run that was cut short. */
export type RunMode = 'fresh' | 'resume' | 'from-the-beginning';

/** The run of an active job. */
export interface ActiveRun {
  /** Counts the runs of the job from 1. */
  readonly number: number;
  readonly kind: RunKind;
  readonly mode: RunMode;
}

/** Why a run is held. */
export type PauseReason = 'user' | 'blackout' | 'rate-limit' | 'disk';

/** A job as far as its states go. */
export interface Job {
  readonly scanType: ScanType;
  readonly scanAllImages: boolean;
  readonly enabled: boolean;
  readonly state: JobState;
  /** What is asked for and not yet reached: `Running (cancelling…)`. */
  readonly desiredState: 'Canceled' | 'Deleted' | undefined;
  /** Set exactly while the state is active. */
  readonly run: ActiveRun | undefined;
  /** Set exactly while Paused; `resumeAt` is ISO 8601. */
  readonly pause: { readonly reason: PauseReason; readonly resumeAt?: string | undefined } | undefined;
  /** Launches so far. */
  readonly runs: number;
  /** Whether a baseline ever completed, failures of single images aside. */
  readonly hasBaseline: boolean;
  /** Due times that passed by because a run was active. */
  readonly skippedOverlaps: number;
  /** Grows by one with every change; writers compare it. */
  readonly sequence: number;
}

/** What happens to a job. Reports about a run carry its number, so that those about an older one are dropped. */
export type JobEvent =
  | { readonly kind: 'due' }
  | { readonly kind: 'run-now' | 'pause' | 'resume' | 'delete' | 'retire' }
  | { readonly kind: 'restart'; readonly mode: Exclude<RunMode, 'fresh'> }
  /** `hasWorkInHand`: sensors that are heard hold tasks, which get their grace; then `wound-down` follows. */
  | { readonly kind: 'cancel'; readonly hasWorkInHand: boolean }
  | {
      readonly kind: 'updated';
      readonly scanType: ScanType;
      readonly scanAllImages: boolean;
      readonly enabled: boolean;
    }
  | { readonly kind: 'enabled' | 'disabled' }
  | { readonly kind: 'started' | 'released' | 'completed' | 'errored' | 'failed' | 'wound-down'; readonly run: number }
  | {
      readonly kind: 'held';
      readonly run: number;
      readonly reason: Exclude<PauseReason, 'user'>;
      readonly resumeAt?: string | undefined;
    };

/** What came of an event: the job after it, a user who is told no, or a report that has nothing to say any more. */
export type Outcome =
  | { readonly kind: 'changed'; readonly job: Job }
  | { readonly kind: 'refused'; readonly violation: Violation }
  | { readonly kind: 'dropped'; readonly why: string };

/** A job as it is saved first. */
export function createJob(settings: Pick<Job, 'scanType' | 'scanAllImages' | 'enabled'>): Job {
  return {
    scanType: settings.scanType,
    scanAllImages: settings.scanAllImages,
    enabled: settings.enabled,
    state: settings.scanAllImages ? 'Created' : 'BaselineCreated',
    desiredState: undefined,
    run: undefined,
    pause: undefined,
    runs: 0,
    hasBaseline: false,
    skippedOverlaps: 0,
    sequence: 0,
  };
}

/** The kind of the next run. */
function nextRunKind({ scanAllImages, hasBaseline }: Pick<Job, 'scanAllImages' | 'hasBaseline'>): RunKind {
  if (scanAllImages) return 'forced';
  return hasBaseline ? 'incremental' : 'baseline';
}

/** The job after an event. Never throws. */
export function applyEvent(job: Job, event: JobEvent): Outcome {
  switch (event.kind) {
    case 'due':
      return applyDue(job);
    case 'run-now':
      return byUser(job, 'run-now', () => launch(job, 'fresh'));
    case 'restart':
      return byUser(job, 'restart', () => launch(job, event.mode));
    case 'pause':
      return byUser(job, 'pause', () => ({ state: 'Paused', pause: { reason: 'user' } }));
    case 'resume':
      return byUser(job, 'resume', () => resumed(job));
    case 'cancel':
      return byUser(job, 'cancel', () =>
        isRunning(job.state) && event.hasWorkInHand ? { desiredState: 'Canceled' } : ended('Canceled'),
      );
    case 'delete':
      return byUser(job, 'delete', () => ({
        ...(isActive(job.state) ? ended('Canceled') : {}),
        desiredState: 'Deleted',
      }));
    case 'updated':
      return byUser(job, 'update', () => updated(job, event));
    case 'enabled':
    case 'disabled':
      if (job.desiredState === 'Deleted') return dropped('the job is being deleted');
      return job.enabled === (event.kind === 'enabled')
        ? dropped(`the job is ${event.kind} already`)
        : changed(job, { enabled: event.kind === 'enabled' });
    case 'retire':
      if (job.desiredState === 'Deleted') return dropped('the job is being deleted');
      if (isActive(job.state)) return dropped('a run is active');
      return job.state === 'Finished' ? dropped('the job is Finished already') : changed(job, { state: 'Finished' });
    default:
      return applyReport(job, event);
  }
}

function applyDue(job: Job): Outcome {
  if (job.desiredState === 'Deleted') return dropped('the job is being deleted');
  if (isActive(job.state)) return changed(job, { skippedOverlaps: job.skippedOverlaps + 1 });
  if (!job.enabled) return dropped('the job is disabled');
  if (job.state === 'Finished') return dropped('the job is Finished');
  if (job.scanType === 'OnDemand' && job.runs > 0) return dropped('an On Demand job does not recur');
  return changed(job, launch(job, 'fresh'));
}

/** Reports of the server's own machinery and of sensors. */
function applyReport(job: Job, event: Extract<JobEvent, { run: number }>): Outcome {
  const { run, state } = job;
  if (run === undefined) return dropped(`the job is ${state}, no run is active`);
  if (event.run !== run.number) return dropped(`the report is about run ${event.run}, run ${run.number} is active`);
  const isWaiting = state === 'Queued' || state === 'BaselineQueued';
  const misfit = dropped(`a ${state} run cannot be ${event.kind}`);
  switch (event.kind) {
    case 'started':
      return isWaiting ? changed(job, { state: runningState(run) }) : misfit;
    case 'held':
      if (!isRunning(state) || job.desiredState !== undefined) return misfit;
      return changed(job, { state: 'Paused', pause: { reason: event.reason, resumeAt: event.resumeAt } });
    case 'released':
      // A user's pause is the user's to end.
      return job.pause === undefined || job.pause.reason === 'user' ? misfit : changed(job, resumed(job));
    case 'wound-down':
      return isRunning(state) && job.desiredState === 'Canceled' ? changed(job, ended('Canceled')) : misfit;
    case 'completed':
      if (!isRunning(state)) return misfit;
      return changed(job, job.desiredState === 'Canceled' ? ended('Canceled') : completed(job, run));
    case 'errored':
      return isRunning(state) || isWaiting ? changed(job, ended(cutShort(job, 'Error'))) : misfit;
    case 'failed':
      return isRunning(state) ? changed(job, ended(cutShort(job, 'Failed'))) : misfit;
    default:
      return event satisfies never;
  }
}

function launch(job: Job, mode: RunMode): Partial<Job> {
  const kind = nextRunKind(job);
  const number = job.runs + 1;
  return { state: kind === 'baseline' ? 'BaselineQueued' : 'Queued', run: { number, kind, mode }, runs: number };
}

function completed(job: Job, run: ActiveRun): Partial<Job> {
  if (run.kind === 'baseline') return { ...ended('BaselineCompleted'), hasBaseline: true };
  return ended(job.scanType === 'OnDemand' ? 'Finished' : 'Completed');
}

function ended(state: JobState): Partial<Job> {
  return { state, run: undefined, pause: undefined, desiredState: undefined };
}

/** A run that breaks while it is being cancelled is cancelled: that is what its user was told. */
function cutShort(job: Job, state: 'Error' | 'Failed'): JobState {
  return job.desiredState === 'Canceled' ? 'Canceled' : state;
}

function resumed({ run }: Job): Partial<Job> {
  return { state: run === undefined ? 'Running' : runningState(run), pause: undefined };
}

function runningState({ kind }: ActiveRun): JobState {
  return kind === 'baseline' ? 'BaselineRunning' : 'Running';
}

function updated(job: Job, { scanType, scanAllImages, enabled }: Extract<JobEvent, { kind: 'updated' }>): Partial<Job> {
  const isNew = job.state === 'Created' || job.state === 'BaselineCreated';
  const state = scanAllImages ? 'Created' : 'BaselineCreated';
  return { scanType, scanAllImages, enabled, ...(isNew ? { state } : {}) };
}

function byUser(job: Job, action: Action, change: () => Partial<Job>): Outcome {
  const refusal = refusalOf(action, job);
  return refusal === undefined ? changed(job, change()) : { kind: 'refused', violation: refusal };
}

function changed(job: Job, change: Partial<Job>): Outcome {
  return { kind: 'changed', job: { ...job, ...change, sequence: job.sequence + 1 } };
}

function dropped(why: string): Outcome {
  return { kind: 'dropped', why };
}
