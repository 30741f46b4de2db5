/**
 * One build per package of an erratum.
 *
 * One AlmaLinux erratum may list a package several times, with builds of several rebuilds (`1.0.1-2.module_el8.6.0+2741+…` and
 * `…+3048+…`), all of which have the fix. So a package is fixed once it is not below the lowest of them.
 */
import { schemeFor } from '#version/schemes.ts';
import type { AffectedPackage } from '../advisory.ts';
import { below, older } from '../version-bounds.ts';

/** The packages with each ecosystem, name, kind, stream and architecture once, at its lowest fix; order is kept. */
export function lowestBuilds(packages: readonly AffectedPackage[]): readonly AffectedPackage[] {
  const byKey = new Map<string, AffectedPackage>();
  for (const one of packages) {
    const key = `${one.ecosystem}\n${one.name}\n${one.module ?? ''}\n${one.nameKind ?? ''}\n${one.arches?.join() ?? ''}`;
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, one);
    // Two ranges that are not plain "below the fix" cannot be merged: both stay.
    else byKey.set(...(withLowerFix(key, known, one) ?? [`${key}\n${byKey.size}`, one]));
  }
  return byKey.size === packages.length ? packages : [...byKey.values()];
}

function withLowerFix(key: string, a: AffectedPackage, b: AffectedPackage): [string, AffectedPackage] | undefined {
  const first = onlyFix(a);
  const second = onlyFix(b);
  const scheme = schemeFor(a.ecosystem);
  if (first === undefined || second === undefined || scheme === undefined) return undefined;
  const fix = older(first, second, scheme);
  return [key, fix === first ? a : { ...a, range: below(fix) }];
}

/** The fix of a range that says nothing but "below it". */
function onlyFix({ range }: AffectedPackage): string | undefined {
  const [events, ...more] = range.ranges;
  if (events === undefined || more.length > 0 || range.versions !== undefined || events.length !== 2) return undefined;
  const [a, b] = events;
  const begins = a?.kind === 'introduced' ? a : b;
  const ends = a?.kind === 'fixed' ? a : b;
  return begins?.kind === 'introduced' && begins.version === '0' && ends?.kind === 'fixed' ? ends.version : undefined;
}
