/** Fixed versions as Quay tells them: the version, or nothing. */
import type { FixState } from '#advisory/advisory.ts';

/** Never null: Quay's pages call methods of text on it. */
export function adviseFix(fix: FixState): string {
  return fix.kind === 'fixed' && fix.version !== '0' ? fix.version : '';
}
