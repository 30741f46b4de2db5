/** New versions of the vulnerability database on a server: imported, updated, shared, and judged by. */
import { access, copyFile, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { packageOf } from '#matching/testing/sample.ts';
import type { Store } from '#store/database.ts';
import { findCurrentVersion } from '#store/database-version.ts';
import { listEvents } from '#store/event.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import { startFeedServer } from '#vulndb/testing/feed-server.ts';
import { osvRecord, osvZip } from '#vulndb/testing/sample-feeds.ts';
import { databasePath } from './database-file.ts';
import {
  databaseStatus,
  importDatabase,
  resumePendingRematch,
  takeFirstDatabase,
  updateDatabase,
} from './database-jobs.ts';
import { rematch } from './rematch.ts';
import { type ContentFixture, openContent, scanned, signal } from './testing/content-fixture.ts';

const lodash = packageOf({ type: 'npm', name: 'lodash', version: '1.0.0' });
const OPTIONS = { signal, builtBy: '1' };

describeStores('the database of a server', (open, kind) => {
  let store: Store;
  let content: ContentFixture;
  beforeAll(async () => {
    store = await open();
  });
  beforeEach(async () => {
    await emptyStore(store);
    content = await openContent(store);
    return () => content[Symbol.asyncDispose]();
  });
  afterAll(() => store[Symbol.asyncDispose]());

  const write = async (name: string, ...records: readonly object[]) => {
    const path = content.folder.at(name);
    await writeFile(path, osvZip(records));
    return path;
  };
  const npm = (id: string) => osvRecord(id, { 'npm/lodash': '2.0.0' });
  const pypi = (id: string) => osvRecord(id, { 'PyPI/requests': '2.0.0' });
  const lastJob = () => content.sent.at(-1)?.data as { versionId: number };

  test('an import makes a version, which a job then judges by; the next one adds to it', async () => {
    const digest = await scanned(content, [{ package: lodash, layer: 'app' }]);
    const path = await write('npm.zip', npm('GHSA-a'), npm('GHSA-b'));
    const { version, report } = await importDatabase(content, [path], OPTIONS);
    expect(report).toMatchObject({ failed: [], unknown: [] });
    expect(content.sent).toEqual([{ name: 'rematch', data: { versionId: version.id } }]);
    expect(await databaseStatus(content)).toMatchObject({ current: undefined, pending: { id: version.id } });
    expect(await rematch(content, version.id, { signal })).toMatchObject({ findingsNew: 2 });
    const more = await write('pypi.zip', pypi('GHSA-c'));
    await importDatabase(content, [more], OPTIONS);
    expect(await rematch(content, lastJob().versionId, { signal })).toMatchObject({ packagesJudged: 0 });
    const status = await databaseStatus(content);
    expect(status.current?.status.parts.map(({ name }) => name)).toEqual(['PyPI', 'npm']);
    expect(status).toMatchObject({ pending: undefined, isBuilding: false });
    expect(status.rematches.map(({ findingsNew }) => findingsNew)).toEqual([0, 2]);
    const events = await listEvents(store.db, { after: 0, limit: 10, kinds: ['database.updated'] });
    expect(events).toHaveLength(2);
    const scan = await store.db
      .selectFrom('imageScan')
      .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
      .select(['unknown', 'fixable'])
      .where('digest', '=', digest)
      .executeTakeFirst();
    expect(scan).toEqual({ unknown: 2, fixable: 2 });
  });

  test('a file that is nothing makes no version, and says so', async () => {
    const path = content.folder.at('odd.txt');
    await writeFile(path, 'odd');
    await expect(importDatabase(content, [path], OPTIONS)).rejects.toMatchObject({ code: 'ADVISORY_INVALID' });
    await expect(importDatabase(content, [content.folder.at('none')], OPTIONS)).rejects.toMatchObject({
      code: 'FILE_UNKNOWN',
    });
    expect(content.sent).toEqual([]);
    expect(content.vulnerabilities.isBuilding).toBe(false);
  });

  test('a server without a database begins with a file that it is given, and one that has a database keeps that', async () => {
    await scanned(content, [{ package: lodash, layer: 'app' }]);
    await using other = await openContent(store);
    const { version: built } = await importDatabase(other, [await write('npm.zip', npm('GHSA-a'))], OPTIONS);
    const path = databasePath(other.vulnerabilities.folder, built.sha256);
    const given = content.folder.at('given.db');
    await copyFile(path, given);
    await store.db.deleteFrom('databaseChunk').execute();
    await store.db.deleteFrom('databaseVersion').execute();

    await expect(takeFirstDatabase(content, content.folder.at('none.db'), { signal })).rejects.toMatchObject({
      code: 'DATABASE_UNKNOWN',
    });
    await writeFile(content.folder.at('odd.db'), 'odd');
    await expect(takeFirstDatabase(content, content.folder.at('odd.db'), { signal })).rejects.toMatchObject({
      code: 'DATABASE_INVALID',
    });
    expect(await takeFirstDatabase(content, given, { signal })).toMatchObject({
      state: 'judging',
      sha256: built.sha256,
    });
    expect(await rematch(content, lastJob().versionId, { signal })).toMatchObject({ findingsNew: 1 });
    content.sent.length = 0;
    expect(await takeFirstDatabase(content, given, { signal })).toBeUndefined();
    expect(content.sent).toEqual([]);
    await access(given);
  });

  test('two changes at once on one server: the second is told to wait', async () => {
    const path = await write('npm.zip', npm('GHSA-a'));
    const first = importDatabase(content, [path], OPTIONS);
    await expect(importDatabase(content, [path], OPTIONS)).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
    await first;
  });

  test('a change that is cancelled makes no version and leaves nothing', async () => {
    const path = await write('npm.zip', npm('GHSA-a'));
    const cancelled = AbortSignal.abort(new DOMException('', 'AbortError'));
    await expect(importDatabase(content, [path], { ...OPTIONS, signal: cancelled })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(content.vulnerabilities.isBuilding).toBe(false);
    expect(content.sent).toEqual([]);
  });

  test('two servers that change it at once lose nothing of either', async () => {
    await using other = await openContent(store);
    const [a, b] = [await write('npm.zip', npm('GHSA-a')), await write('pypi.zip', pypi('GHSA-c'))];
    if (kind === 'pglite') {
      // An embedded store is one server's, so they come one after the other.
      await importDatabase(content, [a], OPTIONS);
      await importDatabase(content, [b], OPTIONS);
    } else await Promise.all([importDatabase(content, [a], OPTIONS), importDatabase(other, [b], OPTIONS)]);
    const ids = [...content.sent, ...other.sent].map(({ data }) => (data as { versionId: number }).versionId);
    for (const id of ids) await rematch(content, id, { signal });
    const { current } = await databaseStatus(content);
    expect(current?.status.parts.map(({ name }) => name)).toEqual(['PyPI', 'npm']);
  });

  test('sources are asked over the network; one that fails leaves the others', async () => {
    await using server = await startFeedServer();
    server.put('/osv/npm/all.zip', osvZip([npm('GHSA-a')]));
    const options = {
      ...OPTIONS,
      sources: ['osv', 'kev'] as const,
      ecosystems: ['npm'],
      mirrors: [
        ['osv', `${server.url}/osv`],
        ['kev', `${server.url}/kev`],
      ] as const,
      proxy: {},
      tlsVerify: true,
    };
    const { report } = await updateDatabase(content, options);
    expect(report.imported.map(({ parts }) => parts)).toEqual([['osv npm']]);
    await rematch(content, lastJob().versionId, { signal });
    const again = await updateDatabase(content, options);
    expect(again.report.unchanged).toEqual(['osv npm']);
  });

  test('a version whose job was lost is queued again', async () => {
    await importDatabase(content, [await write('npm.zip', npm('GHSA-a'))], OPTIONS);
    content.sent.length = 0;
    await resumePendingRematch(content);
    expect(content.sent).toHaveLength(1);
    await rematch(content, lastJob().versionId, { signal });
    content.sent.length = 0;
    await resumePendingRematch(content);
    expect(content.sent).toEqual([]);
  });

  test('who holds a lease goes on with what he has; files of versions that are past go', async () => {
    const version = async (...records: readonly object[]) => {
      await importDatabase(content, [await write('npm.zip', ...records)], OPTIONS);
      await rematch(content, lastJob().versionId, { signal });
    };
    await version(npm('GHSA-a'));
    using old = await content.vulnerabilities.acquire(signal);
    await version(npm('GHSA-a'), npm('GHSA-b'));
    expect(old.lookup?.find('npm', 'lodash')).toHaveLength(1);
    using next = await content.vulnerabilities.acquire(signal);
    expect(next.lookup?.find('npm', 'lodash')).toHaveLength(2);
    const pathOf = (sha256 = '') => databasePath(content.vulnerabilities.folder, sha256);
    await expect(access(pathOf(old.version?.sha256))).rejects.toThrow();
    await access(pathOf(next.version?.sha256));
  });

  // An embedded database has one server, which keeps no copy for others.
  if (kind !== 'pglite') {
    test('a server that does not have the file takes it from the store', async () => {
      await importDatabase(content, [await write('npm.zip', npm('GHSA-a'))], OPTIONS);
      await rematch(content, lastJob().versionId, { signal });
      await using other = await openContent(store);
      using lease = await other.vulnerabilities.acquire(signal);
      expect(lease.lookup?.find('npm', 'lodash')).toHaveLength(1);
      // Only what is current is kept in the store.
      await importDatabase(content, [await write('npm.zip', npm('GHSA-a'), npm('GHSA-b'))], OPTIONS);
      await rematch(content, lastJob().versionId, { signal });
      const kept = await store.db.selectFrom('databaseChunk').select('versionId').distinct().execute();
      expect(kept).toEqual([{ versionId: (await findCurrentVersion(store.db))?.id }]);
    });
  }

  test('a file that was lost or cut off is told, where nobody else has it', async () => {
    await importDatabase(content, [await write('npm.zip', npm('GHSA-a'))], OPTIONS);
    await rematch(content, lastJob().versionId, { signal });
    await using other = await openContent(store);
    await store.db.deleteFrom('databaseChunk').execute();
    await rm(other.vulnerabilities.folder, { recursive: true, force: true });
    await expect(other.vulnerabilities.acquire(signal)).rejects.toMatchObject({ code: 'DATABASE_UNKNOWN' });
  });
});
