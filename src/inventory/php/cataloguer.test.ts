import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { composerCataloguer } from './cataloguer.ts';
import { type PhpValue, parseSerialized } from './parse-serialized.ts';
import { pearCataloguer } from './pear-cataloguer.ts';

const PATH = 'var/www/vendor/composer/installed.json';
const read = (json: unknown) => readClaimed(composerCataloguer, PATH, JSON.stringify(json));
const CONSOLE = { name: 'symfony/console', version: 'v5.4.1', license: ['MIT'], dist: { reference: '0a1b' } };
const FOUND = { type: 'composer', name: 'symfony/console', version: 'v5.4.1', licenses: ['MIT'] };

test.each([
  { path: PATH, claimed: true, why: 'the record of an application' },
  { path: 'opt/tool/lib/composer/installed.json', claimed: true, why: 'a vendor folder of another name' },
  { path: 'var/www/vendor/foo/bar/composer.lock', claimed: false, why: 'a lock file is a wish' },
  { path: 'var/www/installed.json', claimed: false, why: 'another program’s' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(composerCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { json: { packages: [CONSOLE], 'dev-package-names': [] }, found: [FOUND], why: 'Composer 2' },
  { json: [CONSOLE], found: [FOUND], why: 'Composer 1' },
  {
    json: { packages: [CONSOLE], 'dev-package-names': ['symfony/console'] },
    found: [{ ...FOUND, properties: { dev: 'true' } }],
    why: 'a package for development only',
  },
  {
    json: [{ ...CONSOLE, version: 'dev-main' }],
    found: [{ ...FOUND, version: 'dev-main', properties: { reference: '0a1b' } }],
    why: 'a branch is identified by its commit',
  },
  {
    json: [{ ...CONSOLE, license: 'MIT', dist: null, source: 7 }],
    found: [FOUND],
    why: 'wrong types cost nothing',
  },
  { json: { packages: [] }, found: [], why: 'nothing is installed' },
])('$why', ({ json, found }) => {
  expect(read(json)).toEqual({ packages: found, gaps: [] });
});

test('a package without a version is told, the others stay', () => {
  expect(read([{ name: 'a/b' }, 7, CONSOLE])).toEqual({
    packages: [FOUND],
    gaps: ['2 package(s) without name or version'],
  });
});

test('JSON that is no record of Composer is refused', () => {
  expect(() => read({ a: 1 })).toThrow(expect.objectContaining({ code: 'FILE_INVALID' }));
});

/** As PHP's `serialize` writes it. */
const serialize = (value: unknown): string => {
  if (value === null || value === undefined) return 'N;';
  if (typeof value === 'boolean') return `b:${value ? 1 : 0};`;
  if (typeof value === 'number') return `i:${value};`;
  if (typeof value === 'string') return `s:${Buffer.byteLength(value)}:"${value}";`;
  const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return `a:${entries.length}:{${entries.map(([key, one]) => serialize(key) + serialize(one)).join('')}}`;
};
const REG = 'usr/share/php/.registry/.channel.pecl.php.net/redis.reg';
const readReg = (value: unknown) => readClaimed(pearCataloguer, REG, serialize(value));

test.each([
  {
    value: { name: 'redis', channel: 'pecl.php.net', version: { release: '5.3.7', api: '5.3.0' }, license: 'PHP' },
    found: { type: 'pear', name: 'pecl.php.net/redis', version: '5.3.7', licenses: ['PHP'] },
    why: 'a package file of version 2',
  },
  {
    value: { package: 'Archive_Tar', version: '1.3.2', description: 'ünï "quoted";' },
    found: { type: 'pear', name: 'pear.php.net/Archive_Tar', version: '1.3.2' },
    why: 'one of version 1: the channel goes without saying',
  },
  {
    value: { name: 'a', version: { release: '1' }, license: { attribs: { uri: 'x' }, _content: 'BSD License' } },
    found: { type: 'pear', name: 'pear.php.net/a', version: '1', licenses: ['BSD License'] },
    why: 'a licence with attributes',
  },
])('PEAR: $why', ({ value, found }) => {
  expect(readReg(value)?.packages).toEqual([found]);
});

test('records of channels are not of packages', () => {
  expect(pearCataloguer.claims(fileEntry('usr/share/php/.channels/pear.php.net.reg'))).toBe(false);
});

test.each([
  { text: 'O:8:"stdClass":0:{}', code: 'FILE_INVALID', why: 'an object' },
  { text: 'a:1:{i:0;R:1;}', code: 'FILE_INVALID', why: 'a reference' },
  { text: 's:999999999:"a";', code: 'FILE_INVALID', why: 'a length that lies' },
  { text: 'a:999999999:{', code: 'FILE_INVALID', why: 'a count that lies' },
  { text: `${'a:1:{i:0;'.repeat(200)}`, code: 'LIMIT_EXCEEDED', why: 'nested too deep' },
  { text: '', code: 'FILE_INVALID', why: 'empty' },
])('PHP values, $code: $why', ({ text, code }) => {
  expect(() => parseSerialized(Buffer.from(text))).toThrow(expect.objectContaining({ code }));
});

test('what PHP serialises is read back, and no bytes make the reader throw anything but a PlimsollError', () => {
  const plain = (value: PhpValue): unknown =>
    value instanceof Map ? Object.fromEntries([...value].map(([key, one]) => [key, plain(one)])) : value;
  // What could be taken for syntax, and letters of two and four bytes, whose lengths differ between PHP and here.
  const key = fc.string({ unit: fc.constantFrom('a', '1', '"', ';', '}', ':', 'ü', '💥', '\0'), maxLength: 8 });
  const leaf = fc.oneof(key, fc.integer(), fc.boolean(), fc.constant(null));
  const value = fc.oneof(
    leaf,
    fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf, { maxKeys: 3 })), { maxKeys: 3 }),
  );
  fc.assert(
    fc.property(value, one => {
      expect(plain(parseSerialized(Buffer.from(serialize(one))))).toEqual(JSON.parse(JSON.stringify(one)));
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      try {
        parseSerialized(Buffer.from(bytes));
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
