import { createHash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { inflated } from './inflate.ts';

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function inflateAll(bytes: Buffer, size = 700): Promise<{ text: Buffer; sawAll: boolean }> {
  const seen = createHash('sha256');
  async function* source(): AsyncGenerator<Buffer> {
    for await (const chunk of chunksOf(bytes, size)) {
      seen.update(chunk);
      yield chunk;
    }
  }
  const parts: Buffer[] = [];
  for await (const chunk of inflated(source())) parts.push(Buffer.from(chunk));
  return {
    text: Buffer.concat(parts),
    sawAll: seen.digest('hex') === createHash('sha256').update(bytes).digest('hex'),
  };
}

const A = Buffer.alloc(300_000, 'some text that repeats ');
const B = Buffer.from('and a tail');
const skippable = (text: string) => {
  const head = Buffer.alloc(8);
  head.writeUInt32LE(0x184d2a53, 0);
  head.writeUInt32LE(text.length, 4);
  return Buffer.concat([head, Buffer.from(text)]);
};

test.each([
  { why: 'plain bytes pass', bytes: A, want: A },
  { why: 'nothing is nothing', bytes: Buffer.alloc(0), want: Buffer.alloc(0) },
  { why: 'gzip', bytes: gzipSync(A), want: A },
  {
    why: 'gzip of several members, as pigz and eStargz write',
    bytes: Buffer.concat([gzipSync(A), gzipSync(B)]),
    want: Buffer.concat([A, B]),
  },
  { why: 'gzip with zeros behind it', bytes: Buffer.concat([gzipSync(A), Buffer.alloc(3000)]), want: A },
  { why: 'zstd', bytes: zstdCompressSync(A), want: A },
  {
    why: 'zstd of several frames',
    bytes: Buffer.concat([zstdCompressSync(A), zstdCompressSync(B)]),
    want: Buffer.concat([A, B]),
  },
  {
    why: 'zstd that opens with a skippable frame, as pzstd writes',
    bytes: Buffer.concat([skippable('index'), zstdCompressSync(A)]),
    want: A,
  },
  {
    why: 'zstd with skippable and empty frames between, as zstd:chunked has',
    bytes: Buffer.concat([
      skippable(''),
      zstdCompressSync(B),
      skippable('x'),
      zstdCompressSync(Buffer.alloc(0)),
      zstdCompressSync(A),
      skippable('end'),
    ]),
    want: Buffer.concat([B, A]),
  },
])('$why', async ({ bytes, want }) => {
  for (const size of [1, 7, 1000, bytes.length + 1]) {
    if (size === 1 && bytes.length > 50_000) continue;
    const { text, sawAll } = await inflateAll(bytes, size);
    expect(text.equals(want)).toBe(true);
    expect(sawAll).toBe(true);
  }
});

test.each([
  { why: 'gzip that breaks off', bytes: gzipSync(A).subarray(0, 500), code: 'LAYER_INVALID' },
  { why: 'zstd that breaks off', bytes: zstdCompressSync(A).subarray(0, 40), code: 'LAYER_INVALID' },
  {
    why: 'gzip with a wrong check sum',
    bytes: Buffer.concat([gzipSync(B).subarray(0, -6), Buffer.alloc(6, 1)]),
    code: 'LAYER_INVALID',
  },
  {
    why: 'zstd with something else behind it',
    bytes: Buffer.concat([zstdCompressSync(A), Buffer.alloc(90, 'x')]),
    code: 'LAYER_INVALID',
  },
  { why: 'xz, which no image format allows', bytes: Buffer.from('fd377a585a000004', 'hex'), code: 'LAYER_INVALID' },
  { why: 'a gzip bomb', bytes: gzipSync(Buffer.alloc(150_000_000)), code: 'LIMIT_EXCEEDED' },
])('it refuses $why', async ({ bytes, code }) => {
  await expect(inflateAll(bytes)).rejects.toMatchObject({ code });
});

test('a failing source fails the stream with its own error', async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield gzipSync(A).subarray(0, 300);
    throw new PlimsollError('REGISTRY_UNAVAILABLE', 'gone');
  }
  const reading = (async () => {
    for await (const _ of inflated(broken()));
  })();
  await expect(reading).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
});

test('a reader that leaves early closes the source', async () => {
  let isClosed = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield* chunksOf(gzipSync(A), 100);
    } finally {
      isClosed = true;
    }
  }
  for await (const _ of inflated(source())) break;
  expect(isClosed).toBe(true);
});

test('no bytes make it throw anything but a PlimsollError', async () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(gzipSync(A), zstdCompressSync(A), Buffer.concat([skippable('x'), zstdCompressSync(B)])),
      fc.nat(),
      fc.nat({ max: 255 }),
    )
    .map(([bytes, at, value]) => {
      const copy = Buffer.from(bytes);
      copy[at % copy.length] = value;
      return copy;
    });
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        damaged,
        fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)),
      ),
      async bytes => {
        await inflateAll(bytes, 97).catch(error => expect(error).toBeInstanceOf(PlimsollError));
      },
    ),
    { numRuns: 150 },
  );
});
