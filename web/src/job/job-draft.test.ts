import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RegistryProduct } from '../api/model.ts';
import { type JobDraft, newJob, toDraft, toSettings } from './job-draft.ts';
import { recurrenceHints, scanAllRefusal } from './recurrence-hint.ts';

const PLAIN = { everything: '.*', requiresTags: false, capabilities: { catalog: true } } as RegistryProduct;
const JFROG = { everything: '*', requiresTags: true, capabilities: { catalog: true } } as RegistryProduct;
const job = (change: Partial<JobDraft> = {}, product = PLAIN): JobDraft => ({
  ...newJob(product, { name: 'n', timezone: 'UTC' }),
  ...change,
});

test('a new job takes everything in the words of the product', () => {
  expect(toSettings(job()).targets).toEqual([{ repository: '.*', tags: [] }]);
  expect(toSettings(job({}, JFROG)).targets).toEqual([{ repository: '*', tags: ['*'] }]);
});

test.each([
  {
    change: { interval: '7' },
    expected: { intervalDays: 7, startTime: null, weekDay: 'SUNDAY' },
    why: 'weekly has a day and no time',
  },
  {
    change: { interval: '1' },
    expected: { intervalDays: 1, startTime: '02:00', weekDay: null },
    why: 'daily has a time and no day',
  },
  { change: { interval: 'custom', intervalDays: '1' }, expected: { startTime: '02:00' }, why: 'custom 1 is daily' },
  {
    change: { interval: '30', runBaselineNow: true },
    expected: { startTime: null, weekDay: null, runBaselineNow: false },
    why: 'neither',
  },
  {
    change: { interval: 'custom', intervalDays: '1.5' },
    expected: { intervalDays: '1.5' },
    why: 'the server says what is wrong with it',
  },
] as const)('recurrence $change: $why', ({ change, expected }) => {
  expect(toSettings(job({ scanType: 'Automatic', ...change })).recurrence).toMatchObject(expected);
});

test('an Automatic job sends no tags and no date, whatever was written before it was chosen', () => {
  const settings = toSettings(
    job({ scanType: 'Automatic', targets: [{ repository: 'a', tags: '1, 2' }], pushed: 'today' }),
  );
  expect(settings.targets).toEqual([{ repository: 'a', tags: [] }]);
  expect(settings.filters.pushed).toEqual({ kind: 'all' });
});

test.each([
  { tags: '1.0, latest,', list: ['1.0', 'latest'], why: 'commas' },
  { tags: 'latest, re:v[0-9]{1,3}', list: ['latest', 're:v[0-9]{1,3}'], why: 're: takes the rest' },
  { tags: 're:a,b', list: ['re:a,b'], why: 're: alone' },
])('tags "$tags": $why', ({ tags, list }) => {
  expect(toSettings(job({ targets: [{ repository: 'a', tags }] })).targets[0]?.tags).toEqual(list);
});

test('settings that are kept come back through the form unchanged', () => {
  const drafts = fc.record({
    scanType: fc.constantFrom('OnDemand' as const, 'Automatic' as const),
    interval: fc.constantFrom('1' as const, '7' as const, '14' as const, '30' as const),
    pushed: fc.constantFrom('all' as const, 'today' as const, '7' as const, 'custom' as const, 'exactly' as const),
    scanAllImages: fc.boolean(),
    limit: fc.constantFrom('pushedWithinDays' as const, 'latestPerRepository' as const),
    runBaselineNow: fc.boolean(),
  });
  fc.assert(
    fc.property(drafts, change => {
      const settings = toSettings(job(change));
      expect(toSettings(toDraft(settings))).toEqual(settings);
    }),
  );
});

test.each([
  { change: { scanType: 'OnDemand' }, hint: /runs once/, why: 'On Demand' },
  { change: { scanType: 'Automatic', interval: '1' }, hint: /every day at 02:00 on the clock of UTC/, why: 'daily' },
  {
    change: { scanType: 'Automatic', interval: '7', runBaselineNow: false },
    hint: /every Sunday at midnight/,
    why: 'weekly',
  },
  { change: { scanType: 'Automatic', interval: '14' }, hint: /every 14 times 24 hours/, why: 'every N days' },
  {
    change: { scanType: 'Automatic', interval: 'custom', intervalDays: '400' },
    hint: /from 1 to 365/,
    why: 'out of range',
  },
] as const)('the rule that applies is told: $why', ({ change, hint }) => {
  expect(recurrenceHints(job(change)).join(' ')).toMatch(hint);
});

test('scan all images wants a week', () => {
  expect(scanAllRefusal(job({ scanType: 'Automatic', interval: '1' }))).toMatch(/7 days/);
  expect(scanAllRefusal(job({ scanType: 'Automatic', interval: '7' }))).toBeUndefined();
  expect(scanAllRefusal(job())).toBeUndefined();
});
