import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FactLimits } from '../fact-limits.ts';
import { toPackage } from './package.ts';
import { parseStatus } from './parse-status.ts';

function read(text: string | Uint8Array) {
  const limits = new FactLimits();
  const packages = parseStatus(Buffer.from(text as string), limits)?.map(toPackage);
  return { packages, gaps: limits.gaps() };
}

test('a record becomes a package with its source and maintainer', () => {
  const { packages, gaps } = read(`Package: libc6
Status: install ok installed
Priority: optional
Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
Architecture: amd64
Multi-Arch: same
Source: glibc
Version: 2.36-9+deb12u4
Conffiles:
 /etc/ld.so.conf.d/x86_64-linux-gnu.conf d4e7a7b88a71b5ffd9e2644e71a0cfab
Description: GNU C Library
 Version: this line continues the description
`);
  expect(packages).toEqual([
    {
      type: 'deb',
      name: 'libc6',
      version: '2.36-9+deb12u4',
      arch: 'amd64',
      source: { name: 'glibc', version: '2.36-9+deb12u4' },
      vendor: 'GNU Libc Maintainers <debian-glibc@lists.debian.org>',
    },
  ]);
  expect(gaps).toEqual([]);
});

test.each([
  { field: '', source: { name: 'a', version: '1:2.0-1+b1' }, why: 'named as the package, of its version' },
  { field: 'Source: src', source: { name: 'src', version: '1:2.0-1+b1' }, why: 'of its version' },
  {
    field: 'Source: src (2.0-1)',
    source: { name: 'src', version: '2.0-1' },
    why: 'rebuilt without change, and no epoch',
  },
  { field: 'Source: src(2.0-1)', source: { name: 'src', version: '2.0-1' }, why: 'without a space' },
  { field: 'Source: src (2.0-1', source: { name: 'src', version: '2.0-1' }, why: 'parenthesis left open' },
  { field: 'Source: src ()', source: { name: 'src', version: '1:2.0-1+b1' }, why: 'nothing in the parentheses' },
])('the source of "$field" ($why)', ({ field, source }) => {
  const { packages } = read(
    `Package: a\nStatus: install ok installed\n${field === '' ? '' : `${field}\n`}Version: 1:2.0-1+b1\n`,
  );
  expect(packages?.[0]?.source).toEqual(source);
});

const HALF = '1 package(s) left half-installed, whose files may be there';
test.each([
  { status: 'install ok installed', counts: true, gaps: [], why: 'the common case' },
  { status: 'hold ok installed', counts: true, gaps: [], why: 'held back, still there' },
  { status: 'deinstall ok installed', counts: true, gaps: [], why: 'to be removed, still there' },
  { status: 'install ok unpacked', counts: true, gaps: [], why: 'its files are there' },
  { status: 'install ok half-configured', counts: true, gaps: [], why: 'its files are there' },
  { status: 'install ok triggers-pending', counts: true, gaps: [], why: 'its files are there' },
  { status: 'install ok triggers-awaited', counts: true, gaps: [], why: 'its files are there' },
  { status: 'deinstall ok config-files', counts: false, gaps: [], why: 'removed, its settings remain' },
  { status: 'purge ok not-installed', counts: false, gaps: [], why: 'gone' },
  { status: 'install reinstreq half-installed', counts: false, gaps: [HALF], why: 'nobody knows' },
  { status: 'install ok sideways', counts: false, gaps: ['1 record(s) of unknown status'], why: 'no state of dpkg' },
])('status "$status" counts: $counts ($why)', ({ status, counts, gaps }) => {
  const found = read(`Package: a\nStatus: ${status}\nVersion: 1\n`);
  expect(found.packages?.length).toBe(counts ? 1 : 0);
  expect(found.gaps).toEqual(gaps);
});

test('a record without status counts, as distroless images write it', () => {
  expect(read('Package: base-files\nVersion: 12.4\nArchitecture: amd64\n').packages).toHaveLength(1);
});

test('one package for two architectures is two packages', () => {
  const twin = (arch: string) =>
    `Package: libc6\nStatus: install ok installed\nArchitecture: ${arch}\nMulti-Arch: same\nVersion: 1\n`;
  expect(read(`${twin('amd64')}\n${twin('i386')}`).packages?.map(one => one.arch)).toEqual(['amd64', 'i386']);
});

