import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../../../test/fixtures/shared-data.ts';
import { buildZip } from '../../../test/fixtures/zip-builder.ts';
import { startBuild } from '../database-build.ts';
import * as feeds from '../testing/sample-feeds.ts';
import { openDatabase } from '../vulnerability-database.ts';
import type { ImportContext } from './import-context.ts';
import { importPath } from './import-paths.ts';

const NOW = new Date('2026-11-21T12:00:00Z');

let folder: ScratchFolder;
let path = '';

beforeEach(async () => {
  folder = await scratchFolder();
  path = folder.at('v.db');
  mkdirSync(folder.at('in'));
});
afterEach(() => folder[Symbol.asyncDispose]());

/** Writes a file below the folder of what is imported. */
function put(name: string, content: string | Uint8Array): string {
  const at = folder.at('in', name);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, content);
  return at;
}

/** Imports what is there; parts and numbers by file. */
async function importAll(from = folder.at('in'), options: Partial<ImportContext> = {}) {
  using build = startBuild(path, { now: NOW, builtBy: '1' });
  const signal = new AbortController().signal;
  const report = await importPath(from, { build, signal, now: NOW, mayShrink: false, ...options });
  build.finish();
  const short = (name: string) => name.replace(`${folder.at('in')}/`, '');
  return {
    imported: report.imported.map(
      one => `${short(one.path)}: ${one.parts.join(', ')} ${one.counts.kept}/${one.counts.read}`,
    ),
    unknown: report.unknown.map(short),
    failed: report.failed.map(one => `${short(one.path)}: ${one.error.code}`),
    messages: report.failed.map(one => one.error.message),
  };
}

const fixesOf = (ecosystem: string, name: string) => {
  using database = openDatabase(path);
  return database
    .find(ecosystem, name)
    .map(({ advisory, affected }) => `${advisory.id} ${affected.range.ranges[0]?.at(-1)?.version}`);
};

const GHSA = feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.0', 'Maven/org.webjars:left-pad': '1.3.0' });
const OTHER = feeds.osvRecord('GHSA-2', { 'npm/right-pad': '2.0.0' });

test('a folder of feeds of every kind is imported, whatever the files are called', async () => {
  put('osv/npm/all.zip', feeds.osvZip([GHSA, OTHER]));
  put('a/tracker', feeds.TRACKER);
  put('a/list.txt', feeds.DSA_LIST);
  put('a/b/c/x.json', feeds.secdb('v3.20', 'main', { openssl: ['CVE-2026-7001'], zlib: ['CVE-2026-7002'] }));
  put('a/wolfi', feeds.WOLFI);
  put('known.json', feeds.KEV);
  put('scores.csv.gz', feeds.EPSS);
  put('nvd.json.gz', gzipSync(feeds.NVD));
  put('updateinfo.xml.gz', gzipSync(feeds.UPDATEINFO));
  put('oval.xml', feeds.OVAL);
  put('vex.tar.zst', await feeds.tarZstd({ '2026/cve-2026-7001.json': feeds.vexDocument('CVE-2026-7001', 'openssl') }));
  put('repositories.json', feeds.REPOSITORY_MAP);
  put('images.json', feeds.IMAGE_MAP);
  put('README.md', '# notes');
  put('empty', '');
  expect(await importAll()).toMatchObject({
    imported: [
      'images.json: redhat-vex images 1/1',
      'known.json: kev 1/1',
      'nvd.json.gz: nvd 2026 1/1',
      'oval.xml: oracle 1/1',
      'repositories.json: redhat-vex repositories 1/1',
      'scores.csv.gz: epss 2/2',
      'updateinfo.xml.gz: amazon Amazon Linux:2023/core 1/1',
      'vex.tar.zst: redhat-vex 1/1',
      'a/list.txt: debian-lists DSA 1/1',
      'a/tracker: debian-tracker 2/2',
      'a/wolfi: alpine-secdb Wolfi 1/1',
      'a/b/c/x.json: alpine-secdb Alpine:v3.20/main 2/2',
      'osv/npm/all.zip: osv npm 2/2',
    ],
    unknown: ['README.md', 'empty'],
    failed: [],
  });
  using database = openDatabase(path);
  expect(database.ecosystems().map(({ name }) => name)).toEqual([
    'Alpine:v3.20',
    'Amazon Linux:2023',
    'Debian:11',
    'Debian:12',
    'Debian:13',
    'Maven',
    'Oracle Linux:9',
    'Red Hat:enterprise_linux:9',
    'Wolfi',
    'npm',
  ]);
  const dates = new Map(database.status().parts.map(part => [`${part.source} ${part.name}`, part.asOf]));
  expect(dates.get('osv npm')).toBe('2026-11-01T00:00:00Z');
  expect(dates.get('kev ')).toBe('2026-11-20T10:00:00.000Z');
  expect(dates.get('epss ')).toBe('2026-11-20T12:55:00.000Z');
});

