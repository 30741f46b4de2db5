/**
 * Inflates bzip2, in which Oracle publishes its OVAL definitions; Node has none, and the libraries there are have not been kept for years.
 *
 * There is no specification; source: the format as J. Seward's bzip2 1.0.8 writes it, in the names of its manual: blocks of up to 900 kB, each
 * Huffman coded, run lengths, move to front, Burrows-Wheeler, run lengths again. One block is in memory at a time. Checksums are checked.
 */
import { PlimsollError } from '#base/errors.ts';

const BLOCK_MAGIC = 0x314159265359;
const END_MAGIC = 0x177245385090;
const GROUP_SYMBOLS = 50;
const MAX_CODE_LENGTH = 20;
const MAX_SELECTORS = 18_002;

/** The inflated bytes, block by block; several streams may follow each other. @throws {PlimsollError} `ADVISORY_INVALID` for damage. */
export async function* bunzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const bits = new BitReader(source[Symbol.asyncIterator]());
  for (let isFirst = true; ; isFirst = false) {
    await bits.fill();
    if (!isFirst && bits.isOver) return;
    if (bits.read(24) !== 0x425a68) throw damaged('it is no bzip2');
    const level = bits.read(8) - 0x30;
    if (level < 1 || level > 9) throw damaged('its block size is unknown');
    let combined = 0;
    for (;;) {
      await bits.fill();
      const magic = bits.read(24) * 2 ** 24 + bits.read(24);
      const stated = bits.read(32);
      if (magic === END_MAGIC) {
        if (stated !== combined) throw damaged('its checksum is wrong');
        bits.alignToByte();
        break;
      }
      if (magic !== BLOCK_MAGIC) throw damaged('a block does not begin where it should');
      const block = readBlock(bits, level * 100_000);
      const checksum = crc(block);
      if (checksum !== stated) throw damaged('the checksum of a block is wrong');
      combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0;
      yield block;
    }
  }
}

/** One block: everything but the arithmetic of its header is in the order in which the file has it. */
function readBlock(bits: BitReader, maxSymbols: number): Buffer {
  if (bits.read(1) === 1) throw damaged('it is of a kind that was given up in 1996');
  const origin = bits.read(24);
  const used = readUsed(bits);
  const alphabet = used.length + 2;
  const groupCount = bits.read(3);
  const selectorCount = bits.read(15);
  if (groupCount < 2 || groupCount > 6 || selectorCount === 0) throw damaged('its tables make no sense');
  const selectors = readSelectors(bits, groupCount, selectorCount);
  const tables = Array.from({ length: groupCount }, () => readTable(bits, alphabet));
  const { symbols, counts } = readSymbols(bits, { selectors, tables, used, maxSymbols });
  if (origin >= symbols.length) throw damaged('a block points outside itself');
  return undoRuns(undoSort(symbols, counts, origin));
}

/** The bytes that occur, in order. */
function readUsed(bits: BitReader): Uint8Array {
  const used: number[] = [];
  const ranges = bits.read(16);
  for (let range = 0; range < 16; range += 1) {
    if ((ranges & (0x8000 >> range)) === 0) continue;
    const present = bits.read(16);
    for (let at = 0; at < 16; at += 1) if ((present & (0x8000 >> at)) !== 0) used.push(range * 16 + at);
  }
  if (used.length === 0) throw damaged('a block uses no bytes');
  return Uint8Array.from(used);
}

function readSelectors(bits: BitReader, groupCount: number, count: number): Uint8Array {
  const order = Array.from({ length: groupCount }, (_, at) => at);
  // More are allowed in a file than can be needed, and then ignored: bzip2 1.0.8.
  const selectors = new Uint8Array(Math.min(count, MAX_SELECTORS));
  for (let at = 0; at < count; at += 1) {
    let place = 0;
    while (bits.read(1) === 1) {
      place += 1;
      if (place >= groupCount) throw damaged('its tables make no sense');
    }
    const [group = 0] = order.splice(place, 1);
    order.unshift(group);
    if (at < selectors.length) selectors[at] = group;
  }
  return selectors;
}

/** A canonical Huffman code: for each length the highest code, and where its symbols begin. */
interface Table {
  readonly minLength: number;
  readonly maxLength: number;
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function readTable(bits: BitReader, alphabet: number): Table {
  const lengths = new Uint8Array(alphabet);
  let length = bits.read(5);
  for (let symbol = 0; symbol < alphabet; symbol += 1) {
    for (;;) {
      if (length < 1 || length > MAX_CODE_LENGTH) throw damaged('its tables make no sense');
      if (bits.read(1) === 0) break;
      length += bits.read(1) === 0 ? 1 : -1;
    }
    lengths[symbol] = length;
  }
  const minLength = Math.min(...lengths);
  const maxLength = Math.max(...lengths);
  const limits = new Int32Array(MAX_CODE_LENGTH + 2).fill(-1);
  const bases = new Int32Array(MAX_CODE_LENGTH + 2);
  const symbols = new Uint16Array(alphabet);
  let code = 0;
  let filled = 0;
  for (let size = minLength; size <= maxLength; size += 1) {
    bases[size] = filled - code;
    for (let symbol = 0; symbol < alphabet; symbol += 1) {
      if (lengths[symbol] !== size) continue;
      symbols[filled] = symbol;
      filled += 1;
      code += 1;
    }
    limits[size] = code - 1;
    code *= 2;
  }
  return { minLength, maxLength, limits, bases, symbols };
}

/** Undoes Huffman codes, the first run lengths and moving to front. */
function readSymbols(
  bits: BitReader,
  block: {
    readonly selectors: Uint8Array;
    readonly tables: readonly Table[];
    readonly used: Uint8Array;
    readonly maxSymbols: number;
  },
): { symbols: Uint32Array; counts: Uint32Array } {
  const { selectors, tables, used, maxSymbols } = block;
  const front = Uint8Array.from(used);
  const end = used.length + 1;
  const symbols = new Uint32Array(maxSymbols);
  const counts = new Uint32Array(256);
  let length = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group += 1) {
    const table = tables[selectors[group] ?? -1];
    if (table === undefined) throw damaged('a block does not end');
    for (let at = 0; at < GROUP_SYMBOLS; at += 1) {
      const symbol = readSymbol(bits, table);
      if (symbol <= 1) {
        run += weight << symbol;
        weight <<= 1;
        if (run > maxSymbols) throw damaged('a block is longer than it may be');
        continue;
      }
      if (run > 0) {
        const byte = front[0] ?? 0;
        if (length + run > maxSymbols) throw damaged('a block is longer than it may be');
        symbols.fill(byte, length, length + run);
        counts[byte] = (counts[byte] ?? 0) + run;
        length += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) return { symbols: symbols.subarray(0, length), counts };
      if (length >= maxSymbols) throw damaged('a block is longer than it may be');
      const byte = front[symbol - 1] ?? 0;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = byte;
      symbols[length] = byte;
      counts[byte] = (counts[byte] ?? 0) + 1;
      length += 1;
    }
  }
}

