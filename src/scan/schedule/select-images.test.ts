import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '#oci/digest.ts';
import { parsePlatform } from '#oci/platform.ts';
import {
  findGone,
  type ImagePlan,
  type KnownImage,
  type KnownState,
  type ResolvedImage,
  selectImages,
} from './select-images.ts';

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
