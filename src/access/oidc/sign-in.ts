/**
 * Signing in by OpenID Connect: away to the provider, and back with an account.
 */
import { randomPKCECodeVerifier } from 'openid-client';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import {
  type Account,
  findAccount,
  insertAccount,
  lockServerAdmins,
  type OidcIdentity,
  updateAccount,
} from '#store/account.ts';
import { recordAudit } from '#store/audit.ts';
import type { Db, Trx } from '#store/database.ts';
import { findNamespace } from '#store/namespace.ts';
import { insertOidcAttempt, takeOidcAttempt } from '#store/oidc-attempt.ts';
import { replaceOidcRoles } from '#store/role-binding.ts';
import { type AccessContext, type Caller, toActor } from '../caller.ts';
import { parseDisplayName, parseEmail, toAccountName } from '../name.ts';
import { hashToken, isSameText, makeToken } from '../secret-token.ts';
import { findPrincipal } from '../session.ts';
import { beginSession, type SignedIn, type SignInOrigin } from '../sign-in.ts';
import { readGroups, rolesOf } from './group-roles.ts';
import { authorizationUrl, type Challenge, type Claims, redeem } from './provider.ts';
import { getOidcClient, type OidcClient } from './settings.ts';

/** How long somebody may take at the provider. */
export const OIDC_ATTEMPT_MS = 10 * 60_000;

/** What is kept of an attempt until it comes back. */
const attemptSchema = z.object({
  nonce: z.string(),
  codeVerifier: z.string(),
  redirectUri: z.string(),
  returnTo: z.string(),
  issuer: z.string(),
  /** The account that the identity is to be linked to; missing: signs in. */
  linkTo: z.string().optional(),
});

/** How an attempt begins. */
export interface StartOptions {
  /** Our own address that the provider sends the browser back to. */
  readonly redirectUri: string;
  /** Where the browser goes in the end: a path of ours. */
  readonly returnTo?: string | undefined;
  /** Links the identity to the caller's account instead of signing in. */
  readonly linkFor?: Caller | undefined;
  readonly signal: AbortSignal;
}

/**
 * Begins an attempt: where the browser goes, and the state that it must bring back in a cookie, so that nobody can have a browser end what
 * another one began.
 * @throws {PlimsollError} `NOT_FOUND` when there is no provider, `SIGN_IN_PROVIDER_FAILED`, `FORBIDDEN` for links by others than sessions.
 */
export async function startOidc(
  context: AccessContext,
  { redirectUri, returnTo = '/', linkFor, signal }: StartOptions,
): Promise<{ readonly url: URL; readonly state: string; readonly expiresAt: Date }> {
  if (linkFor !== undefined && linkFor.principal.by !== 'session') {
    throw new PlimsollError('FORBIDDEN', 'Cannot link an identity with an API key: sign in for it');
  }
  const client = await getOidcClient(context);
  const challenge: Challenge = {
    state: makeToken(),
    nonce: makeToken(),
    codeVerifier: randomPKCECodeVerifier(),
    redirectUri,
  };
  const url = await authorizationUrl(client, challenge, signal);
  const { state, nonce, codeVerifier } = challenge;
  const attempt: z.infer<typeof attemptSchema> = {
    nonce,
    codeVerifier,
    redirectUri,
    returnTo: ownPath(returnTo),
    issuer: client.issuer,
    linkTo: linkFor?.principal.accountId,
  };
  const stateHash = hashToken(state);
  const sealed = context.sealer.seal(JSON.stringify(attempt), purposeOf(stateHash));
  const expiresAt = new Date(context.now().getTime() + OIDC_ATTEMPT_MS);
  await insertOidcAttempt(context.store.db, { stateHash, sealed, expiresAt });
  return { url, state, expiresAt };
}

/** How an attempt ended. */
export interface OidcResult {
  /** A path of ours. */
  readonly returnTo: string;
  /** Missing when an identity was linked. */
  readonly signedIn: SignedIn | undefined;
}

/**
 * Ends an attempt with what the browser brought back: `query`, and the state of its cookie.
 * @throws {PlimsollError} `UNAUTHENTICATED` when nothing was begun in this browser, it took too long, or the provider refused; `FORBIDDEN`
 * when there is no account for somebody, or it is disabled; `CONFLICT`, `SIGN_IN_PROVIDER_FAILED`.
 */
