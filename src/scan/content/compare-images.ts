/** Two images side by side: which findings only one of them has, and which packages came, went or changed their version. */
import type { Package } from '#inventory/inventory.ts';
import type { Finding } from '#matching/finding.ts';
import type { Db } from '#store/database.ts';
import { onOneState } from '#store/report.ts';
import type { Scope } from '#store/visible.ts';
import { reportOfImage } from './report-of-image.ts';

/** What differs from `a` to `b`. */
export interface ImageComparison {
  readonly onlyInA: readonly Finding[];
  readonly onlyInB: readonly Finding[];
  /** Findings that both have: the same weakness in a package of the same name. */
  readonly inBoth: number;
  readonly packages: readonly PackageChange[];
}

/** A package that only one has, or both in different versions; several versions of one name are compared as a whole. */
export interface PackageChange {
  readonly type: string;
  readonly name: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Compares the last reports of two images, as they are looked at in `scope`; `undefined` when one of them has none. */
export async function compareImages(
  db: Db,
  a: string,
  b: string,
  today: Date,
  scope: Scope = {},
): Promise<ImageComparison | undefined> {
  return await onOneState(db, async trx => {
    const before = await reportOfImage(trx, a, { reference: a, today, scope });
    const after = await reportOfImage(trx, b, { reference: b, today, scope });
    if (before === undefined || after === undefined) return undefined;
    const [inA, inB] = [new Set(before.findings.map(keyOf)), new Set(after.findings.map(keyOf))];
    const onlyInA = before.findings.filter(finding => !inB.has(keyOf(finding)));
    const onlyInB = after.findings.filter(finding => !inA.has(keyOf(finding)));
    return {
      onlyInA,
      onlyInB,
      inBoth: inA.size - new Set(onlyInA.map(keyOf)).size,
      packages: comparePackages(before.inventory.packages, after.inventory.packages),
    };
  });
}

function keyOf({ id, package: { type, name } }: Finding): string {
  return [id, type, name].join('\0');
}

function comparePackages(before: readonly Package[], after: readonly Package[]): readonly PackageChange[] {
  const [old, next] = [versionsByName(before), versionsByName(after)];
  const keys = [...new Set([...old.keys(), ...next.keys()])].sort();
  return keys.flatMap((key): PackageChange[] => {
    const [was, is] = [old.get(key) ?? [], next.get(key) ?? []];
    if (was.length === is.length && was.every((version, at) => version === is[at])) return [];
    const [type = '', name = ''] = key.split('\0');
    const kind = was.length === 0 ? 'added' : is.length === 0 ? 'removed' : 'changed';
    return [{ type, name, kind, before: was, after: is }];
  });
}

/** Distinct versions by type and name, in the order of the inventory. */
function versionsByName(packages: readonly Package[]): ReadonlyMap<string, readonly string[]> {
  const versions = new Map<string, Set<string>>();
  for (const { type, name, version } of packages) {
    const key = `${type}\0${name}`;
    versions.set(key, (versions.get(key) ?? new Set()).add(version));
  }
  return new Map(Array.from(versions, ([key, set]) => [key, [...set]]));
}
