/** Packages may be judged apart from their image: piece by piece the result is the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Package } from '#inventory/inventory.ts';
import { matchInventory } from './match-inventory.ts';
import {
  isOfRelease,
  joinResults,
  judgePackages,
  type MatchedInventory,
  markJudgedElsewhere,
  type Surroundings,
  surroundingsOf,
  tellEndOfLife,
} from './surroundings.ts';
import { memoryLookup } from './testing/memory-lookup.ts';
import { advisory, affects, distro, inventoryOf, packageOf, rpmOf } from './testing/sample.ts';

const today = '2026-11-21';
const UBUNTU = distro('ubuntu', '22.04', { codename: 'jammy' });
const DEBIAN = distro('debian', '10', { endOfLife: '2022-09-10' });
const ALMA = distro('almalinux', '9.1');

const LOOKUP = memoryLookup([
  advisory({ id: 'USN-1', affected: [affects('Ubuntu:22.04:LTS', 'curl', '<7.81.0-1ubuntu1.16')] }),
  advisory({ id: 'USN-2', affected: [affects('Ubuntu:Pro:22.04:LTS', 'curl', '<7.81.0-1ubuntu1.15+esm1')] }),
  advisory({ id: 'CVE-1', affected: [affects('Debian:10', 'curl', '<8'), affects('Debian:10', 'linux', '*')] }),
  advisory({ id: 'CVE-2', affected: [affects('Debian:12', 'curl', '<8', { arches: ['arm64'] })] }),
  advisory({ id: 'ALSA-1', affected: [affects('AlmaLinux:9', 'curl', '<8', { arches: ['x86_64'] })] }),
  advisory({ id: 'PYSEC-1', affected: [affects('PyPI', 'numpy', '<2')] }),
  advisory({ id: 'GHSA-1', aliases: ['CVE-3'], affected: [affects('npm', 'left-pad', '<2')] }),
  advisory({ id: 'GO-1', affected: [affects('Go', 'stdlib', '<1.22.0', { operatingSystems: ['windows'] })] }),
]);

const deb = (name: string, version: string, source = name) =>
  packageOf({ type: 'deb', name, version, source: { name: source, version } });
const PACKAGES: readonly Package[] = [
  deb('curl', '7.81.0-1ubuntu1.15'),
  deb('libcurl4', '7.81.0-1ubuntu1.15', 'curl'),
  deb('libssl3', '3.0.2-0ubuntu1.10+esm1', 'openssl'),
  deb('curl', 'not:a:version'),
  deb('linux-libc-dev', '4.19.1-1', 'linux'),
  rpmOf({ name: 'curl', version: '7.76.1-1' }, ALMA),
  rpmOf({ name: 'curl', version: '7.76.1-2' }, ALMA, 'Somebody'),
  { ...packageOf({ type: 'deb', name: 'curl', version: '7.1-1' }, distro('debian', '12')), root: 'rootfs' },
  packageOf({ type: 'conda', name: 'numpy', version: '1.26.0' }),
  packageOf({ type: 'conda', name: 'zlib', version: '1.3' }),
  packageOf({ type: 'pypi', name: 'NumPy', version: '1.26.0' }),
  packageOf({ type: 'npm', name: 'left-pad', version: '1.0.0' }),
  packageOf({ type: 'npm', name: 'left-pad', version: '???' }),
  packageOf({ type: 'golang', name: 'stdlib', version: '1.21.0' }),
  { ...packageOf({ type: 'pypi', name: 'requests', version: '1' }), managedBy: 'pkg:deb/debian/python3-requests@1' },
];

const anyInventory: fc.Arbitrary<MatchedInventory> = fc
  .record({
    packages: fc.shuffledSubarray([...PACKAGES]),
    release: fc.constantFrom(UBUNTU, DEBIAN, ALMA, undefined),
    platform: fc.constantFrom(
      { os: 'linux', architecture: 'amd64' },
      { os: 'windows', architecture: 'amd64' },
      undefined,
    ),
  })
  .map(({ packages, release, platform }) => {
    const { image, ...inventory } = inventoryOf(packages, release);
    return { ...inventory, image: platform === undefined ? {} : { ...image, platform } };
  });

test('judged in any parts, with the surroundings as a server would store them, an image has the same result', () => {
  fc.assert(
    fc.property(anyInventory, fc.infiniteStream(fc.nat(3)), (inventory, parts) => {
      const stored: Surroundings = JSON.parse(JSON.stringify(surroundingsOf(inventory)));
      const pieces: Package[][] = [[], [], [], []];
      for (const one of markJudgedElsewhere(inventory.packages)) pieces[parts.next().value ?? 0]?.push(one);
      const joined = joinResults(pieces.map(piece => judgePackages(piece, stored, LOOKUP)));
      const why = tellEndOfLife(stored.distro, today);
      const ended = { why: why ?? '', packages: inventory.packages.filter(isOfRelease), ids: [] };
      const told = [...joined.undetermined, ...(why === undefined || ended.packages.length === 0 ? [] : [ended])];
      const whole = matchInventory(inventory, LOOKUP, { today });
      expect(JSON.stringify({ ...joined, undetermined: [] })).toBe(JSON.stringify({ ...whole, undetermined: [] }));
      const inShort = (groups: typeof told) =>
        groups.map(({ why: reason, packages, ids }) => [reason, packages.map(({ purl }) => purl).sort(), ids]).sort();
      expect(inShort(told)).toEqual(inShort([...whole.undetermined]));
    }),
  );
});

test('surroundings are the same for images that differ in nothing that matters', () => {
  const textOf = (inventory: MatchedInventory) => JSON.stringify(surroundingsOf(inventory));
  const [one, other] = [PACKAGES[0], PACKAGES[1]].map(known => (known === undefined ? [] : [known]));
  const first = inventoryOf(one ?? [], UBUNTU);
  const renamed = { ...UBUNTU, cpe: 'cpe:/o:ubuntu', variantId: 'minimal', supportEnd: '2027-01-01' };
  expect(textOf(inventoryOf(other ?? [], renamed))).toBe(textOf(first));
  expect(textOf(inventoryOf(PACKAGES, UBUNTU))).not.toBe(textOf(first));
});

test('a package of conda is marked only where its Python package is found', () => {
  const marked = markJudgedElsewhere(PACKAGES);
  expect(marked.filter((one, at) => one !== PACKAGES[at]).map(({ name, properties }) => [name, properties])).toEqual([
    ['numpy', { 'judged-as': 'pypi' }],
  ]);
});