const B = 'Package: b\nVersion: 1\n';
test.each([
  {
    text: `Package: a\nVersion: 1\nVersion: 2\n\n${B}`,
    names: ['b'],
    gap: '1 record(s) that contradict themselves',
    why: 'two versions',
  },
  { text: `Package: a\nVersion: 1\nVersion: 1\n\n${B}`, names: ['a', 'b'], why: 'the same version twice' },
  {
    text: `Package: a\nArchitecture: all\n\n${B}`,
    names: ['b'],
    gap: '1 record(s) without name or version',
    why: 'no version',
  },
  {
    text: `Package: a\nVersion:\n\n${B}`,
    names: ['b'],
    gap: '1 record(s) without name or version',
    why: 'an empty version',
  },
  { text: `package: a\r\nVERSION:1\r\n\r\n${B}`, names: ['a', 'b'], why: 'CRLF, and case does not matter' },
  { text: `Package: a\nVersion: 1\n${B}`, names: ['a', 'b'], why: 'no empty line between records' },
  { text: `\n\n\nPackage: a\nVersion: 1\n\n\n${B}\n\n`, names: ['a', 'b'], why: 'empty lines anywhere' },
  {
    text: `Package: a\nVersion: 1\nDescription: x\n \n y\n\n${B}`,
    names: ['a', 'b'],
    why: 'a line of spaces continues the field',
  },
  {
    text: `${B}\nPackage: a\nVersion: 1.2`,
    names: ['b', 'a'],
    gap: '1 last record cut off; its package may be wrong and others missing',
    why: 'the file ends within a version',
  },
  {
    text: `${B}\nPackage: a\n`,
    names: ['b'],
    gap: '1 record(s) without name or version',
    why: 'the file ends within a record',
  },
  {
    text: `${B}Description: so`,
    names: ['b'],
    gap: '1 last record cut off; its package may be wrong and others missing',
    why: 'the file ends within a description',
  },
  { text: `Pack: a\nVersion: 1\n\n${B}`, names: ['b'], gap: '1 record(s) without name or version', why: 'no name' },
  { text: 'no database\n', names: [], gap: '1 file without any package record', why: 'something else altogether' },
  { text: '', names: [], why: 'an empty database, as minimal images have' },
  { text: '\n', names: [], why: 'an empty database with a line end' },
])('odd files: $why', ({ text, names, gap }) => {
  const { packages, gaps } = read(text);
  expect(packages?.map(one => one.name)).toEqual(names);
  expect(gaps).toEqual(gap === undefined ? [] : [gap]);
});

test('the look-alike of vcpkg is none of ours', () => {
  const text = `Package: zlib
Version: 1.3
Port-Version: 1
Architecture: x64-linux
Status: install ok installed

Package: curl
Feature: ssl
Version: 8.1
Status: install ok installed
`;
  expect(read(text).packages).toBeUndefined();
});

test('a line of 50 MB costs its record and no more', () => {
  const long = Buffer.alloc(50 * 1024 * 1024, 0x61);
  const found = read(
    Buffer.concat([Buffer.from(`${B}\nPackage: a\nVersion: `), long, Buffer.from('\n\nPackage: c\nVersion: 3\n')]),
  );
  expect(found.packages?.map(one => one.name)).toEqual(['b', 'c']);
  expect(found.gaps).toEqual(['1 record(s) that contradict themselves']);
});

test('millions of short lines without a colon take linear time', () => {
  expect(read(Buffer.concat([Buffer.alloc(4_000_000, 'x\n'), Buffer.from(`\n${B}`)])).packages).toHaveLength(1);
});

test('no bytes make it throw', () => {
  const words = fc.constantFrom(
    'Package: a',
    'Version: 1',
    'Status: install ok installed',
    'Source: x (',
    '\n',
    '\r\n',
    ' ',
    ':',
    '\0',
  );
  fc.assert(fc.property(fc.array(words), list => void read(list.join(''))));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => void read(bytes)));
});
