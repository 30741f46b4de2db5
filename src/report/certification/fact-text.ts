/** One thing that a check found, in a line. */
import type { CheckFact } from '#certification/check.ts';

/** `label vendor: missing`, `file /usr/bin/bash (layer 3): changed; …`. What came from outside is not made safe. */
export function factText({ kind, subject, detail, layer }: CheckFact): string {
  const where = layer === undefined || kind === 'layer' ? '' : ` (layer ${layer})`;
  return `${kind} ${subject}${where}${detail === undefined ? '' : `: ${detail}`}`;
}
