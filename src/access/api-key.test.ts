/** API keys: who may make which, and what they are good for. */
import { expect, test } from 'vitest';
import { listAudit } from '#store/audit.ts';
import { describeStores } from '#store/testing/stores.ts';
import { updateAccount } from './account.ts';
import { createApiKey, listApiKeys, type NewApiKey, revokeApiKey } from './api-key.ts';
import { authenticate } from './authenticate.ts';
import type { Caller } from './caller.ts';
import { grantRole } from './member.ts';
import { hasRole } from './principal.ts';
import { accessWorld, type Roles } from './testing/access-world.ts';

describeStores('API keys', open => {
  const world = accessWorld(open);
  const show = async (key: string) => await authenticate(world, { kind: 'api-key', key });
  const make = async (caller: Caller, key: Partial<NewApiKey> = {}) =>
    await createApiKey(world, caller, { name: 'a key', role: 'viewer', ...key });

  test('a key is shown once: its hash is stored, its beginning listed', async () => {
    const jane = await world.addAccount('jane', { team: 'operator' });
    const { key, apiKey } = await make(jane, { role: 'operator' });
    expect(key).toMatch(/^plk_[A-Za-z0-9_-]{43}$/);
    expect(key.startsWith(apiKey.prefix)).toBe(true);
    expect(apiKey.prefix).toHaveLength(12);
    const principal = await show(key);
    expect(principal).toMatchObject({ name: 'jane', by: 'api-key', apiKeyId: apiKey.id });
    const stored = await world.store.db.selectFrom('apiKey').selectAll().execute();
    expect(JSON.stringify([stored, await listAudit(world.store.db, { limit: 9 })])).not.toContain(key);
  });

  test.each<{ why: string; roles: Roles; key: { role: NewApiKey['role']; place?: string }; code?: string }>([
    { why: 'as much as the maker, in one namespace', roles: { a: 'operator' }, key: { role: 'operator', place: 'a' } },
    { why: 'less than the maker', roles: { a: 'admin' }, key: { role: 'viewer', place: 'a' } },
    { why: 'more than the maker', roles: { a: 'operator' }, key: { role: 'admin', place: 'a' }, code: 'FORBIDDEN' },
    { why: 'a foreign namespace', roles: { a: 'admin' }, key: { role: 'viewer', place: 'b' }, code: 'NOT_FOUND' },
    { why: 'a role everywhere holds in each', roles: { everywhere: 'admin' }, key: { role: 'admin', place: 'b' } },
    { why: 'wherever the maker has a role', roles: { a: 'operator', b: 'viewer' }, key: { role: 'operator' } },
    { why: 'more than the maker has anywhere', roles: { a: 'operator' }, key: { role: 'admin' }, code: 'FORBIDDEN' },
    { why: 'a maker without any role', roles: {}, key: { role: 'viewer' }, code: 'FORBIDDEN' },
  ])('making a key: $why', async ({ roles, key: { role, place }, code }) => {
    const jane = await world.addAccount('jane', roles);
    const namespaceId = place === undefined ? undefined : await world.namespaceId(place);
    const made = make(jane, { role, namespaceId });
    if (code === undefined) await made;
    else await expect(made).rejects.toMatchObject({ code });
  });

  test('a key for all namespaces has in each what its account has there, up to its role', async () => {
    const jane = await world.addAccount('jane', { a: 'admin', b: 'viewer' });
    const principal = await show((await make(jane, { role: 'operator' })).key);
    const [a, b] = [await world.namespaceId('a'), await world.namespaceId('b')];
    expect(principal?.namespaces).toEqual(
      new Map([
        [a, 'operator'],
        [b, 'viewer'],
      ]),
    );
  });

  test('a key follows its account: what it loses, the key loses', async () => {
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const jane = await world.addAccount('jane', { a: 'admin' });
    const a = await world.namespaceId('a');
    const { key } = await make(jane, { role: 'admin', namespaceId: a });
    await grantRole(world, admin, { namespaceId: a, account: 'jane', role: 'viewer' });
    const principal = await show(key);
    expect(principal !== undefined && [hasRole(principal, 'viewer', a), hasRole(principal, 'operator', a)]).toEqual([
      true,
      false,
    ]);
    await updateAccount(world, admin, jane.accountId, { isDisabled: true });
    expect(await show(key)).toBeUndefined();
  });

  test('a key ends when it expires, and when it is revoked', async () => {
    const jane = await world.addAccount('jane', { a: 'viewer' });
    const expiresAt = new Date(world.now().getTime() + 60_000);
    const short = await make(jane, { expiresAt });
    const long = await make(jane);
    expect(await show(short.key)).toBeDefined();
    world.pass(60_000);
    expect(await show(short.key)).toBeUndefined();
    expect(await show(long.key)).toBeDefined();
    await revokeApiKey(world, jane, long.apiKey.id);
    expect(await show(long.key)).toBeUndefined();
    await expect(make(jane, { expiresAt: world.now() })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });

  test.each(['plk_wrong', 'plk_', 'plk_\u0000'])('the key %j opens nothing', async key => {
    expect(await show(key)).toBeUndefined();
  });

  test('a key makes no keys, and revokes none but itself', async () => {
    const jane = await world.addAccount('jane', { a: 'viewer' });
    const [one, other] = [await make(jane), await make(jane)];
    const principal = await show(one.key);
    if (principal === undefined) throw new Error('the key is good');
    await expect(make({ principal })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(revokeApiKey(world, { principal }, other.apiKey.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await revokeApiKey(world, { principal }, one.apiKey.id);
    expect(await show(one.key)).toBeUndefined();
  });

  test('keys of others are made and ended by whoever runs the server, and ended by admins of their namespace', async () => {
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const lead = await world.addAccount('lead', { a: 'admin' });
    const robot = await world.addAccount('robot', { a: 'operator', b: 'viewer' });
    const a = await world.namespaceId('a');
    const inA = { accountId: robot.accountId, namespaceId: a };
    await expect(make(lead, inA)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(make(admin, { ...inA, role: 'admin' })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const { key, apiKey } = await make(admin, { ...inA, role: 'operator' });
    const wide = await make(admin, { accountId: robot.accountId });
    expect((await show(key))?.name).toBe('robot');
    await expect(revokeApiKey(world, lead, wide.apiKey.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await revokeApiKey(world, lead, apiKey.id);
    expect(await show(key)).toBeUndefined();
  });

  test('keys are listed newest first, page by page; those of others only for whoever runs the server', async () => {
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const jane = await world.addAccount('jane', { a: 'viewer' });
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      ids.unshift((await make(jane)).apiKey.id);
      world.pass(10);
    }
    const { accountId } = jane;
    const first = await listApiKeys(world, jane, { accountId, limit: 2 });
    const rest = await listApiKeys(world, jane, { accountId, limit: 2, after: first.at(-1) });
    expect([...first, ...rest].map(({ id }) => id)).toEqual(ids);
    expect(await listApiKeys(world, admin, { limit: 9 })).toHaveLength(3);
    await expect(listApiKeys(world, jane, { limit: 9 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(listApiKeys(world, jane, { accountId: admin.accountId, limit: 9 })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('the last use is written at most once a minute', async () => {
    const jane = await world.addAccount('jane', { a: 'viewer' });
    const { key } = await make(jane);
    const lastUse = async () =>
      (await listApiKeys(world, jane, { accountId: jane.accountId, limit: 1 }))[0]?.lastUsedAt;
    expect(await lastUse()).toBeUndefined();
    await show(key);
    const first = await lastUse();
    expect(first).toBe(world.now().toISOString());
    world.pass(59_000);
    await show(key);
    expect(await lastUse()).toBe(first);
    world.pass(1000);
    await show(key);
    expect(await lastUse()).toBe(world.now().toISOString());
  });
});
