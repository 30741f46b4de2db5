/**
 * Writes rpm databases for tests: headers, NDB files and Berkeley DB hashes in both byte orders.
 */
import { adler32 } from './adler32.ts';

/** One entry of a header: strings, a list of strings, numbers of 16 or 32 bits, or bytes. */
export type Value =
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly int16: readonly number[] }
  | { readonly int32: readonly number[] }
  | { readonly bytes: Uint8Array };

/** A header with these entries in this order; a tag may come twice, as entries added on installation do. */
export function makeHeader(entries: readonly (readonly [tag: number, value: Value])[]): Buffer {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const [tag, value] of entries) {
    const { type, count, bytes } = encode(value);
    const width = type === 3 ? 2 : type === 4 ? 4 : 1;
    const padding = (width - (offset % width)) % width;
    const entry = Buffer.alloc(16);
    for (const [at, word] of [tag, type, offset + padding, count].entries()) entry.writeUInt32BE(word, at * 4);
    index.push(entry);
    data.push(Buffer.alloc(padding), bytes);
    offset += padding + bytes.length;
  }
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32BE(entries.length, 0);
  sizes.writeUInt32BE(offset, 4);
  return Buffer.concat([sizes, ...index, ...data]);
}

function encode(value: Value): { type: number; count: number; bytes: Buffer } {
  if ('string' in value) return { type: 6, count: 1, bytes: Buffer.from(`${value.string}\0`) };
  if ('strings' in value) {
    return { type: 8, count: value.strings.length, bytes: Buffer.from(value.strings.map(one => `${one}\0`).join('')) };
  }
  if ('bytes' in value) return { type: 7, count: value.bytes.length, bytes: Buffer.from(value.bytes) };
  const width = 'int16' in value ? 2 : 4;
  const numbers = 'int16' in value ? value.int16 : value.int32;
  const bytes = Buffer.alloc(numbers.length * width);
  for (const [at, number] of numbers.entries()) bytes.writeUIntBE(number, at * width, width);
  return { type: width === 2 ? 3 : 4, count: numbers.length, bytes };
}

/** An NDB database; a `null` is an empty slot, as a removed package leaves it. */
export function makeNdb(blobs: readonly (Buffer | null)[]): Buffer {
  const slots = Buffer.alloc(Math.ceil((blobs.length + 2) / 256) * 4096);
  for (let at = 32; at < slots.length; at += 16) slots.write('Slot', at, 'latin1');
  slots.write('RpmP', 0, 'latin1');
  slots.writeUInt32LE(1, 8);
  slots.writeUInt32LE(slots.length / 4096, 12);
  slots.writeUInt32LE(blobs.length + 1, 16);
  const parts = [slots];
  let offset = slots.length;
  for (const [at, blob] of blobs.entries()) {
    if (blob === null) continue;
    const whole = Buffer.alloc(Math.ceil((16 + blob.length + 12) / 16) * 16);
    whole.write('BlbS', 0, 'latin1');
    whole.writeUInt32LE(at + 1, 4);
    whole.writeUInt32LE(1, 8);
    whole.writeUInt32LE(blob.length, 12);
    blob.copy(whole, 16);
    const tail = whole.length - 12;
    whole.writeUInt32LE(adler32(whole.subarray(0, tail)), tail);
    whole.writeUInt32LE(blob.length, tail + 4);
    whole.write('BlbE', tail + 8, 'latin1');
    const slot = 32 + at * 16;
    slots.writeUInt32LE(at + 1, slot + 4);
    slots.writeUInt32LE(offset / 16, slot + 8);
    slots.writeUInt32LE(whole.length / 16, slot + 12);
    parts.push(whole);
    offset += whole.length;
  }
  return Buffer.concat(parts);
}

/** A Berkeley DB hash with the counter record first; values that do not fit a page go to overflow pages. */
export function makeBerkeley(
  blobs: readonly Buffer[],
  options: { pageBytes: number; isBigEndian: boolean; hashPageType?: number },
): Buffer {
  const { pageBytes, isBigEndian, hashPageType = 13 } = options;
  const put16 = (page: Buffer, value: number, at: number) =>
    isBigEndian ? page.writeUInt16BE(value, at) : page.writeUInt16LE(value, at);
  const put32 = (page: Buffer, value: number, at: number) =>
    isBigEndian ? page.writeUInt32BE(value, at) : page.writeUInt32LE(value, at);
  const pages: Buffer[] = [];
  const addPage = (type: number): { page: Buffer; number: number } => {
    const page = Buffer.alloc(pageBytes);
    page[25] = type;
    put32(page, pages.length, 8);
    pages.push(page);
    return { page, number: pages.length - 1 };
  };

  const { page: meta } = addPage(8);
  put32(meta, 0x00061561, 12);
  put32(meta, 9, 16);
  put32(meta, pageBytes, 20);

  const chain = (value: Buffer): number => {
    const { page, number } = addPage(7);
    const part = value.subarray(0, pageBytes - 26);
    part.copy(page, 26);
    put16(page, part.length, 22);
    if (part.length < value.length) put32(page, chain(value.subarray(part.length)), 16);
    return number;
  };
  const toItem = (value: Buffer): Buffer => {
    if (value.length <= pageBytes / 4) return Buffer.concat([Buffer.from([1]), value]);
    const item = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    put32(item, chain(value), 4);
    put32(item, value.length, 8);
    return item;
  };

  let current: { page: Buffer; count: number; free: number } | undefined;
  for (const [number, blob] of [Buffer.from([0, 0, 0, blobs.length]), ...blobs].entries()) {
    const key = Buffer.alloc(5, 1);
    put32(key, number, 1);
    const value = toItem(blob);
    if (current === undefined || current.free - key.length - value.length < 26 + (current.count + 2) * 2) {
      current = { page: addPage(hashPageType).page, count: 0, free: pageBytes };
    }
    for (const item of [key, value]) {
      current.free -= item.length;
      item.copy(current.page, current.free);
      put16(current.page, current.free, 26 + current.count * 2);
      current.count += 1;
    }
    put16(current.page, current.count, 20);
    put16(current.page, current.free, 22);
  }
  put32(meta, pages.length - 1, 32);
  return Buffer.concat(pages);
}
