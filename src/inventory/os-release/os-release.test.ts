import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { osReleaseCataloguer } from './cataloguer.ts';
import { findDistro } from './distro.ts';
import { endOfLifeOf } from './end-of-life.ts';
import { parseOsRelease } from './parse-os-release.ts';

test.each([
  { text: 'ID=debian\nVERSION_ID="12"\n', id: 'debian', versionId: '12', why: 'double quotes' },
  {
    text: "ID='alpine'\nVERSION_ID=3.20.1",
    id: 'alpine',
    versionId: '3.20.1',
    why: 'single quotes, no last line break',
  },
  {
    text: '# comment\r\nID=rhel\r\nVERSION_ID="9.4"\r\n',
    id: 'rhel',
    versionId: '9.4',
    why: 'comments and Windows line ends',
  },
  {
    text: 'ID=ubuntu\nVERSION_ID="22.04\nID_LIKE=debian',
    id: 'ubuntu',
    versionId: '22.04',
    why: 'a quote never closed',
  },
  { text: 'ID=arch\n', id: 'arch', versionId: undefined, why: 'rolling releases have no version' },
  { text: 'id=lower\nNAME=x', id: undefined, versionId: undefined, why: 'keys are upper case' },
  { text: 'ID=$(reboot)\n', id: undefined, versionId: undefined, why: 'nothing is evaluated, and that is no ID' },
])('$why', ({ text, id, versionId }) => {
  const release = parseOsRelease(text);
  expect([release?.id, release?.versionId]).toEqual([id, versionId]);
});

test('no text makes it throw, and what it finds is a plain ID', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), text => {
      const release = parseOsRelease(`ID=${text}`);
      if (release !== undefined) expect(release.id).toMatch(/^[a-z0-9][a-z0-9._-]*$/);
    }),
  );
});

describe('the distribution of an image', () => {
  const distroOf = (files: Readonly<Record<string, string>>) =>
    findDistro({
      osRelease: path =>
        path.endsWith('os-release') && files[path] !== undefined ? parseOsRelease(files[path]) : undefined,
      text: path => files[path],
    });

  test.each<{ why: string; files: Readonly<Record<string, string>>; id: string | undefined; versionId?: string }>([
    {
      why: 'etc/os-release comes first',
      files: { 'etc/os-release': 'ID=a\n', 'usr/lib/os-release': 'ID=b\n' },
      id: 'a',
    },
    { why: 'usr/lib/os-release stands in', files: { 'usr/lib/os-release': 'ID=b\n' }, id: 'b' },
    {
      why: 'Alpine of old had its version alone',
      files: { 'etc/alpine-release': '3.9.6\n' },
      id: 'alpine',
      versionId: '3.9.6',
    },
    {
      why: 'Ubuntu by its LSB file',
      files: { 'etc/lsb-release': 'DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=12.04\n' },
      id: 'ubuntu',
      versionId: '12.04',
    },
    {
      why: 'CentOS 6 by its own file',
      files: { 'etc/centos-release': 'CentOS release 6.10 (Final)\n' },
      id: 'centos',
      versionId: '6.10',
    },
    {
      why: 'Red Hat by the words of the file',
      files: { 'etc/redhat-release': 'Red Hat Enterprise Linux Server release 6.9 (Santiago)\n' },
      id: 'rhel',
      versionId: '6.9',
    },
    {
      why: 'Amazon by its system release',
      files: { 'etc/system-release': 'Amazon Linux AMI release 2018.03\n' },
      id: 'amzn',
      versionId: '2018.03',
    },
    { why: 'Debian by its version file', files: { 'etc/debian_version': '7.11\n' }, id: 'debian', versionId: '7' },
    {
      why: 'Debian testing has a name instead of a number',
      files: { 'etc/debian_version': 'trixie/sid\n' },
      id: 'debian',
    },
    { why: 'an image from scratch has none', files: {}, id: undefined },
  ])('$why', ({ files, id, versionId }) => {
    const distro = distroOf(files);
    expect([distro?.id, distro?.versionId]).toEqual([id, versionId]);
  });

  test('SUPPORT_END of the image itself wins over our table', () => {
    expect(distroOf({ 'etc/os-release': 'ID=debian\nVERSION_ID=12\nSUPPORT_END=2030-01-01\n' })?.endOfLife).toBe(
      '2030-01-01',
    );
  });
});

test.each([
  { id: 'alpine', versionId: '3.19.4', name: '', date: '2025-11-01', why: 'Alpine by its branch' },
  { id: 'debian', versionId: '12', name: '', date: '2026-06-10', why: 'Debian by its number' },
  { id: 'almalinux', versionId: '9.1', name: '', date: '2032-05-31', why: 'a rebuild by its major number' },
  { id: 'centos', versionId: '9', name: 'CentOS Stream 9', date: '2027-05-31', why: 'Stream is not CentOS' },
  {
    id: 'alpine',
    versionId: '9.99',
    name: '',
    date: undefined,
    why: 'an unknown release has no date, rather than a wrong one',
  },
  { id: 'arch', versionId: undefined, name: '', date: undefined, why: 'rolling releases do not end' },
])('end of life of $id $versionId is $date: $why', ({ id, versionId, name, date }) => {
  expect(endOfLifeOf({ id, name, ...(versionId === undefined ? {} : { versionId }) })).toBe(date);
});

test('a file that names no system is told, an empty one is not', () => {
  const read = (text: string) =>
    osReleaseCataloguer.read({
      path: 'etc/os-release',
      name: 'os-release',
      sizeBytes: text.length,
      mode: 0o644,
      body: toBody(Buffer.from(text)),
    });
  expect(read('NAME=x\n')?.gaps).toHaveLength(1);
  expect(read('')).toBeUndefined();
});
