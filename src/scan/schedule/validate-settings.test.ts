import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type ScheduleInput, type ScheduleSettings, SETTINGS_LIMITS, scheduleDraftSchema } from './settings.ts';
import { JOB_STATES } from './state.ts';
import { type ScheduleFacts, type ValidationResult, validateSettings } from './validate-settings.ts';
import { VIOLATIONS } from './violation.ts';

const PAGE = join(import.meta.dirname, '../../../docs/scan-jobs.md');
const CAPABILITIES = {
  catalog: true,
  pushedDate: true,
  newestFirst: false,
  dateFilter: false,
  pullTimeSideEffect: false,
  rateLimitHeaders: false,
};
const FACTS: ScheduleFacts = {
  product: { label: 'Docker Registry', everything: '.*', requiresTags: false, capabilities: CAPABILITIES },
  features: { forceScan: true, wildcards: true },
};
const JFROG: ScheduleFacts = {
  ...FACTS,
  product: { label: 'JFrog Artifactory', everything: '*', requiresTags: true, capabilities: CAPABILITIES },
};
const without = (capability: 'catalog' | 'pushedDate'): ScheduleFacts => ({
  ...FACTS,
  product: { ...FACTS.product, capabilities: { ...CAPABILITIES, [capability]: false } },
});
const noWildcards: ScheduleFacts = { ...FACTS, features: { forceScan: true, wildcards: false } };

const app = [{ repository: 'team/app' }];
const onDemand: ScheduleInput = { name: 'now', scanType: 'OnDemand', targets: app };
const automatic: ScheduleInput = {
  name: 'nightly',
  scanType: 'Automatic',
  targets: app,
  recurrence: { intervalDays: 30 },
};
const daily: ScheduleInput = { ...automatic, recurrence: { intervalDays: 1, startTime: '02:30' } };
const lastDays = { kind: 'lastDays', days: 30 } as const;
const latest10 = { kind: 'latestPerRepository', count: 10 } as const;
const force = { scanAllImages: true, limit: latest10 };

function validate(input: ScheduleInput, facts: ScheduleFacts = FACTS): ValidationResult {
  return validateSettings(scheduleDraftSchema.parse(input), facts);
}
const codesOf = (violations: ValidationResult['errors']) => violations.map(({ code }) => code);
const every = (recurrence: ScheduleInput['recurrence']): ScheduleInput => ({ ...automatic, recurrence });
const tags = (...list: string[]): ScheduleInput => ({ ...onDemand, targets: [{ repository: 'team/app', tags: list }] });
const repository = (name: string, base = onDemand): ScheduleInput => ({ ...base, targets: [{ repository: name }] });

