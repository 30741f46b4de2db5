/**
 * What tests of access share: a context with a clock that they move, and accounts with roles.
 */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { insertAccount } from '#store/account.ts';
import type { Store } from '#store/database.ts';
import { insertNamespace } from '#store/namespace.ts';
import { putRole } from '#store/role-binding.ts';
import { createSealer } from '#store/seal.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import type { OpenTestStore } from '#store/testing/stores.ts';
import type { AccessContext, Caller } from '../caller.ts';
import { toPrincipal } from '../grant.ts';
import { hashPassword } from '../password.ts';
import type { Role } from '../principal.ts';

/** A password that passes the rules. */
export const PASSWORD = 'correct horse battery';

/** Where roles are given: `everywhere`, or the name of a namespace, which is made when it is missing. */
export type Roles = Readonly<Record<string, Role>>;

/** A context of its own for a suite, emptied before each test. */
export interface AccessWorld extends AccessContext {
  readonly store: Store;
  /** Moves the clock. */
  pass(ms: number): void;
  /** Makes an account, and who it is after signing in. */
  addAccount(name: string, roles?: Roles, password?: string): Promise<Caller & { readonly accountId: string }>;
  /** The id of a namespace, which is made when it is missing. */
  namespaceId(name: string): Promise<string>;
}

/** Sets a world up for the suite that calls it. */
export function accessWorld(open: OpenTestStore): AccessWorld {
  let store: Store | undefined;
  let clock = Date.parse('2026-03-01T12:00:00Z');
  beforeAll(async () => {
    store = await open();
  });
  beforeEach(async () => await emptyStore(world.store));
  afterAll(async () => await store?.[Symbol.asyncDispose]());
  const hashes = new Map<string, Promise<string>>();
  const hashOf = (password: string) => {
    const hash = hashes.get(password) ?? hashPassword(password);
    hashes.set(password, hash);
    return hash;
  };
  const world: AccessWorld = {
    get store() {
      if (store === undefined) throw new Error('The store is open while tests run');
      return store;
    },
    sealer: createSealer('a secret of at least 32 characters for tests'),
    now: () => new Date(clock),
    pass(ms) {
      clock += ms;
    },
    async namespaceId(name) {
      const { db } = world.store;
      const found = await db.selectFrom('namespace').select('id').where('name', '=', name).executeTakeFirst();
      return (found ?? (await insertNamespace(db, { name, displayName: name, at: world.now() }))).id;
    },
    async addAccount(name, roles = {}, password) {
      const { db } = world.store;
      const passwordHash = password === undefined ? undefined : await hashOf(password);
      const account = await insertAccount(db, { name, displayName: name, passwordHash, at: world.now() });
      const bindings = [];
      for (const [place, role] of Object.entries(roles)) {
        const namespaceId = place === 'everywhere' ? undefined : await world.namespaceId(place);
        const binding = { accountId: account.id, namespaceId, role, origin: 'manual' as const };
        await putRole(db, binding);
        bindings.push(binding);
      }
      return {
        accountId: account.id,
        principal: toPrincipal(account, bindings, 'session'),
        requestId: 'request-1',
        remoteAddress: '192.0.2.1',
      };
    },
  };
  return world;
}
