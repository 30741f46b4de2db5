/**
 * Matches the packages of an image against advisories.
 *
 * The order of evaluation: whom to ask about a package (`route.ts`), which records fit it (`fits.ts`), what each says of its version
 * (`candidate.ts`), which of them mean the same weakness (`cluster.ts`), who decides (`decide.ts`), how bad it is (`severity.ts`); then
 * our own rules. Statements of others (VEX) and the user's (waivers) come after this.
 */
import { comparePackages } from '#inventory/build-inventory.ts';
import type { Inventory, Package } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import type { AdvisoryLookup, Finding, Undetermined, Waived } from './finding.ts';
import { buildFactsOf } from './fits.ts';
import { Matcher } from './matcher.ts';
import { findOwnRule } from './own-rules.ts';
import { type RouteOptions, Router } from './route.ts';
import type { Triage } from './triage.ts';
import { UndeterminedGroups } from './undetermined-groups.ts';

/** What is matched of an inventory. */
export type MatchedInventory = Pick<Inventory, 'packages' | 'distro'> & {
  readonly image?: Pick<Inventory['image'], 'platform'>;
};

export interface MatchOptions extends RouteOptions {
  /** ISO date, by which a release is past the end of its support. */
  readonly today: string;
  /** Whether the image is that of a machine, which boots the kernel in it; default false. */
  readonly bootsKernel?: boolean;
}

/** `waived` is what rules of our own set aside. */
export interface MatchResult extends Triage {
  /** Reasons that concern whole packages first. */
  readonly undetermined: readonly Undetermined[];
}

/** Findings of an inventory. The same inventory and the same advisories, in any order, give the same result. */
export function matchInventory(
  inventory: MatchedInventory,
  lookup: AdvisoryLookup,
  options: MatchOptions,
): MatchResult {
  const packages = [...inventory.packages].sort(comparePackages);
  const router = new Router(inventory, lookup, options);
  const matcher = new Matcher(lookup);
  const groups = new UndeterminedGroups();
  const findings: Finding[] = [];
  const waived: Waived[] = [];
  tellEndOfLife(inventory, packages, { groups, today: options.today });
  for (const one of packages) {
    const route = router.routeOf(one);
    if (route.kind === 'undetermined') groups.add(one, route.why, []);
    if (route.kind !== 'ask') continue;
    const judgement = matcher.judge(route.questions, buildFactsOf(one, inventory.image?.platform));
    const reason = judgement.findings.length === 0 ? undefined : findOwnRule(one, options);
    for (const facts of judgement.findings) {
      const finding = { ...facts, package: one };
      if (reason === undefined) findings.push(finding);
      else waived.push({ finding, by: { kind: 'rule', source: 'plimsoll', status: 'not_affected', reason } });
    }
    for (const { why, ids } of judgement.undetermined) groups.add(one, why, ids);
  }
  return { findings, waived, undetermined: groups.list() };
}

/** After the end of a release there are no fixes and no advisories, so the lack of findings means nothing. */
function tellEndOfLife(
  { distro }: MatchedInventory,
  packages: readonly Package[],
  { groups, today }: { readonly groups: UndeterminedGroups; readonly today: string },
): void {
  if (distro?.endOfLife === undefined || distro.endOfLife >= today.slice(0, 10)) return;
  const why = `${distro.name} has had no standard support since ${distro.endOfLife}, so advisories and fixes may be missing`;
  for (const one of packages) if (OS_PACKAGE_TYPES.has(one.type) && one.root === undefined) groups.add(one, why, []);
}
