/**
 * The files that pacman keeps of each installed package: blocks of a `%KEY%` line, value lines and an empty line.
 *
 * Source: libalpm, lib/libalpm/be_local.c.
 */
import { eachLine } from '../text-lines.ts';

/** Values by key without percent signs. */
export type Blocks = ReadonlyMap<string, readonly string[]>;

const PERCENT = 0x25;
const MAX_KEY_BYTES = 32;
const MAX_VALUE_BYTES = 4096;

/**
 * Calls `visit` with each value of the wanted blocks, in file order; values that are too long are left out. A block ends at the next key
 * or empty line.
 */
export function eachValue(
  bytes: Buffer,
  wanted: ReadonlySet<string>,
  visit: (key: string, value: string) => void,
): void {
  let key: string | undefined;
  eachLine(bytes, (start, end) => {
    if (start === end) {
      key = undefined;
    } else if (
      bytes[start] === PERCENT &&
      bytes[end - 1] === PERCENT &&
      end - start > 2 &&
      end - start <= MAX_KEY_BYTES
    ) {
      const name = bytes.toString('latin1', start + 1, end - 1);
      key = wanted.has(name) ? name : undefined;
    } else if (key !== undefined && end - start <= MAX_VALUE_BYTES) {
      visit(key, bytes.toString('utf8', start, end));
    }
  });
}

const WANTED: ReadonlySet<string> = new Set(['NAME', 'VERSION', 'BASE', 'ARCH', 'LICENSE', 'PACKAGER']);
/** Of a key that is repeated this often only so many values count. */
const MAX_VALUES = 100;

/** Reads `desc`. */
export function parseDesc(bytes: Buffer): Blocks {
  const blocks = new Map<string, string[]>();
  eachValue(bytes, WANTED, (key, value) => {
    const values = blocks.get(key);
    if (values === undefined) blocks.set(key, [value]);
    else if (values.length < MAX_VALUES) values.push(value);
  });
  return blocks;
}
