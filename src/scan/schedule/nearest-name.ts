/**
 * Names that somebody may have meant: for patterns that matched nothing.
 */
import type { Pattern } from './pattern.ts';

/** How much work suggestions may cost: they are a courtesy, and registries have many names. */
const MAX_CANDIDATES = 20_000;
const MAX_SUGGESTIONS = 3;

/**
 * Up to three names like the pattern's text, nearest first, ties in alphabetical order: those that differ in case only, in the path before
 * the last segment only, or in a few characters (at most a third of them, never more than three). None for patterns of everything and
 * expressions. Looks at the first 20,000 candidates.
 */
export function suggestNames(pattern: Pattern, candidates: Iterable<string>): readonly string[] {
  if (pattern.kind !== 'literal' && pattern.kind !== 'prefix' && pattern.kind !== 'suffix') return [];
  const { value, kind } = pattern;
  const best: { name: string; distance: number }[] = [];
  let seen = 0;
  for (const name of candidates) {
    seen += 1;
    if (seen > MAX_CANDIDATES) break;
    const distance = distanceTo(value, partOf(name, value.length, kind), kind);
    if (distance === undefined || best.some(one => one.name === name)) continue;
    best.push({ name, distance });
    best.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
    if (best.length > MAX_SUGGESTIONS) best.pop();
  }
  return best.map(one => one.name);
}

/**
 * Edit distance (insert, delete or replace one UTF-16 unit, or swap two neighbours) if it is at most `max`, else undefined. Takes time in the
 * shorter length times `max`.
 */
export function boundedDistance(a: string, b: string, max: number): number | undefined {
  if (Math.abs(a.length - b.length) > max) return undefined;
  const far = max + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => Math.min(column, far));
  let leastOfLast = 0;
  for (let row = 1; row <= a.length; row += 1) {
    const current = new Array<number>(b.length + 1).fill(far);
    if (row <= max) current[0] = row;
    let least = current[0] ?? far;
    for (let column = Math.max(1, row - max); column <= Math.min(b.length, row + max); column += 1) {
      const replaced = (last[column - 1] ?? far) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwap ? (beforeLast[column - 2] ?? far) + 1 : far;
      const value = Math.min(replaced, swapped, (last[column] ?? far) + 1, (current[column - 1] ?? far) + 1, far);
      current[column] = value;
      least = Math.min(least, value);
    }
    if (least > max && leastOfLast > max) return undefined;
    leastOfLast = least;
    beforeLast = last;
    last = current;
  }
  const distance = last[b.length] ?? far;
  return distance > max ? undefined : distance;
}

function distanceTo(wanted: string, name: string, kind: 'literal' | 'prefix' | 'suffix'): number | undefined {
  if (wanted.toLowerCase() === name.toLowerCase()) return 0;
  const distance = boundedDistance(wanted, name, Math.min(3, Math.floor(wanted.length / 3)));
  if (distance !== undefined) return distance;
  // The folder was forgotten or another one: likely, but less so than a slip of the finger.
  const isElsewhere = kind === 'literal' && wanted.length > 2 && lastSegment(name) === lastSegment(wanted);
  return isElsewhere ? 4 : undefined;
}

function partOf(name: string, length: number, kind: 'literal' | 'prefix' | 'suffix'): string {
  if (kind === 'literal') return name;
  return kind === 'prefix' ? name.slice(0, length) : name.slice(Math.max(0, name.length - length));
}

function lastSegment(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}
