/**
 * Matches the packages of an image against advisories.
 *
 * The order of evaluation: whom to ask about a package (`route.ts`), which records fit it (`fits.ts`), what each says of its version
 * (`candidate.ts`), which of them mean the same weakness (`cluster.ts`), who decides (`decide.ts`), how bad it is (`severity.ts`); then
 * our own rules. Statements of others (VEX) and the user's (waivers) come after this.
 */
import { comparePackages } from '#inventory/build-inventory.ts';
import type { AdvisoryLookup } from './finding.ts';
import {
  isOfRelease,
  type JudgeOptions,
  judgePackages,
  type MatchedInventory,
  type MatchResult,
  markJudgedElsewhere,
  surroundingsOf,
  tellEndOfLife,
} from './surroundings.ts';
import { compareUndetermined } from './undetermined-groups.ts';

export interface MatchOptions extends JudgeOptions {
  /** ISO date, by which a release is past the end of its support. */
  readonly today: string;
}

/** Findings of an inventory. The same inventory and the same advisories, in any order, give the same result. */
export function matchInventory(
  inventory: MatchedInventory,
  lookup: AdvisoryLookup,
  { today, ...options }: MatchOptions,
): MatchResult {
  const packages = markJudgedElsewhere(inventory.packages.toSorted(comparePackages));
  const result = judgePackages(packages, surroundingsOf(inventory), lookup, options);
  const why = tellEndOfLife(inventory.distro, today);
  const concerned = why === undefined ? [] : packages.filter(isOfRelease);
  if (why === undefined || concerned.length === 0) return result;
  const undetermined = [{ why, packages: concerned, ids: [] }, ...result.undetermined];
  return { ...result, undetermined: undetermined.sort(compareUndetermined) };
}
