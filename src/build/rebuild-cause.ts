/** Reasons to build again, as keys: what a build has dealt with is not dealt with twice. */
import type { Finding } from '#matching/finding.ts';
import type { BaseImageState, NewFix, PackageUpdate } from './rebuild/decide-rebuild.ts';

/** Types of packages that come with the base image or by its package manager. */
const DISTRIBUTION_TYPES: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk']);

/** Whether a package is of the distribution: only such a package is renewed by building the same source again. */
export function isOfDistribution({ type }: { readonly type: string }): boolean {
  return DISTRIBUTION_TYPES.has(type);
}

/** A weakness that has a fix. */
export function fixKey({ id, package: { name }, fix }: Pick<Finding, 'id' | 'package' | 'fix'>): string {
  return `fix:${id}|${name}|${fix.kind === 'fixed' ? fix.version : ''}`;
}

/** A finding as a reason to build again; `undefined` when it has no fix. */
export function toNewFix({ id, package: { name, version }, fix }: Finding): NewFix | undefined {
  return fix.kind === 'fixed' ? { id, package: name, installed: version, fixedIn: fix.version } : undefined;
}

/** A base image's tag that names another image now. */
export function baseKey({ reference, now = '' }: BaseImageState): string {
  return `base:${reference}|${now}`;
}

/** A newer package in the distribution's repository. */
export function updateKey({ name, available }: PackageUpdate): string {
  return `package:${name}|${available}`;
}

const HOUR_MS = 60 * 60 * 1000;
/** Half of a week. */
const MAX_BACKOFF_MS = 84 * HOUR_MS;

/** How long is waited after so many rebuilds in turn that failed: an hour, then four times as long each time. */
export function backoffMs(failures: number): number {
  return failures <= 0 ? 0 : Math.min(HOUR_MS * 4 ** (failures - 1), MAX_BACKOFF_MS);
}
