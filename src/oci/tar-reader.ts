/**
 * Walks a tar as its bytes arrive: header by header, bodies handed on or skipped, nothing kept.
 *
 * Source: POSIX pax (ustar and pax headers), GNU tar's manual, "Basic Tar Format" (long names, sparse files). Where the formats leave
 * room it does what Go's archive/tar does, because that is what container runtimes unpack with: the archive ends at two zero
 * blocks whatever follows, links and folders have no body, pax global headers change nothing. See docs/adr/0003-tar-reader.md
 * for why this is our own.
 */
import { PlimsollError } from '#base/errors.ts';
import { parsePaxRecords } from './tar-pax.ts';
import { parseOldSparseMap, type SparseMap, sparseFromPax } from './tar-sparse.ts';

export type TarEntryType =
  | 'file'
  | 'folder'
  | 'symlink'
  | 'hardlink'
  | 'character-device'
  | 'block-device'
  | 'fifo'
  | 'other';

/** One entry, long names and pax records applied. */
export interface TarEntry {
  /** As stored; bytes that are not UTF-8 become U+FFFD. Not normalised: see `normalisePath`. */
  readonly name: string;
  readonly type: TarEntryType;
  /** Bytes of its body in the archive; 0 for everything but files. */
  readonly sizeBytes: number;
  readonly mode: number;
  /** Target of a symlink or hard link, as stored. */
  readonly linkName: string;
  /** Device numbers, `0/0` of a character device being overlayfs's whiteout. */
  readonly isDevice00: boolean;
  /** Where the body starts in the uncompressed tar. */
  readonly bodyOffset: number;
  /** pax records of the entry, xattrs among them; empty for most. */
  readonly pax: ReadonlyMap<string, string>;
  /** Set when the body holds only parts of the file. */
  readonly sparse?: SparseMap;
}

/** Takes the body of one entry. `chunk` is valid only during the call. */
export interface BodySink {
  write(chunk: Buffer): void;
  /** All bytes were written. Not called when the archive breaks off before. */
  end(): void;
}

const BLOCK = 512;
/** Longest pax header or long name we take; GNU tar and Go allow 1 MiB. */
const MAX_META_BYTES = 1024 * 1024;
/** Extension blocks of an old GNU sparse header, 21 parts each. */
const MAX_SPARSE_BLOCKS = 5000;
const ZERO = Buffer.alloc(BLOCK);
const NO_PAX: ReadonlyMap<string, string> = new Map();

const TYPES: Readonly<Record<string, TarEntryType>> = {
  '\0': 'file',
  '0': 'file',
  '7': 'file',
  S: 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character-device',
  '4': 'block-device',
  '5': 'folder',
  '6': 'fifo',
};

/**
 * A push parser: `push` every chunk of the tar, then `end`. `onEntry` is called for each entry and may return a sink for its body;
 * without one the body is skipped.
 *
 * @throws {PlimsollError} `LAYER_INVALID` from `push` and `end` when the bytes are no tar or break off.
 */
export class TarReader {
  readonly #onEntry: (entry: TarEntry) => BodySink | undefined;
  #position = 0;
  #isOver = false;
  #sawZeroBlock = false;
  /** Body bytes still to come, then padding still to skip. */
  #bodyLeft = 0;
  #paddingLeft = 0;
  #sink: BodySink | undefined;
  /** A header block that came in two chunks. */
  readonly #header = Buffer.alloc(BLOCK);
  #headerFill = 0;
  /** Body of a pax header or long name, kept until whole. */
  #meta: { readonly kind: 'x' | 'g' | 'L' | 'K'; readonly parts: Buffer[] } | undefined;
  #pax: ReadonlyMap<string, string> = NO_PAX;
  #longName: string | undefined;
  #longLink: string | undefined;
  /** An old GNU sparse header whose extension blocks are still coming. */
  #sparseHeader: { readonly header: Buffer; readonly extensions: Buffer[] } | undefined;

  constructor(onEntry: (entry: TarEntry) => BodySink | undefined) {
    this.#onEntry = onEntry;
  }

