/** Whether a published build is to be built again, and why. */

/** A weakness of a package of the base image or its package manager that has a fix now. */
export interface NewFix {
  /** `CVE-2026-1234`. */
  readonly id: string;
  readonly package: string;
  readonly installed: string;
  readonly fixedIn: string;
}

/** A base image as it was built from and as its tag stands now; `now` is missing when it could not be asked. */
export interface BaseImageState {
  readonly reference: string;
  readonly built: string;
  readonly now?: string | undefined;
}

/** A package of which the distribution's repository holds a newer version. */
export interface PackageUpdate {
  readonly name: string;
  readonly installed: string;
  readonly available: string;
}

/** Why a build is to be made again: one cause of three kinds. */
export interface RebuildCause {
  readonly kind: 'advisory' | 'base-image' | 'package-update';
  /** A sentence for people. */
  readonly detail: string;
}

/** Names in a sentence; the rest is counted. */
const NAMED = 3;

/**
 * The causes to build again, the most pressing first; empty when there is none. What could not be asked is no cause: the caller tells of it
 * apart.
 */
export function decideRebuild({
  fixes,
  baseImages,
  updates,
}: {
  readonly fixes: readonly NewFix[];
  readonly baseImages: readonly BaseImageState[];
  readonly updates: readonly PackageUpdate[];
}): readonly RebuildCause[] {
  const causes: RebuildCause[] = [];
  if (fixes.length > 0) {
    const named = fixes.map(({ id, package: name, fixedIn }) => `${id} is fixed in ${name} ${fixedIn}`);
    causes.push({ kind: 'advisory', detail: sentence(named) });
  }
  const moved = baseImages.filter(({ built, now }) => now !== undefined && now !== built);
  if (moved.length > 0) {
    const named = moved.map(({ reference, now = '' }) => `${reference} is ${now.slice(0, 19)} now`);
    causes.push({ kind: 'base-image', detail: sentence(named) });
  }
  if (updates.length > 0) {
    const named = updates.map(({ name, installed, available }) => `${name} ${available} replaces ${installed}`);
    causes.push({ kind: 'package-update', detail: sentence(named) });
  }
  return causes;
}

function sentence(parts: readonly string[]): string {
  const rest = parts.length - NAMED;
  return [...parts.slice(0, NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join('; ');
}
