/**
 * What could not be determined, gathered by reason: a distribution without a feed is one sentence, not three hundred.
 */
import { comparePackages } from '#inventory/build-inventory.ts';
import type { Package } from '#inventory/inventory.ts';
import type { Undetermined } from './finding.ts';

/** Gathers packages by reason and weaknesses concerned. */
export class UndeterminedGroups {
  readonly #groups = new Map<string, { why: string; packages: Package[]; ids: readonly string[] }>();

  /** `ids` are sorted, and empty when nothing at all can be said of the package. */
  add(one: Package, why: string, ids: readonly string[]): void {
    const key = [why, ...ids].join('\0');
    const group = this.#groups.get(key);
    if (group === undefined) this.#groups.set(key, { why, packages: [one], ids });
    else group.packages.push(one);
  }

  /** As `list`, where packages were not added in the order of the inventory. */
  listSorted(): readonly Undetermined[] {
    for (const { packages } of this.#groups.values()) packages.sort(comparePackages);
    return this.list();
  }

  /** Reasons that concern whole packages first, those of the most packages before others. */
  list(): readonly Undetermined[] {
    return [...this.#groups.values()].sort(compareUndetermined);
  }
}

/** The order of `UndeterminedGroups.list`. */
export function compareUndetermined(a: Undetermined, b: Undetermined): number {
  return (
    Number(a.ids.length > 0) - Number(b.ids.length > 0) ||
    b.packages.length - a.packages.length ||
    compareText(a.why, b.why) ||
    compareText(a.ids.join(), b.ids.join())
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
