import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { MatchBudget } from './match-budget.ts';
import { type Exclusion, selectTags } from './select-tags.ts';
import { namedRepositories, needsCatalogue, tagQueryOf, targetsOf } from './selection-plan.ts';
import type { ScheduleInput } from './settings.ts';
import { force, LAUNCH, namesOf, planOf, TAGS, tag } from './testing/sample-plan.ts';

describe('which tags', () => {
  test.each([
    { input: {}, selected: ['v2.0', 'v1.1', 'v1.0', 'edge'], excluded: {}, why: 'no filter: all, the latest first' },
    {
      input: { targets: [{ repository: 'app', tags: ['v1*'] }] },
      selected: ['v1.1', 'v1.0'],
      excluded: { 'tag-name': 2 },
      why: 'by name',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['v1.0', 'edge', 'gone'] }] },
      selected: ['v1.0', 'edge'],
      excluded: { 'tag-name': 2 },
      why: 'names in full',
    },
    {
      input: {
        targets: [
          { repository: 'app', tags: ['v1.0'] },
          { repository: '*pp', tags: ['edge'] },
        ],
      },
      selected: ['v1.0', 'edge'],
      excluded: { 'tag-name': 2 },
      why: 'targets add up',
    },
    {
      input: { targets: [{ repository: 'other' }] },
      selected: [],
      excluded: { 'tag-name': 4 },
      why: 'not selected at all',
    },
    {
      input: { filters: { pushed: { kind: 'today' } } },
      selected: ['v2.0'],
      excluded: { 'pushed-before': 2, 'pushed-unknown': 1 },
      why: 'unknown dates do not pass',
    },
    {
      input: { filters: { pushed: { kind: 'yesterday' } } },
      selected: ['v1.1'],
      excluded: { 'pushed-before': 1, 'pushed-after': 1, 'pushed-unknown': 1 },
      why: 'a window with two ends',
    },
    {
      input: { filters: { pushed: { kind: 'today' } }, includeUnknownAge: true },
      selected: ['v2.0', 'edge'],
      excluded: { 'pushed-before': 2 },
      why: 'unless wanted',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['v1*'] }], filters: { pushed: { kind: 'lastDays', days: 7 } } },
      selected: ['v1.1'],
      excluded: { 'tag-name': 2, 'pushed-before': 1 },
      why: 'name and date',
    },
    {
      input: force({ kind: 'pushedWithinDays', days: 30 }),
      selected: ['v2.0', 'v1.1'],
      excluded: { 'limit-age': 1, 'limit-unknown-age': 1 },
      why: 'limit by date',
    },
    {
      input: { ...force({ kind: 'pushedWithinDays', days: 30 }), includeUnknownAge: true },
      selected: ['v2.0', 'v1.1', 'edge'],
      excluded: { 'limit-age': 1 },
      why: 'limit by date with unknown ones',
    },
    {
      input: force({ kind: 'latestPerRepository', count: 2 }),
      selected: ['v2.0', 'v1.1'],
      excluded: { 'limit-count': 2 },
      why: 'limit by count',
    },
    {
      input: force({ kind: 'latestPerRepository', count: 4 }),
      selected: ['v2.0', 'v1.1', 'v1.0', 'edge'],
      excluded: {},
      why: 'unknown dates come last',
    },
    {
      input: { ...force({ kind: 'latestPerRepository', count: 1 }), targets: [{ repository: 'app', tags: ['v1*'] }] },
      selected: ['v1.1'],
      excluded: { 'tag-name': 2, 'limit-count': 1 },
      why: 'the limit comes after the names',
    },
  ] satisfies {
    input: Partial<ScheduleInput>;
    selected: string[];
    excluded: Partial<Record<Exclusion, number>>;
    why: string;
  }[])('$input selects $selected: $why', ({ input, selected, excluded }) => {
    const selection = selectTags('app', TAGS, planOf(input));
    expect(namesOf(selection.selected)).toEqual(selected);
    expect(selection.excluded).toEqual(excluded);
  });

  test('tags pushed at the same moment go by name', () => {
    const same = ['c', 'a', 'b'].map(name => tag(name, '2026-11-21T10:00:00Z'));
    expect(namesOf(selectTags('app', same, planOf(force({ kind: 'latestPerRepository', count: 2 }))).selected)).toEqual(
      ['a', 'b'],
    );
  });

  test('the limit counts tags, before those of one digest are made one', () => {
    const digest = digestOf('same');
    const same = ['latest', 'v2', 'v1'].map((name, age) => ({ ...tag(name, `2026-11-${20 - age}T00:00:00Z`), digest }));
    const { selected } = selectTags('app', same, planOf(force({ kind: 'latestPerRepository', count: 2 })));
    expect(namesOf(selected)).toEqual(['latest', 'v2']);
  });

  test('a name that a listing repeats counts once', () => {
    const selection = selectTags('app', [tag('a', '2026-11-21T00:00:00Z'), tag('a')], planOf({}));
    expect(selection).toMatchObject({ seen: 1, selected: [{ name: 'a', pushedAt: '2026-11-21T00:00:00Z' }] });
  });

  test('what each pattern saw is told, and up to five examples a reason', () => {
    const many = Array.from({ length: 20 }, (_, place) => tag(`v${place}`, '2020-01-01T00:00:00Z'));
    const plan = planOf({
      targets: [{ repository: 'app', tags: ['v1*', 'x'] }],
      filters: { pushed: { kind: 'today' } },
    });
    const { patterns, examples, excluded } = selectTags('app', many, plan);
    expect(patterns).toEqual([
      { target: 0, place: 0, seen: 20, matched: 11, excluded: 11 },
      { target: 0, place: 1, seen: 20, matched: 0, excluded: 0 },
    ]);
    expect(excluded).toEqual({ 'tag-name': 9, 'pushed-before': 11 });
    expect(examples['pushed-before']).toEqual(['v1', 'v10', 'v11', 'v12', 'v13']);
  });

  test('matching that takes too long ends with an error that names the entry', () => {
    let clock = 0;
    const budget = new MatchBudget({ limitMs: 1000, now: () => (clock += 600) });
    const many = Array.from({ length: 1000 }, (_, place) => tag(`v${place}`));
    const plan = { ...planOf({ targets: [{ repository: 'app', tags: ['v*'] }] }), budget };
    expect(() => selectTags('app', many, plan)).toThrow(
      expect.objectContaining({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('longer than 1 s, with "v*"'),
      }),
    );
  });

  test('a repository of 50,000 tags is selected from at once', () => {
    const many = Array.from({ length: 50_000 }, (_, place) =>
      tag(`build-${place}`, new Date(LAUNCH.getTime() - place * 1000).toISOString()),
    );
    const { selected, excluded } = selectTags('app', many, planOf(force({ kind: 'latestPerRepository', count: 10 })));
    expect(namesOf(selected)).toEqual(Array.from({ length: 10 }, (_, place) => `build-${place}`));
    expect(excluded).toEqual({ 'limit-count': 49_990 });
  });

  const anyTag = fc.record({
    name: fc.stringMatching(/^[a-c][0-9]{1,2}$/),
    pushedAt: fc.option(
      fc
        .date({ min: new Date('2026-11-01T00:00:00Z'), max: LAUNCH, noInvalidDate: true })
        .map(date => date.toISOString()),
      { nil: undefined },
    ),
  });
  const anyTags = fc
    .uniqueArray(anyTag, { selector: ({ name }) => name, maxLength: 20 })
    .map(list => list.map(({ name, pushedAt }) => tag(name, pushedAt)));
  const anyPlan = fc
    .record({
      tags: fc.subarray(['a*', '*1', 'b2', 'c*']),
      pushed: fc.constantFrom(
        { kind: 'all' } as const,
        { kind: 'today' } as const,
        { kind: 'lastDays', days: 7 } as const,
      ),
      limit: fc.constantFrom(
        null,
        { kind: 'latestPerRepository', count: 3 } as const,
        { kind: 'pushedWithinDays', days: 5 } as const,
      ),
      includeUnknownAge: fc.boolean(),
    })
    .map(({ tags, pushed, limit, includeUnknownAge }) =>
      planOf({
        targets: [{ repository: 'app', tags }],
        filters: { pushed },
        includeUnknownAge,
        limit,
        scanAllImages: limit !== null,
      }),
    );

  test('every tag is selected or left out for one reason, whatever the order of the listing', () => {
    fc.assert(
      fc.property(anyTags, anyPlan, fc.nat(), (tags, plan, turn) => {
        const selection = selectTags('app', tags, plan);
        const left = Object.values(selection.excluded).reduce((sum, count) => sum + count, 0);
        expect(selection.selected.length + left).toBe(selection.seen);
        expect(selection.seen).toBe(tags.length);
        const at = turn % (tags.length + 1);
        const turned = [...tags.slice(at), ...tags.slice(0, at)];
        expect(selectTags('app', turned, plan).selected).toEqual(selection.selected);
      }),
    );
  });
});

