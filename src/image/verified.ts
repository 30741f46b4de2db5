/**
 * Checking bytes against the digest and size that name them, whole or as they stream.
 */
import { createHash } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Digest, digestOf, splitDigest } from '#oci/digest.ts';

/**
 * Passes chunks through, hashing them; fails as soon as they exceed `sizeBytes`, or at the end if they are fewer or are not what
 * `digest` names. @throws {PlimsollError} `DIGEST_MISMATCH`.
 */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  want: { readonly digest: Digest; readonly sizeBytes: number },
): AsyncGenerator<Uint8Array> {
  const { algorithm } = splitDigest(want.digest);
  const hash = createHash(algorithm);
  let seenBytes = 0;
  for await (const chunk of source) {
    seenBytes += chunk.byteLength;
    if (seenBytes > want.sizeBytes) {
      throw new PlimsollError(
        'DIGEST_MISMATCH',
        `Cannot trust ${want.digest}: more than the ${want.sizeBytes} bytes promised`,
      );
    }
    hash.update(chunk);
    yield chunk;
  }
  if (seenBytes < want.sizeBytes) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot trust ${want.digest}: it ends after ${seenBytes} bytes of ${want.sizeBytes}`,
    );
  }
  const got = `${algorithm}:${hash.digest('hex')}`;
  if (got !== want.digest)
    throw new PlimsollError('DIGEST_MISMATCH', `Cannot trust blob: wanted ${want.digest}, received ${got}`);
}

/** The bytes themselves once size and digest agree. @throws {PlimsollError} `DIGEST_MISMATCH`. */
export function verifiedBytes(
  bytes: Uint8Array,
  want: { readonly digest: Digest; readonly sizeBytes: number },
): Uint8Array {
  if (bytes.byteLength !== want.sizeBytes) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot trust ${want.digest}: ${bytes.byteLength} bytes, ${want.sizeBytes} promised`,
    );
  }
  const got = digestOf(bytes, splitDigest(want.digest).algorithm);
  if (got !== want.digest)
    throw new PlimsollError('DIGEST_MISMATCH', `Cannot trust document: wanted ${want.digest}, received ${got}`);
  return bytes;
}
