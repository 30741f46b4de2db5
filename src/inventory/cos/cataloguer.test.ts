import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { toBody } from '../file-body.ts';
import { cosCataloguer } from './cataloguer.ts';

const PATH = 'etc/cos-package-info.json';
const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (text: string) => cosCataloguer.read({ ...entryOf(PATH), body: toBody(Buffer.from(text)) });

test('installed packages are read, those of the build are not', () => {
  const info = {
    installedPackages: [
      { category: 'sys-libs', name: 'zlib', version: '1.2.11', ebuild_version: '1.2.11-r4' },
      { name: 'plain', version: '1' },
      { name: 'broken' },
    ],
    buildTimePackages: [{ category: 'dev-lang', name: 'go', version: '1.21' }],
  };
  expect(read(JSON.stringify(info))).toEqual({
    packages: [
      {
        type: 'cos',
        name: 'zlib',
        version: '1.2.11',
        properties: { category: 'sys-libs', 'ebuild-version': '1.2.11-r4' },
      },
      { type: 'cos', name: 'plain', version: '1' },
    ],
    gaps: ['1 package(s) without name or version'],
  });
});

test('only the file in etc is claimed', () => {
  expect(cosCataloguer.claims(entryOf(PATH))).toBe(true);
  expect(cosCataloguer.claims(entryOf('srv/cos-package-info.json'))).toBe(false);
});

test('no text makes it throw anything but a PlimsollError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), text => {
      expect(() => read(text)).toThrow(PlimsollError);
    }),
  );
});
