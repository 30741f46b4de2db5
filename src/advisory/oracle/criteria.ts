/**
 * The criteria of an OVAL definition: under which conditions which builds have the fix.
 *
 * Source: OVAL 5, "criteria"; Oracle's definitions. The tests that criteria refer to come at the end of a file of hundreds of megabytes,
 * so their comments are read instead, which Oracle's tool writes from the same data in a few fixed forms. A comment of any other form is
 * counted, never guessed at.
 */
import type { FixedBuild } from '../fixed-build.ts';
import { isModularVersion } from '../modular-version.ts';
import type { ReadTally } from '../read-tally.ts';
import { toVersion } from '../version-bounds.ts';
import { type Flavour, flavourOf } from './flavour.ts';

/** A node of the tree; leaves are comments of its own criteria. */
export interface Criteria {
  readonly operator: string;
  readonly comments: string[];
  readonly children: Criteria[];
}

/** What must hold on the way to a package. */
interface Conditions {
  readonly release?: string;
  readonly arch?: string;
  readonly module?: string;
  readonly flavour?: Flavour;
}

const RELEASE = /^Oracle Linux ([0-9]{1,2}) is installed$/;
const ARCH = /^Oracle Linux arch is ([a-z0-9_]+)$/;
const MODULE = /^Module ([^\s:]+):([^\s:]+) is enabled$/;
const KSPLICE = /^\S+ is ksplice-based$/;
const FIPS = /^\S+ is fips patched$/;
const PACKAGE = /^(\S+) is earlier than (\S+)$/;
const SIGNATURE = /^\S+ is signed with the Oracle Linux [0-9]{1,2} key$/;

/** The builds with the fix, each with the release, architecture and module that lead to it. */
export function readBuilds(criteria: Criteria, tally: ReadTally): readonly FixedBuild[] {
  const builds: FixedBuild[] = [];
  collect(criteria, {}, builds, tally);
  return builds;
}

function collect(node: Criteria, outer: Conditions, builds: FixedBuild[], tally: ReadTally): void {
  let conditions = outer;
  const packages: { readonly name: string; readonly version: string }[] = [];
  for (const comment of node.comments) {
    const condition = readCondition(comment);
    const [, name, version] = condition === undefined ? (PACKAGE.exec(comment) ?? []) : [];
    if (condition !== undefined && node.operator !== 'OR') conditions = { ...conditions, ...condition };
    else if (name !== undefined && toVersion(version) !== undefined) packages.push({ name, version: version ?? '' });
    else if (!SIGNATURE.test(comment)) tally.lose('criterion of an unknown form');
  }
  for (const { name, version } of packages) {
    if (conditions.release === undefined) {
      tally.lose('package of an untold release');
      continue;
    }
    builds.push({
      ecosystem: `Oracle Linux:${conditions.release}`,
      name,
      version: version.replace(/^0:/, ''),
      arch: conditions.arch ?? '',
      module: conditions.module ?? (isModularVersion(version) ? '*:*' : undefined),
      repository: conditions.flavour ?? flavourOf(version),
    });
  }
  for (const child of node.children) collect(child, conditions, builds, tally);
}

function readCondition(comment: string): Conditions | undefined {
  const release = RELEASE.exec(comment)?.[1];
  if (release !== undefined) return { release };
  const arch = ARCH.exec(comment)?.[1];
  if (arch !== undefined) return { arch };
  if (KSPLICE.test(comment)) return { flavour: 'ksplice' };
  if (FIPS.test(comment)) return { flavour: 'fips' };
  const [, module, stream] = MODULE.exec(comment) ?? [];
  return module === undefined ? undefined : { module: `${module}:${stream}` };
}
