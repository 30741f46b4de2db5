import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { claimedFile, fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { npmCataloguer } from './cataloguer.ts';

const PATH = 'srv/app/node_modules/lodash/package.json';
const read = (content: string | object, path = PATH) =>
  readClaimed(npmCataloguer, path, typeof content === 'string' ? content : JSON.stringify(content));

test.each([
  { path: PATH, claimed: true, why: 'an installed package' },
  { path: 'node_modules/a/package.json', claimed: true, why: 'node_modules at the root' },
  { path: 'a/node_modules/@babel/core/package.json', claimed: true, why: 'a scoped package' },
  { path: 'usr/local/lib/node_modules/npm/package.json', claimed: true, why: 'a global installation' },
  {
    path: 'usr/local/lib/node_modules/npm/node_modules/tar/package.json',
    claimed: true,
    why: 'what npm itself brings',
  },
  { path: 'a/node_modules/.pnpm/qs@6.5.0/node_modules/qs/package.json', claimed: true, why: 'pnpm' },
  {
    path: 'a/node_modules/.pnpm/@x+y@1.0.0_react@18.0.0/node_modules/@x/y/package.json',
    claimed: true,
    why: 'pnpm with a scope and peers',
  },
  { path: 'a/node_modules/.deno/qs@6.5.0/node_modules/qs/package.json', claimed: true, why: 'Deno' },
  { path: 'a/node_modules/.store/qs-npm-6.5.0-0a1b/package/package.json', claimed: true, why: "Yarn's pnpm linker" },
  { path: 'a/node_modules/.store/qs-npm-6.5.0-0a1b/@x/qs/package.json', claimed: true, why: 'the same, newer layout' },
  { path: 'a/node_modules/.store/qs-npm-6.5.0-0a1b/package/esm/package.json', claimed: false, why: 'a helper in it' },
  { path: 'a/.yarn/unplugged/fsevents-npm-2.3.2/node_modules/fsevents/package.json', claimed: true, why: 'unplugged' },
  { path: 'a/node_modules/lodash/fp/package.json', claimed: false, why: 'a helper that only says "type"' },
  { path: 'a/node_modules/resolve/test/resolver/baz/package.json', claimed: false, why: 'a test fixture' },
  { path: 'a/node_modules/@babel/package.json', claimed: false, why: 'a scope is no package' },
  { path: 'a/node_modules/.cache/package.json', claimed: false, why: 'no package is named with a dot' },
  { path: 'a/node_modules/.left-pad-Ab3dE/package.json', claimed: false, why: 'what npm left behind when interrupted' },
  { path: 'srv/app/package.json', claimed: false, why: 'the application: its name may be a public stranger’s' },
  { path: 'a/not_node_modules/lodash/package.json', claimed: false, why: 'another folder' },
  { path: 'a/node_modules/package.json', claimed: false, why: 'of the folder itself' },
  { path: 'root/.vscode/extensions/ms.python/package.json', claimed: false, why: 'an editor extension' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(npmCataloguer.claims(fileEntry(path))).toBe(claimed);
});

const LODASH = { type: 'npm', name: 'lodash', version: '4.17.21' };
const BASE = { name: 'lodash', version: '4.17.21' };

test.each([
  { json: { ...BASE, license: 'MIT' }, found: { ...LODASH, licenses: ['MIT'] }, why: 'the usual form' },
  {
    json: { ...BASE, license: { type: 'MIT', url: 'x' } },
    found: { ...LODASH, licenses: ['MIT'] },
    why: 'an object, as before 2014',
  },
  {
    json: { ...BASE, licenses: [{ type: 'MIT' }, { type: 'GPL-2.0' }] },
    found: { ...LODASH, licenses: ['MIT', 'GPL-2.0'] },
    why: 'a list of objects',
  },
  { json: { ...BASE, license: ['MIT', 7, null] }, found: { ...LODASH, licenses: ['MIT'] }, why: 'a list with rubbish' },
  { json: { ...BASE, license: 5, author: [1], repository: false }, found: LODASH, why: 'wrong types cost nothing' },
  { json: { ...BASE, private: true }, found: { ...LODASH, properties: { private: 'true' } }, why: 'never published' },
  { json: { ...BASE, version: ' 4.17.21\n' }, found: LODASH, why: 'blanks around the version' },
  { json: { ...BASE, engines: { vscode: '^1.67.0' } }, found: LODASH, why: 'a library for extensions is a package' },
  { json: { ...BASE, publisher: 'me' }, found: LODASH, why: 'a publisher alone makes no extension' },
])('$json is $found ($why)', ({ json, found }) => {
  expect(read(json)?.packages).toEqual([found]);
});

test.each([
  { json: { type: 'module' }, why: 'no name and version' },
  { json: { name: 'a' }, why: 'no version' },
  { json: { name: '', version: '1' }, why: 'an empty name' },
  { json: { name: 'a\u001b[31m', version: '1' }, why: 'a name that steers a terminal' },
  { json: { name: 'x'.repeat(5000), version: '1' }, why: 'a name longer than any' },
  { json: { ...BASE, publisher: 'me', engines: { vscode: '*' } }, why: 'an editor extension' },
  { json: [], why: 'not an object' },
  { json: null, why: 'nothing' },
])('$json is no package: $why', ({ json }) => {
  expect(read(JSON.stringify(json))).toBeUndefined();
});

test('a byte order mark does not hide the package', () => {
  expect(read(`\ufeff${JSON.stringify(BASE)}`)?.packages).toEqual([LODASH]);
});

test('an alias counts as what it is, not as what it is called', () => {
  expect(read(BASE, 'a/node_modules/underscore/package.json')?.packages).toEqual([LODASH]);
});

test.each([
  { content: '{"name": "a",', code: 'FILE_INVALID', why: 'cut off' },
  { content: '', code: 'FILE_INVALID', why: 'empty' },
  { content: '['.repeat(100_000), code: 'LIMIT_EXCEEDED', why: 'nested too deep' },
  { content: `[${'[],'.repeat(600_000)}[]]`, code: 'LIMIT_EXCEEDED', why: 'too many arrays' },
])('$code: $why', ({ content, code }) => {
  expect(() => read(content)).toThrow(expect.objectContaining({ code }));
});

test('brackets inside strings do not count as nesting', () => {
  expect(read({ ...BASE, description: `"${'['.repeat(1000)}\\` })?.packages).toEqual([LODASH]);
});

test('no bytes and no values make it throw anything but a PlimsollError', () => {
  const attempt = (content: string | Uint8Array) => {
    try {
      npmCataloguer.read(claimedFile(PATH, content));
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt));
  const keys = fc.constantFrom(
    'name',
    'version',
    'license',
    'licenses',
    'engines',
    'publisher',
    'private',
    '__proto__',
  );
  fc.assert(fc.property(fc.dictionary(keys, fc.jsonValue()), value => attempt(JSON.stringify(value))));
});
