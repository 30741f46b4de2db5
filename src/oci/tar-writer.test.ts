import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { writeTar } from './tar-writer.ts';

const file = (name: string, text: string) => ({
  name,
  sizeBytes: Buffer.byteLength(text),
  content: () => [Buffer.from(text)],
});

test('tar reads what is written, and the same files give the same bytes', async () => {
  const files = [file('oci-layout', '{}'), file('blobs/empty', ''), file('blobs/long', 'x'.repeat(2000))];
  const tar = Buffer.concat(await Array.fromAsync(writeTar(files)));
  expect(tar.length % 512).toBe(0);
  expect(execFileSync('tar', ['t'], { input: tar }).toString()).toBe('oci-layout\nblobs/empty\nblobs/long\n');
  expect(execFileSync('tar', ['xO', 'blobs/long'], { input: tar }).toString()).toBe('x'.repeat(2000));
  expect(Buffer.concat(await Array.fromAsync(writeTar(files)))).toEqual(tar);
});

test('names that do not fit are refused', async () => {
  await expect(Array.fromAsync(writeTar([file('x'.repeat(101), '')]))).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  });
});
