import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ACTIONS,
  ALLOWED_IN,
  allowedActions,
  connectorDeletionRefusal,
  planBulk,
  refusalOf,
  registryDeletionRefusal,
} from './action.ts';
import { applyEvent, createJob, type Job, type JobEvent } from './job-reducer.ts';
import { isActive, JOB_STATES, type JobState, mayFollow, showState } from './state.ts';

const automatic = createJob({ scanType: 'Automatic', scanAllImages: false, enabled: true });
const onDemand = createJob({ scanType: 'OnDemand', scanAllImages: false, enabled: true });
const forced = createJob({ scanType: 'Automatic', scanAllImages: true, enabled: true });
const STATES = Object.keys(JOB_STATES) as JobState[];

/** The job after events that all must change it. */
function play(job: Job, ...events: readonly JobEvent[]): Job {
  return events.reduce((before, event) => {
    const outcome = applyEvent(before, event);
    if (outcome.kind !== 'changed') throw new Error(`${event.kind} in ${before.state}: ${JSON.stringify(outcome)}`);
    return outcome.job;
  }, job);
}
const due: JobEvent = { kind: 'due' };
const started = (run: number): JobEvent => ({ kind: 'started', run });
const completed = (run: number): JobEvent => ({ kind: 'completed', run });
const cancel: JobEvent = { kind: 'cancel', hasWorkInHand: false };
const restart: JobEvent = { kind: 'restart', mode: 'resume' };
const baselined = play(automatic, due, started(1), completed(1));

describe('the life of a job', () => {
  test('a new Automatic job goes through its baseline, then runs incrementally', () => {
    const states = [due, started(1), completed(1), due, started(2), completed(2), due].map(
      (_, place, events) => play(automatic, ...events.slice(0, place + 1)).state,
    );
    expect(states).toEqual([
      'BaselineQueued',
      'BaselineRunning',
      'BaselineCompleted',
      'Queued',
      'Running',
      'Completed',
      'Queued',
    ]);
  });

  test('an On Demand job ends with its baseline, shown as Finished, and does not recur', () => {
    const done = play(onDemand, due, started(1), completed(1));
    expect(done.state).toBe('BaselineCompleted');
    expect(showState(done)).toBe('Finished');
    expect(applyEvent(done, due).kind).toBe('dropped');
    const again = play(done, restart);
    expect(again.run?.kind).toBe('incremental');
    expect(play(again, started(2), completed(2)).state).toBe('Finished');
  });

  test('a job that scans all images has no baseline', () => {
    expect(forced.state).toBe('Created');
    expect(play(forced, due).run?.kind).toBe('forced');
    expect(play(forced, due, started(1), completed(1)).state).toBe('Completed');
  });

  test.each([
    { name: 'cancelled', events: [due, started(1), cancel] },
    { name: 'errored', events: [due, started(1), { kind: 'errored', run: 1 }] },
    { name: 'failed', events: [due, started(1), { kind: 'failed', run: 1 }] },
  ] satisfies { name: string; events: JobEvent[] }[])(
    'after a $name baseline the next run is a baseline again',
    ({ events }) => {
      const job = play(automatic, ...events);
      expect(job.hasBaseline).toBe(false);
      expect(play(job, due)).toMatchObject({
        state: 'BaselineQueued',
        run: { number: 2, kind: 'baseline', mode: 'fresh' },
      });
      expect(play(job, restart).run).toEqual({ number: 2, kind: 'baseline', mode: 'resume' });
    },
  );

  test('a due time during a run is recorded and starts nothing', () => {
    const running = play(automatic, due, started(1));
    const after = play(running, due, due);
    expect(after).toMatchObject({ state: 'BaselineRunning', run: { number: 1 }, runs: 1, skippedOverlaps: 2 });
  });

  test('a cancelled Automatic job still recurs; a disabled one does not, but runs by hand', () => {
    expect(play(baselined, due, cancel, due).state).toBe('Queued');
    const disabled = play(baselined, { kind: 'disabled' });
    expect(applyEvent(disabled, due)).toMatchObject({ kind: 'dropped', why: 'the job is disabled' });
    expect(play(disabled, { kind: 'run-now' }).state).toBe('Queued');
  });

  test('a cancel with work in hand waits for it, and is final whatever the work reports', () => {
    const cancelling = play(baselined, due, started(2), { kind: 'cancel', hasWorkInHand: true });
    expect(cancelling).toMatchObject({ state: 'Running', desiredState: 'Canceled' });
    for (const kind of ['wound-down', 'completed', 'errored', 'failed'] as const) {
      expect(play(cancelling, { kind, run: 2 })).toMatchObject({ state: 'Canceled', desiredState: undefined });
    }
    expect(applyEvent(cancelling, { kind: 'pause' }).kind).toBe('refused');
    expect(applyEvent(cancelling, { kind: 'held', run: 2, reason: 'disk' }).kind).toBe('dropped');
  });

  test('reports about an older run are dropped', () => {
    const second = play(baselined, due, cancel, due, started(3));
    for (const kind of ['completed', 'failed', 'errored', 'released'] as const) {
      expect(applyEvent(second, { kind, run: 2 }).kind).toBe('dropped');
    }
  });

  test('a baseline that is held goes on as a baseline; only a user ends the pause of a user', () => {
    const running = play(automatic, due, started(1));
    const held = play(running, { kind: 'held', run: 1, reason: 'rate-limit', resumeAt: '2026-11-21T12:00:00Z' });
    expect(held).toMatchObject({ state: 'Paused', pause: { reason: 'rate-limit', resumeAt: '2026-11-21T12:00:00Z' } });
    expect(play(held, { kind: 'released', run: 1 })).toMatchObject({ state: 'BaselineRunning', pause: undefined });
    const paused = play(running, { kind: 'pause' });
    expect(applyEvent(paused, { kind: 'released', run: 1 }).kind).toBe('dropped');
    expect(play(paused, { kind: 'resume' }).state).toBe('BaselineRunning');
  });

  test('a deleted job takes nothing any more; its waiting run is cancelled', () => {
    const deleted = play(baselined, due, { kind: 'delete' });
    expect(deleted).toMatchObject({ state: 'Canceled', run: undefined, desiredState: 'Deleted' });
    for (const event of [
      due,
      restart,
      cancel,
      started(2),
      { kind: 'enabled' },
      { kind: 'retire' },
    ] satisfies JobEvent[]) {
      expect(applyEvent(deleted, event).kind).not.toBe('changed');
    }
  });

  test('an update of a job that never ran changes what its first run is', () => {
    const update = { kind: 'updated', scanType: 'Automatic', scanAllImages: true, enabled: true } as const;
    expect(play(automatic, update).state).toBe('Created');
    expect(play(forced, { ...update, scanAllImages: false }).state).toBe('BaselineCreated');
    expect(play(baselined, update, due).run?.kind).toBe('forced');
  });

  test('a retired job is Finished and does not recur', () => {
    const retired = play(baselined, { kind: 'retire' });
    expect(retired.state).toBe('Finished');
    expect(applyEvent(retired, due).kind).toBe('dropped');
  });
});

