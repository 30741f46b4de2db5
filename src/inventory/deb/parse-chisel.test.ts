import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { FactLimits } from '../fact-limits.ts';
import { parseChisel } from './parse-chisel.ts';

const PACKAGE = '{"kind":"package","name":"openssl","version":"3.0.2-0ubuntu1.15","sha256":"ab","arch":"amd64"}';
const LINES = [
  '{"kind":"content","slice":"openssl_bins","path":"/usr/bin/openssl"}',
  PACKAGE,
  '{"kind":"path","path":"/usr/bin/","mode":"0755","slices":["openssl_bins"]}',
  '{"kind":"path","path":"/usr/bin/link","mode":"0777","slices":["openssl_bins"],"link":"openssl"}',
  '{"kind":"path","path":"/usr/bin/openssl","mode":"0755","slices":["openssl_bins","openssl_data"],"sha256":"cd","size":10}',
  '{"kind":"slice","name":"openssl_bins"}',
];

function read(lines: readonly string[], count = lines.length + 1) {
  const limits = new FactLimits();
  const text = [`{"jsonwall":"1.0","schema":"1.0","count":${count}}`, ...lines].join('\n');
  const manifest = parseChisel(zstdCompressSync(`${text}\n`), limits);
  return { ...manifest, gaps: limits.gaps() };
}

test('packages and the paths of their slices are read; the source is not known', () => {
  expect(read(LINES)).toEqual({
    packages: [{ type: 'deb', name: 'openssl', version: '3.0.2-0ubuntu1.15', arch: 'amd64' }],
    paths: [['usr/bin/openssl']],
    gaps: [],
  });
});

test('a manifest with fewer lines than it says is told', () => {
  expect(read(LINES, 9).gaps).toEqual(['1 manifest with more or fewer lines than it says; packages may be missing']);
});

test('a line that cannot be read costs only itself', () => {
  const found = read(['{"kind":"package","name":5}', '{"kind":"path",', PACKAGE]);
  expect(found.packages).toHaveLength(1);
  expect(found.gaps).toEqual(['2 line(s) that cannot be read']);
});

test.each([
  { bytes: zstdCompressSync('{"some":"json"}\n'), code: 'FILE_INVALID', why: 'another file' },
  { bytes: zstdCompressSync(PACKAGE).subarray(0, -4), code: 'FILE_INVALID', why: 'cut off' },
  { bytes: zstdCompressSync(Buffer.alloc(65 * 1024 * 1024)), code: 'LIMIT_EXCEEDED', why: 'a bomb' },
])('a manifest that is hopeless says so: $why', ({ bytes, code }) => {
  expect(() => parseChisel(bytes, new FactLimits())).toThrow(expect.objectContaining({ code }));
});

test('no bytes make it throw anything but a PlimsollError', () => {
  const text = fc.array(fc.oneof(fc.constantFrom(...LINES), fc.json(), fc.string()), { maxLength: 12 });
  fc.assert(fc.property(text, lines => void read(lines, 3)));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
      try {
        parseChisel(Buffer.concat([Buffer.from('28b52ffd', 'hex'), bytes]), new FactLimits());
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error;
      }
    }),
  );
});
