/** `plimsoll db` as a user runs it: the real command line, its exit status, and what it prints. */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBuild } from '#vulndb/database-build.ts';
import { type FeedServer, startFeedServer } from '#vulndb/testing/feed-server.ts';
import * as feeds from '#vulndb/testing/sample-feeds.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';
import { type DistributionRegistry, startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { plimsoll } from '../fixtures/plimsoll.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const whyNot = whyNoDistribution();

let folder: ScratchFolder;
let server: FeedServer;

beforeAll(async () => {
  folder = await scratchFolder();
  server = await startFeedServer();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

function put(name: string, content: string | Uint8Array): string {
  const path = folder.at(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const npm = () =>
  put(
    'in/npm/all.zip',
    feeds.osvZip([feeds.osvRecord('GHSA-1', { 'npm/left-pad': '1.3.0' }, { aliases: ['CVE-2026-7001'] })]),
  );
/** Runs `plimsoll db …` with a database of its own. */
const db = (name: string, ...args: readonly string[]) => plimsoll(['db', ...args], { PLIMSOLL_DB: folder.at(name) });

test('files are imported, asked about and shown', async () => {
  npm();
  put('in/kev.json', feeds.KEV);
  put('in/epss.csv.gz', feeds.EPSS);
  put('in/notes.txt', 'notes');
  const imported = await db('a.db', 'import', folder.at('in'));
  expect(imported).toEqual({
    status: 0,
    stdout: `epss     2 kept\nkev      1 kept\nosv npm  1 kept\nwritten to ${folder.at('a.db')}\n`,
    stderr: `plimsoll: not recognised, and left out: ${folder.at('in/notes.txt')}\n`,
  });

  const status = await db('a.db', 'status', '--max-db-age', '10000');
  expect(status).toMatchObject({ status: 0, stderr: '' });
  expect(status.stdout).toMatch(/^Database {4}.*a\.db$/m);
  expect(status.stdout).toMatch(/^osv npm {2}2026-11-01 +1 +0 {2}/m);
  expect(status.stdout).toMatch(/^npm +osv +1 +1$/m);
  // As the option was called once.
  const json = JSON.parse((await db('a.db', 'status', '--format', 'json', '--max-age', '10000')).stdout);
  expect(json).toMatchObject({
    schema: 'plimsoll/db-status/1',
    schemaVersion: 2,
    isStale: false,
    ecosystems: [{ name: 'npm', source: 'osv', packages: 1, records: 1 }],
  });

  const shown = await db('a.db', 'show', 'cve-2026-7001');
  expect(shown).toMatchObject({ status: 0, stderr: '' });
  expect(shown.stdout).toMatchInlineSnapshot(`
    "cve-2026-7001
    known to be exploited since 2026-11-10, by ransomware too, to be remedied by 2026-12-01
    EPSS 97.00 %, more probable than 99.90 % of all

    also called so by GHSA-1 (osv)
      Summary of GHSA-1
      modified 2026-11-01
      aliases CVE-2026-7001
      npm  left-pad  >=0 <1.3.0
    "
  `);
  const document = JSON.parse((await db('a.db', 'show', 'GHSA-1', '--format', 'json')).stdout);
  expect(document).toMatchObject({
    schema: 'plimsoll/db-show/1',
    advisories: [{ relation: 'id', id: 'GHSA-1', affected: [{ ecosystem: 'npm', name: 'left-pad' }] }],
  });
});

test('what is not known, not there or no database has its own words and exit status', async () => {
  await db('b.db', 'import', npm());
  const unknown = await db('b.db', 'show', 'CVE-1999-0001');
  expect(unknown).toEqual({
    status: 4,
    stdout: '',
    stderr: 'plimsoll: The vulnerability database knows nothing of "CVE-1999-0001" (ADVISORY_UNKNOWN)\n',
  });
  const missing = await db('none.db', 'status');
  expect(missing).toMatchObject({ status: 4, stdout: '' });
  expect(missing.stderr).toContain('get one with "plimsoll db update"');
  expect(missing.stderr).toContain('(DATABASE_UNKNOWN)');
  put('notes.db', 'my notes');
  for (const command of [['status'], ['show', 'CVE-2026-7001'], ['import', npm()], ['export', folder.at('x.tar')]]) {
    const foreign = await db('notes.db', ...command);
    expect(foreign).toMatchObject({ status: 2, stdout: '' });
    expect(foreign.stderr).toContain('as vulnerability database: it is no database (DATABASE_INVALID)');
  }
  expect(readFileSync(folder.at('notes.db'), 'utf8')).toBe('my notes');
  const nothing = await db('b.db', 'import', folder.at('notes.db'));
  expect(nothing).toMatchObject({ status: 2 });
  expect(nothing.stderr).toContain('there is no file of advisories that Plimsoll knows (ADVISORY_INVALID)');
  expect(await db('b.db', 'import', folder.at('nowhere'))).toMatchObject({ status: 4 });
});

test('a damaged file is told, the others are imported, and the exit status says so', async () => {
  const good = npm();
  const bad = put('bad/all.zip', readFileSync(good).subarray(0, 120));
  const { status, stdout, stderr } = await db('c.db', 'import', bad, good);
  expect(status).toBe(2);
  expect(stdout).toContain('osv npm  1 kept');
  expect(stderr).toContain(`Cannot read "${bad}"`);
});

test('an old database is warned of', async () => {
  await db('d.db', 'import', npm());
  const { status, stderr } = await db('d.db', 'status', '--max-db-age', '0');
  expect(status).toBe(0);
  expect(stderr).toMatch(/^plimsoll: what is known from osv npm is \d+ days old$/m);
});

test('two imports at once: one is told that the other is at work', async () => {
  await db('e.db', 'import', npm());
  using build = startBuild(folder.at('e.db'), { now: new Date('2026-11-21T12:00:00Z'), builtBy: '1' });
  const { status, stderr } = await db('e.db', 'import', npm());
  expect(build.path).toBe(folder.at('e.db'));
  expect(status).toBe(5);
  expect(stderr).toContain(`process ${process.pid}, since 2026-11-21T12:00:00.000Z, is changing it`);
});

test('sources are fetched from where the user says, and only what is new', async () => {
  server.put('/osv/npm/all.zip', readFileSync(npm()));
  server.put('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', feeds.KEV);
  const mirrors = ['--mirror', `osv=${server.url}/osv`, '--mirror', `kev=${server.url}/kev`];
  const choice = ['--source', 'osv', '--source', 'kev', '--ecosystem', 'npm'];
  const first = await db('f.db', 'update', ...choice, ...mirrors);
  expect(first).toEqual({
    status: 0,
    stdout: `osv npm  1 kept\nkev      1 kept\nwritten to ${folder.at('f.db')}\n`,
    stderr: '',
  });
  server.put('/osv/npm/modified_id.csv', '');
  const second = await db('f.db', 'update', ...choice, ...mirrors);
  expect(second.stdout).toBe(`2 feed(s) have nothing new\nwritten to ${folder.at('f.db')}\n`);
  server.fail('/kev/sites/default/files/feeds/known_exploited_vulnerabilities.json', 403);
  const third = await db('f.db', 'update', ...choice, ...mirrors);
  expect(third.status).toBe(7);
  expect(third.stderr).toContain('answers 403 (FEED_INVALID)');
});

test('offline nothing is fetched', async () => {
  expect(await db('g.db', 'update', '--offline')).toMatchObject({ status: 2, stdout: '' });
  const pull = await plimsoll(['db', 'pull', 'registry.example/db'], { PLIMSOLL_OFFLINE: '1' });
  expect(pull.stderr).toContain('Cannot reach "registry.example/db" offline');
});

test('wrong words are told with what there is', async () => {
  const source = await db('g.db', 'update', '--source', 'nobody');
  expect(source).toMatchObject({ status: 2 });
  expect(source.stderr).toContain('expected one of osv, debian-tracker');
  expect(await db('g.db', 'update', '--mirror', 'osv')).toMatchObject({ status: 2 });
  expect(await db('g.db', 'status', '--max-db-age', 'old')).toMatchObject({ status: 2 });
});

test('a database goes by file from one machine to another', async () => {
  await db('h.db', 'import', npm());
  const out = await db('h.db', 'export', folder.at('h.tar'));
  expect(out).toMatchObject({ status: 0, stderr: '' });
  expect(out.stdout).toMatch(/^exported to .*h\.tar\nsha256:[0-9a-f]{64}\n$/);
  const pull = await db('far/away/h.db', 'pull', folder.at('h.tar'));
  expect(pull).toMatchObject({ status: 0, stderr: '' });
  expect(pull.stdout).toMatch(/^1 advisories, built \d{4}-\d\d-\d\d \d\d:\d\d UTC\n/);
  expect(readFileSync(folder.at('far/away/h.db'))).toEqual(readFileSync(folder.at('h.db')));
});

describe.skipIf(whyNot !== undefined)('with docker-registry', () => {
  const login = { username: 'robot', password: 'secret-word' };
  let registry: DistributionRegistry;

  beforeAll(async () => {
    registry = await startDistribution({ login });
  });
  afterAll(() => registry?.[Symbol.asyncDispose]());

  test('a database goes through a registry, for those who may', async () => {
    await db('i.db', 'import', npm());
    const authfile = ['--authfile', await registry.logIn(login)];
    const reference = `${registry.host}/security/vulndb:1`;
    expect(await db('i.db', 'export', reference, ...authfile)).toMatchObject({ status: 0, stderr: '' });
    expect(await db('j.db', 'pull', reference, ...authfile)).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(folder.at('j.db'))).toEqual(readFileSync(folder.at('i.db')));
    const denied = await db('k.db', 'pull', reference);
    expect(denied).toMatchObject({ status: 3, stdout: '' });
    expect(denied.stderr).toContain('(REGISTRY_DENIED)');
  });
});

test('an import that is killed leaves what was there', async () => {
  await db('l.db', 'import', npm());
  const before = readFileSync(folder.at('l.db'));
  const records = Array.from({ length: 20_000 }, (_, at) => feeds.osvRecord(`GHSA-${at}`, { [`PyPI/p-${at}`]: '1' }));
  const archive = put('PyPI/all.zip', feeds.osvZip(records));
  const root = join(import.meta.dirname, '../..');
  const child = spawn(
    process.execPath,
    ['--conditions=plimsoll-source', join(root, 'bin/plimsoll.js'), 'db', 'import', archive],
    { env: { ...process.env, PLIMSOLL_DB: folder.at('l.db') }, stdio: 'ignore' },
  );
  const ended = new Promise(resolve => child.once('exit', (_, signal) => resolve(signal)));
  await new Promise(resolve => setTimeout(resolve, 900));
  child.kill('SIGKILL');
  await ended;
  // Killed before or after its end: the database is one of the two, whole.
  const after = readFileSync(folder.at('l.db'));
  using database = openDatabase(folder.at('l.db'));
  if (!after.equals(before)) expect(database.covers('PyPI')).toBe(true);
  expect(database.find('npm', 'left-pad')).toHaveLength(1);
  expect(await db('l.db', 'import', npm())).toMatchObject({ status: 0 });
});

test('the database may vanish while it is asked', async () => {
  await db('m.db', 'import', npm());
  using database = openDatabase(folder.at('m.db'));
  rmSync(folder.at('m.db'));
  expect(database.find('npm', 'left-pad')).toHaveLength(1);
  expect(await db('m.db', 'status')).toMatchObject({ status: 4 });
});

test.skipIf(!hasSharedData)('shared data: all of it is imported by the command line, and shown', async () => {
  const { status, stderr } = await db('n.db', 'import', join(SHARED_DATA, 'advisories'));
  expect(status).toBe(0);
  expect(stderr).toMatch(/^plimsoll: not recognised, and left out: .*schema\.json\n$/);
  const shown = await db('n.db', 'show', 'CVE-2022-24785');
  expect(shown.stdout).toMatch(/^ {2}npm +moment +>=0 <2\.29\.2$/m);
  expect(shown.stdout).toMatch(/^named by DLA-3295-1 \(debian-lists\)$/m);
});
