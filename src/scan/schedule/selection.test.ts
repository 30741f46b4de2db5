import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TagEntry } from '#connector/connector.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import { parsePlatform } from '#oci/platform.ts';
import { explainNoMatch, FigureCollector } from './explain-no-match.ts';
import {
  findGone,
  type ImagePlan,
  type KnownImage,
  type KnownState,
  type ResolvedImage,
  selectImages,
} from './select-images.ts';
import { type Exclusion, selectTags } from './select-tags.ts';
import {
  namedRepositories,
  needsCatalogue,
  planSelection,
  type SelectionPlan,
  tagQueryOf,
  targetsOf,
} from './selection-plan.ts';
import { type ScheduleInput, scheduleDraftSchema } from './settings.ts';
import { validateSettings } from './validate-settings.ts';

const PRODUCT = {
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
} as const;
const LAUNCH = new Date('2026-11-21T12:00:00Z');

function planOf(input: Partial<ScheduleInput>): SelectionPlan {
  const draft = scheduleDraftSchema.parse({
    name: 'x',
    scanType: 'OnDemand',
    targets: [{ repository: 'app' }],
    ...input,
  });
  const { settings, errors } = validateSettings(draft, {
    product: PRODUCT,
    features: { forceScan: true, wildcards: true },
  });
  if (settings === undefined) throw new Error(JSON.stringify(errors));
  return planSelection(settings, PRODUCT, LAUNCH);
}
const tag = (name: string, pushedAt?: string): TagEntry => ({ name, ...(pushedAt === undefined ? {} : { pushedAt }) });
const names = (tags: readonly TagEntry[]) => tags.map(({ name }) => name);
const TAGS = [
  tag('v1.0', '2026-01-01T00:00:00Z'),
  tag('v1.1', '2026-11-20T10:00:00Z'),
  tag('v2.0', '2026-11-21T10:00:00Z'),
  tag('edge'),
];
const force = (limit: ScheduleInput['limit']): Partial<ScheduleInput> => ({ scanAllImages: true, limit });

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
    expect(names(selection.selected)).toEqual(selected);
    expect(selection.excluded).toEqual(excluded);
  });

  test('tags pushed at the same moment go by name', () => {
    const same = ['c', 'a', 'b'].map(name => tag(name, '2026-11-21T10:00:00Z'));
    expect(names(selectTags('app', same, planOf(force({ kind: 'latestPerRepository', count: 2 }))).selected)).toEqual([
      'a',
      'b',
    ]);
  });

  test('the limit counts tags, before those of one digest are made one', () => {
    const digest = digestOf('same');
    const same = ['latest', 'v2', 'v1'].map((name, age) => ({ ...tag(name, `2026-11-${20 - age}T00:00:00Z`), digest }));
    const { selected } = selectTags('app', same, planOf(force({ kind: 'latestPerRepository', count: 2 })));
    expect(names(selected)).toEqual(['latest', 'v2']);
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

  test('a repository of 50,000 tags is selected from at once', () => {
    const many = Array.from({ length: 50_000 }, (_, place) =>
      tag(`build-${place}`, new Date(LAUNCH.getTime() - place * 1000).toISOString()),
    );
    const { selected, excluded } = selectTags('app', many, planOf(force({ kind: 'latestPerRepository', count: 10 })));
    expect(names(selected)).toEqual(Array.from({ length: 10 }, (_, place) => `build-${place}`));
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

describe('which images', () => {
  const amd64 = parsePlatform('linux/amd64');
  const image = (name: string, platform?: string): ResolvedImage => ({
    digest: digestOf(name),
    ...(platform === undefined ? {} : { platform: parsePlatform(platform) }),
  });
  const unscanned: KnownImage = {
    isScanned: false,
    isScannedByVersion: false,
    isScannedByLastRun: false,
    failedAttempts: 0,
    tags: [],
  };
  const scanned: KnownImage = { ...unscanned, isScanned: true };
  const byVersion: KnownImage = { ...scanned, isScannedByVersion: true };
  const byLastRun: KnownImage = { ...byVersion, isScannedByLastRun: true };
  const failing: KnownImage = { ...unscanned, failedAttempts: 3 };
  const baseline: ImagePlan = {
    repository: 'app',
    kind: 'baseline',
    mode: 'fresh',
    hasBaseline: false,
    platforms: [amd64],
    maxAttempts: 3,
  };
  const incremental: ImagePlan = { ...baseline, kind: 'incremental', hasBaseline: true };
  const forced: ImagePlan = { ...incremental, kind: 'forced' };
  const resume = { mode: 'resume' } as const;
  const again = { mode: 'from-the-beginning' } as const;
  const world = (found?: KnownImage, more: Partial<KnownState> = {}): KnownState => ({
    find: () => found,
    isAnalysedElsewhere: () => false,
    isInRun: () => false,
    ...more,
  });
  const decide = (plan: ImagePlan, known: KnownState, one = image('a')) =>
    selectImages([{ tag: 'v1', images: [one] }], plan, known)[0]?.decision;
  const scan = { kind: 'scan' };
  const skip = (why: string) => ({ kind: 'skipped-known', why });

  test.each([
    { plan: baseline, found: undefined, decision: scan, why: 'new' },
    { plan: baseline, found: scanned, decision: scan, why: 'a baseline scans what others scanned' },
    {
      plan: baseline,
      found: byVersion,
      decision: skip('scanned-by-this-job'),
      why: 'a second baseline finishes the rest',
    },
    {
      plan: { ...baseline, ...resume },
      found: byVersion,
      decision: skip('scanned-by-this-job'),
      why: 'so does one that resumes',
    },
    { plan: { ...baseline, ...again }, found: byVersion, decision: scan, why: 'from the beginning' },
    { plan: incremental, found: undefined, decision: scan, why: 'newly found' },
    { plan: incremental, found: scanned, decision: skip('scanned'), why: 'known, whoever scanned it' },
    { plan: incremental, found: unscanned, decision: scan, why: 'known, but never scanned' },
    {
      plan: incremental,
      found: { ...unscanned, failedAttempts: 2 },
      decision: scan,
      why: 'a failed scan is tried again',
    },
    { plan: incremental, found: failing, decision: skip('attempts'), why: 'but not for ever' },
    { plan: { ...incremental, ...again }, found: failing, decision: scan, why: 'but on demand' },
    {
      plan: { ...incremental, maxAttempts: Number.POSITIVE_INFINITY },
      found: failing,
      decision: scan,
      why: 'an On Demand job',
    },
    {
      plan: { ...incremental, hasBaseline: false },
      found: scanned,
      decision: scan,
      why: 'a repository added since has its own baseline',
    },
    { plan: { ...incremental, ...again }, found: byLastRun, decision: scan, why: 'repeats what the last run scanned' },
    { plan: { ...incremental, ...again }, found: byVersion, decision: skip('scanned'), why: 'and nothing else' },
    { plan: forced, found: byLastRun, decision: scan, why: 'all images' },
    { plan: forced, found: failing, decision: scan, why: 'all images' },
    {
      plan: { ...forced, ...resume },
      found: byLastRun,
      decision: skip('scanned-by-this-job'),
      why: 'the rest of a run that was cut short',
    },
    { plan: { ...forced, ...resume }, found: byVersion, decision: scan, why: 'the rest of a run that was cut short' },
    { plan: { ...forced, ...again }, found: byLastRun, decision: scan, why: 'from the beginning' },
  ])('$plan.kind $plan.mode of $found gives $decision: $why', ({ plan, found, decision }) => {
    expect(decide(plan, world(found))).toEqual(decision);
  });

  test('the analysis of the same manifest elsewhere is taken over, but for a baseline', () => {
    const elsewhere = { isAnalysedElsewhere: () => true };
    expect(decide(incremental, world(undefined, elsewhere))).toEqual(skip('analysed-elsewhere'));
    expect(decide(baseline, world(undefined, elsewhere))).toEqual(scan);
  });

  test('a digest that the run has met already is only another location', () => {
    expect(decide(baseline, world(undefined, { isInRun: () => true }))).toEqual({ kind: 'another-location' });
  });

  test.each([
    { one: image('a', 'linux/arm64'), decision: { kind: 'skipped-platform' }, why: 'not wanted' },
    { one: image('a', 'linux/amd64'), decision: scan, why: 'wanted' },
    { one: image('a'), decision: scan, why: 'a manifest of its own is taken as it is' },
    {
      one: { ...image('a'), notScannable: 'attestation' },
      decision: { kind: 'skipped-not-scannable', why: 'attestation' },
      why: 'nothing to scan',
    },
  ])('$one.platform $one.notScannable gives $decision: $why', ({ one, decision }) => {
    expect(decide(baseline, world(), one)).toEqual(decision);
  });

  test('an index stands for its children; tags of one digest are put together', () => {
    const children = [image('amd', 'linux/amd64'), image('arm', 'linux/arm64')];
    const selection = selectImages(
      [
        { tag: 'v1', images: children },
        { tag: 'latest', images: children },
        { tag: 'v1-arm', images: [image('arm')] },
      ],
      baseline,
      world(),
    );
    expect(selection.map(({ tags, decision }) => ({ tags, kind: decision.kind }))).toEqual([
      { tags: ['latest', 'v1'], kind: 'scan' },
      // Named by a tag of its own, the ARM image is wanted after all.
      { tags: ['latest', 'v1', 'v1-arm'], kind: 'scan' },
    ]);
  });

  test('pushing a tag again is newly found, a second tag on a known digest is an event and no scan', () => {
    const known = world(undefined, {
      find: digest => (digest === digestOf('old') ? { ...scanned, tags: ['latest'] } : undefined),
    });
    const [pushedAgain, retagged] = selectImages(
      [
        { tag: 'latest', images: [image('new')] },
        { tag: 'stable', images: [image('old')] },
      ],
      incremental,
      known,
    );
    expect(pushedAgain).toMatchObject({ isNewlyFound: true, newTags: ['latest'], decision: scan });
    expect(retagged).toMatchObject({ isNewlyFound: false, newTags: ['stable'], decision: skip('scanned') });
  });

  test('only a whole listing shows that images are gone', () => {
    const [a, b] = [digestOf('a'), digestOf('b')];
    const listed = new Set<Digest>([a]);
    expect(findGone([a, b], listed, { isListingWhole: true })).toEqual([b]);
    expect(findGone([a, b], listed, { isListingWhole: false })).toEqual([]);
  });

  test('a second run right after the first scans nothing', () => {
    const anyImage = fc.integer({ min: 0, max: 9 }).map(place => image(`i${place}`));
    const tags = fc.array(
      fc.record({ tag: fc.stringMatching(/^[a-d]$/), images: fc.array(anyImage, { maxLength: 3 }) }),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(tags, list => {
        const first = selectImages(list, baseline, world());
        expect(new Set(first.map(({ digest }) => digest)).size).toBe(first.length);
        const had = new Map(first.map(({ digest, tags: on }) => [digest, { ...byLastRun, tags: on }]));
        const second = selectImages(list, incremental, world(undefined, { find: digest => had.get(digest) }));
        expect(second.every(({ decision, newTags }) => decision.kind === 'skipped-known' && newTags.length === 0)).toBe(
          true,
        );
      }),
    );
  });
});

describe('a run that matched nothing says why', () => {
  const explain = (input: Partial<ScheduleInput>, registry: Readonly<Record<string, readonly TagEntry[]>>) => {
    const plan = planOf(input);
    const collector = new FigureCollector(plan);
    for (const [name, tags] of Object.entries(registry)) {
      if (collector.addRepository(name)) collector.addTags(selectTags(name, tags, plan), names(tags));
    }
    return explainNoMatch(collector.figures());
  };

  test.each([
    {
      input: { targets: [{ repository: 'tema/app' }, { repository: 'ops/*' }] },
      registry: { 'team/app': TAGS, 'team/web': TAGS },
      sentences: [
        'No image matched: 2 repositories seen, none selected',
        'Repository "tema/app" matched 0 of 2 repositories; did you mean team/app?',
        'Repository "ops/*" matched 0 of 2 repositories',
      ],
      why: 'no repository',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['V1.0', 'x*'] }] },
      registry: { app: TAGS },
      sentences: [
        'No image matched: of 4 tags in 1 repository, 4 not named by any tag entry',
        'Repository "app" matched 1 of 1 repository',
        'Tag "V1.0" matched 0 of 4 tags; did you mean v1.0?',
        'Tag "x*" matched 0 of 4 tags',
      ],
      why: 'no tag',
    },
    {
      input: { targets: [{ repository: 'app', tags: ['v1.0'] }], filters: { pushed: { kind: 'today' } } },
      registry: { app: TAGS },
      sentences: [
        'No image matched: of 4 tags in 1 repository, 3 not named by any tag entry, 1 pushed before the wanted dates',
        'Repository "app" matched 1 of 1 repository',
        'Tag "v1.0" matched 1 of 4 tags, 1 of them left out by date or limit',
      ],
      why: 'no date',
    },
    {
      input: {},
      registry: {},
      sentences: [
        'No image matched: no repository was found with these credentials',
        'Repository "app" matched 0 of 0 repositories',
      ],
      why: 'nothing to see',
    },
    {
      input: {},
      registry: { app: [] },
      sentences: [
        'No image matched: 1 repository selected, without any tags',
        'Repository "app" matched 1 of 1 repository',
        'Tag "(any tag)" matched 0 of 0 tags',
      ],
      why: 'no tags',
    },
    { input: {}, registry: { app: TAGS }, sentences: undefined, why: 'something matched' },
  ] satisfies {
    input: Partial<ScheduleInput>;
    registry: Record<string, TagEntry[]>;
    sentences: string[] | undefined;
    why: string;
  }[])('$why', ({ input, registry, sentences }) => {
    expect(explain(input, registry)).toEqual(sentences);
  });
});
