/**
 * Sparse files in tars: the archive holds only the parts that are not zero, and a map says where they belong.
 *
 * Source: GNU tar manual, "Storing Sparse Files": the old GNU header, and the pax formats 0.0, 0.1 and 1.0.
 */
import { PlimsollError } from '#base/errors.ts';

/** Where the stored bytes belong. The parts are in order of offset and do not overlap; everything between is zero. */
export interface SparseMap {
  /** Bytes of the file once the holes are filled. */
  readonly realSizeBytes: number;
  /** `undefined` in pax format 1.0: the body itself starts with the map, see `readMapFromBody`. */
  readonly parts: readonly SparsePart[] | undefined;
}

/** `length` stored bytes that belong at `offset` of the file. */
export interface SparsePart {
  readonly offset: number;
  readonly length: number;
}

const MAX_PARTS = 100_000;

/** The map of an old GNU header (type `S`) and its extension blocks. @throws {PlimsollError} `LAYER_INVALID`. */
export function parseOldSparseMap(header: Buffer, extensions: readonly Buffer[]): SparseMap {
  const numbers: number[] = [];
  readPairs(header, 386, 4, numbers);
  for (const extension of extensions) readPairs(extension, 0, 21, numbers);
  return toMap(octal(header, 483), numbers);
}

/** The map that pax records tell, if they tell one. @throws {PlimsollError} `LAYER_INVALID`. */
export function sparseFromPax(pax: ReadonlyMap<string, string>): SparseMap | undefined {
  if (pax.size === 0) return undefined;
  const size = pax.get('GNU.sparse.realsize') ?? pax.get('GNU.sparse.size');
  if (size === undefined) return undefined;
  if (!/^\d{1,16}$/.test(size)) throw invalid('its size is not a number');
  const map = pax.get('GNU.sparse.map');
  if (map === undefined) return { realSizeBytes: Number(size), parts: undefined };
  return toMap(Number(size), map.split(',', 2 * MAX_PARTS + 2).map(toNumber));
}

/**
 * The map that stands before the data in pax format 1.0: decimal numbers, a line each, padded to 512 bytes. `dataOffset` is where
 * the stored bytes start in the body. @throws {PlimsollError} `LAYER_INVALID`.
 */
export function readMapFromBody(
  read: (offset: number, length: number) => Buffer,
  realSizeBytes: number,
): { map: SparseMap; dataOffset: number } {
  const numbers: number[] = [];
  let wanted = 1;
  let offset = 0;
  let digits = '';
  while (numbers.length < wanted) {
    const block = read(offset, 512);
    if (block.length === 0) throw invalid('its map breaks off');
    for (const byte of block) {
      if (byte !== 0x0a) {
        digits += String.fromCharCode(byte);
        if (digits.length > 20) throw invalid('its map holds something other than numbers');
        continue;
      }
      numbers.push(toNumber(digits));
      digits = '';
      if (numbers.length === 1) wanted = 1 + 2 * (numbers[0] ?? 0);
      if (wanted > 1 + 2 * MAX_PARTS) throw invalid('it has too many parts');
      if (numbers.length === wanted) break;
    }
    offset += 512;
  }
  return { map: toMap(realSizeBytes, numbers.slice(1)), dataOffset: offset };
}

function toMap(realSizeBytes: number, numbers: readonly number[]): SparseMap {
  const parts: SparsePart[] = [];
  let last = 0;
  for (let at = 0; at + 1 < numbers.length; at += 2) {
    const part = { offset: numbers[at] ?? 0, length: numbers[at + 1] ?? 0 };
    if (part.offset < last || part.offset + part.length > realSizeBytes)
      throw invalid('its parts overlap or lie outside of it');
    last = part.offset + part.length;
    if (part.length > 0) parts.push(part);
    if (parts.length > MAX_PARTS) throw invalid('it has too many parts');
  }
  return { realSizeBytes, parts };
}

function readPairs(block: Buffer, start: number, count: number, into: number[]): void {
  for (let at = 0; at < count; at++) {
    const offset = start + at * 24;
    if (block[offset] === 0) return;
    into.push(octal(block, offset), octal(block, offset + 12));
  }
}

function octal(block: Buffer, offset: number): number {
  if ((block[offset] ?? 0) & 0x80) {
    let value = (block[offset] ?? 0) & 0x7f;
    for (let at = offset + 1; at < offset + 12; at++) value = value * 256 + (block[at] ?? 0);
    if (!Number.isSafeInteger(value)) throw invalid('a number is too large');
    return value;
  }
  const text = block.toString('latin1', offset, offset + 12).replace(/[\0 ].*$/s, '');
  if (!/^[0-7]*$/.test(text)) throw invalid('a number is not octal');
  return Number.parseInt(text || '0', 8);
}

function toNumber(text: string): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw invalid('its map holds something other than numbers');
  return value;
}

function invalid(why: string): PlimsollError {
  return new PlimsollError('LAYER_INVALID', `Cannot read a sparse file in the tar: ${why}`);
}
