/**
 * The header of a GGUF file: a language model with its metadata in front.
 *
 * Source: ggml's documentation, "GGUF". After the magic: version, counts of tensors and of key-value pairs, then the pairs. The keys
 * `general.*` come first; the vocabulary that follows may be many megabytes and is not read.
 */
import { PlimsollError } from '#base/errors.ts';

/** Text values of the header by key: `general.name`, `general.version`, `general.license`. */
export type GgufHeader = ReadonlyMap<string, string>;

const MAX_PAIRS = 1000;
const MAX_TEXT = 4096;
/** Bytes of each kind of number, by its code; 8 is text, 9 an array. */
const NUMBER_BYTES: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8,
};
const TEXT = 8;

/** Reads pairs from the head of the file until the first array or the end of `head`. @throws {PlimsollError} `FILE_INVALID`. */
export function parseGguf(head: Buffer): GgufHeader {
  if (head.length < 24 || head.toString('latin1', 0, 4) !== 'GGUF') {
    throw new PlimsollError('FILE_INVALID', 'It does not begin as a GGUF model does');
  }
  const header = new Map<string, string>();
  // Version 1 had counts and lengths of 32 bits; nobody publishes it any more.
  if (head.readUInt32LE(4) < 2) return header;
  let at = 24;
  const length = (): number => {
    const size = at + 8 <= head.length ? Number(head.readBigUInt64LE(at)) : Number.POSITIVE_INFINITY;
    at += 8;
    return size;
  };
  for (let pair = 0; pair < MAX_PAIRS; pair += 1) {
    const keyBytes = length();
    const valueAt = at + keyBytes + 4;
    if (!(valueAt <= head.length)) break;
    const key = head.toString('utf8', at, at + keyBytes);
    const kind = head.readUInt32LE(at + keyBytes);
    at = valueAt;
    if (kind !== TEXT) {
      const size = NUMBER_BYTES[kind];
      if (size === undefined) break;
      at += size;
      continue;
    }
    const size = length();
    if (!(at + size <= head.length)) break;
    if (size <= MAX_TEXT) header.set(key, head.toString('utf8', at, at + size));
    at += size;
  }
  return header;
}
