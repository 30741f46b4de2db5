import { expect, test } from 'vitest';
import { SOURCES } from '#advisory/sources.ts';
import { feedUrl, parseMirror } from './feed-url.ts';
import { inParallel } from './in-parallel.ts';

test.each([
  {
    template: SOURCES.osv.feeds[0].url,
    words: { ecosystem: 'Rocky Linux' },
    url: 'https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip',
    why: 'spaces are encoded',
  },
  {
    template: SOURCES['redhat-vex'].feeds[4].url,
    words: { path: '2024/cve-2024-1.json' },
    url: 'https://security.access.redhat.com/data/csaf/v2/vex/2024/cve-2024-1.json',
    why: 'a path keeps its slashes',
  },
])('$url is where to ask: $why', ({ template, words, url }) => {
  expect(feedUrl(template, words, undefined).href).toBe(url);
});

test('a mirror has the same paths below its own', () => {
  const [source, mirror] = parseMirror('osv=https://mirror.example/feeds/osv/');
  expect(source).toBe('osv');
  expect(feedUrl(SOURCES.osv.feeds[0].url, { ecosystem: 'npm' }, mirror).href).toBe(
    'https://mirror.example/feeds/osv/npm/all.zip',
  );
});

test.each(['osv', 'osv=', 'nobody=https://x', 'osv=ftp://x', '=https://x'])('"%s" is no mirror', text => {
  expect(() => parseMirror(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test('things are done a few at a time, and none is begun after a failure', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(resolve => setImmediate(resolve));
    running -= 1;
    if (item === 5) throw new Error('five');
    done.push(item);
  };
  await inParallel([1, 2, 3, 4], 2, work);
  expect([most, done.length]).toEqual([2, 4]);
  await expect(inParallel([5, 6, 7, 8, 9], 2, work)).rejects.toThrow('five');
  expect(done).not.toContain(9);
});
