import type { PartKey } from '../part-table.ts';

/** A part for people: `osv npm`, `kev`. */
export function partLabel({ source, name }: PartKey): string {
  return name === '' ? source : `${source} ${name}`;
}
