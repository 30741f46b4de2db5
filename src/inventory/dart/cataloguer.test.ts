import { expect, test } from 'vitest';
import { fileEntry, readClaimed } from '../../../test/fixtures/claimed-file.ts';
import { dartCataloguer } from './cataloguer.ts';

const PATH = 'root/.pub-cache/hosted/pub.dev/http-1.1.0/pubspec.yaml';
const read = (content: string) => readClaimed(dartCataloguer, PATH, content)?.packages;

test.each([
  { path: PATH, claimed: true, why: 'a package in the cache' },
  { path: 'srv/app/pubspec.yaml', claimed: false, why: 'an application' },
  { path: 'root/.pub-cache/hosted/pub.dev/http-1.1.0/example/pubspec.yaml', claimed: false, why: 'an example in it' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(dartCataloguer.claims(fileEntry(path))).toBe(claimed);
});

test.each([
  { content: 'name: http\nversion: 1.1.0\ndependencies:\n  name: x\n', why: 'plain values' },
  { content: '# comment\nversion: \'1.1.0\' # quoted\nname: "http"\r\n', why: 'quotes and comments' },
])('$why', ({ content }) => {
  expect(read(content)).toEqual([{ type: 'pub', name: 'http', version: '1.1.0' }]);
});

test('a pubspec without a version is no package', () => {
  expect(read('name: http\n  version: 1.1.0\n')).toBeUndefined();
});
