/** What the build of the web interface must hold to: it is small, and safe under the server's content security policy. */
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from './fixtures/scratch-folder.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const DIST = join(ROOT, 'web/dist');
/** Issue of the interface: what the first view may cost, compressed. */
const FIRST_VIEW_BYTES = 250 * 1024;

beforeAll(async () => {
  await run(process.execPath, [join(ROOT, 'web/build.js'), '--if-older'], { cwd: ROOT });
}, 180_000);

test('the first view is under 250 KB of compressed JavaScript', async () => {
  const page = await readFile(join(DIST, 'index.html'), 'utf8');
  const entry = [...page.matchAll(/(?:src|href)="\/(assets\/[\w.-]+\.js)"/g)].map(([, path]) => path ?? '');
  expect(entry.length).toBeGreaterThan(0);
  const sizes = new Map<string, number>();
  const open = [...entry];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (sizes.has(path)) continue;
    const text = await readFile(join(DIST, path), 'utf8');
    sizes.set(path, gzipSync(text).byteLength);
    // Static imports alone; what is fetched with a page is `import(…)`.
    for (const [, name] of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) open.push(`assets/${name}`);
  }
  const whole = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(whole, [...sizes].map(([path, size]) => `${path} ${size}`).join(', ')).toBeLessThan(FIRST_VIEW_BYTES);
});

test('no page is so large that opening it takes as long as the first view', async () => {
  const names = (await readdir(join(DIST, 'assets'))).filter(name => name.endsWith('.js'));
  for (const name of names) {
    const size = gzipSync(await readFile(join(DIST, 'assets', name))).byteLength;
    expect(size, name).toBeLessThan(FIRST_VIEW_BYTES);
  }
});

test('there are no inline scripts or handlers, which the content security policy would refuse', async () => {
  const page = await readFile(join(DIST, 'index.html'), 'utf8');
  expect(page.match(/<script(?![^>]*\bsrc=)[^>]*>/g)).toBeNull();
  expect(page.match(/\son\w+=/g)).toBeNull();
  expect(page.match(/https?:\/\//g)).toBeNull();
});

test('no page asks again and again: events say when something has changed', async () => {
  const sources = join(ROOT, 'web/src');
  const names = (await readdir(sources, { recursive: true })).filter(name => /\.tsx?$/.test(name));
  const polling = await Promise.all(
    names.map(async name =>
      /refetchInterval|= setInterval\(/.test(await readFile(join(sources, name), 'utf8')) ? [name] : [],
    ),
  );
  // The clock that relative times go by.
  expect(polling.flat()).toEqual(['display/time.tsx']);
});

test('types of the API are those of its document: npm run api -w plimsoll-web renews them', {
  timeout: 60_000,
}, async () => {
  await using folder: ScratchFolder = await scratchFolder();
  const out = folder.at('schema.d.ts');
  // Wherever npm put it: in the workspace, or above.
  const program = join(createRequire(join(ROOT, 'web/package.json')).resolve('openapi-typescript'), '../../bin/cli.js');
  await run(process.execPath, [program, join(ROOT, 'docs/openapi.json'), '-o', out], { cwd: ROOT });
  const [fresh, kept] = await Promise.all([
    readFile(out, 'utf8'),
    readFile(join(ROOT, 'web/src/api/schema.d.ts'), 'utf8'),
  ]);
  expect(fresh === kept, 'web/src/api/schema.d.ts is as the document says').toBe(true);
});
