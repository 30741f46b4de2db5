/**
 * The file lists of dpkg and opkg: `NAME.list` with one absolute path a line, folders included, and `NAME.md5sums` with a checksum and
 * a relative path a line, files only.
 */
import type { FactLimits } from '../fact-limits.ts';
import { eachLine, indexWithin } from '../text-lines.ts';

const SLASH = 0x2f;
const DOT = 0x2e;
const SPACE = 0x20;
const TAB = 0x09;
/** Linux PATH_MAX, and room for a checksum. */
const MAX_LINE_BYTES = 4096 + 80;
const MAX_CHECKSUM_BYTES = 72;

/**
 * Paths of a `.list` file that may be evidence of other packages, without leading slash. opkg adds a tab and details to each, which are
 * cut off.
 */
export function parseList(bytes: Buffer, limits: FactLimits): string[] {
  const paths = new Set<string>();
  const folders = new Set<string>();
  eachLine(bytes, (start, end) => {
    const tab = indexWithin(bytes, TAB, start, end, MAX_LINE_BYTES);
    const path = readPath(bytes, start, tab === -1 ? end : tab);
    if (path === undefined) return;
    // A path that others lie in is a folder, which owns nothing itself.
    const slash = path.lastIndexOf('/');
    if (slash > 0) folders.add(path.slice(0, slash));
    if (limits.admitsPath(path)) paths.add(path);
  });
  return Array.from(paths.difference(folders));
}

/** Paths of a `.md5sums` file that may be evidence of other packages, without leading slash. */
export function parseMd5sums(bytes: Buffer, limits: FactLimits): string[] {
  const paths: string[] = [];
  eachLine(bytes, (start, end) => {
    const space = indexWithin(bytes, SPACE, start, end, MAX_CHECKSUM_BYTES);
    // Two spaces, or a space and `*`, stand between checksum and path: md5sum(1).
    const path = space === -1 ? undefined : readPath(bytes, space + 2, end);
    if (path !== undefined && limits.admitsPath(path)) paths.push(path);
  });
  return paths;
}

function readPath(bytes: Buffer, start: number, end: number): string | undefined {
  let from = start;
  if (bytes[from] === DOT && bytes[from + 1] === SLASH) from += 1;
  if (bytes[from] === SLASH) from += 1;
  const isRoot = from >= end || (end - from === 1 && bytes[from] === DOT);
  return isRoot || end - from > MAX_LINE_BYTES ? undefined : bytes.toString('utf8', from, end);
}