describe('what is asked of a registry', () => {
  test('repositories in full need no catalogue', () => {
    const plan = planOf({ targets: [{ repository: 'a' }, { repository: 'b' }, { repository: 'a', tags: ['x'] }] });
    expect(needsCatalogue(plan)).toBe(false);
    expect(namedRepositories(plan)).toEqual(['a', 'b']);
    expect(targetsOf('a', plan)).toEqual([0, 2]);
    expect(needsCatalogue(planOf({ targets: [{ repository: 'team/*' }] }))).toBe(true);
  });

  test.each([
    { input: {}, since: undefined, names: undefined, why: 'everything' },
    {
      input: { targets: [{ repository: 'app', tags: ['a', 'b'] }] },
      since: undefined,
      names: ['a', 'b'],
      why: 'names alone',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['a', 'b*'] }] },
      since: undefined,
      names: undefined,
      why: 'a wildcard among them',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['a'] }, { repository: '.*' }] },
      since: undefined,
      names: undefined,
      why: 'another target wants all',
    },
    {
      input: { filters: { pushed: { kind: 'today' } } },
      since: '2026-11-21T00:00:00.000Z',
      names: undefined,
      why: 'since a date',
    },
    {
      input: { filters: { pushed: { kind: 'today' } }, includeUnknownAge: true },
      since: undefined,
      names: undefined,
      why: 'unknown dates would be left out',
    },
    {
      input: { filters: { pushed: { kind: 'today' } }, ...force({ kind: 'pushedWithinDays', days: 30 }) },
      since: '2026-11-21T00:00:00.000Z',
      names: undefined,
      why: 'the later of two',
    },
  ] satisfies { input: Partial<ScheduleInput>; since: string | undefined; names: string[] | undefined; why: string }[])(
    '$input asks since $since for $names: $why',
    ({ input, since, names: wanted }) => {
      const query = tagQueryOf('app', planOf(input));
      expect(query.since?.toISOString()).toBe(since);
      expect(query.names).toEqual(wanted);
    },
  );
});
