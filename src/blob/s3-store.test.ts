import { S3Client } from '@aws-sdk/client-s3';
import { startFauxqs } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf } from '#oci/digest.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import { putBytes } from './blob-store.ts';
import { parseS3Location } from './open-blob-store.ts';
import { openS3Store, type S3Place } from './s3-store.ts';
import { describeBlobStore } from './testing/blob-store-contract.ts';

const signal = new AbortController().signal;
const limitBytes = 64 * 1024 * 1024;
const BUCKET = 'plimsoll-blobs';
const folder = await scratchFolder();
let server: Awaited<ReturnType<typeof startFauxqs>> | undefined;

beforeAll(async () => {
  server = await startFauxqs({ port: 0, logger: false, s3StorageDir: folder.path });
  await server.createBucket(BUCKET);
});
afterAll(async () => {
  await server?.stop();
  await folder[Symbol.asyncDispose]();
});

function place(over: Partial<S3Place> = {}): S3Place {
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${server?.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  // The server in the tests takes requests of less than 10 MiB; like Amazon's it takes no part under 5 MiB but the last.
  return { client, bucket: BUCKET, prefix: 'team/', pieceBytes: 6 * 1024 * 1024, ...over };
}

describeBlobStore('blobs in S3', async () => openS3Store(place()));

test('a blob of several pieces is put together from them, also when small chunks made the pieces', async () => {
  const bytes = Buffer.alloc(20_000_000).map((_, at) => (at * 7) % 253);
  const digest = digestOf(bytes);
  let id: string;
  {
    await using store = openS3Store(place());
    ({ id } = await store.startUpload({ signal }));
    let offset = 0;
    for (const end of [1000, 2_500_000, 12_000_000, 12_000_001, 14_000_000]) {
      const part = chunksOf(bytes.subarray(offset, end));
      offset = (await store.append(id, part, { offset, limitBytes, signal })).sizeBytes;
    }
  }
  // As after a restart: what was hashed before is read again.
  await using store = openS3Store(place());
  expect(await store.getUpload(id, { signal })).toEqual({ id, sizeBytes: 14_000_000 });
  await store.append(id, chunksOf(bytes.subarray(14_000_000)), { offset: 14_000_000, limitBytes, signal });
  await store.commit(id, digest, { signal });
  const read = Buffer.concat(await Array.fromAsync(await store.open(digest, { signal })));
  expect(read.equals(bytes)).toBe(true);
  expect(await Array.fromAsync(store.listUploads({ signal }))).not.toContainEqual(expect.objectContaining({ id }));
});

test('prefixes of one bucket keep stores apart', async () => {
  await using mine = openS3Store(place({ prefix: 'mine/' }));
  await using yours = openS3Store(place({ prefix: 'yours/' }));
  const bytes = Buffer.from('mine alone');
  await putBytes(mine, bytes, digestOf(bytes), { signal });
  expect(await yours.findSize(digestOf(bytes), { signal })).toBeUndefined();
});

test('a bucket that is not there is told by name, without credentials', async () => {
  await using store = openS3Store(place({ bucket: 'no-such-bucket' }));
  const failure = store.startUpload({ signal });
  await expect(failure).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  await expect(failure).rejects.toThrow(/s3:\/\/no-such-bucket.*no such bucket/);
});

describe('where S3 is', () => {
  test.each([
    { text: 's3://bucket', prefix: '', endpoint: undefined, region: undefined },
    { text: 's3://bucket/', prefix: '', endpoint: undefined, region: undefined },
    { text: 's3://bucket/some/prefix/', prefix: 'some/prefix/', endpoint: undefined, region: undefined },
    {
      text: 's3://bucket/x?endpoint=https://minio.example:9000&region=eu-1',
      prefix: 'x/',
      endpoint: 'https://minio.example:9000',
      region: 'eu-1',
    },
  ])('$text can be read', ({ text, ...rest }) => {
    expect(parseS3Location(text)).toEqual({ bucket: 'bucket', ...rest });
  });

  test.each([
    { text: 's3://', why: 'no bucket' },
    { text: 's3://Bucket_1/x', why: 'no legal bucket' },
    { text: 's3://key:secret@bucket/x', why: 'credentials in it' },
    { text: 's3://bucket?endpoint=file:///etc', why: 'no service' },
  ])('$why: $text is refused', ({ text }) => {
    expect(() => parseS3Location(text)).toThrow(/PLIMSOLL_BLOBS/);
    expect(() => parseS3Location(text)).not.toThrow(/secret@/);
  });
});

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += 60_000) yield bytes.subarray(at, at + 60_000);
}
