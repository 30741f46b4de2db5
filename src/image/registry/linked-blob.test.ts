/** Blobs by links, from a server that fails now and then. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLayer } from '../../../test/fixtures/image-builder.ts';
import { breaksOff, type RegistryServer, sends, startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { type FileSlice, readSlice } from '../local-file.ts';
import { DEFAULT_PATIENCE } from './attempt.ts';
import { fetchLinkedBlob } from './linked-blob.ts';
import { Transport } from './transport.ts';

const patience = { ...DEFAULT_PATIENCE, attempts: 3, baseDelayMs: 1 };
let server: RegistryServer;
let folder: ScratchFolder;
let transport: Transport;

beforeAll(async () => {
  server = await startRegistryServer();
  folder = await scratchFolder();
  transport = new Transport({
    tlsVerify: true,
    authorities: [],
    proxies: {},
    patience,
    userAgent: 'test',
    allowsLinkLocal: false,
    home: '',
    alsoHome: ['127.0.0.1'],
    allowsPrivate: false,
  });
});

afterAll(async () => {
  await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

/** Bytes that no other test has, under their digest and as a link to them. */
async function newBlob(name: string) {
  const { bytes } = await makeLayer([{ path: name, content: name.repeat(2000) }], { compression: 'none' });
  const { digest } = server.addBlob(bytes);
  return { bytes, digest, url: new URL(`${server.url}/v2/a/blobs/${digest}?sig=secret`) };
}

async function fetchBlob(blob: Pick<Awaited<ReturnType<typeof newBlob>>, 'digest' | 'url'>, maxBytes = 1e9) {
  const options = { signal: AbortSignal.timeout(20_000), patience, scratchFolder: folder.path, maxBytes };
  return await fetchLinkedBlob(transport, blob, options);
}

async function contentOf(slice: FileSlice): Promise<Buffer> {
  const bytes = await readSlice(slice, { offset: 0, length: slice.sizeBytes }, 'the file');
  await slice.file.close();
  return bytes;
}

test.each([
  { why: 'at once', acts: () => [] },
  { why: 'after the storage was overloaded', acts: () => [sends(503), sends(429)] },
  { why: 'after the connection broke', acts: (bytes: Buffer) => [breaksOff(bytes.subarray(0, 3000), bytes.length)] },
])('a blob is fetched whole: $why', async ({ why, acts }) => {
  const blob = await newBlob(why);
  server.play(new RegExp(blob.digest), ...acts(blob.bytes));
  expect((await contentOf(await fetchBlob(blob))).equals(blob.bytes)).toBe(true);
  expect(server.count(new RegExp(blob.digest))).toBe(acts(blob.bytes).length + 1);
});

test('what would fill the disk is refused before it does', async () => {
  const blob = await newBlob('large');
  await expect(fetchBlob(blob, 1000)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(server.count(new RegExp(blob.digest)), 'once is enough').toBe(1);
});

test('other bytes are refused, and not asked for again', async () => {
  const blob = await newBlob('right');
  server.play(new RegExp(blob.digest), sends(200, {}, 'wrong'));
  await expect(fetchBlob(blob)).rejects.toMatchObject({
    code: 'DIGEST_MISMATCH',
    message: expect.not.stringContaining('secret'),
  });
  expect(server.count(new RegExp(blob.digest))).toBe(1);
});

test('a link that no longer opens says so, and not what it was', async () => {
  const blob = await newBlob('expired');
  server.play(new RegExp(blob.digest), sends(403, {}, 'Request has expired: sig=secret'));
  const error = await fetchBlob(blob).catch((thrown: Error) => thrown);
  expect(error).toMatchObject({ code: 'REGISTRY_DENIED', message: expect.stringMatching(/403 .* may have expired/) });
  expect(String(error)).not.toContain('secret');
});
