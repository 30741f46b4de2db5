/** Accounts, roles and namespaces: who may change them, and that one admin is always left. */
import { expect, test } from 'vitest';
import { listAudit } from '#store/audit.ts';
import { describeStores } from '#store/testing/stores.ts';
import { createAccount, getAccount, listAccounts, removeAccount, updateAccount } from './account.ts';
import { readAuditLog } from './audit-log.ts';
import { grantRole, listMembers, withdrawRole } from './member.ts';
import { createNamespace, getNamespace, listNamespaces, removeNamespace, updateNamespace } from './namespace.ts';
import { accessWorld, PASSWORD } from './testing/access-world.ts';

describeStores('accounts', open => {
  const world = accessWorld(open);
  const runServer = () => world.addAccount('admin', { everywhere: 'admin' });

  test('an account is made, changed and removed, and each change is in the log without its password', async () => {
    const admin = await runServer();
    const { id } = await createAccount(world, admin, { name: 'Jane', email: 'jane@example.org', password: PASSWORD });
    await updateAccount(world, admin, id, { displayName: 'Jane Doe', email: null });
    expect(await getAccount(world, admin, id)).toMatchObject({
      name: 'jane',
      displayName: 'Jane Doe',
      email: undefined,
      roles: [],
    });
    await removeAccount(world, admin, id);
    await expect(getAccount(world, admin, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const log = await listAudit(world.store.db, { limit: 9, subjectId: id });
    expect(log.map(({ action }) => action)).toEqual(['account.delete', 'account.update', 'account.create']);
    expect(log[0]?.actor).toEqual({
      name: 'admin',
      accountId: admin.accountId,
      apiKeyId: undefined,
      requestId: 'request-1',
      remoteAddress: '192.0.2.1',
    });
    expect(JSON.stringify(log)).not.toMatch(/argon2|horse/);
  });

  test.each([
    { why: 'the name is taken', input: { name: 'ADMIN' }, code: 'CONFLICT' },
    { why: 'the name cannot be one', input: { name: 'a b' }, code: 'REQUEST_INVALID' },
    { why: 'the password is poor', input: { name: 'jane', password: 'short' }, code: 'REQUEST_INVALID' },
    { why: 'the address is none', input: { name: 'jane', email: 'jane' }, code: 'REQUEST_INVALID' },
  ])('no account is made when $why', async ({ input, code }) => {
    await expect(createAccount(world, await runServer(), input)).rejects.toMatchObject({ code });
  });

  test('accounts are listed by name, page by page', async () => {
    const admin = await runServer();
    for (const name of ['zoe', 'bob', 'jane']) await world.addAccount(name, { team: 'viewer' });
    const first = await listAccounts(world, admin, { limit: 3 });
    const rest = await listAccounts(world, admin, { limit: 3, after: first.at(-1)?.name });
    expect([...first, ...rest].map(({ name }) => name)).toEqual(['admin', 'bob', 'jane', 'zoe']);
    expect(first[1]?.roles).toMatchObject([{ role: 'viewer', namespaceId: await world.namespaceId('team') }]);
  });

  test('whoever does not run the server sees his own account alone', async () => {
    const admin = await runServer();
    const lead = await world.addAccount('lead', { team: 'admin' });
    expect(await getAccount(world, lead, lead.accountId)).toMatchObject({ name: 'lead' });
    for (const refused of [
      getAccount(world, lead, admin.accountId),
      listAccounts(world, lead, { limit: 9 }),
      createAccount(world, lead, { name: 'x' }),
      updateAccount(world, lead, lead.accountId, { displayName: 'x' }),
      removeAccount(world, lead, admin.accountId),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  test('the last one who runs the server cannot be removed, disabled or demoted', async () => {
    const admin = await runServer();
    const { accountId } = admin;
    const demotions = [
      () => removeAccount(world, admin, accountId),
      () => updateAccount(world, admin, accountId, { isDisabled: true }),
      () => grantRole(world, admin, { namespaceId: undefined, account: 'admin', role: 'operator' }),
      () => withdrawRole(world, admin, { namespaceId: undefined, account: 'admin' }),
    ];
    for (const demote of demotions) await expect(demote()).rejects.toMatchObject({ code: 'CONFLICT' });
    const other = await world.addAccount('other', { everywhere: 'admin' });
    await updateAccount(world, admin, other.accountId, { isDisabled: true });
    for (const demote of demotions) await expect(demote()).rejects.toMatchObject({ code: 'CONFLICT' });
    await updateAccount(world, admin, other.accountId, { isDisabled: false });
    await withdrawRole(world, other, { namespaceId: undefined, account: 'admin' });
    await expect(removeAccount(world, other, other.accountId)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('of two who demote each other at the same moment, one stays', async () => {
    const one = await runServer();
    const two = await world.addAccount('two', { everywhere: 'admin' });
    const results = await Promise.allSettled([
      withdrawRole(world, one, { namespaceId: undefined, account: 'two' }),
      withdrawRole(world, two, { namespaceId: undefined, account: 'admin' }),
    ]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('admins of a namespace give and take roles there, and nowhere else', async () => {
    await runServer();
    const lead = await world.addAccount('lead', { a: 'admin', b: 'viewer' });
    await world.addAccount('jane');
    const [a, b, c] = [await world.namespaceId('a'), await world.namespaceId('b'), await world.namespaceId('c')];
    await grantRole(world, lead, { namespaceId: a, account: 'Jane', role: 'operator' });
    expect(await listMembers(world, lead, { namespaceId: a, limit: 9 })).toMatchObject([
      { accountName: 'jane', role: 'operator', origin: 'manual' },
      { accountName: 'lead', role: 'admin' },
    ]);
    await withdrawRole(world, lead, { namespaceId: a, account: 'jane' });
    await expect(withdrawRole(world, lead, { namespaceId: a, account: 'jane' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    for (const { namespaceId, code } of [
      { namespaceId: b, code: 'FORBIDDEN' },
      { namespaceId: c, code: 'NOT_FOUND' },
      { namespaceId: undefined, code: 'FORBIDDEN' },
    ]) {
      const role = 'viewer';
      await expect(grantRole(world, lead, { namespaceId, account: 'jane', role })).rejects.toMatchObject({ code });
      await expect(listMembers(world, lead, { namespaceId, limit: 9 })).rejects.toMatchObject({ code });
    }
  });

  test('namespaces are seen by their members, made and removed by whoever runs the server', async () => {
    const admin = await runServer();
    const { id } = await createNamespace(world, admin, { name: 'team-a', displayName: 'Team A' });
    await createNamespace(world, admin, { name: 'team-b' });
    await expect(createNamespace(world, admin, { name: 'team-a' })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(createNamespace(world, admin, { name: 'Team' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    const jane = await world.addAccount('jane', { 'team-a': 'admin' });
    expect((await listNamespaces(world, jane, { limit: 9 })).map(({ name }) => name)).toEqual(['team-a']);
    expect(await listNamespaces(world, admin, { limit: 9, after: 'team-a' })).toMatchObject([{ name: 'team-b' }]);
    await updateNamespace(world, jane, id, { displayName: 'The team' });
    expect(await getNamespace(world, jane, id)).toMatchObject({ name: 'team-a', displayName: 'The team' });
    await expect(removeNamespace(world, jane, id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await removeNamespace(world, admin, id);
    await expect(getNamespace(world, admin, id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('the log shows a namespace to its admins, all to whoever runs the server, page by page', async () => {
    const admin = await runServer();
    const lead = await world.addAccount('lead', { a: 'admin' });
    const [a, b] = [await world.namespaceId('a'), await world.namespaceId('b')];
    await grantRole(world, admin, { namespaceId: a, account: 'lead', role: 'viewer' });
    await grantRole(world, admin, { namespaceId: b, account: 'lead', role: 'viewer' });
    await createAccount(world, admin, { name: 'jane' });
    expect((await readAuditLog(world, lead, { limit: 9 })).map(({ namespaceId }) => namespaceId)).toEqual([a]);
    const first = await readAuditLog(world, admin, { limit: 2 });
    const rest = await readAuditLog(world, admin, { limit: 2, before: first.at(-1)?.id });
    expect([...first, ...rest].map(({ action }) => action)).toEqual(['account.create', 'role.grant', 'role.grant']);
    expect(await readAuditLog(world, admin, { limit: 9, action: 'role.grant', namespaceId: b })).toHaveLength(1);
    await expect(readAuditLog(world, lead, { limit: 9, namespaceId: b })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const jane = await world.addAccount('viewer', { a: 'viewer' });
    await expect(readAuditLog(world, jane, { limit: 9 })).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});
