import fc from 'fast-check';
import { expect, test } from 'vitest';
import { digestOf, isDigest, parseDigest, splitDigest } from './digest.ts';

const HEX = '0123456789abcdef'.repeat(4);

test.each([
  { text: `sha256:${HEX}`, isOne: true, why: 'the usual one' },
  { text: `sha512:${HEX}${HEX}`, isOne: true, why: 'the longer one' },
  { text: `sha256:${HEX.toUpperCase()}`, isOne: false, why: 'hex is lower case' },
  { text: `sha256:${HEX}${HEX}`, isOne: false, why: 'the length of another algorithm' },
  { text: `sha256:${HEX.slice(1)}`, isOne: false, why: 'one digit short' },
  { text: `md5:${HEX.slice(32)}`, isOne: false, why: 'an algorithm that proves nothing' },
  { text: `sha384:${HEX}${HEX.slice(32)}`, isOne: false, why: 'an algorithm we do not verify' },
  { text: `toString:${HEX}`, isOne: false, why: 'a name that every object has' },
  { text: `constructor:${HEX}`, isOne: false, why: 'another' },
  { text: HEX, isOne: false, why: 'no algorithm' },
  { text: `sha256:${HEX}\n`, isOne: false, why: 'a line break at the end' },
  { text: ` sha256:${HEX}`, isOne: false, why: 'a blank before' },
  { text: `sha256:../../${HEX.slice(6)}`, isOne: false, why: 'a path: digests name files' },
  { text: '', isOne: false, why: 'nothing' },
])('$text is a digest: $isOne ($why)', ({ text, isOne }) => {
  expect(isDigest(text)).toBe(isOne);
  if (isOne) expect(parseDigest(text)).toBe(text);
  else expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'DIGEST_INVALID' }));
});

test.each([
  { text: '', digest: 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
  { text: 'abc', digest: 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
])('the digest of "$text" is the one FIPS 180-4 gives', ({ text, digest }) => {
  expect(digestOf(text)).toBe(digest);
  expect(digestOf(Buffer.from(text))).toBe(digest);
});

test('what we compute, we can read, and take apart', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.constantFrom('sha256' as const, 'sha512' as const), (bytes, algorithm) => {
      const digest = digestOf(bytes, algorithm);
      expect(parseDigest(digest)).toBe(digest);
      const parts = splitDigest(digest);
      expect(`${parts.algorithm}:${parts.hex}`).toBe(digest);
      expect(parts.algorithm).toBe(algorithm);
    }),
  );
});
