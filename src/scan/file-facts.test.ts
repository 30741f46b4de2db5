/** Facts about files, from the bytes of layers to what the checks get. */
import { expect, test } from 'vitest';
import { toFileFacts } from '#certification/file-facts.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type EntrySpec, makeLayer } from '../../test/fixtures/image-builder.ts';
import { makeRpmDatabase, type RpmSpec } from '../inventory/rpm/testdata/make-rpms.ts';
import { cataloguers } from './cataloguers.ts';
import { readEntry, writeEntry } from './layer-cache.ts';
import { readLayer } from './read-layer.ts';

type Layer = readonly EntrySpec[];

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function factsOf(entries: Layer): Promise<LayerFacts> {
  const { bytes, digest } = await makeLayer(entries);
  const { facts } = await readLayer(once(bytes), { digest, sizeBytes: bytes.length }, cataloguers);
  // As they come out of the cache.
  return readEntry(writeEntry({ facts, verifiedBy: 'layer' }))?.facts ?? facts;
}

const filesOf = async (...layers: Layer[]) => toFileFacts(await Promise.all(layers.map(factsOf)));

const file = (path: string, content = 'x'): EntrySpec => ({ path, content });
const OS: EntrySpec = file('usr/lib/os-release', 'ID=rhel\nVERSION_ID=9.4\nPLATFORM_ID="platform:el9"\n');
const rpmdb = (packages: readonly RpmSpec[], path = 'var/lib/rpm/Packages.db'): EntrySpec => ({
  path,
  content: makeRpmDatabase(packages),
});
const BASH: RpmSpec = { name: 'bash', files: ['/usr/bin/bash', '/usr/share/bash/a', '/usr/share/bash/b'] };
const BASE: Layer = [OS, rpmdb([BASH]), file('usr/bin/bash'), file('usr/share/bash/a'), file('usr/share/bash/b')];

interface LicenseRow {
  readonly layers: readonly Layer[];
  readonly is: string;
  readonly why: string;
}

const licenseRows: readonly LicenseRow[] = [
  { layers: [[file('etc/motd')]], is: 'missing', why: 'nothing is there' },
  { layers: [[file('licenses')]], is: 'not-a-folder', why: 'a file is no folder' },
  { layers: [[{ path: 'licenses', folder: true }]], is: 'folder 0/0', why: 'an empty folder' },
  { layers: [[file('licenses/a'), file('licenses/deep/b', '')]], is: 'folder 1/2', why: 'also below' },
  {
    layers: [[{ path: 'licenses', folder: true }, file('licenses/a')], [{ whiteout: 'licenses/a' }]],
    is: 'folder 0/0',
    why: 'deleted again',
  },
  { layers: [[file('licenses/a')], [{ whiteout: 'licenses' }]], is: 'missing', why: 'the folder was deleted' },
  { layers: [[file('licenses/a', '')], [file('licenses/a', 'MIT')]], is: 'folder 1/1', why: 'the upper file counts' },
  { layers: [[file('licenses/a')], [file('licenses/a', '')]], is: 'folder 0/1', why: 'the upper file is empty' },
  {
    layers: [[file('usr/share/licenses/app/MIT')], [{ path: 'licenses', symlink: 'usr/share/licenses' }]],
    is: 'folder 1/1',
    why: 'a relative link to a folder',
  },
  {
    layers: [[file('usr/share/licenses/app/MIT')], [{ path: 'licenses', symlink: '/usr/share/licenses/app' }]],
    is: 'folder 1/1',
    why: 'an absolute one',
  },
  {
    layers: [[file('opt/terms/MIT'), { path: 'licenses', symlink: '/opt/terms' }]],
    is: 'missing',
    why: 'a folder without an entry of its own',
  },
  {
    layers: [[{ path: 'opt/terms', folder: true }, file('opt/terms/MIT'), { path: 'licenses', symlink: '/opt/terms' }]],
    is: 'elsewhere',
    why: 'names in there are not kept',
  },
  { layers: [[{ path: 'licenses', symlink: '/nowhere' }]], is: 'missing', why: 'a broken link' },
  { layers: [[{ path: 'licenses', symlink: 'licenses' }]], is: 'missing', why: 'a link to itself' },
  {
    layers: [[file('app/LICENSE')], [{ path: 'licenses/app', symlink: '../app/LICENSE' }]],
    is: 'folder 1/1',
    why: 'a link to a file of a lower layer',
  },
  {
    layers: [[file('app/LICENSE', ''), { path: 'licenses/app', symlink: '/app/LICENSE' }]],
    is: 'folder 0/1',
    why: 'a link to an empty file',
  },
  {
    layers: [
      [
        { path: 'licenses/app', symlink: '../../../etc/passwd' },
        { path: 'licenses', folder: true },
      ],
    ],
    is: 'folder 0/0',
    why: 'it leads to nothing in the image',
  },
  {
    layers: [[file('app/LICENSE'), { path: 'licenses/app', hardlink: 'app/LICENSE' }]],
    is: 'folder 1/1',
    why: 'a hard link',
  },
];

