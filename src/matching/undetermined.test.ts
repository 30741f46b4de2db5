/** What cannot be said is told, once per reason, and never shown as clean. */
import { expect, test } from 'vitest';
import type { Distro, Package } from '#inventory/inventory.ts';
import { advisory, affects, distro, inShort, match, packageOf, rpmOf } from './testing/sample.ts';

const FEDORA = distro('fedora', '43');
const DEBIAN_10 = distro('debian', '10', { name: 'Debian GNU/Linux 10 (buster)', endOfLife: '2022-09-10' });
const ADVISORIES = [
  advisory({ id: 'CVE-2024-0001', affected: [affects('Debian:12', 'curl', '<8'), affects('npm', 'a', '<2.0.0')] }),
];

const rows: readonly { why: string; release?: Distro; packages: readonly Package[]; result: readonly string[] }[] = [
  {
    why: 'a distribution without a feed is one sentence, however many packages it has',
    release: FEDORA,
    packages: [rpmOf({ name: 'bash', version: '5.2-1' }, FEDORA), rpmOf({ name: 'curl', version: '8-1' }, FEDORA)],
    result: ['? bash curl: no advisories known for fedora 43'],
  },
  {
    why: 'nor is a derivative taken for its parent',
    release: distro('linuxmint', '21', { idLike: ['ubuntu', 'debian'] }),
    packages: [packageOf({ type: 'deb', name: 'curl', version: '7.81.0-1ubuntu1.15' })],
    result: ['? curl: no advisories known for linuxmint 21 (derived from ubuntu debian)'],
  },
  {
    why: 'a release that the database has nothing of is not judged by another one',
    release: distro('debian', '13'),
    packages: [packageOf({ type: 'deb', name: 'curl', version: '8.14.1-2' })],
    result: ['? curl: no advisories known for debian 13'],
  },
  {
    why: 'an image may not say what it is',
    packages: [packageOf({ type: 'apk', name: 'musl', version: '1.2.4-r2' })],
    result: ['? musl: no file of the image says which distribution it is'],
  },
  {
    why: 'languages that the database has nothing of are told by type',
    packages: [
      packageOf({ type: 'npm', name: 'b', version: '1.0.0' }),
      packageOf({ type: 'pypi', name: 'django', version: '1.0' }),
      packageOf({ type: 'pypi', name: 'flask', version: '1.0' }),
    ],
    result: ['? django flask: no advisories known for pypi packages'],
  },
  {
    why: 'programs and models have no feed at all',
    packages: [
      packageOf({ type: 'generic', name: 'node', version: '22.1.0', evidence: 'detected' }),
      packageOf({ type: 'huggingface', name: 'org/model', version: 'abc' }),
    ],
    result: [
      '? org/model: no advisories known for huggingface packages',
      '? node: no advisories known for programs that no package manager installed',
    ],
  },
  {
    why: 'an unreadable version of a package without any advisory is no doubt: no version would be affected',
    packages: [packageOf({ type: 'npm', name: 'unheard-of', version: 'not a version' })],
    result: [],
  },
];

test.each(rows)('$why', ({ packages, release, result }) => {
  expect(inShort(match({ packages, ...(release && { release }) }, ADVISORIES))).toEqual(result);
});

test('an image past the end of its support is told once, its findings are still told', () => {
  const packages = ['curl', 'zlib'].map(name =>
    packageOf({ type: 'deb', name, version: '1', source: { name } }, DEBIAN_10),
  );
  const advisories = [advisory({ id: 'CVE-2020-0001', affected: [affects('Debian:10', 'curl', '<2')] })];
  expect(inShort(match({ packages, release: DEBIAN_10 }, advisories))).toEqual([
    'CVE-2020-0001 curl (2)',
    '? curl zlib: Debian GNU/Linux 10 (buster) has had no standard support since 2022-09-10, so advisories and fixes may be missing',
  ]);
  expect(match({ packages, release: DEBIAN_10 }, advisories, { today: '2022-09-10' }).undetermined).toEqual([]);
});

test('reasons that concern whole packages come first, those of the most packages before others', () => {
  const packages = [
    packageOf({ type: 'golang', name: 'stdlib', version: '(devel)' }),
    packageOf({ type: 'pypi', name: 'x', version: '1' }),
    packageOf({ type: 'gem', name: 'y', version: '1' }),
    packageOf({ type: 'gem', name: 'z', version: '1' }),
  ];
  const { undetermined } = match({ packages }, [advisory({ id: 'GO-1', affected: [affects('Go', 'stdlib', '<2')] })]);
  expect(undetermined.map(({ packages: all, ids }) => [all.length, ids])).toEqual([
    [2, []],
    [1, []],
    [1, ['GO-1']],
  ]);
});
