import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { weaknessesOf } from './identifiers.ts';
import { parseSecdb, type SecdbContext } from './parse-secdb.ts';

function file(secfixes: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) {
  return {
    apkurl: '{{urlprefix}}/{{distroversion}}/{{reponame}}/{{arch}}/{{pkg.name}}-{{pkg.ver}}.apk',
    archs: ['x86_64'],
    reponame: 'community',
    urlprefix: 'https://dl-cdn.alpinelinux.org/alpine',
    distroversion: 'v3.19',
    packages: [{ pkg: { name: 'demo', secfixes } }],
    ...more,
  };
}

const read = (document: unknown, context?: SecdbContext) => {
  const tally = new ReadTally();
  const advisories = [...parseSecdb(JSON.stringify(document), tally, context)];
  return { advisories, counts: tally.counts() };
};

test('a key is the first fixed version of what it lists', () => {
  const { advisories } = read(file({ '1.2.3-r1': ['CVE-2024-0001', 'CVE-2024-0002'] }));
  expect(advisories.map(one => one.id)).toEqual(['CVE-2024-0001', 'CVE-2024-0002']);
  expect(advisories[0]).toEqual({
    id: 'CVE-2024-0001',
    source: 'alpine-secdb',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ratings: [],
    references: [],
    cwes: [],
    affected: [
      {
        ecosystem: 'Alpine:v3.19',
        name: 'demo',
        nameKind: 'source',
        range: {
          ranges: [
            [
              { kind: 'introduced', version: '0' },
              { kind: 'fixed', version: '1.2.3-r1' },
            ],
          ],
        },
        repository: 'community',
      },
    ],
  });
});

test('version 0 says never affected, and any version outweighs it', () => {
  const { advisories } = read(file({ '0': ['CVE-2024-0001', 'CVE-2024-0002'], '2-r0': ['CVE-2024-0002'] }));
  const [never, after] = advisories.map(one => one.affected[0]);
  expect(never?.isNotAffected).toBe(true);
  expect([after?.isNotAffected, after?.range.ranges[0]?.[1]?.version]).toEqual([undefined, '2-r0']);
});

test('named at two versions, the later one has the whole fix', () => {
  const { advisories } = read(file({ '1.10-r0': ['CVE-2024-0001'], '1.9-r3': ['CVE-2024-0001'] }));
  expect(advisories[0]?.affected.map(one => one.range.ranges[0]?.[1]?.version)).toEqual(['1.10-r0']);
});

test.each([
  { text: 'CVE-2020-0001', want: ['CVE-2020-0001'], why: 'nearly all of them' },
  { text: 'CVE-2017-8904 XSA-214', want: ['CVE-2017-8904 < XSA-214'], why: 'an advisory of Xen’s may cover several' },
  {
    text: 'CVE-2020-0001 GHSA-aaaa-bbbb-cccc',
    want: ['CVE-2020-0001 = GHSA-aaaa-bbbb-cccc'],
    why: 'GitHub counts weaknesses one by one',
  },
  {
    text: 'CVE-2017-5753 CVE-2017-5715 XSA-254 XPTI',
    want: ['CVE-2017-5753 < XSA-254', 'CVE-2017-5715 < XSA-254'],
    why: 'two CVEs are two weaknesses, and a word is no id',
  },
  { text: 'CVE-????-?????  XSA-284', want: ['XSA-284'], why: 'a number not given yet' },
  { text: 'XSA-207', want: ['XSA-207'], why: 'no CVE at all' },
  { text: 'wnpa-sec-2017-18', want: ['wnpa-sec-2017-18'], why: 'Wireshark’s own' },
  { text: 'CVE_2019-2426', want: ['CVE-2019-2426'], why: 'misspelt' },
  { text: 'CVE 2018-16859', want: ['CVE-2018-16859'], why: 'misspelt otherwise' },
  { text: 'CVE-2017-8073.patch', want: ['CVE-2017-8073'], why: 'the name of the patch' },
  { text: 'CVE-2017-17434-1', want: ['CVE-2017-17434'], why: 'a part' },
  { text: 'CVE-2018-16301 (was fixed in libpcap)', want: ['CVE-2018-16301'], why: 'a remark' },
  {
    text: 'CVE-2018-10105 (SMB - too unreliable, see CVE-2018-10106)',
    want: ['CVE-2018-10105'],
    why: 'ids in remarks',
  },
  { text: 'CVE-2017-12122 TALOS-2017-0488', want: ['CVE-2017-12122 < TALOS-2017-0488'], why: 'Talos' },
  { text: 'nothing here', want: [], why: 'no id' },
  { text: '', want: [], why: 'nothing' },
])('"$text" names $want: $why', ({ text, want }) => {
  const found = weaknessesOf(text).map(({ id, aliases, upstream }) =>
    [id, ...aliases.map(one => `= ${one}`), ...upstream.map(one => `< ${one}`)].join(' '),
  );
  expect(found).toEqual(want);
});

test.each([
  { more: { distroversion: 'edge' }, want: 'Alpine:edge', why: 'the rolling branch' },
  { more: { distroversion: '3.19' }, want: 'Alpine:v3.19', why: 'a v left out' },
  {
    more: { distroversion: undefined, reponame: 'os', urlprefix: 'https://packages.wolfi.dev' },
    want: 'Wolfi',
    why: 'Wolfi has no releases',
  },
  {
    more: { distroversion: undefined, urlprefix: 'https://packages.cgr.dev/chainguard' },
    want: 'Chainguard',
    why: 'Chainguard neither',
  },
  { more: {}, context: { ecosystem: 'MinimOS' }, want: 'MinimOS', why: 'whoever fetched it knows better' },
])('ecosystem $want: $why', ({ more, context, want }) => {
  expect(read(file({ '1-r0': ['CVE-2024-0001'] }, more), context).advisories[0]?.affected[0]?.ecosystem).toBe(want);
});

test.each([
  { packages: undefined, why: 'no list' },
  { packages: null, why: 'null' },
  { packages: [], why: 'an empty list' },
])('a repository without packages is no error: $why', ({ packages }) => {
  expect(read(file({}, { packages })).counts).toEqual({ read: 0, kept: 0, skipped: {}, lost: {} });
});

test('what cannot be used is counted', () => {
  const { advisories, counts } = read(
    file(
      {},
      {
        packages: [
          { pkg: { name: 'a', secfixes: { '7.4.0-r0': [], '1-r0': 'CVE-2024-0001' } } },
          { pkg: { name: 'b', secfixes: { '1-r0': [7, 'remark', 'CVE-2024-0002'], '': ['CVE-2024-0003'] } } },
          { pkg: { secfixes: {} } },
          { pkg: { name: 'c' } },
        ],
      },
    ),
  );
  expect(advisories.map(one => one.id)).toEqual(['CVE-2024-0002']);
  expect(counts).toEqual({
    read: 7,
    kept: 1,
    skipped: {
      'fix that names no weakness': 2,
      'fix without a version': 1,
      'identifier that names nothing': 2,
      'package of another form': 1,
    },
    lost: {},
  });
});

test.each([
  { document: [], why: 'a list' },
  { document: { packages: 'x' }, why: 'packages that are none' },
  { document: file({}, { distroversion: undefined }), why: 'of no release that it or we know' },
])('refused as a whole: $why', ({ document }) => {
  expect(() => read(document)).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