test.each(licenseRows)('/licenses is $is: $why', async ({ layers, is }) => {
  const { licenses } = await filesOf(...layers);
  const counts = licenses.kind === 'folder' ? ` ${licenses.filledCount}/${licenses.fileCount}` : '';
  expect(`${licenses.kind}${counts}`).toBe(is);
});

interface ChangeRow {
  readonly layers: readonly Layer[];
  readonly changes: readonly string[];
  readonly why: string;
}

const NEWER: RpmSpec = { ...BASH, version: '1.1', installTime: 2000 };
const CAPABLE = { 'SCHILY.xattr.security.capability': 'x' };

const changeRows: readonly ChangeRow[] = [
  { layers: [BASE], changes: [], why: 'the first layer is the base' },
  { layers: [BASE, [file('opt/app')]], changes: [], why: 'a file of nobody' },
  { layers: [BASE, [file('usr/bin/bash', 'mine')]], changes: ['2 written usr/bin/bash'], why: 'a file of bash' },
  {
    layers: [BASE, [{ path: 'usr/bin/bash', symlink: '/opt/bash' }]],
    changes: ['2 written usr/bin/bash'],
    why: 'a link in its place',
  },
  { layers: [BASE, [{ whiteout: 'usr/bin/bash' }]], changes: ['2 removed usr/bin/bash'], why: 'deleted' },
  {
    layers: [BASE, [file('x')], [{ whiteout: 'usr/bin/bash' }]],
    changes: ['3 removed usr/bin/bash'],
    why: 'layers without a database take over that of the one below',
  },
  { layers: [[OS], [rpmdb([BASH]), file('usr/bin/bash')]], changes: [], why: 'packages that come with their files' },
  {
    layers: [BASE, [rpmdb([NEWER]), file('usr/bin/bash')]],
    changes: ['2 updated usr/bin/bash'],
    why: 'told as an update, which the check lets pass',
  },
  {
    layers: [BASE, [rpmdb([{ ...BASH, installTime: 2000 }]), file('usr/bin/bash')]],
    changes: [],
    why: 'installed again',
  },
  {
    layers: [BASE, [rpmdb([BASH, { name: 'other' }]), file('usr/bin/bash')]],
    changes: ['2 written usr/bin/bash'],
    why: 'another installation explains nothing',
  },
  { layers: [BASE, [rpmdb([]), { whiteout: 'usr/bin/bash' }]], changes: [], why: 'removed with its package' },
  {
    layers: [BASE, [rpmdb([BASH, { ...BASH, arch: 'i686', installTime: 2000 }]), file('usr/share/bash/a')]],
    changes: [],
    why: 'a second architecture shares its files',
  },
  {
    layers: [BASE, [rpmdb([BASH, { ...BASH, arch: 'i686' }])], [file('usr/share/bash/a')]],
    changes: ['3 written usr/share/bash/a'],
    why: 'two owners, and neither wrote it',
  },
  { layers: [BASE, [{ path: 'usr/bin/bash', content: 'x', pax: CAPABLE }]], changes: [], why: 'capabilities were set' },
  {
    layers: [BASE, [file('usr/bin/bash'), { path: 'usr/bin/sh', hardlink: 'usr/bin/bash' }]],
    changes: [],
    why: 'a hard link copies its target up',
  },
  {
    layers: [BASE, [file('usr/bin/bash'), { path: 'usr/bin/sh', symlink: 'bash' }]],
    changes: ['2 written usr/bin/bash'],
    why: 'a symlink does not',
  },
  {
    layers: [
      [OS, rpmdb([{ name: 'su', files: ['/usr/bin/su'] }]), { path: 'usr/bin/su', content: 'x', mode: 0o4755 }],
      [{ path: 'usr/bin/su', content: 'x', mode: 0o755 }],
    ],
    changes: ['2 written usr/bin/su, hardened'],
    why: 'setuid was taken away',
  },
  {
    layers: [
      [OS, rpmdb([{ name: 'su', files: ['/usr/bin/su'] }]), { path: 'usr/bin/su', content: 'x', mode: 0o4755 }],
      [{ path: 'usr/bin/su', content: 'y', mode: 0o4755 }],
    ],
    changes: ['2 written usr/bin/su'],
    why: 'setuid stayed',
  },
  {
    layers: [[OS, rpmdb([BASH], 'usr/lib/sysimage/rpm/rpmdb.sqlite')], [file('usr/bin/bash')]],
    changes: ['2 written usr/bin/bash'],
    why: 'the other place of the database',
  },
  {
    layers: [
      [OS, rpmdb([{ name: 'glibc', files: ['/lib64/libc.so.6'] }]), { path: 'lib64', symlink: 'usr/lib64' }],
      [file('usr/lib64/libc.so.6')],
    ],
    changes: ['2 written lib64/libc.so.6'],
    why: 'the package names it by a linked folder',
  },
  {
    layers: [BASE, [{ whiteout: 'usr/share/bash' }]],
    changes: ['2 folder usr/share/bash 2'],
    why: 'a whole folder is told apart',
  },
  {
    layers: [BASE, [{ opaque: 'usr/share/bash' }, file('usr/share/bash/a')]],
    changes: ['2 written usr/share/bash/a', '2 folder usr/share/bash 1'],
    why: 'what is written again counts',
  },
];

