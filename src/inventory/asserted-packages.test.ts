import { expect, test } from 'vitest';
import { buildInventory } from './build-inventory.ts';
import type { FileFact } from './cataloguer.ts';
import { EntrySetBuilder } from './entry-set.ts';
import type { LayerFacts } from './layer-facts.ts';
import type { FoundPackage } from './package.ts';

/** One layer that holds the files and whatever else is named. */
const layer = (files: Readonly<Record<string, FileFact>>, others: readonly string[] = []): LayerFacts => {
  const entries = new EntrySetBuilder();
  for (const path of [...Object.keys(files), ...others]) entries.add(path);
  return {
    files: Object.entries(files).map(([path, fact]) => ({ path, by: fact.osRelease ? 'os-release' : 'test', fact })),
    whiteouts: [],
    opaque: [],
    symlinks: [],
    hardLinks: [],
    entries: entries.build(),
    folders: new EntrySetBuilder().build(),
    gaps: [],
  };
};
const packagesOf = (...layers: LayerFacts[]) => buildInventory({ reference: 'dir:x', layers: [] }, layers).packages;
const RHEL = { 'etc/os-release': { osRelease: { id: 'rhel', idLike: [], versionId: '9.4', name: 'RHEL' } } };
const CURL: FoundPackage = { type: 'rpm', name: 'curl', version: '7.76.1-29.el9', arch: 'x86_64' };
const asserted = (namespace: string): FoundPackage => ({
  ...CURL,
  evidence: 'asserted',
  properties: { namespace },
});

test.each([
  { namespace: 'redhat', count: 1, why: 'the vendor of the image’s distribution' },
  { namespace: 'almalinux', count: 0, why: 'another distribution’s package cannot be installed here' },
])('an SBOM asserts an rpm of $namespace: $count ($why)', ({ namespace, count }) => {
  expect(packagesOf(layer({ ...RHEL, 'sbom.json': { packages: [asserted(namespace)] } }))).toHaveLength(count);
});

test('what a package manager recorded counts more than what an SBOM asserts, whichever comes first', () => {
  const recorded = { 'var/lib/rpm/rpmdb.sqlite': { packages: [CURL] } };
  const sbom = { 'sbom.json': { packages: [asserted('redhat')] } };
  for (const files of [
    { ...RHEL, ...sbom, ...recorded },
    { ...RHEL, ...recorded, ...sbom },
  ]) {
    const [found, ...others] = packagesOf(layer(files));
    expect(others).toEqual([]);
    expect(found?.evidence).toBeUndefined();
    expect(found?.locations.map(one => one.path)).toEqual(['sbom.json', 'var/lib/rpm/rpmdb.sqlite']);
  }
});

const JSON_NET: FoundPackage = { type: 'nuget', name: 'Newtonsoft.Json', version: '13.0.3' };
const deps = (paths: readonly string[]) =>
  ({ 'app/web.deps.json': { packages: [JSON_NET], carriedBy: [[0, paths]] } }) as const;

test.each([
  { facts: layer(deps(['app/Newtonsoft.Json.dll']), ['app/Newtonsoft.Json.dll']), count: 1, why: 'its file is there' },
  { facts: layer(deps(['app/Newtonsoft.Json.dll'])), count: 0, why: 'publishing trimmed it away' },
  { facts: layer({ 'app/web.deps.json': { packages: [JSON_NET] } }), count: 1, why: 'nothing says what carries it' },
])('a package that its record names counts $count times: $why', ({ facts, count }) => {
  expect(packagesOf(facts)).toHaveLength(count);
});

test('the file that carries a package may be in another layer', () => {
  const dll = 'app/Newtonsoft.Json.dll';
  expect(packagesOf(layer({}, [dll]), layer(deps([dll])))).toHaveLength(1);
  expect(packagesOf(layer(deps([dll]), [dll]), { ...layer({}), whiteouts: [dll] })).toHaveLength(0);
});
