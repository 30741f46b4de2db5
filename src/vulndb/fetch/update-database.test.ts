import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { startBuild } from '../database-build.ts';
import { type FeedServer, startFeedServer } from '../testing/feed-server.ts';
import * as feeds from '../testing/sample-feeds.ts';
import { openDatabase } from '../vulnerability-database.ts';
import { FeedClient } from './feed-client.ts';
import { SOURCE_IDS } from './feed-url.ts';
import { type UpdateChoice, updateSources } from './update-database.ts';

const signal = new AbortController().signal;
const DAY_MS = 24 * 3600 * 1000;
const START = new Date('2026-11-21T12:00:00Z');

let server: FeedServer;
let folder: ScratchFolder;
let path = '';

beforeEach(async () => {
  server = await startFeedServer();
  folder = await scratchFolder();
  path = folder.at('v.db');
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Updates as if it were so many days after the start. */
async function update(choice: UpdateChoice, day = 0) {
  await using client = new FeedClient({
    env: {},
    tlsVerify: true,
    userAgent: 'test',
    patience: { attempts: 2, baseDelayMs: 1, maxDelayMs: 1 },
  });
  const now = new Date(START.getTime() + day * DAY_MS);
  using build = startBuild(path, { now, builtBy: '1' });
  const mirrors = new Map(SOURCE_IDS.map(id => [id, new URL(`${server.url}/${id}`)] as const));
  server.requests.length = 0;
  const report = await updateSources(
    { client, build, signal, now, mayShrink: false, folder: folder.at('downloads'), mirrors, watcher: {} },
    choice,
  );
  build.finish();
  return {
    outcomes: report.outcomes.map(({ kind, feed }) => `${kind} ${feed}`),
    failed: report.failed.map(({ feed, error }) => `${feed}: ${error.code}`),
    asked: server.requests.map(({ path: asked, status }) => `${status} ${asked}`),
  };
}

const NPM = { sources: ['osv'], ecosystems: ['npm'] } as const;
const fixOf = (ecosystem: string, name: string) => {
  using database = openDatabase(path);
  return database
    .find(ecosystem, name)
    .map(({ advisory, affected }) => `${advisory.id} ${affected.range.ranges[0]?.at(-1)?.version}`);
};

/** Advisories that npm has anyway, so that a few changes are few. */
const CROWD = Array.from({ length: 300 }, (_, at) =>
  feeds.osvRecord(`GHSA-crowd-${at}`, { [`npm/crowd-${at}`]: '1.0' }),
);

test('an ecosystem of OSV is fetched whole, and from then on what has changed', async () => {
  const one = feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.0' }, { modified: '2026-11-20T00:00:00Z' });
  server.put('/osv/npm/all.zip', feeds.osvZip([...CROWD, one]));
  expect(await update(NPM)).toEqual({
    outcomes: ['imported osv npm'],
    failed: [],
    asked: ['200 /osv/npm/all.zip'],
  });
  expect(fixOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.0']);

  // The list has what is in already, what has changed, and, further down, what is long known.
  const changed = feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.1' }, { modified: '2026-11-22T00:00:00Z' });
  const added = feeds.osvRecord('GHSA-2', { 'npm/right-pad': '2.0.0' }, { modified: '2026-11-22T01:00:00Z' });
  const list = '2026-11-22T01:00:00Z,GHSA-2\n2026-11-22T00:00:00Z,GHSA-1\n2026-11-01T00:00:00Z,GHSA-crowd-1\n';
  server.put('/osv/npm/modified_id.csv', list);
  server.put('/osv/npm/GHSA-1.json', JSON.stringify(changed));
  server.put('/osv/npm/GHSA-2.json', JSON.stringify(added));
  const second = await update(NPM, 1);
  expect(second.asked[0]).toBe('200 /osv/npm/modified_id.csv');
  expect(second.asked.slice(1).sort()).toEqual(['200 /osv/npm/GHSA-1.json', '200 /osv/npm/GHSA-2.json']);
  expect(fixOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.1']);
  expect(fixOf('npm', 'right-pad')).toEqual(['GHSA-2 2.0.0']);
  expect(fixOf('npm', 'crowd-1')).toEqual(['GHSA-crowd-1 1.0']);

  // Nothing new: one question.
  expect(await update(NPM, 2)).toEqual({
    outcomes: ['unchanged osv npm'],
    failed: [],
    asked: ['304 /osv/npm/modified_id.csv'],
  });
  using database = openDatabase(path);
  expect(database.status().parts).toMatchObject([
    { name: 'npm', advisories: 302, asOf: '2026-11-23T12:00:00.000Z', origin: `${server.url}/osv/npm/all.zip` },
  ]);
});

test('a record that OSV no longer has goes, one that was withdrawn stays as such', async () => {
  const record = (id: string) => feeds.osvRecord(id, { [`npm/${id.toLowerCase()}`]: '1.0' });
  server.put('/osv/npm/all.zip', feeds.osvZip([...CROWD, record('GHSA-1'), record('GHSA-2')]));
  await update(NPM);
  server.put('/osv/npm/modified_id.csv', '2026-11-22T01:00:00Z,GHSA-2\n2026-11-22T00:00:00Z,GHSA-1\n');
  const withdrawn = { ...record('GHSA-2'), modified: '2026-11-22T01:00:00Z', withdrawn: '2026-11-22T01:00:00Z' };
  server.put('/osv/npm/GHSA-2.json', JSON.stringify(withdrawn));
  expect((await update(NPM, 1)).outcomes).toEqual(['imported osv npm']);
  using database = openDatabase(path);
  expect(database.records('GHSA-1')).toEqual([]);
  expect(database.records('GHSA-2').map(({ withdrawn: when }) => when)).toEqual(['2026-11-22T01:00:00Z']);
});

test('the archive is taken again when much has changed, and once a week', async () => {
  server.put('/osv/npm/all.zip', feeds.osvZip(CROWD));
  await update(NPM);
  const lines = Array.from({ length: 250 }, (_, at) => `2026-11-22T01:00:00Z,GHSA-new-${at}`);
  server.put('/osv/npm/modified_id.csv', `${lines.join('\n')}\n`);
  server.put('/osv/npm/all.zip', feeds.osvZip([...CROWD, feeds.osvRecord('GHSA-new-0', { 'npm/new': '1' })]));
  expect((await update(NPM, 1)).asked).toEqual(['200 /osv/npm/modified_id.csv', '200 /osv/npm/all.zip']);
  expect(fixOf('npm', 'new')).toEqual(['GHSA-new-0 1']);
  expect((await update(NPM, 9)).asked).toEqual(['304 /osv/npm/all.zip']);
});

test('a source that fails keeps what was known, and the others are updated', async () => {
  server.put('/osv/npm/all.zip', feeds.osvZip([feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.0' })]));
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  await update({ sources: ['osv', 'kev'], ecosystems: ['npm'] });
  server.put('/osv/npm/all.zip', feeds.osvZip([feeds.osvRecord('GHSA-1', { 'npm/left-pad': '9' })]).subarray(0, 300));
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', '<html>come back later</html>');
  server.put('/osv/PyPI/all.zip', feeds.osvZip([feeds.osvRecord('PYSEC-1', { 'PyPI/django': '4.0' })]));
  const { outcomes, failed } = await update({ sources: ['osv', 'kev'], ecosystems: ['npm', 'PyPI', 'Nowhere'] }, 8);
  expect(outcomes).toEqual(['imported osv PyPI']);
  expect(failed).toEqual(['osv npm: FEED_INVALID', 'osv Nowhere: FEED_INVALID', 'kev: FEED_INVALID']);
  expect(fixOf('npm', 'left-pad')).toEqual(['GHSA-1 1.3.0']);
  expect(fixOf('PyPI', 'django')).toEqual(['PYSEC-1 4.0']);
  using database = openDatabase(path);
  expect(database.kev('CVE-2026-7001')).toBeDefined();
});

test('a source that cannot be reached is given up before all of its feeds were tried', async () => {
  const ecosystems = ['npm', 'PyPI', 'Go', 'Maven'];
  for (const one of ecosystems) server.fail(`/osv/${one}/all.zip`, 503, 503);
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  const { outcomes, failed, asked } = await update({ sources: ['osv', 'kev'], ecosystems });
  expect(failed).toEqual(['osv npm: FEED_UNAVAILABLE', 'osv PyPI: FEED_UNAVAILABLE']);
  expect(outcomes).toEqual(['imported kev']);
  expect(asked.filter(line => line.includes('Go') || line.includes('Maven'))).toEqual([]);
});

test('Red Hat’s archive is fetched once, then what changed and what was deleted', async () => {
  const root = '/redhat-vex/data/csaf/v2/vex';
  server.put(`${root}/archive_latest.txt`, 'csaf_vex_2026-11-20.tar.zst\n');
  const files = {
    '2026/cve-2026-1001.json': feeds.vexDocument('CVE-2026-1001', 'openssl'),
    '2026/cve-2026-1002.json': feeds.vexDocument('CVE-2026-1002', 'curl'),
    'index.txt': 'not a document',
  };
  server.put(`${root}/csaf_vex_2026-11-20.tar.zst`, await feeds.tarZstd(files));
  server.put(
    `${root}/changes.csv`,
    '"2026/cve-2026-1003.json","2026-11-20T10:00:00+00:00"\n"2020/cve-2020-1.json","2020-01-01T00:00:00+00:00"\n',
  );
  server.put(`${root}/2026/cve-2026-1003.json`, feeds.vexDocument('CVE-2026-1003', 'zlib'));
  server.put('/redhat-vex/data/metrics/repository-to-cpe.json', feeds.REPOSITORY_MAP);
  server.put('/redhat-vex/data/metrics/container-name-repos-map.json', feeds.IMAGE_MAP);
  const choice = { sources: ['redhat-vex'] } as const;
  const first = await update(choice);
  expect(first).toMatchObject({
    outcomes: ['imported redhat-vex', 'imported redhat-vex repositories', 'imported redhat-vex images'],
    failed: [],
  });
  expect(first.asked).toContain(`200 ${root}/2026/cve-2026-1003.json`);
  {
    using database = openDatabase(path);
    expect(database.find('Red Hat:enterprise_linux:9', 'openssl')).toHaveLength(1);
    expect(database.find('Red Hat:enterprise_linux:9', 'zlib')).toHaveLength(1);
    expect(database.redHatEcosystems('rhel-9-for-x86_64-baseos-rpms')).toEqual(['Red Hat:enterprise_linux:9::baseos']);
    expect(database.redHatRepositories('ubi9/ubi-minimal')).toEqual(['rhel-9-for-x86_64-baseos-rpms']);
    expect(database.redHatEcosystems('other')).toEqual([]);
  }
  server.put(`${root}/changes.csv`, '"2026/cve-2026-1002.json","2026-11-21T10:00:00+00:00"\n');
  server.put(`${root}/deletions.csv`, '"2026/cve-2026-1001.json","2026-11-21T11:00:00+00:00"\n');
  server.put(`${root}/2026/cve-2026-1002.json`, feeds.vexDocument('CVE-2026-1002', 'curl-minimal'));
  const second = await update(choice, 1);
  expect(second.asked).toEqual([
    `200 ${root}/changes.csv`,
    `200 ${root}/deletions.csv`,
    `200 ${root}/2026/cve-2026-1002.json`,
    '304 /redhat-vex/data/metrics/repository-to-cpe.json',
    '304 /redhat-vex/data/metrics/container-name-repos-map.json',
  ]);
  using database = openDatabase(path);
  const count = (name: string) => database.find('Red Hat:enterprise_linux:9', name).length;
  expect(['openssl', 'curl', 'curl-minimal', 'zlib'].map(count)).toEqual([0, 0, 1, 1]);
});

test('every branch of Alpine is fetched until there are no more, and those of its form', async () => {
  const choice = { sources: ['alpine-secdb'] } as const;
  for (const branch of ['v3.20', 'v3.21', 'edge']) {
    server.put(`/alpine-secdb/${branch}/main.json`, feeds.secdb(branch, 'main', { openssl: ['CVE-2026-7001'] }));
    server.put(
      `/alpine-secdb/${branch}/community.json`,
      feeds.secdb(branch, 'community', { php83: ['CVE-2026-7002'] }),
    );
  }
  server.put('/alpine-secdb/os/security.json', feeds.WOLFI);
  const { outcomes, failed, asked } = await update(choice);
  expect(failed).toEqual([]);
  expect(outcomes.filter(outcome => outcome.startsWith('imported'))).toHaveLength(7);
  expect(asked.filter(line => line.includes('v3.22') || line.includes('v3.23'))).toEqual([
    '404 /alpine-secdb/v3.22/main.json',
    '404 /alpine-secdb/v3.22/community.json',
  ]);
  using database = openDatabase(path);
  expect(database.ecosystems().map(({ name }) => name)).toEqual([
    'Alpine:edge',
    'Alpine:v3.20',
    'Alpine:v3.21',
    'Wolfi',
  ]);
  const again = await update(choice, 1);
  expect(again.outcomes.filter(outcome => outcome.startsWith('unchanged'))).toHaveLength(7);
});

test('Amazon’s updateinfo is found by its mirror list and its list of files', async () => {
  const choice = { sources: ['amazon'] } as const;
  const repository = '/amazon/al2023/core/guids/abc/x86_64';
  server.put(
    '/amazon/al2023/core/mirrors/latest/x86_64/mirror.list',
    'https://cdn.amazonlinux.com/al2023/core/guids/abc/x86_64/\n',
  );
  const file = (name: string) => `<data type="primary"><location href="repodata/p.xml.gz"/></data>
    <data type="updateinfo"><checksum type="sha256">1</checksum><location href="repodata/${name}"/></data>`;
  server.put(`${repository}/repodata/repomd.xml`, `<repomd>${file('1-updateinfo.xml.gz')}</repomd>`);
  server.put(`${repository}/repodata/1-updateinfo.xml.gz`, gzipSync(feeds.UPDATEINFO));
  const first = await update(choice);
  expect(first.failed).toEqual([]);
  expect(first.outcomes[0]).toBe('imported amazon Amazon Linux:2023');
  expect(first.outcomes[1]).toBe('missing amazon Amazon Linux:2');
  expect(fixOf('Amazon Linux:2023', 'openssl')).toEqual(['ALAS2023-2026-051 1:3.0.8-1.amzn2023']);
  expect((await update(choice, 1)).outcomes[0]).toBe('unchanged amazon Amazon Linux:2023');
});

test('the sources that are one document each are fetched when they have changed', async () => {
  const choice = { sources: ['debian-tracker', 'debian-lists', 'oracle', 'kev', 'epss'] } as const;
  server.put('/debian-tracker/tracker/data/json', feeds.TRACKER);
  const lists = '/debian-lists/security-tracker-team/security-tracker/-/raw/master/data';
  server.put(`${lists}/DSA/list`, feeds.DSA_LIST);
  server.put(`${lists}/DLA/list`, feeds.DSA_LIST.replaceAll('DSA', 'DLA'));
  server.put('/oracle/security/oval/com.oracle.elsa-all.xml.bz2', feeds.OVAL);
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  server.put('/epss/epss_scores-current.csv.gz', feeds.EPSS);
  const first = await update(choice);
  expect(first.failed).toEqual([]);
  expect(first.outcomes.map(outcome => outcome.split(' ')[0])).toEqual(new Array(6).fill('imported'));
  expect(fixOf('Debian:12', 'openssl')).toEqual(['CVE-2026-7001 3.0.2-1']);
  expect(fixOf('Oracle Linux:9', 'openssl')).toEqual(['ELSA-2026-4059 1:3.0.7-25.el9']);
  using database = openDatabase(path);
  expect(database.epss('CVE-2026-7001')).toMatchObject({ score: 0.97 });
  const again = await update(choice, 1);
  expect(again.asked.map(line => line.split(' ')[0])).toEqual(new Array(6).fill('304'));
});

test('NVD is fetched year by year when it is asked for', async () => {
  server.put('/nvd/feeds/json/cve/2.0/nvdcve-2.0-2026.json.gz', gzipSync(feeds.NVD));
  const { outcomes, failed } = await update({ sources: ['nvd'] });
  expect(failed).toEqual([]);
  expect(outcomes.filter(outcome => outcome.startsWith('imported'))).toEqual(['imported nvd 2026']);
  using database = openDatabase(path);
  expect(database.records('CVE-2026-7001')[0]?.ratings).toMatchObject([{ kind: 'cvss', version: '3.1' }]);
});

test('an update that is cancelled keeps what was saved on the way', async () => {
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  server.put('/epss/epss_scores-current.csv.gz', feeds.EPSS);
  await using client = new FeedClient({ env: {}, tlsVerify: true, userAgent: 'test' });
  const abort = new AbortController();
  {
    using build = startBuild(path, { now: START, builtBy: '1' });
    const run = {
      client,
      build,
      signal: abort.signal,
      now: START,
      mayShrink: false,
      folder: folder.at('downloads'),
      mirrors: new Map([
        ['kev', new URL(`${server.url}/kev`)],
        ['epss', new URL(`${server.url}/epss`)],
      ] as const),
      watcher: { onFeed: (feed: string) => feed === 'epss' && abort.abort() },
      saveAfterMs: -1,
    };
    await expect(updateSources(run, { sources: ['kev', 'epss'] })).rejects.toMatchObject({ code: 'CANCELLED' });
  }
  using database = openDatabase(path);
  expect(database.kev('CVE-2026-7001')).toBeDefined();
  expect(database.epss('CVE-2026-7001')).toBeUndefined();
});

test('cancelling ends it at once, and leaves the database', async () => {
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  await update({ sources: ['kev'] });
  await using client = new FeedClient({ env: {}, tlsVerify: true, userAgent: 'test' });
  using build = startBuild(path, { now: START, builtBy: '1' });
  const mirrors = new Map([['kev', new URL(`${server.url}/kev`)]] as const);
  const run = {
    client,
    build,
    signal: AbortSignal.abort(),
    now: START,
    mayShrink: false,
    folder: folder.at('downloads'),
    mirrors,
    watcher: {},
  };
  await expect(updateSources(run, { sources: ['kev'] })).rejects.toMatchObject({ code: 'CANCELLED' });
});
