import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Cataloguer, ClaimedGroup } from '../cataloguer.ts';
import { toBody } from '../file-body.ts';
import { debCataloguer } from './cataloguer.ts';
import { debRecordCataloguer } from './record-cataloguer.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const readWith = (by: Cataloguer, path: string, text: string | Buffer, companions: Record<string, string> = {}) => {
  const list = Object.entries(companions).map(([at, content]) => [at, toBody(Buffer.from(content))] as const);
  const file: ClaimedGroup = { ...entryOf(path), body: toBody(Buffer.from(text)), companions: new Map(list) };
  return by.read(file);
};
const read = (path: string, text: string | Buffer) => readWith(debCataloguer, path, text);

test.each([
  { path: 'var/lib/dpkg/status', claimed: true, why: 'the database' },
  { path: 'chroot/var/lib/dpkg/status', claimed: true, why: 'the database of a nested root' },
  { path: 'var/lib/dpkg/status.d/base', claimed: true, why: 'a record of a distroless image' },
  { path: 'var/lib/dpkg/info/libc6:amd64.list', claimed: true, why: 'a file list' },
  { path: 'var/lib/dpkg/info/bash.md5sums', claimed: true, why: 'another kind of file list' },
  { path: 'var/lib/chisel/manifest.wall', claimed: true, why: 'what Chisel leaves' },
  { path: 'var/lib/dpkg/status-old', claimed: false, why: 'a backup' },
  { path: 'var/lib/dpkg/available', claimed: false, why: 'what could be installed' },
  { path: 'var/lib/dpkg/status.d/base.md5sums', claimed: false, why: 'read together with its record' },
  { path: 'var/lib/dpkg/info/bash.postinst', claimed: false, why: 'a script' },
  { path: 'vcpkg/installed/vcpkg/status', claimed: false, why: 'another program' },
  { path: 'proc/1/status', claimed: false, why: 'another file of that name' },
  { path: 'etc/apt/sources.list', claimed: false, why: 'another list' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect([debCataloguer, debRecordCataloguer].filter(one => one.claims(entryOf(path))).length).toBe(claimed ? 1 : 0);
});

test('a distroless package owns the files of the checksum list beside its record, whatever that is called', () => {
  const path = 'var/lib/dpkg/status.d/base';
  expect(debRecordCataloguer.companionOf?.(entryOf(`${path}.md5sums`))).toBe(path);
  const sums =
    'd41d8cd98f00b204e9800998ecf8427e  usr/bin/which\nd41d8cd98f00b204e9800998ecf8427e  usr/share/doc/a.txt\n';
  const record = 'Package: base-files\nVersion: 12.4+deb12u5\nSource: base (12.4)\nArchitecture: amd64\n';
  const fact = readWith(debRecordCataloguer, path, record, { [`${path}.md5sums`]: sums });
  expect(fact?.packages?.[0]).toMatchObject({ name: 'base-files', source: { name: 'base', version: '12.4' } });
  expect(fact?.owned).toEqual([[0, ['usr/bin/which']]]);
});

test('a file list names its package and, for libraries of several architectures, which', () => {
  const list = '/.\n/usr\n/usr/lib\n/usr/lib/python3\n/usr/lib/python3/METADATA\n/usr/share/doc/x.gz\n/usr/bin/tool\n';
  expect(read('var/lib/dpkg/info/python3:amd64.list', list)?.ownedBy).toEqual({
    type: 'deb',
    name: 'python3',
    arch: 'amd64',
    paths: ['usr/lib/python3/METADATA', 'usr/bin/tool'],
  });
  const sums = 'd41d8cd98f00b204e9800998ecf8427e  ./usr/bin/my tool\r\nbroken\n';
  expect(read('var/lib/dpkg/info/tool.md5sums', sums)?.ownedBy).toEqual({
    type: 'deb',
    name: 'tool',
    paths: ['usr/bin/my tool'],
  });
});

test('a file that only has the name of a manifest is none of ours', () => {
  expect(read('srv/manifest.wall', 'text')).toBeUndefined();
});

const STATUS = '/var/lib/dpkg/status';
test.skipIf(!existsSync(STATUS))('this machine’s own packages are those that dpkg-query prints', () => {
  // A copy, as the machine may be installing something at this moment.
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-deb-'));
  try {
    copyFileSync(STATUS, join(folder, 'status'));
    const fields = [
      'db:Status-Status',
      'Package',
      'Version',
      'Architecture',
      'source:Package',
      'source:Version',
      'Maintainer',
    ];
    const format = `${fields.map(field => `\${${field}}`).join('|')}\n`;
    const printed = execFileSync('dpkg-query', ['--admindir', folder, '-W', '-f', format], { encoding: 'utf8' });
    const installed = printed
      .split('\n')
      .flatMap(line => /^(?:installed|unpacked|half-conf|triggers)[^|]*\|(.*)$/.exec(line)?.[1] ?? []);
    const fact = read(STATUS.slice(1), readFileSync(join(folder, 'status')));
    const found = fact?.packages?.map(({ name, version, arch, source, vendor }) =>
      [name, version, arch, source?.name, source?.version, vendor].join('|'),
    );
    expect(installed.length).toBeGreaterThan(50);
    expect(found?.toSorted()).toEqual(installed.toSorted());
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const INFO = '/var/lib/dpkg/info';
test.skipIf(!existsSync(INFO))('the two kinds of file lists of this machine agree', () => {
  // Checksum lists leave out configuration files and links; what they have, the other list has.
  for (const name of readdirSync(INFO)
    .filter(one => one.endsWith('.md5sums'))
    .slice(0, 60)) {
    const sums = read(`${INFO.slice(1)}/${name}`, readFileSync(`${INFO}/${name}`))?.ownedBy?.paths;
    const listName = name.replace(/md5sums$/, 'list');
    const list = new Set(read(`${INFO.slice(1)}/${listName}`, readFileSync(`${INFO}/${listName}`))?.ownedBy?.paths);
    expect(sums?.filter(path => !list.has(path))).toEqual([]);
  }
});
