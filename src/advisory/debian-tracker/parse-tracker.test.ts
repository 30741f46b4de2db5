import { expect, test } from 'vitest';
import { judge } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import { ReadTally } from '../read-tally.ts';
import { parseDebianTracker } from './parse-tracker.ts';

type Json = Readonly<Record<string, unknown>>;

const read = (document: unknown) => {
  const tally = new ReadTally();
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return { advisories: [...parseDebianTracker(text, tally)], tally };
};
const release = (codename: string, value: Json) => {
  const { advisories, tally } = read({ demo: { 'CVE-2024-0001': { releases: { [codename]: value } } } });
  return { affected: advisories[0]?.affected[0], counts: tally.counts() };
};

test('one weakness is one advisory, with the packages and releases of the whole document', () => {
  const { advisories, tally } = read({
    openssl: {
      'CVE-2024-0001': {
        description: 'Something is read too far.',
        scope: 'remote',
        debianbug: 1064242,
        releases: {
          bookworm: {
            status: 'resolved',
            repositories: { bookworm: '3.0.11-1', 'bookworm-security': '3.0.15-1~deb12u1' },
            fixed_version: '3.0.15-1~deb12u1',
            urgency: 'not yet assigned',
          },
          sid: { status: 'resolved', repositories: { sid: '3.2.1-2' }, fixed_version: '3.2.1-1', urgency: 'low' },
        },
      },
    },
    openssl1: {
      'CVE-2024-0001': { releases: { bullseye: { status: 'open', repositories: {}, urgency: 'low' } } },
      'TEMP-0000000-ABCDEF': { releases: { bullseye: { status: 'open', repositories: {}, urgency: 'high**' } } },
    },
  });
  expect(advisories).toEqual([
    {
      id: 'CVE-2024-0001',
      source: 'debian-tracker',
      kind: 'weakness',
      aliases: [],
      upstream: [],
      details: 'Something is read too far.',
      ratings: [],
      references: [
        { type: 'ADVISORY', url: 'https://security-tracker.debian.org/tracker/CVE-2024-0001' },
        { type: 'REPORT', url: 'https://bugs.debian.org/1064242' },
      ],
      cwes: [],
      affected: [
        {
          ecosystem: 'Debian:12',
          name: 'openssl',
          nameKind: 'source',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '0' },
                { kind: 'fixed', version: '3.0.15-1~deb12u1' },
              ],
            ],
          },
        },
        {
          ecosystem: 'Debian:sid',
          name: 'openssl',
          nameKind: 'source',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '0' },
                { kind: 'fixed', version: '3.2.1-1' },
              ],
            ],
          },
          ratings: [{ kind: 'word', severity: 'LOW', origin: 'debian' }],
        },
        {
          ecosystem: 'Debian:11',
          name: 'openssl1',
          nameKind: 'source',
          range: { ranges: [[{ kind: 'introduced', version: '0' }]] },
          state: { kind: 'not-fixed' },
          ratings: [{ kind: 'word', severity: 'LOW', origin: 'debian' }],
        },
      ],
    },
    expect.objectContaining({ id: 'TEMP-0000000-ABCDEF' }),
  ]);
  expect(tally.counts()).toEqual({ read: 4, kept: 4, skipped: {}, lost: {} });
});

test.each([
  { of: { status: 'open' }, state: { kind: 'not-fixed' }, why: 'nobody said anything' },
  {
    of: { status: 'open', nodsa: 'Minor issue', nodsa_reason: '' },
    state: { kind: 'deferred', reason: 'Minor issue' },
    why: 'no advisory of its own, perhaps in a point release',
  },
  {
    of: { status: 'open', nodsa: 'Fix with the next DSA', nodsa_reason: 'postponed' },
    state: { kind: 'deferred', reason: 'Fix with the next DSA' },
    why: 'until the next update of the package',
  },
  {
    of: { status: 'open', nodsa: 'Too intrusive to backport', nodsa_reason: 'ignored' },
    state: { kind: 'will-not-fix', reason: 'Too intrusive to backport' },
    why: 'for good',
  },
  {
    of: { status: 'open', nodsa_reason: 'ignored' },
    state: { kind: 'will-not-fix', reason: 'ignored' },
    why: 'no text',
  },
  {
    of: { status: 'open', urgency: 'end-of-life', nodsa: 'Minor', nodsa_reason: 'ignored' },
    state: { kind: 'end-of-life' },
    why: 'no support for the package in that release outweighs the reason',
  },
  {
    of: { status: 'undetermined' },
    state: { kind: 'under-investigation' },
    why: 'the security team does not know: not "affected"',
  },
  {
    of: { status: 'resolved' },
    state: { kind: 'under-investigation' },
    why: 'resolved, and nobody says where',
  },
])('$of.status is $state.kind: $why', ({ of, state }) => {
  expect(release('bookworm', of).affected?.state).toEqual(state);
});

