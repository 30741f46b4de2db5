/**
 * Walking the lines of a text file as bytes: no copy of the whole, and nothing decoded that nobody asked for.
 *
 * Values are decoded from the bytes and never sliced from one big string: V8 keeps that string alive as long as any slice of it.
 */

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/**
 * Calls `visit` with the bounds of each line, without its line end (LF or CRLF). A last line without line end counts; `isCut` says so.
 * Linear in the bytes, however long the lines.
 */
export function eachLine(bytes: Buffer, visit: (start: number, end: number, isCut: boolean) => void): void {
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEWLINE, start);
    const stop = found === -1 ? bytes.length : found;
    const end = stop > start && bytes[stop - 1] === CARRIAGE_RETURN ? stop - 1 : stop;
    visit(start, end, found === -1);
    start = stop + 1;
  }
}

/** The first offset in `[start, end)` that holds `byte`, looking at no more than `reach` bytes; -1 when there is none. */
export function indexWithin(bytes: Buffer, byte: number, start: number, end: number, reach: number): number {
  const stop = Math.min(end, start + reach);
  for (let at = start; at < stop; at += 1) if (bytes[at] === byte) return at;
  return -1;
}