describe('what is allowed in which state', () => {
  const NEW = ['Created', 'BaselineCreated'];
  const WAITING = ['Queued', 'BaselineQueued'];
  const RUNNING = ['Running', 'BaselineRunning'];
  const OVER = ['Finished', 'Completed', 'BaselineCompleted', 'Error', 'Failed', 'Canceled'];
  test.each([
    { action: 'cancel', states: [...NEW, ...WAITING, ...RUNNING, 'Paused'] },
    { action: 'delete', states: [...NEW, ...WAITING, ...OVER, 'Paused'] },
    { action: 'update', states: [...NEW, ...WAITING, ...OVER, 'Paused'] },
    { action: 'restart', states: OVER },
    { action: 'run-now', states: [...NEW, ...OVER] },
    { action: 'pause', states: RUNNING },
    { action: 'resume', states: ['Paused'] },
  ] as const)('$action: $states, and nowhere else', ({ action, states }) => {
    const allowed = STATES.filter(state => refusalOf(action, { state, scanType: 'Automatic' }) === undefined);
    expect(allowed.sort()).toEqual([...states].sort());
    expect([...ALLOWED_IN[action]].sort()).toEqual([...states].sort());
  });

  test('an On Demand job is never updated, a running one neither, and each says so', () => {
    expect(refusalOf('update', { state: 'Finished', scanType: 'OnDemand' })?.code).toBe('SCHEDULE_IMMUTABLE');
    expect(refusalOf('update', { state: 'Running', scanType: 'Automatic' })?.code).toBe('SCHEDULE_RUNNING');
    expect(refusalOf('delete', { state: 'BaselineRunning', scanType: 'OnDemand' })?.code).toBe('SCHEDULE_RUNNING');
    expect(refusalOf('restart', { state: 'Queued', scanType: 'OnDemand' })?.code).toBe('STATE_NOT_ALLOWED');
    expect(
      refusalOf('pause', { state: 'Running', scanType: 'Automatic', desiredState: 'Canceled' })?.message,
    ).toContain('being cancelled');
  });

  test('a job offers the actions that its state allows', () => {
    expect(allowedActions(baselined)).toEqual(['delete', 'update', 'restart', 'run-now']);
    expect(allowedActions(play(onDemand, due, started(1)))).toEqual(['cancel', 'pause']);
  });

  test.each([
    { states: ['Finished', 'Queued'], code: undefined },
    { states: ['Finished', 'BaselineRunning'], code: 'REGISTRY_HAS_RUNNING_SCHEDULE' },
    { states: [], code: undefined },
  ] as const)('a registry with jobs $states: $code', ({ states, code }) => {
    expect(registryDeletionRefusal(states)?.code).toBe(code);
  });

  test('a connector in use cannot be removed, and the registries are named', () => {
    expect(connectorDeletionRefusal([])).toBeUndefined();
    expect(connectorDeletionRefusal(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toMatchObject({
      code: 'CONNECTOR_IN_USE',
      message: 'Cannot remove the connector: used by a, b, c, d, e and 2 more',
    });
  });
});

describe('bulk calls', () => {
  const jobs = STATES.map(state => ({ id: state, state, scanType: 'Automatic' as const }));
  const silent = { id: 'silent', state: 'Running' as const, scanType: 'Automatic' as const, isSensorSilent: true };

  test('a bulk cancel passes over what is Finished, Unknown or Error', () => {
    const plan = planBulk('cancel', [...jobs, silent], { filter: 'scheduleUuid:*' });
    expect(plan?.ignored).toEqual(['Finished', 'Error', 'silent']);
    expect(plan?.accepted).toEqual([
      'Created',
      'BaselineCreated',
      'BaselineQueued',
      'BaselineRunning',
      'Queued',
      'Running',
      'Paused',
    ]);
    expect(plan?.refused.map(({ id }) => id)).toEqual(['BaselineCompleted', 'Completed', 'Failed', 'Canceled']);
  });

  test('a bulk delete passes over what is Queued, Running or Unknown', () => {
    const plan = planBulk('delete', [...jobs, silent], { filter: 'scheduleUuid:*' });
    expect(plan?.ignored).toEqual(['BaselineQueued', 'BaselineRunning', 'Queued', 'Running', 'silent']);
    expect(plan?.refused).toEqual([]);
    expect(plan?.accepted).toHaveLength(STATES.length - 4);
  });

  test('ids win over a filter, and ids that are not there are told', () => {
    const plan = planBulk('cancel', jobs, { ids: ['Running', 'nobody'], filter: 'scheduleUuid:*' });
    expect(plan).toEqual({ accepted: ['Running'], ignored: [], refused: [], unknown: ['nobody'] });
  });

  test.each([
    { filter: 'status:Running', accepted: ['Running'] },
    { filter: 'status:unknown', accepted: [] },
    { filter: 'scheduleUuid:Paused', accepted: ['Paused'] },
    { filter: 'state:Running', accepted: undefined },
    { filter: '', accepted: undefined },
    { filter: undefined, accepted: undefined },
  ])('filter "$filter" means $accepted', ({ filter, accepted }) => {
    expect(planBulk('cancel', jobs, { filter })?.accepted).toEqual(accepted);
  });

  test('a single cancel of a job whose sensor is silent is allowed', () => {
    expect(showState(silent, silent)).toBe('Unknown');
    expect(refusalOf('cancel', silent)).toBeUndefined();
  });
});

describe('laws', () => {
  const run = fc.integer({ min: 1, max: 6 });
  const event: fc.Arbitrary<JobEvent> = fc.oneof(
    fc.record({
      kind: fc.constantFrom('due', 'run-now', 'pause', 'resume', 'enabled', 'disabled', 'retire'),
    }) as fc.Arbitrary<JobEvent>,
    fc.constant<JobEvent>(due),
    fc.record({
      kind: fc.constant('restart' as const),
      mode: fc.constantFrom('resume' as const, 'from-the-beginning' as const),
    }),
    fc.record({ kind: fc.constant('cancel' as const), hasWorkInHand: fc.boolean() }),
    fc.record({
      kind: fc.constantFrom(
        'started' as const,
        'started' as const,
        'completed' as const,
        'errored' as const,
        'failed' as const,
        'released' as const,
        'wound-down' as const,
      ),
      run,
    }),
    fc.record({
      kind: fc.constant('held' as const),
      run,
      reason: fc.constantFrom('blackout' as const, 'disk' as const),
    }),
    fc.record({
      kind: fc.constant('updated' as const),
      scanType: fc.constant('Automatic' as const),
      scanAllImages: fc.boolean(),
      enabled: fc.boolean(),
    }),
  );
  const job = fc.constantFrom(automatic, onDemand, forced);
  const events = fc.array(
    fc.oneof({ weight: 30, arbitrary: event }, { weight: 1, arbitrary: fc.constant<JobEvent>({ kind: 'delete' }) }),
    { maxLength: 40 },
  );

  test('no sequence of events leads over an edge that the table does not have, or to two runs', () => {
    fc.assert(
      fc.property(job, events, (first, list) => {
        let now = first;
        for (const one of list) {
          const outcome = applyEvent(now, one);
          if (outcome.kind !== 'changed') continue;
          const { job: next } = outcome;
          if (next.state !== now.state)
            expect([now.state, next.state, mayFollow(now.state, next.state)]).toContain(true);
          expect(next.sequence).toBe(now.sequence + 1);
          expect(next.run !== undefined).toBe(isActive(next.state));
          expect(next.pause !== undefined).toBe(next.state === 'Paused');
          if (next.run !== undefined) {
            expect(next.run.number).toBe(next.runs);
            expect(next.runs - now.runs).toBe(now.run === undefined ? 1 : 0);
            if (next.state !== 'Paused') expect(next.state.startsWith('Baseline')).toBe(next.run.kind === 'baseline');
          }
          expect(now.hasBaseline && !next.hasBaseline).toBe(false);
          if (next.desiredState === 'Canceled') expect(['Running', 'BaselineRunning']).toContain(next.state);
          now = next;
        }
      }),
      { numRuns: 400 },
    );
  });

  test('every edge of the table is walked by some sequence', () => {
    const walked = new Set<string>();
    const seen = new Set<string>();
    const queue: Job[] = [automatic, onDemand, forced];
    const all: JobEvent[] = [
      due,
      { kind: 'run-now' },
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'retire' },
      { kind: 'updated', scanType: 'Automatic', scanAllImages: true, enabled: true },
      { kind: 'updated', scanType: 'Automatic', scanAllImages: false, enabled: true },
      restart,
      cancel,
    ];
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { sequence: _, runs: __, skippedOverlaps: ___, run: active, ...rest } = next;
      const key = JSON.stringify({ ...rest, kind: active?.kind });
      if (seen.has(key)) continue;
      seen.add(key);
      const reports = (['started', 'completed', 'errored', 'failed'] as const).map(kind => ({
        kind,
        run: next?.runs ?? 0,
      }));
      for (const one of [...all, ...reports]) {
        const outcome = applyEvent(next, one);
        if (outcome.kind !== 'changed') continue;
        if (outcome.job.state !== next.state) walked.add(`${next.state} -> ${outcome.job.state}`);
        queue.push(outcome.job);
      }
    }
    const edges = STATES.flatMap(from => JOB_STATES[from].next.map(to => `${from} -> ${to}`));
    expect([...walked].sort()).toEqual([...edges].sort());
  });

  test('an action that the table allows changes the job, any other is refused', () => {
    fc.assert(
      fc.property(job, events, fc.constantFrom(...ACTIONS), (first, list, action) => {
        const reached = list.reduce((before, one) => {
          const outcome = applyEvent(before, one);
          return outcome.kind === 'changed' ? outcome.job : before;
        }, first);
        const asEvent: JobEvent =
          action === 'cancel'
            ? cancel
            : action === 'restart'
              ? restart
              : action === 'update'
                ? { kind: 'updated', scanType: 'Automatic', scanAllImages: false, enabled: true }
                : { kind: action };
        const expected = refusalOf(action, reached) === undefined ? 'changed' : 'refused';
        expect(applyEvent(reached, asEvent).kind).toBe(expected);
      }),
    );
  });
});
