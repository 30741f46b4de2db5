/**
 * The statuses of a VEX document as affected packages: one for each platform, package and module, however many builds are listed.
 *
 * A platform lists a fixed build for each erratum (an incomplete first fix, a rebuild) and architecture: the highest build counts, as
 * only that has the whole fix. What is not fixed is a name alone, of a source package, or of binary ones in newer documents.
 *
 * Left out: debug information, which is never vulnerable by itself; and builds that came with an erratum and are not affected, nine
 * tenths of some documents, of which silence says the same.
 */
import { rpm } from '#version/rpm.ts';
import type { AffectedPackage, FixState, Rating } from '../advisory.ts';
import { isDebugInformation } from '../debug-information.ts';
import { asList, asRecord, type JsonRecord } from '../feed-json.ts';
import { isModularVersion } from '../modular-version.ts';
import type { ReadTally } from '../read-tally.ts';
import { ALL_VERSIONS, below, newer, toVersion } from '../version-bounds.ts';
import type { RpmComponent } from './component.ts';
import type { PlatformComponent, ProductTree } from './product-tree.ts';
import { type Remedy, readRatings, readRemedies } from './remedies.ts';

/** What all builds of a package on a platform come to. */
interface Group {
  readonly ecosystem: string;
  readonly name: string;
  readonly nameKind: NameKind;
  readonly module: string | undefined;
  /** Architecture to the highest fixed build. */
  readonly fixes: Map<string, Fix>;
  state?: Exclude<FixState, { kind: 'fixed' }>;
  isNotAffected?: boolean;
  ratings?: readonly Rating[] | undefined;
}

const NAME_KINDS = ['source', 'binary', 'either'] as const;
type NameKind = (typeof NAME_KINDS)[number];

interface Fix {
  readonly version: string;
  readonly fixedBy: string | undefined;
  readonly fixedOn: string | undefined;
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
    for (const value of asList(lists[status])) {
      const id = typeof value === 'string' ? value : '';
      const used = findUsed(tree.find(id), status);
      if (typeof used === 'string') {
        tally.skip(used);
        continue;
      }
      tally.keep();
      const group = groupOf(groups, used.ecosystem, used.component);
      record(group, status, used.component, remedies.get(id));
      group.ratings ??= ratings.byProduct.get(id);
    }
  }
  const affected = [...groups.values()].flatMap(group => (isTold(group, groups) ? [] : toAffected(group)));
  return { affected, ratings: ratings.common };
}

const NO_COMPONENT = 'product that is no component of a platform';
const NOT_AN_RPM = {
  module: 'module as a whole',
  container: 'container image',
  other: 'component that is no rpm',
} as const;

/** The rpm that a statement is about, or why it is left out. */
function findUsed(
  found: PlatformComponent | undefined,
  status: Status,
): { readonly ecosystem: string; readonly component: RpmComponent } | string {
  if (found === undefined) return NO_COMPONENT;
  const { ecosystem, component } = found;
  if (component.kind !== 'rpm') return NOT_AN_RPM[component.kind];
  if (isDebugInformation(component.name)) return 'debug information';
  const isBuild = component.version !== undefined;
  if (status === 'fixed' && !isBuild) return 'fix without a build';
  if (status === 'known_not_affected' && isBuild) return 'build that is not affected';
  return { ecosystem, component };
}

function groupOf(groups: Map<string, Group>, ecosystem: string, component: RpmComponent): Group {
  const { name, module, arch } = component;
  const nameKind = arch === undefined ? 'either' : arch === 'src' ? 'source' : 'binary';
  const key = keyOf(ecosystem, name, nameKind, module);
  const known = groups.get(key);
  if (known !== undefined) return known;
  const group: Group = { ecosystem, name, nameKind, module, fixes: new Map() };
  groups.set(key, group);
  return group;
}

function keyOf(ecosystem: string, name: string, nameKind: NameKind, module: string | undefined): string {
  return `${ecosystem}\n${name}\n${nameKind}\n${module ?? ''}`;
}

/** Adds one statement to its group. */
function record(group: Group, status: Status, component: RpmComponent, remedy: Remedy | undefined): void {
  switch (status) {
    case 'fixed': {
      const version = toVersion(component.version);
      if (version === undefined) return;
      const arch = component.arch ?? '';
      const known = group.fixes.get(arch);
      if (known === undefined || newer(known.version, version, rpm) !== known.version) {
        group.fixes.set(arch, { version, fixedBy: remedy?.fixedBy, fixedOn: remedy?.fixedOn });
      }
      return;
    }
    case 'known_affected':
      group.state ??= remedy?.state ?? { kind: 'not-fixed' };
      return;
    case 'under_investigation':
      group.state ??= { kind: 'under-investigation' };
      return;
    case 'known_not_affected':
      group.isNotAffected = true;
      return;
    default:
      status satisfies never;
  }
}

/**
 * Whether another group of the name says more: a fixed source package where its binary is listed too, as all its binaries are then; and
 * "not affected" where the name is fixed or affected in another form.
 */
function isTold(group: Group, groups: ReadonlyMap<string, Group>): boolean {
  const others = NAME_KINDS.filter(kind => kind !== group.nameKind).flatMap(
    kind => groups.get(keyOf(group.ecosystem, group.name, kind, group.module)) ?? [],
  );
  if (group.state !== undefined) return false;
  if (group.fixes.size === 0) return others.some(one => one.fixes.size > 0 || one.state !== undefined);
  return group.nameKind === 'source' && others.some(one => one.nameKind === 'binary' && one.fixes.size > 0);
}

/** One affected package; one for each architecture where their fixes differ. A fix or a flaw beats "not affected". */
function toAffected(group: Group): readonly AffectedPackage[] {
  const { ecosystem, name, nameKind, ratings, fixes, state } = group;
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
              ...(fix.fixedOn && { fixedOn: fix.fixedOn }),
            },
          ],
    );
  }
  if (state !== undefined) return [{ ...base, range: ALL_VERSIONS, state }];
  return group.isNotAffected ? [{ ...base, range: ALL_VERSIONS, isNotAffected: true }] : [];
}

/** A modular build without its module would be held against packages of none. */
function modularBuild(group: Group): string | undefined {
  const isModular = [...group.fixes.values()].some(fix => isModularVersion(fix.version));
  return isModular ? '*:*' : undefined;
}
