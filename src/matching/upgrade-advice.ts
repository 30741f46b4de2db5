/**
 * What to upgrade first: "upgrade openssl to 3.0.7-25 fixes 9, 2 known exploited".
 *
 * Findings are gathered by what is upgraded in one go: all that one source package built, or one version of a library.
 */
import { SEVERITIES, type Severity } from '#advisory/advisory.ts';
import { newer } from '#advisory/version-bounds.ts';
import type { Package } from '#inventory/inventory.ts';
import { fixesFor, readInstalled } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import { preparedRange } from './candidate.ts';
import type { AdvisoryLookup, Finding } from './finding.ts';

/** One upgrade and what it is worth. */
export interface UpgradeAdvice {
  /** The package, or the source of several: `openssl`. */
  readonly name: string;
  /** What is installed of it, in the order of the inventory. */
  readonly packages: readonly Package[];
  /** The lowest version that fixes all that can be fixed. */
  readonly version: string;
  /** Distinct weaknesses that it fixes. */
  readonly fixedCount: number;
  readonly knownExploitedCount: number;
  /** Distinct weaknesses that it fixes, by severity; all severities are there. */
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Distinct weaknesses that stay, since nothing fixes them. */
  readonly unfixedCount: number;
}

/** Upgrades for `findings`, most valuable first: known exploited ones, then the worst, then the most. `lookup` as they were found with. */
export function adviseUpgrades(
  findings: readonly Finding[],
  lookup: Pick<AdvisoryLookup, 'find'>,
): readonly UpgradeAdvice[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.kind === 'notice') continue;
    const key = keyOf(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()].flatMap(group => advise(group, lookup) ?? []).sort(compareAdvice);
}

/** Binary packages of one source are upgraded together; two versions of a library are not. */
function keyOf({ package: one, evidence }: Finding): string {
  const source = one.source ?? one;
  return [one.type, source.name, source.version ?? one.version, one.root ?? '', evidence.ecosystem].join('\0');
}

function advise(group: readonly Finding[], lookup: Pick<AdvisoryLookup, 'find'>): UpgradeAdvice | undefined {
  const fixable = group.filter(({ fix }) => fix.kind === 'fixed');
  const [first] = group;
  const version = findVersion(fixable, lookup);
  if (first === undefined || version === undefined) return undefined;
  const packages = [...new Set(group.map(finding => finding.package))];
  const distinct = new Map(fixable.map(finding => [finding.id, finding]));
  const bySeverity = { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 };
  for (const { severity } of distinct.values()) bySeverity[severity] += 1;
  const unfixed = new Set(group.map(({ id }) => id).filter(id => !distinct.has(id)));
  const [only] = packages;
  return {
    name: packages.length === 1 && only !== undefined ? only.name : (first.package.source?.name ?? first.package.name),
    packages,
    version,
    fixedCount: distinct.size,
    knownExploitedCount: [...distinct.values()].filter(({ kev }) => kev !== undefined).length,
    bySeverity,
    unfixedCount: unfixed.size,
  };
}

/** Fixes ahead of each other in several branches; more rounds than this mean records that nobody could follow. */
const MAX_ROUNDS = 8;

/** The highest of the fixes, or, where that is in the affected range of another branch, the fix of that one. */
function findVersion(fixable: readonly Finding[], lookup: Pick<AdvisoryLookup, 'find'>): string | undefined {
  const [first] = fixable;
  const scheme = first === undefined ? undefined : schemeFor(first.evidence.ecosystem);
  if (scheme === undefined) return undefined;
  let version: string | undefined;
  let ends: readonly string[] = fixable.flatMap(({ fix }) => (fix.kind === 'fixed' ? [fix.version] : []));
  for (let round = 0; round < MAX_ROUNDS && ends.length > 0; round += 1) {
    version = ends.reduce((a, b) => newer(a, b, scheme), version ?? ends[0] ?? '');
    const at = readInstalled(version, scheme);
    ends = fixable.flatMap(({ evidence }) =>
      lookup
        .find(evidence.ecosystem, evidence.name)
        .filter(({ advisory }) => advisory.id === evidence.advisory && advisory.source === evidence.source)
        .flatMap(({ affected }) => fixesFor(at, preparedRange(affected.range, scheme))),
    );
  }
  return version;
}

/** Known exploited ones first, then severity by severity, then the name, so that the order is always the same. */
function compareAdvice(a: UpgradeAdvice, b: UpgradeAdvice): number {
  const byCount = [
    b.knownExploitedCount - a.knownExploitedCount,
    ...SEVERITIES.map(severity => b.bySeverity[severity] - a.bySeverity[severity]),
  ].find(difference => difference !== 0);
  return byCount ?? (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
}
