import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { verified, verifiedBytes } from './verified.ts';

/** `bytes` in chunks that end at `cuts`. */
async function* inChunks(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  for (const end of ends) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const algorithm = fc.constantFrom('sha256' as const, 'sha512' as const);

test('what its digest names passes, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.array(fc.nat()), algorithm, async (bytes, cuts, by) => {
      const want = { digest: digestOf(bytes, by), sizeBytes: bytes.length };
      expect(Buffer.compare(await collect(verified(inChunks(bytes, cuts), want)), bytes)).toBe(0);
      expect(verifiedBytes(bytes, want)).toBe(bytes);
    }),
  );
});

test('anything else does not', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), algorithm, async (bytes, others, by) => {
      fc.pre(Buffer.compare(bytes, others) !== 0);
      const want = { digest: digestOf(bytes, by), sizeBytes: bytes.length };
      await expect(collect(verified(inChunks(others, []), want))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(() => verifiedBytes(others, want)).toThrow(expect.objectContaining({ code: 'DIGEST_MISMATCH' }));
    }),
  );
});

test('a stream without end is left as soon as it is longer than promised', async () => {
  let sent = 0;
  const endless = (async function* () {
    for (;;) {
      sent += 1;
      yield Buffer.alloc(10);
    }
  })();
  const want = { digest: digestOf(''), sizeBytes: 25 };
  await expect(collect(verified(endless, want))).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  expect(sent).toBe(3);
});

test('leaving early closes the source and checks nothing', async () => {
  let isClosed = false;
  const source = (async function* () {
    try {
      yield Buffer.from('a');
      yield Buffer.from('b');
    } finally {
      isClosed = true;
    }
  })();
  for await (const _ of verified(source, { digest: digestOf('other'), sizeBytes: 2 })) break;
  expect(isClosed).toBe(true);
});
