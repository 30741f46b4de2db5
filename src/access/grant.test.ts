/** What accounts and their keys may. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toKeyPrincipal, toPrincipal } from './grant.ts';
import { hasRole, ROLES, type Role } from './principal.ts';

const account = { id: 'account-1', name: 'jane' };
const place = fc.constantFrom(undefined, 'a', 'b', 'c');
const role = fc.constantFrom(...ROLES);
const bindings = fc.array(fc.record({ namespaceId: place, role }), { maxLength: 6 });

test('a key never may what its account may not, nor more than its role, nor anything outside of its namespace', () => {
  fc.assert(
    fc.property(bindings, role, place, (roles, keyRole, namespaceId) => {
      const owner = toPrincipal(account, roles, 'session');
      const key = toKeyPrincipal(account, roles, { id: 'key-1', role: keyRole, namespaceId });
      for (const wanted of ROLES) {
        for (const where of [undefined, 'a', 'b', 'c']) {
          const isInside = namespaceId === undefined || where === namespaceId;
          const isExpected =
            hasRole(owner, wanted, where) && ROLES.indexOf(wanted) <= ROLES.indexOf(keyRole) && isInside;
          expect(hasRole(key, wanted, where)).toBe(isExpected);
        }
      }
    }),
  );
});

test('of several roles at one place the greatest holds', () => {
  const roles: { namespaceId: string | undefined; role: Role }[] = [
    { namespaceId: 'a', role: 'viewer' },
    { namespaceId: 'a', role: 'operator' },
  ];
  expect(toPrincipal(account, roles, 'session').namespaces).toEqual(new Map([['a', 'operator']]));
  expect(toPrincipal(account, roles.toReversed(), 'session').namespaces).toEqual(new Map([['a', 'operator']]));
});