describe('recurrence', () => {
  test.each([
    { input: every({ intervalDays: 0 }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'zero' },
    { input: every({ intervalDays: 366 }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'more than a year' },
    { input: every({ intervalDays: 1.5 }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'a fraction' },
    { input: every({ intervalDays: -7 }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'negative' },
    { input: every({ intervalDays: '' }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'an empty field' },
    { input: every({ intervalDays: 'seven' }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'a word' },
    { input: every({ intervalDays: null }), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'nothing' },
    { input: every({}), codes: ['INTERVAL_OUT_OF_RANGE'], why: 'missing' },
    {
      input: every({ intervalDays: 0, startTime: '02:30' }),
      codes: ['INTERVAL_OUT_OF_RANGE'],
      why: 'whether a time fits cannot be told',
    },
    { input: every({ intervalDays: 365 }), codes: [], why: 'a year' },
    { input: daily, codes: [], why: 'custom 1 with a start time is daily' },
    { input: every({ intervalDays: 1 }), codes: ['START_TIME_REQUIRED_DAILY'], why: 'daily, but when?' },
    { input: every({ intervalDays: 1, startTime: '' }), codes: ['START_TIME_REQUIRED_DAILY'], why: 'an empty field' },
    { input: every({ intervalDays: 1, startTime: '25:00' }), codes: ['START_TIME_INVALID'], why: 'no such time' },
    {
      input: every({ intervalDays: 2, startTime: '02:30' }),
      codes: ['START_TIME_ONLY_DAILY'],
      why: 'custom 2 with a start time',
    },
    { input: every({ intervalDays: 7, weekDay: 'MONDAY' }), codes: [], why: 'weekly' },
    { input: every({ intervalDays: 7 }), codes: ['WEEKDAY_REQUIRED_WEEKLY'], why: 'weekly, but when?' },
    {
      input: every({ intervalDays: 7, weekDay: 'Monday' }),
      codes: ['WEEKDAY_REQUIRED_WEEKLY'],
      why: 'spelled otherwise',
    },
    { input: every({ intervalDays: 14, weekDay: 'MONDAY' }), codes: ['WEEKDAY_ONLY_WEEKLY'], why: 'not weekly' },
    { input: every({ intervalDays: 30, timezone: 'Mars/X' }), codes: ['TIMEZONE_UNKNOWN'], why: 'no such zone' },
    { input: { ...onDemand, recurrence: { timezone: 'Europe/Madrid' } }, codes: [], why: 'dates are of a zone' },
    {
      input: { ...onDemand, recurrence: { intervalDays: 7, weekDay: 'MONDAY' } },
      codes: ['RECURRENCE_NOT_ALLOWED_ON_DEMAND', 'RECURRENCE_NOT_ALLOWED_ON_DEMAND'],
      why: 'each field is named',
    },
  ])('$input.recurrence gives $codes: $why', ({ input, codes }) => {
    expect(codesOf(validate(input).errors)).toEqual(codes);
  });
});

describe('scan all images', () => {
  const week = (days: number): ScheduleInput => ({
    ...automatic,
    ...force,
    recurrence: { intervalDays: days, ...(days === 7 ? { weekDay: 'MONDAY' } : {}) },
  });
  test.each([
    { input: week(6), codes: ['FORCE_INTERVAL_TOO_SHORT'], why: 'every 6 days' },
    { input: week(7), codes: [], why: 'every 7 days' },
    { input: week(8), codes: [], why: 'custom from 7 on' },
    { input: { ...daily, ...force }, codes: ['FORCE_INTERVAL_TOO_SHORT'], why: 'daily' },
    { input: { ...onDemand, ...force }, codes: [], why: 'On Demand has no interval' },
    { input: { ...onDemand, scanAllImages: true }, codes: ['LIMIT_REQUIRED'], why: 'no limit' },
    {
      input: { ...onDemand, scanAllImages: true, limit: { kind: 'latestPerRepository' } },
      codes: ['LIMIT_REQUIRED'],
      why: 'a limit without number',
    },
    {
      input: { ...onDemand, scanAllImages: true, limit: { ...latest10, days: 30 } },
      codes: ['LIMIT_AMBIGUOUS'],
      why: 'both',
    },
    {
      input: { ...onDemand, scanAllImages: true, limit: { kind: 'pushedWithinDays', days: 366 } },
      codes: ['LIMIT_OUT_OF_RANGE'],
      why: 'too many days',
    },
    {
      input: { ...onDemand, scanAllImages: true, limit: { kind: 'latestPerRepository', count: 1001 } },
      codes: ['LIMIT_OUT_OF_RANGE'],
      why: 'too many images',
    },
    {
      input: { ...onDemand, scanAllImages: true, limit: { kind: 'latestPerRepository', count: 1000 } },
      codes: [],
      why: 'the most',
    },
    { input: { ...onDemand, limit: latest10 }, codes: ['LIMIT_NOT_ALLOWED'], why: 'a limit of nothing' },
  ] satisfies { input: ScheduleInput; codes: string[]; why: string }[])(
    '$input gives $codes: $why',
    ({ input, codes }) => {
      expect(codesOf(validate(input).errors)).toEqual(codes);
    },
  );

  test('needs the feature', () => {
    const facts = { ...FACTS, features: { forceScan: false, wildcards: true } };
    expect(codesOf(validate({ ...onDemand, ...force }, facts).errors)).toEqual(['FORCE_NOT_ENABLED']);
  });

  test('the message about a short interval names both fields', () => {
    const [error] = validate({ ...daily, ...force }).errors;
    expect(error?.message).toContain('scanAllImages');
    expect(error?.message).toContain('recurrence.intervalDays');
  });
});

describe('what is selected', () => {
  test.each([
    { input: { ...onDemand, targets: [] }, facts: FACTS, codes: ['REPOSITORY_REQUIRED'], why: 'no target' },
    { input: repository(' '), facts: FACTS, codes: ['REPOSITORY_REQUIRED'], why: 'a blank one' },
    { input: repository('team/'), facts: FACTS, codes: ['REPOSITORY_SYNTAX'], why: 'a folder' },
    { input: repository('.*'), facts: FACTS, codes: [], why: 'everything' },
    { input: repository('.*', automatic), facts: FACTS, codes: [], why: 'everything, Automatic' },
    { input: repository('*'), facts: FACTS, codes: ['WILDCARD_SYNTAX'], why: 'JFrog’s everything' },
    {
      input: repository('*', { ...onDemand }),
      facts: JFROG,
      codes: ['TAG_REQUIRED_JFROG'],
      why: 'only the tags are missing',
    },
    { input: repository('.*', automatic), facts: JFROG, codes: ['WILDCARD_JFROG_SYNTAX'], why: 'not on JFrog' },
    { input: repository('*', automatic), facts: JFROG, codes: [], why: 'Automatic has no tags, on JFrog neither' },
    { input: onDemand, facts: JFROG, codes: ['TAG_REQUIRED_JFROG'], why: 'JFrog selects by tag' },
    { input: tags('*'), facts: JFROG, codes: [], why: 'any tag' },
    { input: tags('v1, v2'), facts: noWildcards, codes: [], why: 'names in full' },
    { input: tags('v*'), facts: noWildcards, codes: ['WILDCARD_NOT_ENABLED'], why: 'a star in a tag' },
    { input: repository('.*'), facts: noWildcards, codes: ['WILDCARD_NOT_ENABLED'], why: 'everything' },
    { input: repository('a*b'), facts: noWildcards, codes: ['WILDCARD_NOT_ENABLED'], why: 'wrong or not' },
    {
      input: { ...repository('re:a'), patternMode: 'extended' },
      facts: noWildcards,
      codes: ['WILDCARD_NOT_ENABLED'],
      why: 'extended too',
    },
    { input: repository('team/*'), facts: without('catalog'), codes: ['CATALOG_UNSUPPORTED'], why: 'nothing to list' },
    { input: tags('v*'), facts: without('catalog'), codes: [], why: 'tags can be listed' },
    { input: repository('re:a'), facts: FACTS, codes: ['EXTENDED_MODE_REQUIRED'], why: 'not opted in' },
    {
      input: { ...repository('re:('), patternMode: 'extended' },
      facts: FACTS,
      codes: ['PATTERN_SYNTAX'],
      why: 'not closed',
    },
    {
      input: { ...automatic, targets: [{ repository: 'a', tags: ['v1'] }] },
      facts: FACTS,
      codes: ['TAG_FILTER_NOT_ALLOWED_AUTOMATIC'],
      why: 'Automatic takes whole repositories',
    },
    {
      input: { ...automatic, filters: { pushed: lastDays } },
      facts: FACTS,
      codes: ['DATE_FILTER_NOT_ALLOWED_AUTOMATIC'],
      why: 'Automatic takes any date',
    },
    {
      input: { ...onDemand, filters: { pushed: { kind: 'customDays' } } },
      facts: FACTS,
      codes: ['CUSTOM_DAYS_REQUIRED'],
      why: 'how many?',
    },
    {
      input: { ...onDemand, filters: { pushed: { kind: 'customDays', days: 3651 } } },
      facts: FACTS,
      codes: ['CUSTOM_DAYS_REQUIRED'],
      why: 'too many',
    },
    {
      input: { ...onDemand, filters: { pushed: { kind: 'customDays', days: 3650 } } },
      facts: FACTS,
      codes: [],
      why: 'the most',
    },
    {
      input: { ...onDemand, filters: { pushed: { kind: 'exactlyDaysAgo', days: 3 } } },
      facts: FACTS,
      codes: ['EXTENDED_MODE_REQUIRED'],
      why: 'not opted in',
    },
    {
      input: { ...onDemand, filters: { pushed: lastDays } },
      facts: without('pushedDate'),
      codes: ['DATE_UNSUPPORTED'],
      why: 'would match nothing',
    },
    {
      input: { ...onDemand, includeUnknownAge: true, filters: { pushed: lastDays } },
      facts: without('pushedDate'),
      codes: [],
      why: 'on the user’s word',
    },
    {
      input: { ...onDemand, filters: { pushed: lastDays } },
      facts: { ...without('pushedDate'), estimatesDates: true },
      codes: [],
      why: 'by other dates',
    },
    {
      input: { ...onDemand, scanAllImages: true, limit: { kind: 'pushedWithinDays', days: 3 } },
      facts: without('pushedDate'),
      codes: ['DATE_UNSUPPORTED'],
      why: 'the limit goes by date',
    },
    {
      input: { ...onDemand, platforms: ['linux/amd 64'] },
      facts: FACTS,
      codes: ['PLATFORM_INVALID'],
      why: 'no platform',
    },
  ] satisfies { input: ScheduleInput; facts: ScheduleFacts; codes: string[]; why: string }[])(
    '$input gives $codes: $why',
    ({ input, facts, codes }) => {
      expect(codesOf(validate(input, facts).errors)).toEqual(codes);
    },
  );

  test.each([
    { input: repository('Team/App'), facts: FACTS, code: 'UPPER_CASE_REPOSITORY' },
    { input: tags('v1.*'), facts: FACTS, code: 'LOOKS_LIKE_REGULAR_EXPRESSION' },
    { input: { ...onDemand, targets: [...app, ...app] }, facts: FACTS, code: 'TARGET_REPEATED' },
    {
      input: { ...onDemand, includeUnknownAge: true, filters: { pushed: lastDays } },
      facts: without('pushedDate'),
      code: 'DATE_ESTIMATED',
    },
    { input: { ...onDemand, ...force }, facts: without('pushedDate'), code: 'DATE_ESTIMATED' },
  ])('$code only warns', ({ input, facts, code }) => {
    const { errors, warnings, settings } = validate(input, facts);
    expect(errors).toEqual([]);
    expect(codesOf(warnings)).toEqual([code]);
    expect(settings).toBeDefined();
  });

  test('a pasted full path loses its prefix: the same target', () => {
    const prefix = 'europe-docker.pkg.dev/project/images/';
    const facts = {
      ...FACTS,
      normaliseRepository: (text: string) => (text.startsWith(prefix) ? text.slice(prefix.length) : text),
    };
    for (const [written, kept] of [
      [`${prefix}team/app`, 'team/app'],
      [`${prefix}team/*`, 'team/*'],
      ['team/app', 'team/app'],
    ] as const) {
      expect(validate(repository(written), facts).settings?.targets).toEqual([{ repository: kept, tags: [] }]);
    }
  });

  test('too many entries are refused before each is read', () => {
    const target = { repository: 'a*b', tags: Array.from({ length: 999 }, (_, place) => `v${place}`) };
    const many = { ...onDemand, targets: Array.from({ length: 21 }, () => target) };
    expect(codesOf(validate(many).errors)).toEqual(['TOO_MANY_PATTERNS']);
    const expressions = Array.from({ length: SETTINGS_LIMITS.extendedPatterns + 1 }, (_, place) => `re:a{${place}}`);
    expect(codesOf(validate({ ...tags(...expressions), patternMode: 'extended' }).errors)).toEqual([
      'TOO_MANY_PATTERNS',
    ]);
  });

  test('of very many mistakes 200 are shown and the rest is counted', () => {
    const result = validate(tags(...Array.from({ length: 1000 }, (_, place) => `a*${place}`)));
    expect(result.errors).toHaveLength(200);
    expect(result.unshown).toBe(800);
  });
});

test('all mistakes are told at once, each with its field, a sentence and a remedy', () => {
  const { errors, settings } = validate({
    name: 'all wrong',
    scanType: 'Automatic',
    targets: [{ repository: '', tags: ['v1'] }, { repository: '**' }],
    filters: { pushed: { kind: 'customDays' } },
    recurrence: { intervalDays: 1, weekDay: 'MONDAY', timezone: 'x' },
    scanAllImages: true,
    platforms: ['?'],
  });
  expect(settings).toBeUndefined();
  expect(errors.map(({ code, field }) => `${code} ${field}`)).toEqual([
    'REPOSITORY_REQUIRED targets[0].repository',
    'TAG_FILTER_NOT_ALLOWED_AUTOMATIC targets[0].tags',
    'WILDCARD_SYNTAX targets[1].repository',
    'DATE_FILTER_NOT_ALLOWED_AUTOMATIC filters.pushed',
    'CUSTOM_DAYS_REQUIRED filters.pushed.days',
    'TIMEZONE_UNKNOWN recurrence.timezone',
    'START_TIME_REQUIRED_DAILY recurrence.startTime',
    'WEEKDAY_ONLY_WEEKLY recurrence.weekDay',
    'FORCE_INTERVAL_TOO_SHORT recurrence.intervalDays',
    'LIMIT_REQUIRED limit',
    'PLATFORM_INVALID platforms[0]',
  ]);
  for (const { message, remedy } of errors) {
    expect(message).toMatch(/[^.]$/);
    expect(remedy).toMatch(/[^.]$/);
  }
});

test('settings come out normalised', () => {
  const { settings } = validate({
    ...onDemand,
    targets: [{ repository: ' team/app ', tags: ['v1, v2', 'v1', ''] }],
    platforms: ['x86_64', 'linux/amd64', 'linux/arm64/v8'],
  });
  expect(settings).toEqual({
    name: 'now',
    scanType: 'OnDemand',
    targets: [{ repository: 'team/app', tags: ['v1', 'v2'] }],
    filters: { pushed: { kind: 'all' } },
    recurrence: {
      intervalDays: null,
      startTime: null,
      weekDay: null,
      timezone: 'UTC',
      runBaselineNow: false,
      pinStart: false,
    },
    scanAllImages: false,
    limit: null,
    includeUnknownAge: false,
    platforms: ['linux/amd64', 'linux/arm64'],
    sensorSelector: { labels: {} },
    enabled: true,
    patternMode: 'wildcard',
  });
});

describe('the shape', () => {
  test.each([
    { input: { ...onDemand, name: ' ' }, why: 'no name' },
    { input: { ...onDemand, name: 'a\u001b[31m' }, why: 'a name that steers terminals' },
    { input: { ...onDemand, scanType: 'On Demand' }, why: 'another spelling' },
    { input: { ...onDemand, tagets: [] }, why: 'a field that does not exist' },
    { input: { ...onDemand, targets: Array.from({ length: 1001 }, () => app[0]) }, why: 'too many targets' },
    { input: tags(...Array.from({ length: 1001 }, () => 'v')), why: 'too many tags' },
    { input: repository('a'.repeat(513)), why: 'an entry that is too long' },
    { input: { ...onDemand, sensorSelector: { labels: { 'a b': 'c' } } }, why: 'no label' },
  ])('$why is refused', ({ input }) => {
    expect(scheduleDraftSchema.safeParse(input).success).toBe(false);
  });

  test('is told as JSON Schema, for what is sent and for what comes back', () => {
    for (const io of ['input', 'output'] as const) {
      expect(z.toJSONSchema(scheduleDraftSchema, { io })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    }
  });

  test('checked settings are a draft that gives the same settings', () => {
    const source = fc.constantFrom<ScheduleInput>(onDemand, automatic, daily, tags('v*', 're:a,b'), {
      ...onDemand,
      ...force,
      patternMode: 'extended',
      filters: { pushed: { kind: 'exactlyDaysAgo', days: 2 } },
      sensorSelector: { labels: { zone: 'dc1' } },
    });
    fc.assert(
      fc.property(source, fc.constantFrom('wildcard' as const, 'extended' as const), (input, patternMode) => {
        const { settings } = validate({ ...input, patternMode });
        if (settings !== undefined) expect(validate(toInput(settings)).settings).toEqual(settings);
      }),
    );
  });

  test('nothing of the right shape makes the rules fail', () => {
    const lone = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ maxLength: 8 }),
      fc.constant(null),
      fc.integer({ min: 0, max: 400 }),
    );
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.constantFrom('.*', '*', 'a*', '*a', 're:a', 'glob:[', 'team/app'),
    );
    const input = fc.record({
      name: fc.constant('x'),
      scanType: fc.constantFrom('OnDemand' as const, 'Automatic' as const),
      targets: fc.array(fc.record({ repository: text, tags: fc.array(text, { maxLength: 3 }) }), { maxLength: 3 }),
      filters: fc.record({
        pushed: fc.record({
          kind: fc.constantFrom('all' as const, 'today' as const, 'customDays' as const),
          days: lone,
        }),
      }),
      recurrence: fc.record({ intervalDays: lone, startTime: text, weekDay: text, timezone: text }),
      scanAllImages: fc.boolean(),
      limit: fc.option(
        fc.record({
          kind: fc.constantFrom('pushedWithinDays' as const, 'latestPerRepository' as const),
          days: lone,
          count: lone,
        }),
      ),
      platforms: fc.array(text, { minLength: 1, maxLength: 2 }),
      patternMode: fc.constantFrom('wildcard' as const, 'extended' as const),
    });
    fc.assert(
      fc.property(input, fc.constantFrom(FACTS, JFROG, noWildcards, without('catalog')), (draft, facts) => {
        const { errors, settings } = validate(draft, facts);
        expect(settings === undefined).toBe(errors.length > 0);
      }),
    );
  });
});

test('docs/scan-jobs.md lists every code with its meaning and remedy, and no other', () => {
  const page = readFileSync(PAGE, 'utf8');
  const plain = (text: string) => text.replace(/\\|`/g, '').replace(/\s+/g, ' ').trim();
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` +\|([^|]+)\|([^|]+)\|([^|]+)\|$/gm)].map(
    ([, code, severity = '', meaning = '', remedy = '']) => [code, plain(severity), plain(meaning), plain(remedy)],
  );
  expect(rows).toEqual(
    Object.entries(VIOLATIONS).map(([code, { severity, meaning, remedy }]) => [
      code,
      severity,
      plain(meaning),
      plain(remedy),
    ]),
  );
});

test('the settings shown in docs/scan-jobs.md are good', () => {
  const [, json = ''] = /```json\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const { errors, warnings } = validate(JSON.parse(json) as ScheduleInput);
  expect([...errors, ...warnings]).toEqual([]);
});

test('docs/scan-jobs.md has the states with their meaning', () => {
  const page = readFileSync(PAGE, 'utf8').split('## States')[1]?.split('\n## ')[0] ?? '';
  const rows = [...page.matchAll(/^\| `(\w+)` +\| (.+?) +\|$/gm)].map(([, state, meaning]) => [state, meaning]);
  expect(rows).toEqual(Object.entries(JOB_STATES).map(([state, { meaning }]) => [state, meaning]));
});

function toInput(settings: ScheduleSettings): ScheduleInput {
  return JSON.parse(JSON.stringify(settings)) as ScheduleInput;
}