test('fixed version 0 says that the release was never affected', () => {
  const { affected } = release('trixie', { status: 'resolved', fixed_version: '0', urgency: 'unimportant' });
  expect(affected).toMatchObject({ ecosystem: 'Debian:13', isNotAffected: true });
});

test('the fixed version rules where the main archive still has an older one', () => {
  const { affected } = release('bookworm', {
    status: 'resolved',
    repositories: { bookworm: '1.2-1', 'bookworm-security': '1.2-1+deb12u1' },
    fixed_version: '1.2-1+deb12u1',
  });
  const scheme = schemeFor('Debian:12');
  const verdicts = ['1.2-1', '1.2-1+deb12u1'].map(version =>
    affected === undefined || scheme === undefined ? undefined : judge(version, affected.range, scheme).kind,
  );
  expect(verdicts).toEqual(['affected', 'not-affected']);
});

test.each([
  { urgency: 'high', want: 'HIGH', why: 'Debian has no critical' },
  { urgency: 'medium*', want: 'MEDIUM', why: 'a star marks an assessment made elsewhere' },
  { urgency: 'unimportant', want: 'NEGLIGIBLE', why: 'no security impact in Debian’s builds' },
  { urgency: 'not yet assigned', want: undefined, why: 'no rating: the next source is asked' },
  { urgency: 'end-of-life', want: undefined, why: 'a state, not a rating' },
  { urgency: 7, want: undefined, why: 'nonsense' },
])('urgency $urgency is $want: $why', ({ urgency, want }) => {
  const { affected } = release('bookworm', { status: 'open', urgency });
  const rating = want === undefined ? undefined : [{ kind: 'word', severity: want, origin: 'debian' }];
  expect(affected?.ratings).toEqual(rating);
});

test.each([
  { codename: 'woody', ecosystem: 'Debian:3.0' },
  { codename: 'squeeze', ecosystem: 'Debian:6.0' },
  { codename: 'wheezy', ecosystem: 'Debian:7' },
  { codename: 'bookworm', ecosystem: 'Debian:12' },
  { codename: 'sid', ecosystem: 'Debian:sid' },
])('$codename is $ecosystem', ({ codename, ecosystem }) => {
  expect(release(codename, { status: 'open' }).affected?.ecosystem).toBe(ecosystem);
});

test.each([
  {
    document: { demo: { 'CVE-2024-0001': { releases: { zurg: { status: 'open' } } } } },
    reason: 'release that has no number yet',
  },
  {
    document: { demo: { 'CVE-2024-0001': { releases: { sid: { status: 'odd' } } } } },
    reason: 'status of an unknown kind',
  },
])('a statement that cannot be used is counted: $reason', ({ document, reason }) => {
  const { advisories, tally } = read(document);
  expect([advisories, tally.counts().skipped]).toEqual([[], { [reason]: 1 }]);
});

test('bad entries do not take the good ones with them', () => {
  const good = { releases: { sid: { status: 'open' } } };
  const { advisories, tally } = read({
    a: 7,
    b: { 'CVE-2024-0001': 'x', 'bad id': good },
    c: { 'CVE-2024-0002': good },
  });
  expect(advisories.map(one => one.id)).toEqual(['CVE-2024-0002']);
  expect(tally.counts()).toMatchObject({
    read: 4,
    kept: 1,
    skipped: { 'package whose entry is no object': 1, 'weakness without releases': 2 },
  });
});

test.each([
  { text: '<html>', why: 'an error page' },
  { text: '[]', why: 'a list' },
  { text: '{}', why: 'nothing at all' },
  { text: '{"error": "try later"}', why: 'an error in JSON' },
])('refused as a whole: $why', ({ text }) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});

test('package names that are words of JavaScript are names', () => {
  const text = '{"__proto__": {"CVE-2024-0001": {"releases": {"sid": {"status": "open"}}}}}';
  expect(read(text).advisories[0]?.affected[0]?.name).toBe('__proto__');
});