function readSymbol(bits: BitReader, table: Table): number {
  let length = table.minLength;
  let code = bits.read(length);
  while (code > (table.limits[length] ?? -1)) {
    length += 1;
    if (length > table.maxLength) throw damaged('a code is unknown');
    code = code * 2 + bits.read(1);
  }
  return table.symbols[code + (table.bases[length] ?? 0)] ?? 0;
}

/** Undoes the Burrows-Wheeler transform: the upper bits of each symbol become the place of its successor. */
function undoSort(symbols: Uint32Array, counts: Uint32Array, origin: number): Buffer {
  let sum = 0;
  const starts = counts.map(count => {
    sum += count;
    return sum - count;
  });
  for (let at = 0; at < symbols.length; at += 1) {
    const byte = (symbols[at] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    symbols[place] = (symbols[place] ?? 0) | (at << 8);
    starts[byte] = place + 1;
  }
  const bytes = Buffer.allocUnsafe(symbols.length);
  let at = (symbols[origin] ?? 0) >>> 8;
  for (let filled = 0; filled < bytes.length; filled += 1) {
    const symbol = symbols[at] ?? 0;
    bytes[filled] = symbol & 0xff;
    at = symbol >>> 8;
  }
  return bytes;
}

/** After four equal bytes the next one says how many more of them follow. */
function undoRuns(bytes: Buffer): Buffer {
  const inflated = Buffer.allocUnsafe(lengthWithRuns(bytes));
  let same = 0;
  let last = -1;
  let to = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (same === 4) {
      inflated.fill(last, to, to + byte);
      to += byte;
      same = 0;
      last = -1;
      continue;
    }
    same = byte === last ? same + 1 : 1;
    last = byte;
    inflated[to] = byte;
    to += 1;
  }
  return inflated;
}

function lengthWithRuns(bytes: Buffer): number {
  let length = 0;
  let same = 0;
  let last = -1;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (same === 4) {
      length += byte;
      same = 0;
      last = -1;
      continue;
    }
    same = byte === last ? same + 1 : 1;
    last = byte;
    length += 1;
  }
  return length;
}

/** Bits from the highest down. `fill` must have been called when a block begins: a block is read without waiting. */
class BitReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #chunks: Buffer = Buffer.alloc(0);
  #at = 0;
  #isEnded = false;
  #bits = 0;
  #count = 0;

  constructor(source: AsyncIterator<Uint8Array>) {
    this.#source = source;
  }

  get isOver(): boolean {
    return this.#isEnded && this.#at >= this.#chunks.length;
  }

  /** Makes sure that the largest block there can be is at hand: 900 kB coded at 20 bits each at the very worst, and its tables. */
  async fill(): Promise<void> {
    const wanted = 2_400_000;
    if (this.#isEnded || this.#chunks.length - this.#at >= wanted) return;
    const parts: Buffer[] = [this.#chunks.subarray(this.#at)];
    let length = this.#chunks.length - this.#at;
    while (length < wanted) {
      const next = await this.#source.next();
      if (next.done) {
        this.#isEnded = true;
        break;
      }
      parts.push(Buffer.from(next.value));
      length += next.value.byteLength;
    }
    this.#chunks = Buffer.concat(parts, length);
    this.#at = 0;
  }

  /** The next `count` bits, 1 to 32. @throws {PlimsollError} `ADVISORY_INVALID` at the end. */
  read(count: number): number {
    if (count > 24) return this.read(count - 16) * 2 ** 16 + this.read(16);
    while (this.#count < count) {
      const byte = this.#chunks[this.#at];
      if (byte === undefined) throw damaged('it breaks off');
      this.#at += 1;
      this.#bits = ((this.#bits << 8) | byte) & 0xffff_ffff;
      this.#count += 8;
    }
    this.#count -= count;
    const value = (this.#bits >>> this.#count) & ((1 << count) - 1);
    return value;
  }

  alignToByte(): void {
    this.#count -= this.#count % 8;
  }
}

/** CRC-32 from the highest bit down, as no library of Node's has it. */
const CRC_TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
  return value;
});

function crc(bytes: Buffer): number {
  let value = 0xffff_ffff;
  for (let at = 0; at < bytes.length; at += 1) {
    value = (value << 8) ^ (CRC_TABLE[((value >>> 24) ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return ~value >>> 0;
}

function damaged(why: string): PlimsollError {
  return new PlimsollError('ADVISORY_INVALID', `Cannot inflate bzip2: ${why}`);
}
