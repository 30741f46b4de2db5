import { expect, test } from 'vitest';
import { EntrySetBuilder } from './entry-set.ts';
import type { LayerFacts, LayerFile } from './layer-facts.ts';
import { mergeLayers } from './merge-layers.ts';
import type { FoundPackage } from './package.ts';

interface LayerSpec {
  /** Claimed files: path to the packages in them, `name@version`. */
  readonly files?: Readonly<Record<string, readonly string[]>>;
  /** Entries nobody claimed. */
  readonly others?: readonly string[];
  readonly folders?: readonly string[];
  readonly whiteouts?: readonly string[];
  readonly opaque?: readonly string[];
  readonly symlinks?: Readonly<Record<string, string>>;
  readonly hardLinks?: Readonly<Record<string, string>>;
}

function layer(spec: LayerSpec): LayerFacts {
  const entries = new EntrySetBuilder();
  const folders = new EntrySetBuilder();
  const paths = [
    ...Object.keys(spec.files ?? {}),
    ...(spec.others ?? []),
    ...Object.keys(spec.symlinks ?? {}),
    ...Object.keys(spec.hardLinks ?? {}),
  ];
  for (const path of paths) entries.add(path);
  for (const path of spec.folders ?? []) folders.add(path);
  const files: LayerFile[] = Object.entries(spec.files ?? {}).map(([path, packages]) => ({
    path,
    by: 'test',
    fact: { packages: packages.map(toFound) },
  }));
  return {
    files,
    whiteouts: spec.whiteouts ?? [],
    opaque: spec.opaque ?? [],
    symlinks: Object.entries(spec.symlinks ?? {}),
    hardLinks: Object.entries(spec.hardLinks ?? {}),
    entries: entries.build(),
    folders: folders.build(),
    gaps: [],
  };
}

function toFound(text: string): FoundPackage {
  const [name = '', version = ''] = text.split('@');
  return { type: 'deb', name, version };
}

/** `path: name@version since layer` for everything left. */
function merged(...specs: LayerSpec[]): string[] {
  const { files } = mergeLayers(specs.map(layer));
  return files
    .flatMap(file =>
      (file.fact.packages ?? []).map(
        (found, at) => `${file.path}: ${found.name}@${found.version} since ${file.introducedIn[at]}`,
      ),
    )
    .sort();
}

const DB = 'var/lib/dpkg/status';

