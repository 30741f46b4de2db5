/** Signing in at a real OpenID provider. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { listAudit } from '#store/audit.ts';
import { describeStores } from '#store/testing/stores.ts';
import { createAccount, updateAccount } from '../account.ts';
import { SYSTEM_CALLER } from '../caller.ts';
import { accessWorld } from '../testing/access-world.ts';
import { browse, type ProviderServer, type ProviderUser, startProvider } from '../testing/provider-server.ts';
import { readGroups, rolesOf } from './group-roles.ts';
import { configureOidc, getOidcClient, type OidcInput, readOidc } from './settings.ts';
import { finishOidc, OIDC_ATTEMPT_MS, ownPath, startOidc } from './sign-in.ts';

const REDIRECT = 'http://127.0.0.1:9/api/v1/oidc/callback';
const JANE: ProviderUser = {
  subject: 'subject-1',
  claims: { name: 'Jane Doe', preferred_username: 'Jane', email: 'jane@example.org', groups: ['ops', 'other'] },
};

let provider: ProviderServer;
beforeAll(async () => {
  provider = await startProvider(REDIRECT);
});
beforeEach(() => {
  provider.user = JANE;
  provider.hasClaimsInToken = false;
});
afterAll(async () => await provider[Symbol.asyncDispose]());

describeStores('signing in by OpenID Connect', open => {
  const world = accessWorld(open);
  const signal = new AbortController().signal;
  const configure = async (input: Partial<OidcInput> = {}) =>
    await configureOidc(world, SYSTEM_CALLER, {
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      displayName: 'The provider',
      scopes: ['profile', 'email', 'groups'],
      groupsClaim: 'groups',
      groupRoles: [],
      createsAccounts: true,
      ...input,
    });
  const begin = async () => await startOidc(world, { redirectUri: REDIRECT, returnTo: '/images', signal });
  const end = async (query: URLSearchParams, state: string | undefined) =>
    await finishOidc(world, { query, state, signal }, { remoteAddress: '192.0.2.1' });
  const enter = async () => {
    const { url, state } = await begin();
    return await end((await browse(url, REDIRECT)).searchParams, state);
  };

  test.each([
    { place: 'at the user info', hasClaimsInToken: false },
    { place: 'in the ID token', hasClaimsInToken: true },
  ])('somebody new gets an account and the roles of his groups, with claims $place', async ({ hasClaimsInToken }) => {
    provider.hasClaimsInToken = hasClaimsInToken;
    const a = await world.namespaceId('a');
    await configure({ groupRoles: [{ group: 'ops', role: 'operator', namespaceId: a }] });
    const { returnTo, signedIn } = await enter();
    expect(returnTo).toBe('/images');
    expect(signedIn?.principal).toMatchObject({ name: 'jane', by: 'session', namespaces: new Map([[a, 'operator']]) });
    const account = await world.store.db.selectFrom('account').selectAll().executeTakeFirstOrThrow();
    expect(account).toMatchObject({
      displayName: 'Jane Doe',
      email: 'jane@example.org',
      passwordHash: null,
      oidcIssuer: provider.issuer,
      oidcSubject: 'subject-1',
    });
    const log = await listAudit(world.store.db, { limit: 9 });
    expect(log.map(({ action }) => action)).toEqual(['session.create', 'account.create', 'oidc.update']);
  });

  test('each sign-in brings the roles of groups up to date, and leaves those that people gave', async () => {
    const [a, b] = [await world.namespaceId('a'), await world.namespaceId('b')];
    await configure({
      groupRoles: [
        { group: 'ops', role: 'operator', namespaceId: a },
        { group: 'boss', role: 'admin' },
      ],
    });
    const first = await enter();
    const accountId = first.signedIn?.principal.accountId ?? '';
    const manual = { accountId, namespaceId: b, role: 'viewer', origin: 'manual' };
    await world.store.db.insertInto('roleBinding').values(manual).execute();
    provider.user = { ...JANE, claims: { ...JANE.claims, groups: ['boss'] } };
    const second = await enter();
    expect(second.signedIn?.principal).toMatchObject({
      accountId,
      everywhere: 'admin',
      namespaces: new Map([[b, 'viewer']]),
    });
    // Providers leave the claim out when there are too many groups: what is unknown gives nothing.
    provider.user = { ...JANE, claims: { preferred_username: 'jane' } };
    const third = await enter();
    expect(third.signedIn?.principal).toMatchObject({ everywhere: undefined, namespaces: new Map([[b, 'viewer']]) });
  });

  test('an account is found by issuer and subject, never by a name that somebody chose', async () => {
    const admin = await world.addAccount('jane', { everywhere: 'admin' });
    await configure();
    const { signedIn } = await enter();
    expect(signedIn?.principal).toMatchObject({ name: 'jane-2', everywhere: undefined });
    expect(signedIn?.principal.accountId).not.toBe(admin.accountId);
  });

  test('without the switch only people with an account come in', async () => {
    await configure({ createsAccounts: false });
    await expect(enter()).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('no account') });
    const oidc = { issuer: provider.issuer, subject: 'subject-1' };
    const admin = await world.addAccount('admin', { everywhere: 'admin' });
    const { id } = await createAccount(world, admin, { name: 'linked', oidc });
    expect((await enter()).signedIn?.principal.name).toBe('linked');
    await updateAccount(world, admin, id, { isDisabled: true });
    await expect(enter()).rejects.toMatchObject({ code: 'FORBIDDEN', message: expect.stringContaining('disabled') });
  });

  test('somebody who is signed in links his identity, and signs in by it from then on', async () => {
    await configure({ createsAccounts: false });
    const jane = await world.addAccount('jane-local', { team: 'viewer' });
    const { url, state } = await startOidc(world, { redirectUri: REDIRECT, linkFor: jane, signal });
    const result = await end((await browse(url, REDIRECT)).searchParams, state);
    expect(result.signedIn).toBeUndefined();
    expect((await enter()).signedIn?.principal.accountId).toBe(jane.accountId);
    const other = await world.addAccount('other');
    const again = await startOidc(world, { redirectUri: REDIRECT, linkFor: other, signal });
    const query = (await browse(again.url, REDIRECT)).searchParams;
    await expect(end(query, again.state)).rejects.toMatchObject({ code: 'CONFLICT' });
    const key = { principal: { ...jane.principal, by: 'api-key' as const } };
    await expect(startOidc(world, { redirectUri: REDIRECT, linkFor: key, signal })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('what comes back ends the sign-in of this browser alone, once, and in time', async () => {
    await configure();
    const { url, state } = await begin();
    const query = (await browse(url, REDIRECT)).searchParams;
    const other = await begin();
    await expect(end(query, undefined)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(end(query, other.state)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await end(query, state);
    await expect(end(query, state)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const late = (await browse(other.url, REDIRECT)).searchParams;
    world.pass(OIDC_ATTEMPT_MS);
    await expect(end(late, other.state)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  test('a code of another sign-in is refused: it does not fit the verifier', async () => {
    await configure();
    const [one, other] = [await begin(), await begin()];
    const [query, foreign] = [
      (await browse(one.url, REDIRECT)).searchParams,
      (await browse(other.url, REDIRECT)).searchParams,
    ];
    query.set('code', foreign.get('code') ?? '');
    await expect(end(query, one.state)).rejects.toMatchObject({ code: 'SIGN_IN_PROVIDER_FAILED' });
  });

  test('who gives up at the provider is told so', async () => {
    await configure();
    provider.user = undefined;
    await expect(enter()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('given up'),
    });
  });

  test('a wrong secret, and a provider that is no provider, are told from each other without saying the secret', async () => {
    await configure({ clientSecret: 'a wrong secret' });
    await expect(enter()).rejects.toMatchObject({ code: 'SIGN_IN_PROVIDER_FAILED' });
    await expect(enter()).rejects.not.toThrow(/wrong secret/);
    const endless = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const chunk = 'x'.repeat(64 * 1024);
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
    });
    await new Promise<void>(resolve => endless.listen(0, '127.0.0.1', resolve));
    try {
      const issuer = `http://127.0.0.1:${(endless.address() as AddressInfo).port}`;
      await configure({ issuer });
      await expect(begin()).rejects.toMatchObject({ code: 'SIGN_IN_PROVIDER_FAILED' });
    } finally {
      endless.closeAllConnections();
      endless.close();
    }
  });

  test('the secret is sealed, stays when it is not given, and never goes to another issuer', async () => {
    await configure();
    const stored = await world.store.db.selectFrom('setting').selectAll().execute();
    expect(JSON.stringify([stored, await readOidc(world, SYSTEM_CALLER)])).not.toContain(provider.clientSecret);
    expect(await configure({ clientSecret: undefined, createsAccounts: false })).toMatchObject({
      hasClientSecret: true,
    });
    expect((await getOidcClient(world)).clientSecret).toBe(provider.clientSecret);
    const elsewhere = configure({ clientSecret: undefined, issuer: 'https://evil.example' });
    await expect(elsewhere).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
    expect(await configure({ clientSecret: null })).toMatchObject({ hasClientSecret: false });
    const jane = await world.addAccount('jane', { team: 'admin' });
    await expect(readOidc(world, jane)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  test.each([
    'http://provider.example',
    'https://user:pass@provider.example',
    'https://provider.example?x=1',
    'nonsense',
  ])('the issuer %s is refused', async issuer => {
    await expect(configure({ issuer })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  });
});

test.each([
  { path: '/images?x=1#y', own: '/images?x=1#y' },
  { path: '//evil.example/', own: '/' },
  { path: '/\\evil.example', own: '/' },
  { path: '/\t/evil.example', own: '/' },
  { path: 'https://evil.example', own: '/' },
  { path: 'javascript:alert(1)', own: '/' },
  { path: '', own: '/' },
])('after signing in, the way to "$path" leads to $own', ({ path, own }) => {
  expect(ownPath(path)).toBe(own);
});

test.each([
  { claim: ['a', 'b', 7, null], groups: ['a', 'b'] },
  { claim: 'a, b c', groups: ['a', 'b', 'c'] },
  { claim: undefined, groups: [] },
  { claim: { a: true }, groups: [] },
])('the claim $claim names the groups $groups', ({ claim, groups }) => {
  expect(readGroups(claim)).toEqual(groups);
});

test('of several groups the greatest role at each place holds', () => {
  const rules = [
    { group: 'a', role: 'viewer', namespaceId: 'n' },
    { group: 'b', role: 'admin', namespaceId: 'n' },
    { group: 'a', role: 'operator' },
    { group: 'c', role: 'admin' },
  ] as const;
  expect(rolesOf(['b', 'a'], rules)).toEqual([
    { namespaceId: 'n', role: 'admin' },
    { namespaceId: undefined, role: 'operator' },
  ]);
});
