import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { collect, openFromRegistry } from '../../../test/fixtures/open-from-registry.ts';
import {
  type Act,
  breaksOff,
  hangs,
  type RegistryServerOptions,
  resets,
  sends,
  startRegistryServer,
} from '../../../test/fixtures/registry-server.ts';
import { verified } from '../verified.ts';
import { parseContentRange } from './blob-stream.ts';

const options = { signal: new AbortController().signal };
const BYTES = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const part = (length: number) => BYTES.subarray(0, length);

/** Streams one layer from a registry that plays `acts` for it; what was read, what was asked for, and what was told. */
async function stream(acts: readonly Act[], how: RegistryServerOptions & { bytes?: Buffer } = {}) {
  await using registry = await startRegistryServer(how);
  const { layers } = registry.addImage('org/app', '1.0', [how.bytes ?? BYTES]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  registry.play(/blobs/, ...acts);
  const retries: number[] = [];
  const onRetry = ({ attempt }: { attempt: number }) => retries.push(attempt);
  const patience = { headersTimeoutMs: 300, idleTimeoutMs: 100 };
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`, { onRetry, patience });
  const checked = verified(await content.blob(layer, options), { digest: layer.digest, sizeBytes: layer.size });
  const outcome = await collect(checked).catch((error: unknown) => error as Error);
  return { outcome, retries, ranges: registry.seen(/blobs/).map(({ headers }) => headers.range) };
}

test('a download that breaks off goes on where it was', async () => {
  const { outcome, ranges } = await stream([breaksOff(part(100_000), BYTES.length)]);
  expect(outcome).toEqual(BYTES);
  expect(ranges).toHaveLength(2);
  expect(ranges[0]).toBeUndefined();
  expect(ranges[1]).toBe('bytes=100000-');
});

test('silence in the middle counts as a break', async () => {
  const { outcome, ranges } = await stream([breaksOff(part(70_000), BYTES.length, 'hangs')]);
  expect(outcome).toEqual(BYTES);
  expect(ranges).toEqual([undefined, 'bytes=70000-']);
});

test('a registry without ranges sends it all again, and what was delivered is not delivered twice', async () => {
  const { outcome, ranges } = await stream([breaksOff(part(100_000), BYTES.length)], { servesRanges: false });
  expect(outcome).toEqual(BYTES);
  expect(ranges).toHaveLength(2);
});

test('a connection that broke before the first byte, or answers with an error, is tried again', async () => {
  const { outcome, retries } = await stream([resets, sends(503)]);
  expect(outcome).toEqual(BYTES);
  expect(retries).toEqual([1, 2]);
});

test('progress buys patience: a bad line may break any number of times', async () => {
  const broken: Act = (request, response, proceed) => {
    const start = Number(/\d+/.exec(request.headers.range ?? '0')?.[0]);
    if (start + 66_000 > BYTES.length) return proceed();
    const headers = { 'content-range': `bytes ${start}-${BYTES.length - 1}/${BYTES.length}` };
    response.writeHead(start === 0 ? 200 : 206, start === 0 ? {} : headers);
    response.write(BYTES.subarray(start, start + 66_000), () => setImmediate(() => response.socket?.destroy()));
  };
  const { outcome, ranges } = await stream(Array.from({ length: 6 }, () => broken));
  expect(outcome).toEqual(BYTES);
  expect(ranges.length).toBeGreaterThan(4);
});

test.each([
  { why: 'a byte at a time', acts: [0, 1, 2].map(at => cutAfterOne(at)), code: /UNAVAILABLE/, requests: 3 },
  { why: 'hanging', acts: [hangs, hangs, hangs], code: /TIMED_OUT/, requests: 3 },
  { why: 'saying that it has gone', acts: [sends(404)], code: /BLOB_UNKNOWN/, requests: 1 },
  {
    why: 'sending a page',
    acts: [sends(200, { 'content-type': 'text/html' }, '<html>')],
    code: /REGISTRY_INVALID/,
    requests: 1,
  },
  {
    why: 'announcing too much',
    acts: [sends(200, { 'content-length': '300001' }, 'x'.repeat(BYTES.length + 1))],
    code: /DIGEST_MISMATCH/,
    requests: 1,
  },
  {
    why: 'announcing too little',
    acts: [sends(200, { 'content-length': '1' }, 'x')],
    code: /DIGEST_MISMATCH/,
    requests: 1,
  },
  {
    why: 'sending too much unannounced',
    acts: [chunked('x'.repeat(BYTES.length + 1))],
    code: /DIGEST_MISMATCH/,
    requests: 1,
  },
  {
    why: 'sending too little unannounced',
    acts: [chunked('x'), sends(416), sends(416)],
    code: /DIGEST_MISMATCH/,
    requests: 2,
  },
  {
    why: 'going on elsewhere',
    acts: [breaksOff(part(90_000), BYTES.length), sends(206, { 'content-range': 'bytes 0-5/300000' }, '123456')],
    code: /REGISTRY_INVALID/,
    requests: 2,
  },
  {
    why: 'going on without saying where',
    acts: [breaksOff(part(90_000), BYTES.length), sends(206, {}, 'x')],
    code: /REGISTRY_INVALID/,
    requests: 2,
  },
  {
    why: 'going on with another blob',
    acts: [breaksOff(part(90_000), BYTES.length), sends(206, { 'content-range': 'bytes 90000-90001/90002' }, 'xx')],
    code: /DIGEST_MISMATCH/,
    requests: 2,
  },
  {
    why: 'sending other bytes',
    acts: [sends(200, {}, 'x'.repeat(BYTES.length))],
    code: /DIGEST_MISMATCH/,
    requests: 1,
  },
])('a registry cannot make a download go on for ever or go wrong unseen by $why', async ({ acts, code, requests }) => {
  const { outcome, ranges } = await stream(acts);
  expect(outcome).toMatchObject({ code: expect.stringMatching(code) });
  expect(ranges).toHaveLength(requests);
});

test('wherever a download breaks, and however often, the bytes are the same', async () => {
  const cuts = fc.array(fc.nat({ max: 999 }), { maxLength: 2 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.boolean(), async (lengths, servesRanges) => {
      const bytes = BYTES.subarray(0, 1000);
      const acts = lengths.map(length => breaksOff(bytes.subarray(0, length), bytes.length));
      // Only a first answer may be made up like this; later ones go on from where the last one ended.
      const { outcome } = await stream(acts.slice(0, 1), { bytes, servesRanges });
      expect(digestOf(outcome as Buffer)).toBe(digestOf(bytes));
    }),
    { numRuns: 15 },
  );
});

test('a range that is not the one asked for is refused, and one that does not exist leaves the layer to be read whole', async () => {
  await using registry = await startRegistryServer();
  const { layers } = registry.addImage('org/app', '1.0', [BYTES]);
  const [layer] = layers;
  if (layer === undefined) throw new Error('one layer');
  await using content = await openFromRegistry(`${registry.host}/org/app:1.0`);
  const range = { offset: 10, length: 5 };
  const wrong = [
    sends(206, { 'content-range': 'bytes 0-4/300000' }, '12345'),
    sends(206, { 'content-range': 'bytes 10-13/300000' }, '1234'),
    sends(206, {}, '12345'),
    sends(206, { 'content-range': 'bytes 10-14/300000' }, '123456'),
  ];
  registry.play(/blobs/, ...wrong);
  for (const _ of wrong) {
    await expect(content.blobRange(layer, range, options)).rejects.toMatchObject({ code: 'REGISTRY_INVALID' });
  }
  registry.play(/blobs/, chunkedPart('123', 10, 14));
  expect(await content.blobRange(layer, range, options)).toEqual(BYTES.subarray(10, 15));
  expect(await content.blobRange(layer, { offset: 400_000, length: 1 }, options)).toBeUndefined();
});

test.each([
  { header: 'bytes 0-9/10', range: { start: 0, end: 9, total: 10 } },
  { header: 'bytes 5-9/*', range: { start: 5, end: 9 } },
  { header: 'bytes 9-5/10', range: undefined },
  { header: 'bytes */10', range: undefined },
  { header: 'items 0-9/10', range: undefined },
  { header: undefined, range: undefined },
])('Content-Range "$header" is read as $range', ({ header, range }) => {
  expect(parseContentRange(header)).toEqual(range);
});

function cutAfterOne(at: number): Act {
  return (_, response) => {
    const headers = { 'content-range': `bytes ${at}-${BYTES.length - 1}/${BYTES.length}` };
    response.writeHead(at === 0 ? 200 : 206, at === 0 ? { 'content-length': BYTES.length } : headers);
    response.write(BYTES.subarray(at, at + 1), () => setImmediate(() => response.socket?.destroy()));
  };
}

/** A body whose end is not announced. */
function chunked(body: string): Act {
  return (_, response) => {
    response.writeHead(200, { 'transfer-encoding': 'chunked' });
    response.end(body);
  };
}

function chunkedPart(body: string, start: number, end: number): Act {
  return (_, response) => {
    const headers = { 'content-range': `bytes ${start}-${end}/${BYTES.length}`, 'transfer-encoding': 'chunked' };
    response.writeHead(206, headers);
    response.end(body);
  };
}
