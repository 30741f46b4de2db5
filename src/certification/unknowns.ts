/**
 * What of an image’s weaknesses is not known, so that neither a gate nor a grade may be certain of it.
 */
import { countOf } from '#base/count-of.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import type { Undetermined } from '#matching/finding.ts';

const DATABASES = /(?:^|\/)(?:rpm\/[^/]+|dpkg\/status|apk\/db\/installed|os-release)$/;

/** Reasons as sentences without full stop: packages of the distribution that nobody can judge, and parts that could not be read. */
export function tellUnknowns(
  { gaps }: Pick<Inventory, 'gaps'>,
  undetermined: readonly Undetermined[],
): readonly string[] {
  const unjudged = undetermined
    .filter(({ ids, packages }) => ids.length === 0 && packages.some(one => OS_PACKAGE_TYPES.has(one.type)))
    .map(({ why, packages }) => `${countOf(packages.length, 'package')} cannot be judged: ${why}`);
  const unread = gaps
    .filter(({ path }) => path === undefined || DATABASES.test(path))
    .map(({ path, layer, reason }) => `${path ?? layer ?? 'A part of the image'} could not be read: ${reason}`);
  return [...unjudged, ...unread];
}
