/**
 * Findings and what is set aside of them: what statements and waivers sort.
 */
import { comparePackages } from '#inventory/build-inventory.ts';
import { compareIds } from './cluster.ts';
import type { Finding, Waived } from './finding.ts';

/** Findings that count, and those that do not; each in the order of `compareFindings`. */
export interface Triage {
  readonly findings: readonly Finding[];
  readonly waived: readonly Waived[];
}

/** By package in the order of the inventory, then by id. */
export function compareFindings(a: Finding, b: Finding): number {
  return comparePackages(a.package, b.package) || compareIds(a.id, b.id);
}

/** The waived in that order. */
export function sortWaived(waived: readonly Waived[]): readonly Waived[] {
  return waived.toSorted((a, b) => compareFindings(a.finding, b.finding));
}
