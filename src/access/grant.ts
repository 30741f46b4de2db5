/**
 * What an account may, from its roles; and what a key of it may, which is never more.
 */
import type { Account } from '#store/account.ts';
import type { ApiKey } from '#store/api-key.ts';
import type { RoleBinding } from '#store/role-binding.ts';
import { type Principal, ROLES, type Role } from './principal.ts';

/** The greater of two roles. */
export function greaterRole(a: Role | undefined, b: Role | undefined): Role | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return ROLES.indexOf(a) > ROLES.indexOf(b) ? a : b;
}

/** Who somebody is that has proved to be `account`. */
export function toPrincipal(
  account: Pick<Account, 'id' | 'name'>,
  bindings: readonly Pick<RoleBinding, 'namespaceId' | 'role'>[],
  by: Exclude<Principal['by'], 'system' | 'api-key'>,
): Principal {
  let everywhere: Role | undefined;
  const namespaces = new Map<string, Role>();
  for (const { namespaceId, role } of bindings) {
    if (namespaceId === undefined) everywhere = greaterRole(everywhere, role);
    else namespaces.set(namespaceId, greaterRole(namespaces.get(namespaceId), role) ?? role);
  }
  return { accountId: account.id, name: account.name, by, everywhere, namespaces };
}

/**
 * Who somebody is that has shown `key`: what its account may at this moment, at most with the key's role, and in the key's namespace alone
 * when it has one.
 */
export function toKeyPrincipal(
  account: Pick<Account, 'id' | 'name'>,
  bindings: readonly Pick<RoleBinding, 'namespaceId' | 'role'>[],
  key: Pick<ApiKey, 'id' | 'role' | 'namespaceId'>,
): Principal {
  const owner = toPrincipal(account, bindings, 'session');
  const { accountId, name } = owner;
  if (key.namespaceId === undefined) {
    const namespaces = new Map([...owner.namespaces].map(([id, role]) => [id, lesserRole(role, key.role)]));
    const everywhere = lesserRole(owner.everywhere, key.role);
    return { accountId, name, by: 'api-key', apiKeyId: key.id, everywhere, namespaces };
  }
  const here = lesserRole(greaterRole(owner.everywhere, owner.namespaces.get(key.namespaceId)), key.role);
  const namespaces = new Map(here === undefined ? [] : [[key.namespaceId, here]]);
  return { accountId, name, by: 'api-key', apiKeyId: key.id, namespaces };
}

/** The lesser of two roles; none when there is none to bound. */
function lesserRole<R extends Role | undefined>(role: R, bound: Role): R | Role {
  return role !== undefined && ROLES.indexOf(role) > ROLES.indexOf(bound) ? bound : role;
}
