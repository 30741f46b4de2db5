/** Rows of order tables and how to check them. */
import type { VersionScheme } from '../scheme.ts';

/** `?` when one side cannot be read. */
export type Sign = '<' | '=' | '>' | '?';

/** Two versions, how they stand, and why the row is there. */
export type OrderCase = readonly [a: string, sign: Sign, b: string, why: string];

/** How `a` stands to `b`; throws when the answer depends on which side comes first. */
export function signOf(scheme: VersionScheme, a: string, b: string): Sign {
  const x = scheme.parse(a);
  const y = scheme.parse(b);
  if (x === undefined || y === undefined) return '?';
  const forth = Math.sign(scheme.compare(x, y));
  const back = Math.sign(scheme.compare(y, x));
  if (forth + back !== 0) throw new Error(`${scheme.id} contradicts itself on ${a} and ${b}`);
  return forth < 0 ? '<' : forth > 0 ? '>' : '=';
}
