/**
 * The header of a safetensors file: eight bytes of length, then JSON that describes the tensors.
 *
 * Source: huggingface/safetensors, README, "Format". `__metadata__` is a flat map of text, free to its writer.
 */
import { PlimsollError } from '#base/errors.ts';
import { asRecord, type JsonRecord, parseJsonText } from '../json-file.ts';

/** Headers of models with 100,000 tensors are about 12 MiB. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/** The bytes of the header, length included, from the first eight of the file. @throws {PlimsollError} as `parseSafetensors`. */
export function headerBytes(start: Buffer): number {
  const length = start.length < 8 ? 0 : Number(start.readBigUInt64LE(0));
  if (length < 2) throw new PlimsollError('FILE_INVALID', 'It does not begin as a safetensors model does');
  if (length > MAX_HEADER_BYTES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `The header of the model is ${length} bytes, the limit is ${MAX_HEADER_BYTES}`,
    );
  }
  return 8 + length;
}

/** The metadata in the header that `head` holds whole. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`. */
export function parseSafetensors(head: Buffer): JsonRecord {
  return asRecord(asRecord(parseJsonText(head.toString('utf8', 8, headerBytes(head))))['__metadata__']);
}
