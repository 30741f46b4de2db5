/** Signing in, sessions, and the limit on failures. */
import { describe, expect, test } from 'vitest';
import { listAudit } from '#store/audit.ts';
import { describeStores } from '#store/testing/stores.ts';
import { resetPassword, updateAccount } from './account.ts';
import { authenticate } from './authenticate.ts';
import { tidyAccess } from './housekeeping.ts';
import { csrfTokenOf, isCsrfToken, SESSION_IDLE_MS, SESSION_MAX_MS } from './session.ts';
import { changeOwnPassword, signIn, signOut } from './sign-in.ts';
import { MAX_FAILURES_BY_ACCOUNT, MAX_FAILURES_BY_ADDRESS, networkOf, SIGN_IN_WINDOW_MS } from './sign-in-limit.ts';
import { accessWorld, PASSWORD } from './testing/access-world.ts';

const ORIGIN = { remoteAddress: '192.0.2.7', userAgent: 'test' };
const NEXT = 'another horse with a battery';

describeStores('signing in', open => {
  const world = accessWorld(open);
  const sessionOf = async (token: string) => await authenticate(world, { kind: 'session', token });
  const enter = async (name = 'jane', password = PASSWORD) => (await signIn(world, { name, password }, ORIGIN)).session;

  test('the right password begins a session, whatever the case of the name; only its hash is stored', async () => {
    const { principal } = await world.addAccount('jane', { team: 'operator' }, PASSWORD);
    const { token } = await enter('JANE');
    expect(await sessionOf(token)).toEqual(principal);
    expect(JSON.stringify(await world.store.db.selectFrom('session').selectAll().execute())).not.toContain(token);
  });

  test.each([
    { who: 'a wrong password', name: 'jane', password: 'wrong' },
    { who: 'an unknown name', name: 'nobody', password: PASSWORD },
    { who: 'an account without a password', name: 'robot', password: '' },
    { who: 'a disabled account', name: 'gone', password: PASSWORD },
  ])('$who gives the same answer', async ({ name, password }) => {
    await world.addAccount('jane', {}, PASSWORD);
    await world.addAccount('robot');
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const { accountId } = await world.addAccount('gone', {}, PASSWORD);
    await updateAccount(world, admin, accountId, { isDisabled: true });
    await expect(enter(name, password)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: 'Cannot sign in: the name or the password is wrong',
    });
    const [entry] = await listAudit(world.store.db, { limit: 1 });
    expect(entry).toMatchObject({ action: 'session.refuse', actor: { remoteAddress: '192.0.2.7' } });
    expect(JSON.stringify(entry)).not.toContain('nobody');
  });

  test('a session ends after rest, and after a week of use', async () => {
    await world.addAccount('jane', {}, PASSWORD);
    const { token } = await enter();
    world.pass(SESSION_IDLE_MS - 1000);
    expect(await sessionOf(token)).toBeDefined();
    world.pass(SESSION_IDLE_MS - 1000);
    expect(await sessionOf(token)).toBeDefined();
    world.pass(SESSION_IDLE_MS + 1000);
    expect(await sessionOf(token)).toBeUndefined();
    const busy = await enter();
    for (let ms = 0; ms < SESSION_MAX_MS; ms += SESSION_IDLE_MS) {
      expect(await sessionOf(busy.token)).toBeDefined();
      world.pass(SESSION_IDLE_MS);
    }
    expect(await sessionOf(busy.token)).toBeUndefined();
    await tidyAccess(world);
    expect(await world.store.db.selectFrom('session').selectAll().execute()).toEqual([]);
  });

  test('signing out ends this session alone', async () => {
    const caller = await world.addAccount('jane', {}, PASSWORD);
    const [one, other] = [await enter(), await enter()];
    await signOut(world, caller, one.token);
    expect(await sessionOf(one.token)).toBeUndefined();
    expect(await sessionOf(other.token)).toBeDefined();
  });

  test('a new password ends the other sessions; the present one must be right', async () => {
    const caller = await world.addAccount('jane', {}, PASSWORD);
    const [here, there] = [await enter(), await enter()];
    const change = (present: string, next: string) =>
      changeOwnPassword(world, caller, { present, next, sessionToken: here.token });
    await expect(change('wrong', NEXT)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(change(PASSWORD, 'short')).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await sessionOf(there.token)).toBeDefined();
    await change(PASSWORD, NEXT);
    expect(await sessionOf(here.token)).toBeDefined();
    expect(await sessionOf(there.token)).toBeUndefined();
    await expect(enter()).rejects.toThrow(/wrong/);
    await enter('jane', NEXT);
  });

  test('a reset ends all sessions; so does disabling, and enabling does not bring them back', async () => {
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const { accountId } = await world.addAccount('jane', {}, PASSWORD);
    const first = await enter();
    await resetPassword(world, admin, accountId, NEXT);
    expect(await sessionOf(first.token)).toBeUndefined();
    const second = await enter('jane', NEXT);
    await updateAccount(world, admin, accountId, { isDisabled: true });
    expect(await sessionOf(second.token)).toBeUndefined();
    await updateAccount(world, admin, accountId, { isDisabled: false });
    expect(await sessionOf(second.token)).toBeUndefined();
    await enter('jane', NEXT);
  });

  test('each session has a CSRF token of its own', async () => {
    await world.addAccount('jane', {}, PASSWORD);
    const [one, other] = [await enter(), await enter()];
    expect(isCsrfToken(one.csrfToken, one.token)).toBe(true);
    expect(isCsrfToken(other.csrfToken, one.token)).toBe(false);
    expect(isCsrfToken(undefined, one.token)).toBe(false);
    expect(csrfTokenOf(one.token)).not.toContain(one.token);
  });

  test('registries’ clients send name and password along, only where that is asked for', async () => {
    const { principal } = await world.addAccount('jane', { team: 'viewer' }, PASSWORD);
    const credentials = { kind: 'password', name: 'jane', password: PASSWORD } as const;
    expect(await authenticate(world, credentials)).toBeUndefined();
    expect(await authenticate(world, credentials, { allowsPasswords: true })).toEqual({ ...principal, by: 'password' });
    const wrong = { ...credentials, password: 'wrong' };
    expect(await authenticate(world, wrong, { allowsPasswords: true })).toBeUndefined();
  });

  describe('that fails too often', () => {
    const fail = async (name: string, remoteAddress: string) =>
      await signIn(world, { name, password: 'wrong' }, { remoteAddress }).catch((error: unknown) => error);

    test('is refused for the account, even with the right password, until the first failure is old', async () => {
      await world.addAccount('jane', {}, PASSWORD);
      for (let count = 0; count < MAX_FAILURES_BY_ACCOUNT; count += 1) {
        expect(await fail('jane', `192.0.2.${count}`)).toMatchObject({ code: 'UNAUTHENTICATED' });
        world.pass(1000);
      }
      await expect(enter()).rejects.toMatchObject({
        code: 'TOO_MANY_REQUESTS',
        retryAfterSeconds: SIGN_IN_WINDOW_MS / 1000 - MAX_FAILURES_BY_ACCOUNT,
      });
      // What is refused does not make the wait longer.
      world.pass(SIGN_IN_WINDOW_MS - MAX_FAILURES_BY_ACCOUNT * 1000 + 1);
      await enter();
      expect(await fail('jane', '192.0.2.1')).toMatchObject({ code: 'UNAUTHENTICATED' });
    });

    test('is refused for names without an account alike', async () => {
      for (let count = 0; count < MAX_FAILURES_BY_ACCOUNT; count += 1) await fail('nobody', `192.0.2.${count}`);
      expect(await fail('nobody', '192.0.2.99')).toMatchObject({ code: 'TOO_MANY_REQUESTS' });
    });

    test('is refused for the address, whatever the names', async () => {
      await world.addAccount('jane', {}, PASSWORD);
      for (let count = 0; count < MAX_FAILURES_BY_ADDRESS; count += 1) await fail(`name${count}`, ORIGIN.remoteAddress);
      await expect(enter()).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' });
      await signIn(world, { name: 'jane', password: PASSWORD }, { remoteAddress: '192.0.2.99' });
    });

    test('is counted when all are tried at the same moment', async () => {
      await world.addAccount('jane', {}, PASSWORD);
      const all = await Promise.all(Array.from({ length: 25 }, (_, at) => fail('jane', `192.0.2.${at}`)));
      const tried = all.filter(error => (error as { code?: string }).code === 'UNAUTHENTICATED');
      expect(tried.length).toBeLessThanOrEqual(MAX_FAILURES_BY_ACCOUNT);
    });
  });
});

test.each([
  { address: '192.0.2.1', network: '192.0.2.1' },
  { address: '::ffff:192.0.2.1', network: '192.0.2.1' },
  { address: '2001:db8:0:1::5', network: '2001:db8:0:1::/64' },
  { address: '2001:DB8:0000:0001:aaaa:bbbb:cccc:dddd', network: '2001:db8:0:1::/64' },
  { address: '2001:db8::5', network: '2001:db8:0:0::/64' },
  { address: 'fe80::1%eth0', network: 'fe80:0:0:0::/64' },
  { address: '::1', network: '0:0:0:0::/64' },
])('the limit counts $address as $network', ({ address, network }) => {
  expect(networkOf(address)).toBe(network);
});
