/**
 * Where in an executable its text constants are: a tenth to a half of the file, and the only part worth searching.
 */
import type { Executable } from '../executable/executable.ts';

/** A part of the file, in bytes. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

const CONSTANT_SECTIONS = new Set([
  '.rodata',
  '.rdata',
  '__cstring',
  '__const',
  '__rodata',
  '.data.rel.ro',
  '.data',
  '__data',
  '.comment',
  '.debug_str',
]);

/**
 * The regions to search, in file order, none overlapping another, so that together they are never more than the file. Without
 * a section table, or without sections of the usual names, it is the whole file.
 */
export function constantRegions(executable: Executable): Region[] {
  const wanted = executable.sections
    .filter(section => isConstant(section.name) && section.sizeBytes > 0 && !section.isCompressed)
    .map(section => ({ start: section.offset, end: section.offset + section.sizeBytes }))
    .sort((a, b) => a.start - b.start);
  if (wanted.length === 0) return [{ start: 0, end: executable.body.sizeBytes }];
  const regions: Region[] = [];
  let covered = 0;
  for (const { start, end } of wanted) {
    if (end <= covered) continue;
    regions.push({ start: Math.max(start, covered), end });
    covered = end;
  }
  return regions;
}

/** `.rodata.str1.1` and the like are pieces of `.rodata`. */
function isConstant(name: string): boolean {
  return CONSTANT_SECTIONS.has(name) || name.startsWith('.rodata.');
}
