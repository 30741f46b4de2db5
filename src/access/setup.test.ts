/** The first start. */
import { expect, test } from 'vitest';
import { findNamespaceByName } from '#store/namespace.ts';
import { describeStores } from '#store/testing/stores.ts';
import { updateAccount } from './account.ts';
import { authenticatePassword } from './authenticate.ts';
import { hasRole } from './principal.ts';
import { completeSetup, ensureAdmin, needsSetup, prepareSetup } from './setup.ts';
import { accessWorld, PASSWORD } from './testing/access-world.ts';

const ADMIN = { name: 'jane', password: PASSWORD };

describeStores('setting up', open => {
  const world = accessWorld(open);
  const prepare = async () => (await prepareSetup(world)) ?? expect.fail('the server is set up');

  test('the token opens the first account, once; every token is used up by it', async () => {
    const [token, other] = [await prepare(), await prepare()];
    expect(await needsSetup(world)).toBe(true);
    const stored = await world.store.db.selectFrom('setting').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain(token);
    const principal = await completeSetup(world, token, ADMIN);
    expect(hasRole(principal, 'admin', undefined)).toBe(true);
    expect(await findNamespaceByName(world.store.db, 'default')).toBeDefined();
    expect(await needsSetup(world)).toBe(false);
    for (const used of [token, other]) {
      await expect(completeSetup(world, used, { ...ADMIN, name: 'eve' })).rejects.toMatchObject({ code: 'CONFLICT' });
    }
    expect(await prepareSetup(world)).toBeUndefined();
    expect(await authenticatePassword(world, ADMIN)).toBeDefined();
  });

  test('a wrong token opens nothing; a poor password leaves the token good', async () => {
    const token = await prepare();
    await expect(completeSetup(world, 'setup_wrong', ADMIN)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const poor = completeSetup(world, token, { ...ADMIN, password: 'short' });
    await expect(poor).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    await completeSetup(world, token, ADMIN);
  });

  test('of two that use the token at the same moment, one wins', async () => {
    const token = await prepare();
    const results = await Promise.allSettled([
      completeSetup(world, token, ADMIN),
      completeSetup(world, token, { ...ADMIN, name: 'bob' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a program makes the first admin by name and password, and changes nothing afterwards', async () => {
    await prepare();
    expect(await ensureAdmin(world, ADMIN)).toBe('created');
    expect(await ensureAdmin(world, { ...ADMIN, password: 'another good password' })).toBe('present');
    expect(await authenticatePassword(world, ADMIN)).toMatchObject({ everywhere: 'admin' });
    expect(await needsSetup(world)).toBe(false);
  });

  test('a program brings an admin back when none is left', async () => {
    await ensureAdmin(world, ADMIN);
    const { id } = await world.store.db.selectFrom('account').select('id').executeTakeFirstOrThrow();
    await world.store.db.updateTable('account').set({ disabledAt: world.now() }).where('id', '=', id).execute();
    const again = { ...ADMIN, password: 'another good password' };
    expect(await ensureAdmin(world, again)).toBe('restored');
    const principal = await authenticatePassword(world, again);
    if (principal === undefined) throw new Error('the password is good');
    await updateAccount(world, { principal }, id, { displayName: 'Jane' });
  });
});
