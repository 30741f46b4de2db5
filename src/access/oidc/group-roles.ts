/**
 * What the groups of somebody at the provider mean here.
 */
import { greaterRole } from '../grant.ts';
import type { Role } from '../principal.ts';
import type { GroupRole } from './settings.ts';

const MAX_GROUPS = 2000;

/**
 * The groups in a claim: a list of names, or names in one text with blanks or commas between. Anything else is no group: a claim that is
 * missing (providers leave it out when there are too many) gives no role rather than an old one.
 */
export function readGroups(claim: unknown): readonly string[] {
  const parts = typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  return parts.filter((part): part is string => typeof part === 'string' && part !== '').slice(0, MAX_GROUPS);
}

/** The roles that `groups` give: at each place the greatest. */
export function rolesOf(
  groups: readonly string[],
  groupRoles: readonly GroupRole[],
): readonly { readonly namespaceId: string | undefined; readonly role: Role }[] {
  const roles = new Map<string | undefined, Role>();
  for (const { group, role, namespaceId } of groupRoles) {
    if (groups.includes(group)) roles.set(namespaceId, greaterRole(roles.get(namespaceId), role) ?? role);
  }
  return [...roles].map(([namespaceId, role]) => ({ namespaceId, role }));
}
