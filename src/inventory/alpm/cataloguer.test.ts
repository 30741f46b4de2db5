import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { alpmCataloguer } from './cataloguer.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (path: string, text: string | Uint8Array) =>
  alpmCataloguer.read({ ...entryOf(path), body: toBody(Buffer.from(text as string)) });
const LOCAL = 'var/lib/pacman/local';

test.each([
  { path: `${LOCAL}/gcc-libs-13.2.1-3/desc`, claimed: true, why: 'a description' },
  { path: `${LOCAL}/gcc-libs-13.2.1-3/files`, claimed: true, why: 'a file list' },
  { path: `${LOCAL}/gcc-libs-13.2.1-3/mtree`, claimed: false, why: 'checksums' },
  { path: `${LOCAL}/ALPM_DB_VERSION`, claimed: false, why: 'no package' },
  { path: 'var/lib/pacman/sync/desc', claimed: false, why: 'what could be installed' },
  { path: 'desc', claimed: false, why: 'another file' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(alpmCataloguer.claims(entryOf(path))).toBe(claimed);
});

test('a description becomes a package built from its base', () => {
  const desc = `%NAME%
gcc-libs

%VERSION%
1:13.2.1-3

%BASE%
gcc

%DESC%
%NAME% of no meaning

%ARCH%
x86_64

%PACKAGER%
Allan McRae <allan@archlinux.org>

%LICENSE%
GPL3
LGPL

%DEPENDS%
glibc>=2.27
`;
  expect(read(`${LOCAL}/gcc-libs-1:13.2.1-3/desc`, desc)).toEqual({
    packages: [
      {
        type: 'alpm',
        name: 'gcc-libs',
        version: '1:13.2.1-3',
        arch: 'x86_64',
        source: { name: 'gcc', version: '1:13.2.1-3' },
        licenses: ['GPL3', 'LGPL'],
        vendor: 'Allan McRae <allan@archlinux.org>',
      },
    ],
    gaps: [],
  });
});

test('a description without a version is told', () => {
  expect(read(`${LOCAL}/a-1-1/desc`, '%NAME%\na\n')).toEqual({
    packages: [],
    gaps: ['1 description(s) without name or version'],
  });
});

test('a file list belongs to the package of its folder; folders in it own nothing', () => {
  const files = '%FILES%\nusr/\nusr/bin/\nusr/bin/gcc\nusr/share/man/gcc.1.gz\n\n%BACKUP%\netc/gcc\tabc\n';
  expect(read(`${LOCAL}/gcc-libs-13.2.1-3/files`, files)?.ownedBy).toEqual({
    type: 'alpm',
    name: 'gcc-libs',
    paths: ['usr/bin/gcc'],
  });
});

test('no bytes make it throw', () => {
  const text = fc
    .array(fc.oneof(fc.constantFrom('%NAME%', '%FILES%', '%%', '', 'x'), fc.string()))
    .map(lines => lines.join('\n'));
  for (const name of ['desc', 'files']) fc.assert(fc.property(text, one => void read(`${LOCAL}/a-1-1/${name}`, one)));
});
