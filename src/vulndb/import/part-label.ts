import type { PartKey } from '../database-build.ts';

/** A part for people: `osv npm`, `kev`. */
export function partLabel({ source, name }: PartKey): string {
  return name === '' ? source : `${source} ${name}`;
}
