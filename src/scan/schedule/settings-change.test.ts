import { describe, expect, test } from 'vitest';
import { type ScheduleInput, type ScheduleSettings, scheduleDraftSchema } from './settings.ts';
import { describeChange } from './settings-change.ts';
import type { JobState } from './state.ts';
import { type ScheduleFacts, validateSettings } from './validate-settings.ts';

const FACTS: ScheduleFacts = {
  product: {
    label: 'Docker Registry',
    everything: '.*',
    requiresTags: false,
    capabilities: {
      catalog: true,
      pushedDate: true,
      newestFirst: false,
      dateFilter: false,
      pullTimeSideEffect: false,
      rateLimitHeaders: false,
    },
  },
  features: { forceScan: true, wildcards: true },
};
const BASE: ScheduleInput = {
  name: 'weekly',
  scanType: 'Automatic',
  targets: [{ repository: 'team/a' }, { repository: 'team/b' }],
  recurrence: { intervalDays: 14 },
};
const settingsOf = (change: Partial<ScheduleInput> = {}): ScheduleSettings => {
  const { settings, errors } = validateSettings(scheduleDraftSchema.parse({ ...BASE, ...change }), FACTS);
  if (settings === undefined) throw new Error(JSON.stringify(errors));
  return settings;
};
const targets = (...repositories: string[]) => ({ targets: repositories.map(repository => ({ repository })) });

describe('what an edit means', () => {
  test.each([
    { change: {}, fields: [], bumps: false, replans: false, why: 'nothing' },
    { change: { name: 'renamed' }, fields: ['name'], bumps: false, replans: false, why: 'only a name' },
    { change: targets('team/b', 'team/a'), fields: [], bumps: false, replans: false, why: 'the order means nothing' },
    {
      change: targets('team/a', 'team/b', 'team/c'),
      fields: ['targets'],
      bumps: true,
      replans: false,
      why: 'a repository comes in',
    },
    {
      change: { recurrence: { intervalDays: 30 } },
      fields: ['recurrence'],
      bumps: false,
      replans: true,
      why: 'the interval',
    },
    {
      change: { scanAllImages: true, limit: { kind: 'latestPerRepository', count: 5 } },
      fields: ['scanAllImages', 'limit'],
      bumps: false,
      replans: false,
      why: 'the force flag',
    },
    { change: { platforms: ['linux/arm64'] }, fields: ['platforms'], bumps: true, replans: false, why: 'other images' },
    {
      change: { patternMode: 'extended' },
      fields: ['patternMode'],
      bumps: true,
      replans: false,
      why: 'patterns may mean something else',
    },
    { change: { enabled: false }, fields: ['enabled'], bumps: false, replans: false, why: 'a switch' },
    {
      change: { sensorSelector: { labels: { zone: 'dc1' } } },
      fields: ['sensorSelector'],
      bumps: false,
      replans: false,
      why: 'who scans',
    },
  ] satisfies { change: Partial<ScheduleInput>; fields: string[]; bumps: boolean; replans: boolean; why: string }[])(
    '$change changes $fields, new version $bumps: $why',
    ({ change, fields, bumps, replans }) => {
      const told = describeChange(settingsOf(), settingsOf(change));
      expect(told.fields.map(({ field }) => field)).toEqual(fields);
      expect(told.bumpsVersion).toBe(bumps);
      expect(told.replans).toBe(replans);
      expect(told.effects.length > 0 || fields.every(field => ['name', 'sensorSelector'].includes(field))).toBe(true);
    },
  );

  test('added repositories are told to get a baseline of their own, removed ones to keep their images', () => {
    const told = describeChange(settingsOf(), settingsOf(targets('team/b', 'team/c')));
    expect(told.addedRepositories).toEqual(['team/c']);
    expect(told.removedRepositories).toEqual(['team/a']);
    expect(told.effects).toEqual([
      'The job gets a new version, which counts from its next run on',
      'team/c: the next run scans every image there, as a baseline; the rest stays incremental',
      'team/a: no longer scanned; images and reports are kept',
    ]);
  });

  test('a job that becomes On Demand ends its recurrence', () => {
    const { recurrence: _, ...rest } = BASE;
    const after = settingsOf({ ...rest, scanType: 'OnDemand', recurrence: {} });
    expect(describeChange(settingsOf(), after).effects).toContain(
      'No further runs are planned, and the job cannot be edited any more',
    );
  });
});

describe('which edits are refused', () => {
  const edit = (
    change: Partial<ScheduleInput>,
    options: { base?: Partial<ScheduleInput>; state?: JobState; isCompatibilityMode?: boolean } = {},
  ) => {
    const { base = {}, state = 'Completed', isCompatibilityMode = false } = options;
    const existing = { settings: settingsOf(base), state };
    const draft = scheduleDraftSchema.parse({ ...BASE, ...base, ...change });
    return validateSettings(draft, { ...FACTS, existing, isCompatibilityMode }).errors.map(({ code, field }) =>
      `${code} ${field}`.trim(),
    );
  };
  const onDemand = { scanType: 'OnDemand', recurrence: {} } as const;
  const force = { scanAllImages: true, limit: { kind: 'latestPerRepository', count: 5 } } as const;

  test.each([
    { refused: edit({ name: 'x' }, { base: onDemand }), codes: ['SCHEDULE_IMMUTABLE'], why: 'On Demand' },
    { refused: edit({ name: 'x' }, { state: 'Running' }), codes: ['SCHEDULE_RUNNING'], why: 'Running' },
    {
      refused: edit({ name: 'x' }, { state: 'BaselineRunning' }),
      codes: ['SCHEDULE_RUNNING'],
      why: 'the baseline is running',
    },
    { refused: edit({ name: 'x' }, { state: 'Queued' }), codes: [], why: 'waiting' },
    { refused: edit(targets('team/x')), codes: [], why: 'Plimsoll lets it through' },
    {
      refused: edit({ ...targets('team/x'), name: 'y' }, { isCompatibilityMode: true }),
      codes: ['SCHEDULE_IMMUTABLE name', 'SCHEDULE_IMMUTABLE targets'],
      why: 'compatibility mode does not',
    },
    {
      refused: edit({ recurrence: { intervalDays: 7, weekDay: 'MONDAY' } }, { isCompatibilityMode: true }),
      codes: [],
      why: 'the interval may change',
    },
    { refused: edit(force, { isCompatibilityMode: true }), codes: [], why: 'the force flag may change' },
    {
      refused: edit({ recurrence: { intervalDays: 6 } }, { base: force }),
      codes: ['FORCE_INTERVAL_TOO_SHORT recurrence.intervalDays'],
      why: 'below 7 with force',
    },
    { refused: edit({ recurrence: { intervalDays: 60 } }, { base: force }), codes: [], why: 'raising is fine' },
  ])('$codes: $why', ({ refused, codes }) => {
    expect(refused).toEqual(codes);
  });
});
