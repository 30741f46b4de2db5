import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ClaimedGroup } from '../cataloguer.ts';
import { toBody } from '../file-body.ts';
import { portageCataloguer } from './cataloguer.ts';
import { splitFolderName } from './parse-contents.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const ZLIB = 'var/db/pkg/sys-libs/zlib-1.2.13-r1';

test.each([
  { path: `${ZLIB}/CONTENTS`, claimed: true, why: 'an installed package' },
  { path: `${ZLIB}/SIZE`, claimed: false, why: 'a field of no use' },
  { path: 'var/db/pkg/CONTENTS', claimed: false, why: 'no package folder' },
  { path: 'srv/a/b/CONTENTS', claimed: false, why: 'another file' },
  { path: 'CONTENTS', claimed: false, why: 'another file' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(portageCataloguer.claims(entryOf(path))).toBe(claimed);
});

test.each([
  { folder: 'zlib-1.2.13-r1', name: 'zlib', version: '1.2.13-r1', why: 'a revision belongs to the version' },
  {
    folder: 'font-adobe-100dpi-1.0.4',
    name: 'font-adobe-100dpi',
    version: '1.0.4',
    why: 'a digit after a hyphen in the name',
  },
  { folder: 'openssl-1.1.1w', name: 'openssl', version: '1.1.1w', why: 'a letter' },
  { folder: 'bash-5.2_p26-r6', name: 'bash', version: '5.2_p26-r6', why: 'a suffix' },
  { folder: 'gtk+-3.24.41-r1', name: 'gtk+', version: '3.24.41-r1', why: 'a plus in the name' },
  { folder: 'libreoffice-9999', name: 'libreoffice', version: '9999', why: 'live from its repository' },
])('$folder is $name at $version: $why', ({ folder, name, version }) => {
  expect(splitFolderName(folder)).toEqual({ name, version });
});

test.each(['', 'zlib', '-1.0', 'zlib-latest', 'zlib-', '-MERGING-zlib-1.3'])('"%s" names no version', folder => {
  expect(splitFolderName(folder)).toBeUndefined();
});

test('a package has the files of its contents, with licence and repository from beside', () => {
  const contents = `dir /usr
obj /usr/lib64/libz.so.1.2.13 d41d8cd98f00b204e9800998ecf8427e 1700000000
obj /usr/share/my docs/readme.txt d41d8cd98f00b204e9800998ecf8427e 1700000000
obj /usr/bin/my tool d41d8cd98f00b204e9800998ecf8427e 1700000000
sym /usr/lib64/libz.so -> libz.so.1.2.13 1700000000
`;
  const companions = new Map([
    [`${ZLIB}/LICENSE`, toBody(Buffer.from('ZLIB\n'))],
    [`${ZLIB}/repository`, toBody(Buffer.from('gentoo\n'))],
  ]);
  expect(portageCataloguer.companionOf?.(entryOf(`${ZLIB}/LICENSE`))).toBe(`${ZLIB}/CONTENTS`);
  const file: ClaimedGroup = { ...entryOf(`${ZLIB}/CONTENTS`), body: toBody(Buffer.from(contents)), companions };
  expect(portageCataloguer.read(file)).toEqual({
    packages: [
      {
        type: 'ebuild',
        name: 'sys-libs/zlib',
        version: '1.2.13-r1',
        licenses: ['ZLIB'],
        properties: { repository: 'gentoo' },
      },
    ],
    owned: [[0, ['usr/lib64/libz.so.1.2.13', 'usr/bin/my tool']]],
    gaps: [],
  });
});

test('a folder without a version is told', () => {
  const file = { ...entryOf('var/db/pkg/sys-libs/-MERGING-zlib-1.3/CONTENTS'), body: toBody(Buffer.from('')) };
  expect(portageCataloguer.read(file)).toEqual({ gaps: ['Its folder names no version'] });
});

test('no bytes make it throw', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (folder, text) => {
      const file = {
        ...entryOf(`var/db/pkg/a/${folder.replaceAll('/', '')}/CONTENTS`),
        body: toBody(Buffer.from(`obj ${text}`)),
      };
      portageCataloguer.read(file);
    }),
  );
});
