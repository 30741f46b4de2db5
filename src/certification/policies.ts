/**
 * Policies: which checks an image must pass, by what it is.
 *
 * Source: preflight 1.21, the matrix of its policies and how it chooses one for a project.
 */
import type { Inventory } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES } from '#inventory/package.ts';
import { CHECK_NAMES, type CheckName } from './check.ts';

/** Names of policies. `general` is ours: for images of any distribution, where rules about rpm and approved bases hold only if they can. */
export const POLICY_NAMES = ['container', 'root', 'scratch-nonroot', 'scratch-root', 'konflux', 'general'] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

const WITHOUT = (...names: readonly CheckName[]): readonly CheckName[] =>
  CHECK_NAMES.filter(name => !names.includes(name));
/** What only images with packages of a distribution can have. */
const OF_DISTRIBUTIONS = ['HasNoProhibitedPackages', 'HasModifiedFiles', 'BasedOnUbi'] as const;

/** The checks of each policy, in the order in which they are told. */
export const POLICIES: Readonly<Record<PolicyName, readonly CheckName[]>> = {
  container: CHECK_NAMES,
  root: WITHOUT('RunAsNonRoot'),
  'scratch-nonroot': WITHOUT(...OF_DISTRIBUTIONS),
  'scratch-root': WITHOUT(...OF_DISTRIBUTIONS, 'RunAsNonRoot'),
  konflux: WITHOUT('HasNoProhibitedLabels', 'HasProhibitedContainerName'),
  general: CHECK_NAMES,
};

/** What a project says of its image. */
export interface ProjectKind {
  /** `container.type`: `container`, `scratch`, `operator bundle image`. */
  readonly type?: string | undefined;
  /** `container.os_content_type`. */
  readonly osContentType?: string | undefined;
  /** Whether it was granted to run as root. */
  readonly isPrivileged?: boolean | undefined;
}

/** The policy for the images of a project; `undefined` for operator bundles, which are no containers to be checked. */
export function selectPolicy({ type, osContentType, isPrivileged = false }: ProjectKind): PolicyName | undefined {
  if (type === 'operator bundle image') return undefined;
  if (type === 'scratch' || osContentType === 'Scratch Image') return isPrivileged ? 'scratch-root' : 'scratch-nonroot';
  return isPrivileged ? 'root' : 'container';
}

/** A policy guessed from an image that belongs to no project, and why, as a sentence without full stop. */
export function guessPolicy(inventory: Inventory): { readonly policy: PolicyName; readonly why: string } {
  const types = new Set(inventory.packages.map(one => one.type).filter(type => OS_PACKAGE_TYPES.has(type)));
  if (types.has('rpm')) return { policy: 'container', why: 'it has packages of rpm' };
  if (types.size === 0 && inventory.distro === undefined) {
    return { policy: 'scratch-nonroot', why: 'it has no distribution and no packages of one' };
  }
  const what = inventory.distro?.name ?? `packages of ${[...types].sort().join(' and ')}`;
  return { policy: 'general', why: `it is ${what}, which Red Hat’s rules about rpm are not about` };
}
