/**
 * The rows of an SQLite table: a walk over its b-tree, with the long rows gathered from their overflow pages.
 *
 * Every page is used once at most, in the tree or in a chain, so that a damaged file can neither loop nor multiply itself. What is
 * damaged is told and left out, the rest is read.
 *
 * Source: sqlite.org/fileformat2.html, section 1.6.
 */
import type { PageSource } from './page-source.ts';
import { readVarint } from './record.ts';

const INTERIOR_TABLE = 0x05;
const LEAF_TABLE = 0x0d;
/** SQLite's own limit (BTCURSOR_MAX_DEPTH); with it the walk holds a bounded number of pages to come. */
const MAX_DEPTH = 20;
/** A longer row is left out; the largest rpm header allowed is 256 MiB. */
const MAX_ROW_BYTES = 257 * 1024 * 1024;

/** Told about each thing that could not be read, as a constant that reads well after a number. */
export type Lose = (what: string) => void;

/** The records of the table whose b-tree begins at page `root`, in the order of their row ids. */
export function* readTable(pages: PageSource, root: number, lose: Lose): Generator<Buffer> {
  const used = new Set<number>();
  const usePage = (number: number): Buffer | undefined => {
    if (used.has(number)) return undefined;
    const page = pages.page(number);
    if (page !== undefined) used.add(number);
    return page;
  };

  const ahead = [{ number: root, depth: 0 }];
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    const { number, depth } = next;
    const page = depth > MAX_DEPTH ? undefined : usePage(number);
    const start = number === 1 ? 100 : 0;
    const kind = page?.[start];
    if (page === undefined || (kind !== INTERIOR_TABLE && kind !== LEAF_TABLE)) {
      lose(DAMAGED_PAGE);
    } else if (kind === INTERIOR_TABLE) {
      const children = childrenOf(page, start, pages.usableBytes, lose);
      for (const child of children.reverse()) ahead.push({ number: child, depth: depth + 1 });
    } else {
      yield* rowsOf(page, start, pages.usableBytes, usePage, lose);
    }
  }
}

const DAMAGED_PAGE = 'damaged database page(s); packages may be missing';
const DAMAGED_ROW = 'damaged database row(s); packages may be missing';

/** Offsets of the cells of a page; `headerBytes` is 8 for leaves and 12 for interior pages. */
function cellsOf(page: Buffer, start: number, headerBytes: number, usableBytes: number, lose: Lose): number[] {
  const count = page.readUInt16BE(start + 3);
  const first = start + headerBytes;
  if (first + count * 2 > usableBytes) {
    lose(DAMAGED_PAGE);
    return [];
  }
  const cells: number[] = [];
  for (let cell = 0; cell < count; cell += 1) {
    const offset = page.readUInt16BE(first + cell * 2);
    if (offset < first + count * 2 || offset + 4 > usableBytes) lose(DAMAGED_ROW);
    else cells.push(offset);
  }
  return cells;
}

function childrenOf(page: Buffer, start: number, usableBytes: number, lose: Lose): number[] {
  const children = cellsOf(page, start, 12, usableBytes, lose).map(offset => page.readUInt32BE(offset));
  children.push(page.readUInt32BE(start + 8));
  return children;
}

function* rowsOf(
  page: Buffer,
  start: number,
  usableBytes: number,
  usePage: (number: number) => Buffer | undefined,
  lose: Lose,
): Generator<Buffer> {
  // Cells do not overlap, so together they cannot be longer than the page; thousands of pointers to one cell can.
  let spentBytes = 0;
  for (const offset of cellsOf(page, start, 8, usableBytes, lose)) {
    const length = readVarint(page, offset, usableBytes);
    const rowId = length && readVarint(page, length.next, usableBytes);
    if (length === undefined || rowId === undefined || length.value > MAX_ROW_BYTES) {
      lose(DAMAGED_ROW);
      continue;
    }
    const local = localBytes(length.value, usableBytes);
    const end = rowId.next + local;
    const hasOverflow = local < length.value;
    spentBytes += local;
    if (end + (hasOverflow ? 4 : 0) > usableBytes || spentBytes > usableBytes) {
      lose(DAMAGED_ROW);
      continue;
    }
    const inline = page.subarray(rowId.next, end);
    if (!hasOverflow) {
      yield inline;
      continue;
    }
    const row = gather(inline, length.value, page.readUInt32BE(end), usableBytes, usePage);
    if (row === undefined) lose(DAMAGED_ROW);
    else yield row;
  }
}

/** How many bytes of a row of `length` bytes are in its leaf page; the others are in overflow pages. */
function localBytes(length: number, usableBytes: number): number {
  const most = usableBytes - 35;
  if (length <= most) return length;
  const least = Math.floor(((usableBytes - 12) * 32) / 255) - 23;
  const fitting = least + ((length - least) % (usableBytes - 4));
  return fitting <= most ? fitting : least;
}

function gather(
  inline: Buffer,
  length: number,
  firstPage: number,
  usableBytes: number,
  usePage: (number: number) => Buffer | undefined,
): Buffer | undefined {
  const parts = [inline];
  let missing = length - inline.length;
  for (let number = firstPage; missing > 0; ) {
    const page = usePage(number);
    if (page === undefined) return undefined;
    const part = page.subarray(4, 4 + Math.min(missing, usableBytes - 4));
    parts.push(part);
    missing -= part.length;
    number = page.readUInt32BE(0);
  }
  return Buffer.concat(parts);
}