test('an archive of an ecosystem replaces what was known of it, and nothing else', async () => {
  await importAll(put('npm/all.zip', feeds.osvZip([GHSA, OTHER])));
  await importAll(put('PyPI/all.zip', feeds.osvZip([feeds.osvRecord('PYSEC-1', { 'PyPI/django': '4.0' })])));
  await importAll(put('anything.zip', feeds.osvZip([OTHER])));
  expect(fixesOf('npm', 'left-pad')).toEqual([]);
  expect(fixesOf('npm', 'right-pad')).toEqual(['GHSA-2 2.0.0']);
  expect(fixesOf('PyPI', 'django')).toEqual(['PYSEC-1 4.0']);
});

test('an advisory of two ecosystems is one, whichever archives it came in', async () => {
  await importAll(put('npm/all.zip', feeds.osvZip([GHSA, OTHER])));
  const later = { ...GHSA, modified: '2026-11-05T00:00:00Z' };
  await importAll(put('Maven/all.zip', feeds.osvZip([later])));
  expect(fixesOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.0']);
  expect(fixesOf('Maven', 'org.webjars:left-pad')).toEqual(['GHSA-1 1.3.0']);
  using database = openDatabase(path);
  expect(database.show('GHSA-1').map(({ advisory }) => advisory.modified)).toEqual(['2026-11-05T00:00:00Z']);
});

test('an archive of many ecosystems, and single records, add to what is known', async () => {
  await importAll(put('npm/all.zip', feeds.osvZip([GHSA])));
  const mixed = [
    OTHER,
    feeds.osvRecord('PYSEC-1', { 'PyPI/django': '4.0' }),
    feeds.osvRecord('RUSTSEC-1', { 'crates.io/time': '1' }),
  ];
  expect((await importAll(put('mixed.zip', feeds.osvZip(mixed)))).imported).toEqual([
    'mixed.zip: osv PyPI, osv crates.io, osv npm 3/3',
  ]);
  put('records/GHSA-3.json', JSON.stringify(feeds.osvRecord('GHSA-3', { 'npm/left-pad': '1.4.0' })));
  put('records/PYSEC-1.json', JSON.stringify({ ...mixed[1], modified: '2020-01-01T00:00:00Z', affected: [] }));
  put(
    'records/GHSA-2.json',
    JSON.stringify({ ...OTHER, modified: '2026-11-09T00:00:00Z', withdrawn: '2026-11-09T00:00:00Z' }),
  );
  await importAll(folder.at('in/records'));
  expect(fixesOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.0', 'GHSA-3 1.4.0']);
  // An older form changes nothing, and a withdrawal is one.
  expect(fixesOf('PyPI', 'django')).toEqual(['PYSEC-1 4.0']);
  using database = openDatabase(path);
  expect(database.show('GHSA-2').map(({ advisory }) => advisory.withdrawn)).toEqual(['2026-11-09T00:00:00Z']);
});

test('a damaged archive is told, and what was known of its ecosystem stays', async () => {
  await importAll(put('npm/all.zip', feeds.osvZip([GHSA, OTHER])));
  const bytes = feeds.osvZip([GHSA, { ...OTHER, details: 'x'.repeat(500) }]);
  // The second record's data.
  bytes.fill(0xff, bytes.indexOf('GHSA-2.json') + 15, bytes.indexOf('GHSA-2.json') + 60);
  const report = await importAll(put('npm/all.zip', bytes));
  expect(report.failed).toEqual(['npm/all.zip: ADVISORY_INVALID']);
  expect(report.messages[0]).toMatch(/in\/npm\/all\.zip": 1 of its 2 entries are damaged; fetch it again$/);
  expect(fixesOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.0']);
  for (const [cut, why] of [
    [bytes.subarray(0, 200), /no zip archive, or its end is missing/],
    [buildZip([{ name: 'a.txt', content: 'x' }]), /none of its 1 entries is an OSV record/],
  ] as const) {
    const { failed, messages } = await importAll(put('npm/all.zip', cut));
    expect(failed).toEqual(['npm/all.zip: ADVISORY_INVALID']);
    expect(messages[0]).toMatch(why);
  }
  expect(fixesOf('npm', 'right-pad')).toEqual(['GHSA-2 2.0.0']);
});

test('nonsense in a record is kept as doubt or counted, never taken for safety', async () => {
  const range = (events: unknown) => ({
    ...GHSA,
    id: `GHSA-${JSON.stringify(events).length}`,
    affected: [{ package: { ecosystem: 'npm', name: 'left-pad' }, ranges: [{ type: 'SEMVER', events }] }],
  });
  const records = [
    range([{ introduced: 'no!version' }, { fixed: '2.0.0' }]),
    range([{ fixed: '1.0.0' }]),
    range('x'),
    { id: 'GHSA-none' },
    { modified: '2026-11-01T00:00:00Z' },
  ];
  const { imported } = await importAll(put('npm/all.zip', feeds.osvZip(records as { id: string }[])));
  expect(imported).toEqual(['npm/all.zip: osv npm 3/5']);
  using database = openDatabase(path);
  const events = database.find('npm', 'left-pad').flatMap(({ affected }) => affected.range.ranges.flat());
  expect(events).toContainEqual({ kind: 'introduced', version: 'no!version' });
});

test('files that cannot be read are told, and do not keep others from being imported', async () => {
  put('a.json', feeds.KEV);
  put('b.json', '{"catalogVersion": "1", "vulnerabilities": "none"}');
  put('c.gz', gzipSync(feeds.NVD).subarray(0, 300));
  put('d.tar.zst', (await feeds.tarZstd({ 'x.json': feeds.vexDocument('CVE-2026-7001', 'openssl') })).subarray(0, 200));
  const { imported, failed, unknown } = await importAll();
  expect(imported).toEqual(['a.json: kev 1/1']);
  expect(failed).toEqual(['b.json: ADVISORY_INVALID', 'c.gz: ADVISORY_INVALID', 'd.tar.zst: ADVISORY_INVALID']);
  expect(unknown).toEqual([]);
});

test('what is compressed with xz is told to be inflated first', async () => {
  put('x.json.xz', Buffer.from('fd377a585a000004e6d6b446', 'hex'));
  const { messages } = await importAll();
  expect(messages[0]).toMatch(/it is compressed with xz, which Plimsoll cannot inflate; run unxz on it first$/);
});

test('an OVAL file of Oracle is read as Oracle compresses it', async context => {
  try {
    execFileSync('bzip2', ['--help'], { stdio: 'ignore' });
  } catch {
    return context.skip('bzip2 is not installed');
  }
  put('oval.xml.bz2', execFileSync('bzip2', ['-c'], { input: feeds.OVAL }));
  expect((await importAll()).imported).toEqual(['oval.xml.bz2: oracle 1/1']);
});

test('links are not followed, for they may lead in circles', async () => {
  put('a/kev.json', feeds.KEV);
  symlinkSync(folder.at('in'), folder.at('in/a/loop'));
  expect((await importAll()).imported).toEqual(['a/kev.json: kev 1/1']);
});

test('what is not there is told', async () => {
  await expect(importAll(folder.at('none'))).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
});

test('cancelling ends an import', async () => {
  const records = Array.from({ length: 4000 }, (_, at) => feeds.osvRecord(`GHSA-${at}`, { [`npm/p-${at}`]: '1' }));
  put('npm/all.zip', feeds.osvZip(records));
  const abort = new AbortController();
  const onBytes = () => abort.abort();
  await expect(importAll(undefined, { signal: abort.signal, onBytes })).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('no bytes make an import do anything but tell of a file that it cannot read', async () => {
  const valid = feeds.osvZip([GHSA, OTHER]);
  const changes = fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(valid.length), async (edits, length) => {
      const bytes = Buffer.from(valid);
      for (const [at, value] of edits) bytes[at] = value;
      const { imported, unknown, failed } = await importAll(put('x', bytes.subarray(0, length)));
      expect(imported.length + unknown.length + failed.length).toBe(1);
    }),
    { numRuns: 60 },
  );
});

test.skipIf(!hasSharedData)(
  'shared data: everything that is there is imported, and every id is found again',
  async () => {
    const { imported, unknown, failed } = await importAll(`${SHARED_DATA}/advisories`);
    expect(failed).toEqual([]);
    expect(unknown.map(name => name.split('/').at(-1))).toEqual(['known_exploited_vulnerabilities_schema.json']);
    expect(imported).toHaveLength(28);
    using database = openDatabase(path);
    const counts = new Map(database.status().parts.map(part => [`${part.source} ${part.name}`, part.counts]));
    expect(counts.get('osv AlmaLinux')?.read).toBe(5637);
    expect(counts.get('osv Go')).toMatchObject({ read: 4291, kept: 4291 });
    expect(counts.get('osv PyPI')?.read).toBe(2661);
    expect(counts.get('kev ')).toMatchObject({ read: 1404, kept: 1404 });
    expect(counts.get('debian-lists DSA')?.read).toBe(5406);
    // moment is fixed in 2.29.2: GHSA-8hfj-j24r-96c4.
    const moment = database.find('npm', 'moment').map(({ advisory }) => advisory.id);
    expect(moment).toContain('GHSA-8hfj-j24r-96c4');
    expect(database.show('CVE-2022-24785').map(({ relation }) => relation)).toEqual(['alias', 'upstream']);
    expect(database.kev('CVE-2021-44228')).toMatchObject({ isRansomware: true });
    for (const { advisory } of database.find('Go', 'stdlib')) expect(advisory.title ?? advisory.details).toBeTruthy();
  },
  60_000,
);
