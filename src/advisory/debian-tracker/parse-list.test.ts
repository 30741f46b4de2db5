import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseDebianList } from './parse-list.ts';

const read = (text: string) => {
  const tally = new ReadTally();
  return { advisories: [...parseDebianList(text, tally)], counts: () => tally.counts() };
};

test('an advisory links to its CVEs and names the fixed source package of each release', () => {
  const { advisories } = read(`[05 Mar 2023] DSA-9001-1 demo - security update
\t{CVE-2023-0001 CVE-2023-0002}
\t[bullseye] - demo 2:1.20.11-1+deb11u6
\t[buster] - demo-old 1.0-1 (bug #332424; medium)
\tNOTE: written by hand
`);
  expect(advisories).toEqual([
    {
      id: 'DSA-9001-1',
      source: 'debian-lists',
      kind: 'weakness',
      aliases: [],
      upstream: ['CVE-2023-0001', 'CVE-2023-0002'],
      title: 'demo - security update',
      published: '2023-03-05',
      ratings: [],
      references: [{ type: 'ADVISORY', url: 'https://security-tracker.debian.org/tracker/DSA-9001-1' }],
      cwes: [],
      affected: [
        {
          ecosystem: 'Debian:11',
          name: 'demo',
          nameKind: 'source',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '0' },
                { kind: 'fixed', version: '2:1.20.11-1+deb11u6' },
              ],
            ],
          },
        },
        expect.objectContaining({
          name: 'demo-old',
          ratings: [{ kind: 'word', severity: 'MEDIUM', origin: 'debian' }],
        }),
      ],
    },
  ]);
});

const BODY = '\t{CVE-2002-0001}\n\t[woody] - demo 1-1\n';
test.each([
  { head: '[02 Jul 2002] DSA-135 demo -- buffer overflow', id: 'DSA-135', why: 'no revision, two hyphens' },
  { head: '[14 Jun 2006] DSA-1099-1 - demo - missing input', id: 'DSA-1099-1', why: 'a hyphen too many' },
  { head: '[26 Feb 2009] DSA-1727-1  - SQL injection', id: 'DSA-1727-1', why: 'no package' },
  { head: '[27 Mar 2008] DSA-1533-1 demo', id: 'DSA-1533-1', why: 'no description' },
  { head: '[1 Apr 2023] DLA-3380-1 demo - security update', id: 'DLA-3380-1', why: 'the list of long-term support' },
])('first lines of old entries: $why', ({ head, id }) => {
  expect(read(`${head}\n${BODY}`).advisories.map(one => one.id)).toEqual([id]);
});

test('spaces do for a tab', () => {
  expect(read(`[02 Jul 2002] DSA-1 demo - x\n    [woody] - demo 1-1\n`).advisories[0]?.affected).toHaveLength(1);
});

test.each([
  { version: '<not-affected>', want: { isNotAffected: true }, why: 'evidence' },
  { version: '<unfixed>', want: { state: { kind: 'not-fixed' } }, why: 'no fix yet' },
  { version: '<end-of-life>', want: { state: { kind: 'end-of-life' } }, why: 'no support' },
  { version: '<ignored>', want: { state: { kind: 'will-not-fix', reason: 'ignored' } }, why: 'never' },
  { version: '<no-dsa>', want: { state: { kind: 'deferred', reason: 'no-dsa' } }, why: 'perhaps later' },
  { version: '<undetermined>', want: { state: { kind: 'under-investigation' } }, why: 'nobody knows' },
])('$version stands in the place of a version: $why', ({ version, want }) => {
  expect(
    read(`[02 Jul 2012] DSA-1-1 demo - x\n\t[squeeze] - demo ${version} (why)\n`).advisories[0]?.affected[0],
  ).toMatchObject(want);
});

test.each([
  { title: 'sox - regression update', reason: 'update for another reason than a weakness' },
  { title: 'tzdata - new timezone database', reason: 'update for another reason than a weakness' },
  { title: 'subversion - update', reason: 'update for another reason than a weakness' },
  { title: 'jessie end-of-life', reason: 'update for another reason than a weakness' },
])('"$title" without an id is no weakness', ({ title, reason }) => {
  const { advisories, counts } = read(`[17 Mar 2023] DSA-1-2 ${title}\n\t[bullseye] - demo 1-1\n`);
  expect([advisories, counts().skipped]).toEqual([[], { [reason]: 1 }]);
});

test.each([
  { title: 'sox - regression update', ids: '{CVE-2021-3643}', why: 'it repeats the CVE: the first fix was not whole' },
  { title: 'sox - security update', ids: 'NOTE: no CVE yet', why: 'a weakness without an id' },
])('"$title" is kept: $why', ({ title, ids }) => {
  expect(read(`[17 Mar 2023] DSA-1-2 ${title}\n\t${ids}\n\t[bullseye] - demo 1-1\n`).advisories).toHaveLength(1);
});

test('lines that cannot be read are counted, not guessed at', () => {
  const { advisories, counts } = read(`\t[woody] - early 1-1
[02 Jul 2012] DSA-1-1 demo - x
\t[zurg] - demo 1-1
\t[squeeze] - demo <strange>
\tsomething else
\t[squeeze] - demo 1-1
not an advisory
`);
  expect(advisories[0]?.affected).toHaveLength(1);
  expect(counts()).toEqual({
    read: 2,
    kept: 1,
    skipped: { 'advisory whose first line cannot be read': 1 },
    lost: { 'line that belongs to no advisory': 1, 'release line that cannot be read': 3 },
  });
});

test('a file that is no list is refused', () => {
  expect(() => read('<!DOCTYPE html>\n')).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