test.each(changeRows)('changes are $changes: $why', async ({ layers, changes }) => {
  const files = await filesOf(...layers);
  expect(files.unread).toEqual([]);
  expect([
    ...files.changes.changes.map(
      ({ layer, kind, path, isHardened }) => `${layer} ${kind} ${path}${isHardened ? ', hardened' : ''}`,
    ),
    ...files.changes.removedFolders.map(({ layer, path, fileCount }) => `${layer} folder ${path} ${fileCount}`),
  ]).toEqual(changes);
});

test('the platform and the databases are told of the final tree', async () => {
  expect(await filesOf(BASE)).toMatchObject({
    platformId: 'platform:el9',
    hasOsRelease: true,
    rpmDatabases: ['var/lib/rpm/Packages.db'],
  });
  expect(
    await filesOf(BASE, [{ whiteout: 'var/lib/rpm/Packages.db' }, { whiteout: 'usr/lib/os-release' }]),
  ).toMatchObject({
    hasOsRelease: false,
    rpmDatabases: [],
  });
  // A database somewhere else in the image is another system's.
  expect((await filesOf([rpmdb([BASH], 'mnt/guest/var/lib/rpm/Packages.db')])).rpmDatabases).toEqual([]);
});

test('what could not be read is said', async () => {
  expect((await filesOf([file('var/lib/rpm/Packages', 'nonsense')])).unread).toEqual([
    expect.stringContaining('Layer 1, /var/lib/rpm/Packages: It is no rpm database'),
  ]);
});

test('users who are root by another name are told of the final tree', async () => {
  const toor = file('etc/passwd', 'root:x:0:0::/:\ntoor:x:0:0::/:\n');
  expect((await filesOf([toor])).rootUsers).toEqual(['toor']);
  expect((await filesOf([toor], [file('etc/passwd', 'root:x:0:0::/:\n')])).rootUsers).toBeUndefined();
});
