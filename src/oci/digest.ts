/**
 * Content digests: the `algorithm:hex` names by which blobs and manifests are addressed.
 *
 * Source: OCI image-spec, descriptor.md, "Digests". Plimsoll accepts sha256 and sha512.
 */
import { hash } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

declare const brand: unique symbol;

/** A checked digest such as `sha256:9f86d0…`: lower-case hex, length fits the algorithm. */
export type Digest = string & { readonly [brand]: 'Digest' };

/** The hash algorithms a digest may name. */
export type DigestAlgorithm = 'sha256' | 'sha512';

const HEX_LENGTH: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** Checks `text` and returns it as a digest. @throws {PlimsollError} `DIGEST_INVALID`. */
export function parseDigest(text: string): Digest {
  if (!isDigest(text)) {
    throw new PlimsollError(
      'DIGEST_INVALID',
      `Cannot read digest "${printable(text)}": expected sha256 or sha512 and its hex in lower case`,
    );
  }
  return text;
}

/** Whether `text` is a digest Plimsoll can verify. */
export function isDigest(text: string): text is Digest {
  const [, algorithm = '', hex = ''] = /^([a-z0-9]+):([0-9a-f]+)$/.exec(text) ?? [];
  return hex.length > 0 && HEX_LENGTH[algorithm] === hex.length;
}

/** The algorithm and the hex of a digest. */
export function splitDigest(digest: Digest): { algorithm: DigestAlgorithm; hex: string } {
  const colon = digest.indexOf(':');
  return { algorithm: digest.slice(0, colon) as DigestAlgorithm, hex: digest.slice(colon + 1) };
}

/** The digest of `bytes`, all of them in memory. */
export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes)}` as Digest;
}
