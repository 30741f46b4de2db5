import { expect, test } from 'vitest';
import { matchesSelector, type SensorLabels, sensorLabels } from './labels.ts';
import { checkClock, type SensorFacts, sensorCondition } from './state.ts';

const NOW = new Date('2026-05-01T12:00:00.000Z');
const before = (milliseconds: number) => new Date(NOW.getTime() - milliseconds).toISOString();
const FINE: SensorFacts = { retiredAt: undefined, isDraining: false, lastHeartbeatAt: before(1000), checks: [] };
const BAD = [{ name: 'disk', ok: false, detail: 'full' }];

test.each([
  { facts: {}, state: 'running', why: 'heard of a second ago' },
  { facts: { lastHeartbeatAt: undefined }, state: 'registering', why: 'nothing heard yet' },
  { facts: { lastHeartbeatAt: before(90_000) }, state: 'running', why: 'three heartbeats may be missed' },
  { facts: { lastHeartbeatAt: before(90_001) }, state: 'unknown', why: 'silent for over 90 s' },
  { facts: { lastHeartbeatAt: before(900_000) }, state: 'unknown', why: 'silent for 15 minutes' },
  { facts: { lastHeartbeatAt: before(900_001) }, state: 'disconnected', why: 'silent for longer' },
  { facts: { checks: BAD }, state: 'degraded', why: 'a check fails' },
  { facts: { checks: BAD, isDraining: true }, state: 'draining', why: 'who takes no work need not be fit for it' },
  {
    facts: { isDraining: true, lastHeartbeatAt: before(90_001) },
    state: 'unknown',
    why: 'nobody knows whether it drains',
  },
  { facts: { retiredAt: before(5), isDraining: true }, state: 'retired', why: 'for good' },
  { facts: { lastHeartbeatAt: before(-60_000) }, state: 'running', why: 'the clock of the server was set back' },
] as const)('a sensor is $state: $why', ({ facts, state }) => {
  expect(sensorCondition({ ...FINE, ...facts }, NOW).state).toBe(state);
});

test.each([
  { clock: before(0), ok: true },
  { clock: before(300_000), ok: true },
  { clock: before(300_001), ok: false },
  { clock: before(-300_001), ok: false },
])('a clock that says $clock at noon is right: $ok', ({ clock, ok }) => {
  expect(checkClock(clock, NOW)).toMatchObject({ name: 'clock', ok });
});

const selections: readonly { labels: SensorLabels; selector: SensorLabels; fits: boolean }[] = [
  { labels: {}, selector: {}, fits: true },
  { labels: { a: '1' }, selector: {}, fits: true },
  { labels: { a: '1', b: '2' }, selector: { b: '2' }, fits: true },
  { labels: { a: '1' }, selector: { a: '2' }, fits: false },
  { labels: {}, selector: { a: '' }, fits: false },
  { labels: {}, selector: { constructor: 'x' }, fits: false },
];

test.each(selections)('labels $labels serve the selector $selector: $fits', ({ labels, selector, fits }) => {
  expect(matchesSelector(labels, selector)).toBe(fits);
});

test.each([
  { labels: { 'example.com/site': 'east-1' }, ok: true },
  { labels: { a: '' }, ok: true },
  { labels: { '': 'x' }, ok: false },
  { labels: { 'a b': 'x' }, ok: false },
  { labels: { a: 'x,y' }, ok: false },
  { labels: { a: 'x'.repeat(64) }, ok: false },
])('labels $labels can be used: $ok', ({ labels, ok }) => {
  expect(sensorLabels.safeParse(labels).success).toBe(ok);
});
