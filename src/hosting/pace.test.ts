import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paced } from './pace.ts';

const patient = { windowMs: 60_000, minBytes: 1 };

async function readAll(body: Readable): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of paced(body, patient)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

test('whatever the chunks, the bytes come through in their order', async () => {
  const sizes = fc.array(fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 700_000 })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(sizes, async parts => {
      const chunks = parts.map((size, at) => Buffer.alloc(size, at + 1));
      const want = Buffer.concat(chunks);
      // One memory for several chunks, as some sources have it.
      const shared = Buffer.from(want);
      const starts = parts.map((_, at) => parts.slice(0, at).reduce((sum, size) => sum + size, 0));
      const slices = parts.map((size, at) => shared.subarray(starts[at], (starts[at] ?? 0) + size));
      for (const source of [chunks, slices]) {
        expect((await readAll(Readable.from(source, { objectMode: false }))).equals(want)).toBe(true);
      }
    }),
    { numRuns: 40 },
  );
});

test('what came before a connection broke is handed on before the failure', async () => {
  const body = new PassThrough();
  body.write('some ');
  body.write('bytes');
  const seen: string[] = [];
  const reading = (async () => {
    for await (const piece of paced(body, patient)) {
      seen.push(Buffer.from(piece).toString());
      body.destroy(new Error('connection lost'));
    }
  })();
  await expect(reading).rejects.toThrow('connection lost');
  expect(seen.join('')).toBe('some bytes');
});

test('a body of which hardly anything comes is given up, and left as it is', async () => {
  const body = new PassThrough();
  body.write('x');
  const reading = (async () => {
    for await (const _ of paced(body, { windowMs: 30, minBytes: 1000 }));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'TIMED_OUT' });
  expect(body.destroyed).toBe(false);
});

test('no more is taken from a body than its reader keeps up with', async () => {
  let given = 0;
  async function* endless() {
    for (;;) {
      given += 1;
      yield Buffer.alloc(64 * 1024);
    }
  }
  const body = Readable.from(endless(), { objectMode: false });
  for await (const piece of paced(body, patient)) {
    await new Promise(resolve => setImmediate(resolve));
    expect(piece.byteLength).toBeLessThanOrEqual(512 * 1024);
    if (given > 50) break;
    expect(given).toBeLessThan(60);
  }
  const before = given;
  await new Promise(resolve => setImmediate(resolve));
  expect(given).toBeLessThan(before + 5);
  body.destroy();
});
