/** The health of a registry by the steps of a test. */
import { expect, test } from 'vitest';
import { healthOfProbe } from './probe-health.ts';

const failed = (step: string, code?: string) => [
  { step: 'dns', result: 'ok' },
  { step, result: 'failed', detail: 'it said no', code },
  { step: 'manifest', result: 'skipped' },
];

const cases = [
  { steps: [{ step: 'ping', result: 'ok' }], health: 'connected', isOk: true, why: 'nothing failed' },
  { steps: [{ step: 'tags', result: 'warning' }], health: 'connected', isOk: true, why: 'a warning is no failure' },
  { steps: [], health: 'not-tested', isOk: false, why: 'no step says nothing, and nothing is not fine' },
  { steps: failed('tcp'), health: 'unreachable', isOk: false, why: 'nobody answered' },
  { steps: failed('tls'), health: 'tls-error', isOk: false, why: 'the certificate is the trouble' },
  { steps: failed('token'), health: 'auth-error', isOk: false, why: 'the log-in is' },
  { steps: failed('tags', 'REGISTRY_DENIED'), health: 'auth-error', isOk: false, why: 'refused later on' },
  {
    steps: failed('ping', 'RATE_LIMITED'),
    health: 'rate-limited',
    isOk: false,
    why: 'the code says more than the step',
  },
  { steps: failed('catalogue'), health: 'connected', isOk: false, why: 'it answers; one thing is missing' },
] as const;

test.each(cases)('$health: $why', ({ steps, health, isOk }) => {
  expect(healthOfProbe(steps)).toMatchObject({ health, isOk });
});
