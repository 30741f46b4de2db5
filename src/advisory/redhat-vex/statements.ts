/**
 * The statuses of a VEX document as affected packages: one for each platform, package and module, however many builds are listed.
 *
 * A platform lists a fixed build for each erratum (an incomplete first fix, a rebuild) and architecture: the highest build counts, as
 * only that has the whole fix. Unfixed components are named by their source package.
 */
import { rpm } from '#version/rpm.ts';
import type { AffectedPackage, FixState, Rating } from '../advisory.ts';
import { asList, asRecord, type JsonRecord } from '../feed-json.ts';
import { isModularVersion } from '../modular-version.ts';
import type { ReadTally } from '../read-tally.ts';
import { ALL_VERSIONS, below, newer, toVersion } from '../version-bounds.ts';
import type { RpmComponent } from './component.ts';
import type { ProductTree } from './product-tree.ts';
import { type Remedy, readRatings, readRemedies } from './remedies.ts';

/** What all builds of a package on a platform come to. */
interface Group {
  readonly ecosystem: string;
  readonly name: string;
  readonly nameKind: 'source' | 'binary';
  readonly module: string | undefined;
  /** Architecture to the highest fixed build. */
  readonly fixes: Map<string, Fix>;
  /** Builds that are known to be affected, where builds are named. */
  readonly affectedBuilds: Set<string>;
  state?: Exclude<FixState, { kind: 'fixed' }>;
  isNotAffected?: boolean;
  ratings?: readonly Rating[];
}

interface Fix {
  readonly version: string;
  readonly fixedBy: string | undefined;
}

const STATUSES = ['fixed', 'known_affected', 'under_investigation', 'known_not_affected'] as const;
type Status = (typeof STATUSES)[number];

/** The affected packages of one vulnerability, and its ratings. An entry of the tally is a product id in a status. */
export function readStatements(
  vulnerability: JsonRecord,
  tree: ProductTree,
  aggregateSeverity: string | undefined,
  tally: ReadTally,
): { readonly affected: readonly AffectedPackage[]; readonly ratings: readonly Rating[] } {
  const groups = new Map<string, Group>();
  const remedies = readRemedies(vulnerability);
  const ratings = readRatings(vulnerability, aggregateSeverity);
  const lists = asRecord(vulnerability['product_status']);
  for (const status of STATUSES) {
    for (const id of asList(lists[status])) {
      const found = typeof id === 'string' ? tree.find(id) : undefined;
      if (typeof id !== 'string' || found === undefined) tally.skip('product that is no component of a platform');
      else if (found.component.kind !== 'rpm') tally.skip(NOT_AN_RPM[found.component.kind]);
      else {
        const group = groupOf(groups, found.ecosystem, found.component);
        const isUsed = record(group, status, found.component, remedies.get(id));
        if (isUsed) tally.keep();
        else tally.skip('fix without a build');
        const own = ratings.byProduct.get(id);
        if (own !== undefined) group.ratings ??= own;
      }
    }
  }
  const affected = [...groups.values()].flatMap(group => (isTold(group, groups) ? [] : toAffected(group)));
  return { affected, ratings: ratings.common };
}

const NOT_AN_RPM = {
  module: 'module as a whole',
  container: 'container image',
  other: 'component that is no rpm',
} as const;

function groupOf(groups: Map<string, Group>, ecosystem: string, component: RpmComponent): Group {
  const { name, module, arch } = component;
  // Without an architecture it is a name of a component, which is that of its source.
  const nameKind = arch === undefined || arch === 'src' ? 'source' : 'binary';
  const key = keyOf(ecosystem, name, nameKind, module);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Group = { ecosystem, name, nameKind, module, fixes: new Map(), affectedBuilds: new Set() };
  groups.set(key, group);
  return group;
}

function keyOf(ecosystem: string, name: string, nameKind: string, module: string | undefined): string {
  return `${ecosystem}\n${name}\n${nameKind}\n${module ?? ''}`;
}

/** Adds one statement to its group; false when a fix does not say which build. */
function record(group: Group, status: Status, component: RpmComponent, remedy: Remedy | undefined): boolean {
  const version = toVersion(component.version);
  switch (status) {
    case 'fixed': {
      if (version === undefined) return false;
      const arch = component.arch ?? '';
      const known = group.fixes.get(arch);
      if (known === undefined || newer(known.version, version, rpm) !== known.version) {
        group.fixes.set(arch, { version, fixedBy: remedy?.fixedBy });
      }
      return true;
    }
    case 'known_affected':
      if (version !== undefined) group.affectedBuilds.add(version);
      group.state ??= remedy?.state ?? { kind: 'not-fixed' };
      return true;
    case 'under_investigation':
      group.state ??= { kind: 'under-investigation' };
      return true;
    case 'known_not_affected':
      group.isNotAffected = true;
      return true;
    default:
      return status satisfies never;
  }
}

/** Whether a fixed source package says no more than its binary of the same name does: all its binaries are listed. */
function isTold(group: Group, groups: ReadonlyMap<string, Group>): boolean {
  if (group.nameKind !== 'source' || group.state !== undefined) return false;
  const binary = groups.get(keyOf(group.ecosystem, group.name, 'binary', group.module));
  if (binary === undefined) return false;
  return group.fixes.size > 0 ? binary.fixes.size > 0 : binary.fixes.size > 0 || binary.state !== undefined;
}

/** One affected package; one for each architecture where their fixes differ. A fix or a flaw beats "not affected". */
function toAffected(group: Group): readonly AffectedPackage[] {
  const { ecosystem, name, nameKind, ratings, fixes, affectedBuilds, state } = group;
  const module = group.module ?? modularBuild(group);
  const base = { ecosystem, name, nameKind, ...(module && { module }), ...(ratings && { ratings }) };
  if (fixes.size > 0) {
    const versions = new Set(Array.from(fixes.values(), fix => fix.version));
    const shown = versions.size === 1 ? [[undefined, [...fixes.values()][0]] as const] : [...fixes];
    return shown.flatMap(([arch, fix]) =>
      fix === undefined
        ? []
        : [
            {
              ...base,
              range: below(fix.version),
              ...(arch && { arches: [arch] }),
              ...(fix.fixedBy && { fixedBy: fix.fixedBy }),
            },
          ],
    );
  }
  if (state !== undefined) {
    const range = affectedBuilds.size > 0 ? { ranges: [], versions: [...affectedBuilds] } : ALL_VERSIONS;
    return [{ ...base, range, state }];
  }
  return group.isNotAffected ? [{ ...base, range: ALL_VERSIONS, isNotAffected: true }] : [];
}

/** A modular build without its module would be held against packages of none. */
function modularBuild(group: Group): string | undefined {
  const isModular = [...group.fixes.values()].some(fix => isModularVersion(fix.version));
  return isModular ? '*:*' : undefined;
}
