import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { apkCataloguer } from './cataloguer.ts';

const DATABASE = `C:Q1abc=
P:musl
V:1.2.4-r2
A:x86_64
L:MIT
o:musl
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
Z:Q1x=

P:libcrypto3
V:3.1.4-r5
A:x86_64
L:Apache-2.0
o:openssl
F:
R:top
F:usr/lib
R:libcrypto.so.3
R:notes.txt

P:.build-deps
V:20230101.120000
A:noarch
`;

const read = (text: string | Uint8Array) => {
  const bytes = Buffer.from(text as string);
  const file = {
    path: 'lib/apk/db/installed',
    name: 'installed',
    sizeBytes: bytes.length,
    mode: 0o644,
    body: toBody(bytes),
  };
  return apkCataloguer.read(file);
};

test.each([
  { path: 'lib/apk/db/installed', claimed: true, why: 'where apk has always kept it' },
  { path: 'usr/lib/apk/db/installed', claimed: true, why: 'apk v3 and merged /usr' },
  { path: 'chroot/lib/apk/db/installed', claimed: true, why: 'a nested root' },
  { path: 'var/lib/other/installed', claimed: false, why: 'another program' },
  { path: 'opt/mylib/apk/db/installed', claimed: false, why: 'another folder' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(apkCataloguer.claims({ path, name: 'installed', sizeBytes: 1, mode: 0o644 })).toBe(claimed);
});

test('a sub-package names the aport it was built from as its source', () => {
  const fact = read(DATABASE);
  expect(fact?.packages?.[1]).toEqual({
    type: 'apk',
    name: 'libcrypto3',
    version: '3.1.4-r5',
    arch: 'x86_64',
    source: { name: 'openssl', version: '3.1.4-r5' },
    licenses: ['Apache-2.0'],
  });
});

test('virtual packages and packages without origin are their own source', () => {
  expect(read(DATABASE)?.packages?.[2]?.source).toEqual({ name: '.build-deps', version: '20230101.120000' });
});

test('owned files that may be evidence of other packages are kept', () => {
  expect(read(DATABASE)?.owned).toEqual([
    [0, ['lib/ld-musl-x86_64.so.1']],
    [1, ['top', 'usr/lib/libcrypto.so.3']],
  ]);
});

test('a record without a version is told, the others stay', () => {
  const fact = read('P:half\nA:x86_64\n\nP:whole\nV:1-r0\n');
  expect(fact?.packages?.map(one => one.name)).toEqual(['whole']);
  expect(fact?.gaps).toEqual(['1 record(s) without name or version']);
});

const B = 'P:b\nV:1-r0\n';
test.each([
  {
    text: `P:a\nV:1-r0\nV:2-r0\n\n${B}`,
    names: ['b'],
    gap: '1 record(s) that contradict themselves',
    why: 'two versions',
  },
  { text: `P:a\r\nV:1-r0\r\n\r\n${B}`, names: ['a', 'b'], why: 'CRLF' },
  { text: `\n\n${B}\n\n`, names: ['b'], why: 'empty lines anywhere' },
  {
    text: `${B}\nP:a\nV:1`,
    names: ['b', 'a'],
    gap: '1 last record cut off; its package may be wrong and others missing',
    why: 'the file ends within a version',
  },
  { text: 'F:usr\nR:x\n', names: [], gap: '1 record(s) without name or version', why: 'files of no package' },
  { text: 'hello\n', names: [], gap: '1 record(s) without name or version', why: 'something else altogether' },
  { text: '', names: [], why: 'a new database' },
  { text: '\n', names: [], why: 'a new database of some builders' },
])('odd files: $why', ({ text, names, gap }) => {
  const fact = read(text);
  expect(fact?.packages?.map(one => one.name)).toEqual(names);
  expect(fact?.gaps).toEqual(gap === undefined ? [] : [gap]);
});

test('lines of megabytes are passed over: dependencies are, names are not', () => {
  const long = Buffer.alloc(20 * 1024 * 1024, 'so:x ');
  const fact = read(
    Buffer.concat([Buffer.from('P:a\nV:1-r0\nD:'), long, Buffer.from('\n\nP:c\nV:'), long, Buffer.from(`\n\n${B}`)]),
  );
  expect(fact?.packages?.map(one => one.name)).toEqual(['a', 'b']);
  expect(fact?.gaps).toEqual(['1 record(s) that contradict themselves']);
});

test('a folder name used over and over does not multiply into more than the limits', () => {
  const fact = read(`P:a\nV:1-r0\nF:${'x'.repeat(4000)}\n${'R:y\n'.repeat(50_000)}`);
  expect(fact?.owned?.[0]?.[1].length).toBeLessThan(40_000);
  expect(fact?.gaps?.[0]).toMatch(/owned path\(s\) beyond the limits/);
});

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), bytes => void read(bytes)));
});
