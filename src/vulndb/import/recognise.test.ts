import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tarOfFiles } from '../../../test/fixtures/image-builder.ts';
import * as feeds from '../testing/sample-feeds.ts';
import { outlineOf } from './json-outline.ts';
import { amazonRelease, type FeedKind, recogniseFeed } from './recognise.ts';

const record = feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.0' });

test.each<{ kind: FeedKind | undefined; text: string | Uint8Array; why: string }>([
  { kind: 'zip', text: feeds.osvZip([record]), why: 'a zip begins with its first entry' },
  { kind: 'zip', text: feeds.osvZip([]), why: 'an empty zip is only its end' },
  { kind: 'tar', text: await tarOfFiles(new Map([['a.json', Buffer.from('{}')]])), why: 'ustar' },
  { kind: 'osv-record', text: JSON.stringify(record), why: 'id and modified' },
  { kind: 'osv-record', text: `\ufeff ${JSON.stringify(record, null, 2)}`, why: 'a byte order mark and spaces' },
  {
    kind: 'osv-record',
    text: JSON.stringify({ details: 'x"}{'.repeat(20_000), ...record }),
    why: 'the id may come after a long text',
  },
  { kind: 'vex-document', text: feeds.vexDocument('CVE-2026-7001', 'openssl'), why: 'CSAF' },
  { kind: 'debian-tracker', text: feeds.TRACKER, why: 'package, CVE, releases' },
  {
    kind: 'debian-tracker',
    text: JSON.stringify({ 'node.js-x': { 'TEMP-0000001-ABCDEF': { releases: {} } } }),
    why: 'names of packages have dots',
  },
  { kind: 'debian-list', text: feeds.DSA_LIST, why: 'a date and an id' },
  { kind: 'debian-list', text: '[13 Jul 2002] DSA-135 libapache-mod-ssl -- x', why: 'old entries have another form' },
  { kind: 'secdb', text: feeds.secdb('v3.20', 'main', { openssl: ['CVE-2026-7001'] }), why: 'packages with secfixes' },
  { kind: 'secdb', text: feeds.secdb('v3.3', 'community', {}), why: 'a branch without fixes' },
  { kind: 'secdb', text: feeds.WOLFI, why: 'no release' },
  { kind: 'kev', text: feeds.KEV, why: 'cveID' },
  { kind: 'epss', text: gunzipSync(feeds.EPSS), why: 'a comment and a header' },
  { kind: 'epss', text: 'cve,epss,percentile\nCVE-2026-7001,0.1,0.2\n', why: 'only a header' },
  { kind: 'nvd', text: feeds.NVD, why: 'CVE records' },
  { kind: 'redhat-repositories', text: feeds.REPOSITORY_MAP, why: 'lists of CPEs' },
  { kind: 'redhat-images', text: feeds.IMAGE_MAP, why: 'names of images' },
  { kind: 'amazon-updateinfo', text: feeds.UPDATEINFO, why: 'ids of Amazon' },
  { kind: 'oracle-oval', text: feeds.OVAL, why: 'OVAL of Oracle' },
  { kind: undefined, text: '', why: 'nothing' },
  { kind: undefined, text: '{}', why: 'an object of nothing' },
  {
    kind: undefined,
    text: '{"$schema": "x", "properties": {"vulnerabilities": {}}}',
    why: 'the schema of a feed is no feed',
  },
  { kind: undefined, text: '[1, 2]', why: 'a list' },
  { kind: undefined, text: '{"name": "left-pad", "version": "1.0.0"}', why: 'somebody’s package.json' },
  { kind: undefined, text: '<html><body>Log in</body></html>', why: 'a page' },
  {
    kind: undefined,
    text: '<updates><update><id>FEDORA-2026-1</id></update></updates>',
    why: 'another distribution’s',
  },
  { kind: undefined, text: '# Read me\ncve', why: 'notes' },
])('$kind is told by its content: $why', ({ kind, text }) => {
  expect(recogniseFeed(Buffer.from(text as string))).toBe(kind);
});

test.each([
  { id: 'ALAS2023-2026-051', release: '2023' },
  { id: 'ALAS2-2024-2400', release: '2' },
  { id: 'ALASDOCKER-2024-040', release: '2' },
  { id: 'ALAS2KERNEL-5.10-2024-050', release: '2' },
  { id: 'ALAS-2018-939', release: '2018.03' },
])('$id is of Amazon Linux $release', ({ id, release }) => {
  expect(amazonRelease(`<updates><update><id>${id}</id>`)).toBe(release);
});

test('the outline of a document has its first keys, level by level', () => {
  const text = '{"a": {"b": [{"c": {"d": {"e": 1}}}], "b2": "\\"x\\": {"}, "f": [1, 2], "a": 3}';
  expect(outlineOf(text)).toEqual(['a', 'a.b', 'a.b.[].c', 'a.b2', 'f']);
  expect(outlineOf('{"a": {"b": "cut o')).toEqual(['a', 'a.b']);
  expect(outlineOf('{"a\\\\": 1}')).toEqual(['a\\\\']);
});

test('no bytes make it fail', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), bytes => void recogniseFeed(Buffer.from(bytes))));
  fc.assert(fc.property(fc.json(), text => void recogniseFeed(Buffer.from(text))));
  const brackets = fc
    .array(fc.constantFrom('{', '}', '[', ']', '"', ':', ',', 'a', '\\'))
    .map(list => `{${list.join('')}`);
  fc.assert(fc.property(brackets, text => void recogniseFeed(Buffer.from(text))));
  // Neither does nesting without end.
  expect(recogniseFeed(Buffer.from('{"a":'.repeat(50_000)))).toBeUndefined();
});