export async function finishOidc(
  context: AccessContext,
  { query, state, signal }: { query: URLSearchParams; state: string | undefined; signal: AbortSignal },
  origin: SignInOrigin,
): Promise<OidcResult> {
  const given = query.get('state');
  if (given === null || state === undefined || !isSameText(given, state)) throw lost();
  const { db } = context.store;
  const stateHash = hashToken(state);
  const sealed = await takeOidcAttempt(db, stateHash, context.now());
  if (sealed === undefined) throw lost();
  const attempt = attemptSchema.parse(JSON.parse(context.sealer.open(sealed, purposeOf(stateHash))));
  const client = await getOidcClient(context);
  if (client.issuer !== attempt.issuer) throw lost();
  const claims = await redeem(client, { ...attempt, state }, query, signal);
  const account = await db.transaction().execute(async trx => {
    await lockServerAdmins(trx);
    const { linkTo } = attempt;
    const found =
      linkTo === undefined ? await enter(context, trx, client, claims) : await link(trx, client, claims, linkTo);
    await applyGroups(trx, client, claims, found.id);
    await updateAccount(trx, found.id, { lastSignInAt: context.now() });
    return found;
  });
  const principal = await findPrincipal(db, account, 'session');
  if (principal === undefined) throw new PlimsollError('FORBIDDEN', 'Cannot sign in: the account is disabled');
  if (attempt.linkTo !== undefined) {
    await recordAudit(db, {
      at: context.now(),
      actor: toActor({ principal, ...origin }),
      action: 'account.link',
      subjectKind: 'account',
      subjectId: account.id,
      detail: { issuer: client.issuer, subject: claims.subject },
    });
    return { returnTo: attempt.returnTo, signedIn: undefined };
  }
  return { returnTo: attempt.returnTo, signedIn: await beginSession(context, principal, origin, 'oidc') };
}

/** The account of somebody, made when that is wanted. Accounts are found by issuer and subject alone: names and addresses can change hands. */
async function enter({ now }: AccessContext, trx: Trx, client: OidcClient, claims: Claims): Promise<Account> {
  const oidc: OidcIdentity = { issuer: client.issuer, subject: claims.subject };
  const known = await findAccount(trx, { oidc });
  if (known?.disabledAt !== undefined) throw new PlimsollError('FORBIDDEN', 'Cannot sign in: the account is disabled');
  if (known !== undefined) return known;
  if (!client.createsAccounts) {
    throw new PlimsollError(
      'FORBIDDEN',
      'Cannot sign in: the provider knows you, but no account here is linked to you; ask whoever runs the server for one',
    );
  }
  const name = await freeName(trx, claims);
  const email = claims.values['email'];
  const made = await insertAccount(trx, {
    name,
    displayName: usable(parseDisplayName, claims.values['name']) ?? name,
    email: usable(parseEmail, email),
    oidc,
    at: now(),
  });
  await recordAudit(trx, {
    at: now(),
    actor: { name: made.name, accountId: made.id },
    action: 'account.create',
    subjectKind: 'account',
    subjectId: made.id,
    detail: { name: made.name, by: 'oidc', ...oidc },
  });
  return made;
}

async function link(trx: Trx, { issuer }: OidcClient, { subject }: Claims, accountId: string): Promise<Account> {
  const account = await updateAccount(trx, accountId, { oidc: { issuer, subject } });
  if (account === undefined) throw new PlimsollError('NOT_FOUND', 'Cannot link the identity: the account is gone');
  return account;
}

/** Puts what the groups give in place of what they gave. Namespaces that are gone give nothing. */
async function applyGroups(trx: Trx, client: OidcClient, claims: Claims, accountId: string): Promise<void> {
  const groups = readGroups(claims.values[client.groupsClaim]);
  const roles = [];
  for (const role of rolesOf(groups, client.groupRoles)) {
    if (role.namespaceId === undefined || (await findNamespace(trx, role.namespaceId)) !== undefined) roles.push(role);
  }
  await replaceOidcRoles(trx, accountId, roles);
}

/** A name that nobody has. Never the account of that name: whoever chooses his name at the provider could choose the admin's. */
async function freeName(db: Db, { subject, values }: Claims): Promise<string> {
  const wishes = [values['preferred_username'], values['email'], subject];
  const base = wishes.flatMap(wish => (typeof wish === 'string' ? (toAccountName(wish) ?? []) : []))[0] ?? 'user';
  for (let count = 1; count < 1000; count += 1) {
    const name = count === 1 ? base : `${base}-${count}`;
    if ((await findAccount(db, { name })) === undefined) return name;
  }
  throw new PlimsollError('CONFLICT', `Cannot make an account: all names like "${base}" are taken`);
}

function usable(parse: (text: string) => string, value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

/** A path of ours, whatever was asked for: a sign-in that ended anywhere else would be a gift to phishers. */
export function ownPath(path: string): string {
  const base = 'http://plimsoll.invalid';
  const url = path.length > 2000 || !path.startsWith('/') ? null : URL.parse(path, base);
  return url === null || url.origin !== base ? '/' : `${url.pathname}${url.search}${url.hash}`;
}

function purposeOf(stateHash: string): string {
  return `oidc-attempt/${stateHash}`;
}

function lost(): PlimsollError {
  return new PlimsollError(
    'UNAUTHENTICATED',
    'Cannot sign in: this sign-in was not begun in this browser, was used before, or took too long; begin again',
  );
}
