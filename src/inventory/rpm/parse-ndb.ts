/**
 * NDB, the database format of SUSE (`Packages.db`): slots that tell where each header lies.
 *
 * Source: rpm, lib/backend/ndb/rpmpkg.c. Little endian throughout; sizes in the slots are counted in blocks of 16 bytes.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FactLimits } from '../fact-limits.ts';
import type { FileBody } from '../file-body.ts';
import { MAX_HEADER_BYTES } from './parse-header.ts';

const HEADER_BYTES = 32;
const PAGE_BYTES = 4096;
const SLOT_BYTES = 16;
const BLOCK_BYTES = 16;
const BLOB_HEAD_BYTES = 16;
const BLOB_TAIL_BYTES = 12;
const ADLER_MODULUS = 65521;

/** Whether a file begins as an NDB database does. */
export function isNdb(body: FileBody): boolean {
  return body.read(0, 4).toString('latin1') === 'RpmP';
}

/** The header blobs of the packages, in the order of their slots. @throws {PlimsollError} `FILE_INVALID`. */
export function* readNdb(body: FileBody, limits: FactLimits): Generator<Buffer> {
  const header = body.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || header.readUInt32LE(4) !== 0) {
    throw new PlimsollError('FILE_INVALID', 'Its NDB header is cut off or of an unknown version');
  }
  const slotPages = header.readUInt32LE(12);
  if (slotPages === 0 || slotPages * PAGE_BYTES > body.sizeBytes) {
    throw new PlimsollError(
      'FILE_INVALID',
      `Its NDB header names ${slotPages} slot pages, more or fewer than it can have`,
    );
  }
  // Blobs do not overlap, so together they cannot be larger than the file.
  let budgetBytes = body.sizeBytes;
  for (let page = 0; page < slotPages; page += 1) {
    const slots = body.read(page * PAGE_BYTES, PAGE_BYTES);
    // The file header takes the place of the first two slots.
    for (let at = page === 0 ? HEADER_BYTES : 0; at + SLOT_BYTES <= slots.length; at += SLOT_BYTES) {
      const packageIndex = slots.readUInt32LE(at + 4);
      const offset = slots.readUInt32LE(at + 8) * BLOCK_BYTES;
      const sizeBytes = slots.readUInt32LE(at + 12) * BLOCK_BYTES;
      const isEmpty = offset === 0 && packageIndex === 0 && sizeBytes === 0;
      if (slots.toString('latin1', at, at + 4) !== 'Slot') {
        limits.lose('damaged database slot(s); packages may be missing');
        continue;
      }
      if (isEmpty) continue;
      budgetBytes -= sizeBytes;
      const blob = budgetBytes < 0 ? undefined : readBlob(body, packageIndex, offset, sizeBytes);
      if (blob === undefined) limits.lose('damaged database record(s); packages may be missing');
      else yield blob;
    }
  }
}

function readBlob(body: FileBody, packageIndex: number, offset: number, sizeBytes: number): Buffer | undefined {
  if (sizeBytes < BLOB_HEAD_BYTES + BLOB_TAIL_BYTES || sizeBytes > MAX_HEADER_BYTES + PAGE_BYTES) return undefined;
  const blob = body.read(offset, sizeBytes);
  if (blob.length < sizeBytes) return undefined;
  const tail = blob.length - BLOB_TAIL_BYTES;
  const length = blob.readUInt32LE(12);
  const isWhole =
    blob.toString('latin1', 0, 4) === 'BlbS' &&
    blob.readUInt32LE(4) === packageIndex &&
    BLOB_HEAD_BYTES + length <= tail &&
    blob.readUInt32LE(tail) === adler32(blob.subarray(0, tail)) &&
    blob.readUInt32LE(tail + 4) === length &&
    blob.toString('latin1', tail + 8) === 'BlbE';
  return isWhole ? blob.subarray(BLOB_HEAD_BYTES, BLOB_HEAD_BYTES + length) : undefined;
}

/** Source: RFC 1950, section 8.2. Sums of 5552 bytes still fit 32 bits before the modulus is taken. */
function adler32(bytes: Buffer): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < bytes.length; ) {
    const stop = Math.min(at + 5552, bytes.length);
    for (; at < stop; at += 1) {
      low += bytes[at] ?? 0;
      high += low;
    }
    low %= ADLER_MODULUS;
    high %= ADLER_MODULUS;
  }
  return high * 65536 + low;
}