  /** Whether the end of the archive was seen; further bytes are ignored. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Takes the next bytes of the tar. They are not kept. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.#isOver) {
      if (this.#bodyLeft > 0) {
        const take = Math.min(this.#bodyLeft, chunk.length - at);
        if (this.#sink !== undefined) this.#sink.write(chunk.subarray(at, at + take));
        this.#bodyLeft -= take;
        at += take;
        this.#position += take;
        if (this.#bodyLeft === 0) this.#endBody();
      } else if (this.#paddingLeft > 0) {
        const take = Math.min(this.#paddingLeft, chunk.length - at);
        this.#paddingLeft -= take;
        at += take;
        this.#position += take;
      } else if (this.#headerFill === 0 && chunk.length - at >= BLOCK) {
        this.#position += BLOCK;
        this.#takeBlock(chunk.subarray(at, at + BLOCK));
        at += BLOCK;
      } else {
        const take = Math.min(BLOCK - this.#headerFill, chunk.length - at);
        chunk.copy(this.#header, this.#headerFill, at, at + take);
        this.#headerFill += take;
        at += take;
        this.#position += take;
        if (this.#headerFill === BLOCK) {
          this.#headerFill = 0;
          this.#takeBlock(this.#header);
        }
      }
    }
  }

  /** Says that no more bytes come. Missing zero blocks at the end are tolerated, as by runtimes; a broken body or header is not. */
  end(): void {
    if (this.#isOver) return;
    const isBroken =
      this.#bodyLeft > 0 || this.#headerFill > 0 || this.#meta !== undefined || this.#sparseHeader !== undefined;
    if (isBroken) throw invalid(this.#position, 'the tar breaks off in the middle of an entry');
    this.#isOver = true;
  }

  #takeBlock(block: Buffer): void {
    if (this.#sparseHeader !== undefined) {
      this.#takeSparseExtension(block);
      return;
    }
    if (block[0] === 0 && block.equals(ZERO)) {
      if (this.#sawZeroBlock) this.#isOver = true;
      this.#sawZeroBlock = true;
      return;
    }
    if (this.#sawZeroBlock) throw invalid(this.#position, 'a lone zero block stands between entries');
    checkSum(block, this.#position);
    const flag = String.fromCharCode(block[156] ?? 0);
    if (flag === 'x' || flag === 'g' || flag === 'L' || flag === 'K') {
      const size = numberAt(block, 124, 12, this.#position);
      if (size > MAX_META_BYTES)
        throw invalid(this.#position, `a header of ${size} bytes, the limit is ${MAX_META_BYTES}`);
      const parts: Buffer[] = [];
      this.#meta = { kind: flag, parts };
      this.#startBody(size, { write: chunk => void parts.push(Buffer.from(chunk)), end: () => this.#endMeta() });
      return;
    }
    if (flag === 'S' && block[482] === 1) {
      this.#sparseHeader = { header: Buffer.from(block), extensions: [] };
      return;
    }
    this.#takeEntry(block, flag, []);
  }

  #takeSparseExtension(block: Buffer): void {
    const pending = this.#sparseHeader;
    if (pending === undefined) return;
    pending.extensions.push(Buffer.from(block));
    if (pending.extensions.length > MAX_SPARSE_BLOCKS)
      throw invalid(this.#position, 'a sparse file has too many parts');
    if (block[504] === 1) return;
    this.#sparseHeader = undefined;
    this.#takeEntry(pending.header, 'S', pending.extensions);
  }

  #takeEntry(block: Buffer, flag: string, sparseExtensions: readonly Buffer[]): void {
    const pax = this.#pax;
    const type = TYPES[flag] ?? 'other';
    const storedName = this.#longName ?? pax.get('path') ?? nameOf(block);
    // Before there was a type for folders, a name ending in a slash said so.
    const isOldFolder = (flag === '\0' || flag === '0') && storedName.endsWith('/');
    const paxSize = pax.get('size');
    const size = paxSize === undefined ? numberAt(block, 124, 12, this.#position) : decimal(paxSize, this.#position);
    const sizeBytes = type === 'file' || type === 'other' ? size : 0;
    const sparse = flag === 'S' ? parseOldSparseMap(block, sparseExtensions) : sparseFromPax(pax);
    const isDevice = type === 'character-device' || type === 'block-device';
    const entry: TarEntry = {
      name: pax.get('GNU.sparse.name') ?? storedName,
      type: isOldFolder ? 'folder' : type,
      sizeBytes,
      mode: numberAt(block, 100, 8, this.#position) & 0o7777,
      linkName: this.#longLink ?? pax.get('linkpath') ?? textAt(block, 157, 100),
      isDevice00: isDevice && numberAt(block, 329, 8, 0) === 0 && numberAt(block, 337, 8, 0) === 0,
      bodyOffset: this.#position,
      pax,
      ...(sparse === undefined ? {} : { sparse }),
    };
    this.#pax = NO_PAX;
    this.#longName = undefined;
    this.#longLink = undefined;
    this.#startBody(sizeBytes, this.#onEntry(entry));
  }

  #startBody(sizeBytes: number, sink: BodySink | undefined): void {
    this.#bodyLeft = sizeBytes;
    this.#paddingLeft = (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
    this.#sink = sink;
    if (sizeBytes === 0) this.#endBody();
  }

  #endBody(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end();
  }

  #endMeta(): void {
    const meta = this.#meta;
    if (meta === undefined) return;
    this.#meta = undefined;
    const bytes = Buffer.concat(meta.parts);
    if (meta.kind === 'x') this.#pax = parsePaxRecords(bytes);
    else if (meta.kind === 'L') this.#longName = untilNul(bytes);
    else if (meta.kind === 'K') this.#longLink = untilNul(bytes);
  }
}

function checkSum(block: Buffer, position: number): void {
  let unsigned = 8 * 0x20;
  for (let at = 0; at < 148; at++) unsigned += block[at] ?? 0;
  for (let at = 156; at < BLOCK; at++) unsigned += block[at] ?? 0;
  const want = numberAt(block, 148, 8, position);
  if (want === unsigned) return;
  // Some old writers summed signed bytes.
  let signed = unsigned;
  for (let at = 0; at < BLOCK; at++) if ((at < 148 || at >= 156) && (block[at] ?? 0) > 127) signed -= 256;
  if (want !== signed) throw invalid(position, 'a header’s checksum is wrong');
}

function nameOf(block: Buffer): string {
  const name = textAt(block, 0, 100);
  const isUstar = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isUstar && block[345] !== 0 ? textAt(block, 345, 155) : '';
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** A number field: octal text, or base-256 with the top bit set. */
function numberAt(block: Buffer, offset: number, length: number, position: number): number {
  const first = block[offset] ?? 0;
  if (first & 0x80) {
    if (first & 0x40) throw invalid(position, 'a negative number in a header');
    let value = first & 0x3f;
    for (let at = offset + 1; at < offset + length; at++) value = value * 256 + (block[at] ?? 0);
    if (!Number.isSafeInteger(value)) throw invalid(position, 'a number in a header is too large');
    return value;
  }
  let value = 0;
  let at = offset;
  const end = offset + length;
  while (at < end && (block[at] === 0x20 || block[at] === 0)) at += 1;
  for (; at < end; at++) {
    const digit = block[at] ?? 0;
    if (digit === 0 || digit === 0x20) break;
    if (digit < 0x30 || digit > 0x37) throw invalid(position, 'a number in a header is not octal');
    value = value * 8 + (digit - 0x30);
  }
  return value;
}

function decimal(text: string, position: number): number {
  const value = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(value))
    throw invalid(position, 'a size in a pax header is not a number');
  return value;
}

function textAt(block: Buffer, offset: number, length: number): string {
  return untilNul(block.subarray(offset, offset + length));
}

function untilNul(bytes: Buffer): string {
  const nul = bytes.indexOf(0);
  return bytes.toString('utf8', 0, nul === -1 ? bytes.length : nul);
}

function invalid(position: number, why: string): PlimsollError {
  return new PlimsollError('LAYER_INVALID', `Cannot walk the tar at byte ${position}: ${why}`);
}
