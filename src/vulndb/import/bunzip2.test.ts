import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { bunzip2 } from './bunzip2.ts';

const whyNot = whyNoBzip2();
if (whyNot !== undefined) console.warn(`bunzip2 is not tried on what bzip2 writes: ${whyNot}`);

/** `text` in bzip2, made once by the tool: enough where it is not installed. */
const HELLO = Buffer.from('QlpoOTFBWSZTWYV0bkEAAALRAAAQQAACRKAAMMAEpphSDcKGF3JFOFCQhXRuQQ==', 'base64');

const compress = (bytes: Uint8Array, level = 9) => execFileSync('bzip2', ['-c', `-${level}`], { input: bytes });

async function inflate(bytes: Uint8Array, chunkBytes = 1000): Promise<Buffer> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const parts: Buffer[] = [];
  for await (const part of bunzip2(chunks())) parts.push(part);
  return Buffer.concat(parts);
}

test.skipIf(whyNot !== undefined).each([
  { bytes: Buffer.alloc(0), why: 'nothing' },
  { bytes: Buffer.from('a'), why: 'one byte' },
  { bytes: Buffer.alloc(1_000_000, 'x'), why: 'one byte over and over' },
  { bytes: Buffer.from('aaaa'.repeat(3) + 'bbbbb'.repeat(60)), why: 'runs of four and more' },
  {
    bytes: Buffer.from(Array.from({ length: 60_000 }, (_, at) => `<a id="${at}"/>`).join('\n')),
    why: 'several blocks',
  },
  {
    bytes: Buffer.from(Array.from({ length: 150_000 }, (_, at) => (at * at * 7919) & 0xff)),
    why: 'all bytes there are',
  },
])('what bzip2 writes is read: $why', async ({ bytes }) => {
  expect((await inflate(compress(bytes))).equals(bytes)).toBe(true);
  expect((await inflate(compress(bytes, 1), 100_000)).equals(bytes)).toBe(true);
});

test.skipIf(whyNot !== undefined)('streams that follow each other are one', async () => {
  const joined = Buffer.concat([compress(Buffer.from('one')), compress(Buffer.from('two'))]);
  expect((await inflate(joined)).toString()).toBe('onetwo');
});

test.skipIf(whyNot !== undefined)('any bytes are the same after bzip2 and back', async () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.array(fc.nat(1), { maxLength: 3000 }).map(list => Uint8Array.from(list)),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async content => {
      expect((await inflate(compress(content))).equals(Buffer.from(content))).toBe(true);
    }),
    { numRuns: 15 },
  );
});

test('damage is told, and nothing else comes of it', async () => {
  const changes = fc.array(fc.tuple(fc.nat(HELLO.length - 1), fc.nat(255)), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(changes, fc.nat(HELLO.length), async (edits, length) => {
      const bytes = Buffer.from(HELLO);
      for (const [at, value] of edits) bytes[at] = value;
      try {
        const text = await inflate(bytes.subarray(0, length));
        expect(text.toString()).toBe('hello hello\n');
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
        expect(error.code).toBe('ADVISORY_INVALID');
      }
    }),
    { numRuns: 300 },
  );
});

function whyNoBzip2(): string | undefined {
  try {
    execFileSync('bzip2', ['--help'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'bzip2 is not installed';
  }
}
