import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { type FeedServer, startFeedServer } from '../testing/feed-server.ts';
import { type Downloaded, type DownloadOptions, download } from './download.ts';
import { FeedClient } from './feed-client.ts';

const signal = new AbortController().signal;
const CONTENT = randomBytes(300_000);

let server: FeedServer;
let client: FeedClient;
let folder: ScratchFolder;

beforeAll(() => {
  client = new FeedClient({
    env: {},
    tlsVerify: true,
    userAgent: 'test',
    patience: { attempts: 3, baseDelayMs: 1, maxDelayMs: 2, idleTimeoutMs: 2000, headersTimeoutMs: 2000 },
  });
});
afterAll(() => client[Symbol.asyncDispose]());
beforeEach(async () => {
  server = await startFeedServer();
  folder = await scratchFolder();
  server.put('/feed.zip', CONTENT);
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const fetchIt = (options: Partial<DownloadOptions> = {}, path = '/feed.zip') =>
  download(client, new URL(path, server.url), { signal, folder: folder.path, ...options });

function contentOf(got: Downloaded): Buffer {
  if (got.kind !== 'file') throw new Error(`expected a file, got ${got.kind}`);
  return readFileSync(got.path);
}

test('a feed is fetched whole, with what to ask by next time', async () => {
  let total = 0;
  let bytes = 0;
  const got = await fetchIt({ onTotal: size => (total = size), onBytes: count => (bytes += count) });
  expect(contentOf(got).equals(CONTENT)).toBe(true);
  expect([total, bytes]).toEqual([CONTENT.length, CONTENT.length]);
  if (got.kind !== 'file') return;
  expect(await fetchIt({ known: got.validators })).toEqual({ kind: 'unchanged' });
  server.put('/feed.zip', 'new');
  expect(contentOf(await fetchIt({ known: got.validators })).toString()).toBe('new');
});

test('what is not there is missing, and no failure', async () => {
  expect(await fetchIt({}, '/other')).toEqual({ kind: 'missing' });
});

test('a broken connection is gone on with where it broke', async () => {
  server.breakOff('/feed.zip', 100_000, 90_000);
  let bytes = 0;
  const got = await fetchIt({ onBytes: count => (bytes += count) });
  expect(contentOf(got).equals(CONTENT)).toBe(true);
  expect(bytes).toBe(CONTENT.length);
  expect(server.requests.map(({ status }) => status)).toEqual([200, 206, 206]);
  expect(readdirSync(folder.path).filter(name => name.includes('partial'))).toEqual([]);
});

test('what an earlier process left is gone on with', async () => {
  server.breakOff('/feed.zip', 120_000, 0, 0);
  await expect(fetchIt()).rejects.toMatchObject({ code: 'FEED_UNAVAILABLE' });
  server.requests.length = 0;
  expect(contentOf(await fetchIt()).equals(CONTENT)).toBe(true);
  expect(server.requests.map(({ status, headers }) => [status, headers.range])).toEqual([[206, 'bytes=120000-']]);
});

test('a part of what has changed since is thrown away', async () => {
  server.breakOff('/feed.zip', 120_000, 0, 0);
  await expect(fetchIt()).rejects.toMatchObject({ code: 'FEED_UNAVAILABLE' });
  const other = randomBytes(200_000);
  server.put('/feed.zip', other);
  expect(contentOf(await fetchIt()).equals(other)).toBe(true);
});

test('a part that is longer than the feed is thrown away', async () => {
  server.breakOff('/feed.zip', 120_000, 0, 0);
  await expect(fetchIt()).rejects.toMatchObject({ code: 'FEED_UNAVAILABLE' });
  const [part = ''] = readdirSync(folder.path).filter(name => name.endsWith('.partial'));
  writeFileSync(folder.at(part), Buffer.alloc(400_000));
  expect(contentOf(await fetchIt()).equals(CONTENT)).toBe(true);
});

test('a source that serves no parts is read from the start', async () => {
  server.servesRanges = false;
  server.breakOff('/feed.zip', 100_000);
  let bytes = 0;
  expect(contentOf(await fetchIt({ onBytes: count => (bytes += count) })).equals(CONTENT)).toBe(true);
  expect(bytes).toBe(CONTENT.length);
});

test('a source that is busy is asked again', async () => {
  server.fail('/feed.zip', 503, 429);
  expect(contentOf(await fetchIt()).equals(CONTENT)).toBe(true);
  server.fail('/feed.zip', 500, 500, 500);
  await expect(fetchIt()).rejects.toMatchObject({
    code: 'FEED_UNAVAILABLE',
    message: `Cannot fetch "${server.url}/feed.zip": ${new URL(server.url).host} answers 500`,
  });
  server.fail('/feed.zip', 403);
  await expect(fetchIt()).rejects.toMatchObject({ code: 'FEED_INVALID' });
});

const whyNoTmpfs = process.getuid?.() === 0 ? undefined : 'only root can mount a small one';
if (whyNoTmpfs !== undefined) console.warn(`A full disk is not tried: ${whyNoTmpfs}`);

test.skipIf(whyNoTmpfs !== undefined)('a full disk is told, and what fits is gone on with', async () => {
  const disk = folder.at('disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200k', 'tmpfs', disk]);
  try {
    await expect(fetchIt({ folder: disk })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: `Cannot fetch "${server.url}/feed.zip" into "${disk}": no space left on its disk`,
    });
    execFileSync('mount', ['-o', 'remount,size=2m', disk]);
    server.requests.length = 0;
    expect(contentOf(await fetchIt({ folder: disk })).equals(CONTENT)).toBe(true);
    expect(server.requests.map(({ status }) => status)).toEqual([206]);
  } finally {
    execFileSync('umount', [disk]);
  }
});

test('more than is allowed is not fetched', async () => {
  await expect(fetchIt({ limitBytes: 1000 })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});