test.each<{ why: string; layers: LayerSpec[]; left: string[] }>([
  {
    why: 'a package stays introduced by the layer that brought it when a later layer rewrites the database',
    layers: [{ files: { [DB]: ['a@1'] } }, { files: { [DB]: ['a@1', 'b@1'] } }],
    left: [`${DB}: a@1 since 0`, `${DB}: b@1 since 1`],
  },
  {
    why: 'another version is another introduction',
    layers: [{ files: { [DB]: ['a@1'] } }, { files: { [DB]: ['a@2'] } }],
    left: [`${DB}: a@2 since 1`],
  },
  {
    why: 'a package that went and came back is introduced by its return',
    layers: [{ files: { [DB]: ['a@1', 'b@1'] } }, { files: { [DB]: ['b@1'] } }, { files: { [DB]: ['a@1', 'b@1'] } }],
    left: [`${DB}: a@1 since 2`, `${DB}: b@1 since 0`],
  },
  { why: 'a whiteout removes the file', layers: [{ files: { [DB]: ['a@1'] } }, { whiteouts: [DB] }], left: [] },
  {
    why: 'a whiteout removes what is below it',
    layers: [{ files: { [DB]: ['a@1'] } }, { whiteouts: ['var'] }],
    left: [],
  },
  {
    why: 'a whiteout does not touch names that merely begin alike',
    layers: [{ files: { 'app/lib.jar': ['a@1'] } }, { whiteouts: ['app/lib'] }],
    left: ['app/lib.jar: a@1 since 0'],
  },
  {
    why: 'a whiteout and the file itself in one layer: the file wins',
    layers: [{ files: { [DB]: ['a@1'] } }, { whiteouts: [DB], files: { [DB]: ['b@1'] } }],
    left: [`${DB}: b@1 since 1`],
  },
  {
    why: 'an opaque folder hides what is lower and keeps what is in its own layer',
    layers: [
      { files: { 'srv/app/x.jar': ['a@1'], 'srv/y.jar': ['y@1'] } },
      { opaque: ['srv/app'], files: { 'srv/app/z.jar': ['z@1'] } },
    ],
    left: ['srv/app/z.jar: z@1 since 1', 'srv/y.jar: y@1 since 0'],
  },
  { why: 'an opaque root hides everything', layers: [{ files: { [DB]: ['a@1'] } }, { opaque: [''] }], left: [] },
  {
    why: 'a file over a folder removes what was in it',
    layers: [{ files: { 'opt/x/a.jar': ['a@1'] } }, { others: ['opt/x'] }],
    left: [],
  },
  {
    why: 'a folder over a file replaces it',
    layers: [{ files: { 'opt/a.jar': ['a@1'] } }, { folders: ['opt/a.jar'] }],
    left: [],
  },
  {
    why: 'a folder over a folder merges',
    layers: [{ files: { 'opt/a.jar': ['a@1'] } }, { folders: ['opt'] }],
    left: ['opt/a.jar: a@1 since 0'],
  },
  {
    why: 'a file replaced by one that nobody claims is gone',
    layers: [{ files: { 'usr/bin/app': ['a@1'] } }, { others: ['usr/bin/app'] }],
    left: [],
  },
  {
    why: 'a layer that writes through a link replaces the real file',
    layers: [
      { symlinks: { lib: 'usr/lib' }, files: { 'usr/lib/apk/db/installed': ['a@1'] } },
      { files: { 'lib/apk/db/installed': ['a@1', 'b@1'] } },
    ],
    left: ['usr/lib/apk/db/installed: a@1 since 0', 'usr/lib/apk/db/installed: b@1 since 1'],
  },
  {
    why: 'what is replaced through a link by a file nobody claims is gone too',
    layers: [{ symlinks: { bin: 'usr/bin' }, files: { 'usr/bin/app': ['a@1'] } }, { others: ['bin/app'] }],
    left: [],
  },
  {
    why: 'a whiteout written through a link counts',
    layers: [{ symlinks: { lib: 'usr/lib' }, files: { 'usr/lib/x.jar': ['a@1'] } }, { whiteouts: ['lib/x.jar'] }],
    left: [],
  },
  {
    why: 'a folder that becomes a link takes its contents with it',
    layers: [
      { files: { 'lib/x.jar': ['a@1'] } },
      { symlinks: { lib: 'usr/lib' }, files: { 'usr/lib/x.jar': ['a@1'] } },
    ],
    left: ['usr/lib/x.jar: a@1 since 1'],
  },
  {
    why: 'a hard link to a database of a lower layer is that database',
    layers: [
      { files: { 'usr/share/rpm/rpmdb.sqlite': ['a@1'] } },
      { hardLinks: { 'usr/lib/sysimage/rpm/rpmdb.sqlite': 'usr/share/rpm/rpmdb.sqlite' } },
    ],
    left: ['usr/lib/sysimage/rpm/rpmdb.sqlite: a@1 since 1', 'usr/share/rpm/rpmdb.sqlite: a@1 since 0'],
  },
])('$why', ({ layers, left }) => {
  expect(merged(...layers)).toEqual(left);
});

test('links that loop hide nothing and end', () => {
  const { files } = mergeLayers([
    layer({ symlinks: { a: 'b', b: 'a', c: 'c/c' }, files: { 'a/x.jar': ['lost@1'], 'd/x.jar': ['kept@1'] } }),
  ]);
  expect(files.map(file => file.path)).toEqual(['d/x.jar']);
});

test('a file below links that lead in a circle is a gap, not silence', () => {
  const { files, gaps } = mergeLayers([
    layer({ symlinks: { 'var/lib/dpkg': 'dpkg2', 'var/lib/dpkg2': 'dpkg' }, files: { [DB]: ['a@1'] } }),
  ]);
  expect(files).toEqual([]);
  expect(gaps).toEqual([
    { path: DB, reason: 'The symlinks on its way lead in a circle; it was left out', layerIndex: 0 },
  ]);
});
