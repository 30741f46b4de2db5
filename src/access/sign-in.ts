/**
 * Signing in with a name and a password, and signing out.
 */
import { PlimsollError } from '#base/errors.ts';
import { findAccount, updateAccount } from '#store/account.ts';
import { recordAudit } from '#store/audit.ts';
import { deleteSessionsOf } from '#store/session.ts';
import { authenticatePassword } from './authenticate.ts';
import { type AccessContext, type Caller, toActor } from './caller.ts';
import { normaliseAccountName } from './name.ts';
import { hashPassword, isPassword, parsePassword } from './password.ts';
import type { Principal } from './principal.ts';
import { hashToken } from './secret-token.ts';
import { endSession, type NewSession, startSession } from './session.ts';
import { limitSignIn } from './sign-in-limit.ts';

/** Where a sign-in comes from. */
export interface SignInOrigin {
  readonly remoteAddress?: string | undefined;
  readonly requestId?: string | undefined;
  readonly userAgent?: string | undefined;
}

/** Somebody who has just signed in. */
export interface SignedIn {
  readonly principal: Principal & { readonly accountId: string };
  readonly session: NewSession;
}

/**
 * Signs in and begins a session.
 * @throws {PlimsollError} `UNAUTHENTICATED` for a wrong name or password, without saying which; {@link SignInLimitError}.
 */
export async function signIn(
  context: AccessContext,
  { name, password }: { name: string; password: string },
  origin: SignInOrigin,
): Promise<SignedIn> {
  const { remoteAddress } = origin;
  const principal = await authenticatePassword(context, { name, password, remoteAddress }, 'session');
  if (principal !== undefined) return await beginSession(context, principal, origin, 'password');
  const account = await findAccount(context.store.db, { name: normaliseAccountName(name.slice(0, 200)) });
  // Names without an account are noted as well, for the time it takes must not tell them apart; never the name: it may be a password.
  await recordAudit(context.store.db, {
    at: context.now(),
    actor: { name: 'anonymous', requestId: origin.requestId, remoteAddress },
    action: 'session.refuse',
    subjectKind: 'account',
    subjectId: account?.id ?? 'unknown',
  });
  throw new PlimsollError('UNAUTHENTICATED', 'Cannot sign in: the name or the password is wrong');
}

/** Begins a session of somebody who has proved who he is, `by` one way or another. */
export async function beginSession(
  { store: { db }, now }: AccessContext,
  principal: Principal,
  { remoteAddress, requestId, userAgent }: SignInOrigin,
  by: 'password' | 'oidc' | 'setup',
): Promise<SignedIn> {
  const { accountId } = principal;
  if (accountId === undefined) throw new PlimsollError('BUG', 'Cannot begin a session: there is no account');
  const at = now();
  return await db.transaction().execute(async trx => {
    const session = await startSession(trx, { accountId, at, userAgent });
    await recordAudit(trx, {
      at,
      actor: toActor({ principal, requestId, remoteAddress }),
      action: 'session.create',
      subjectKind: 'account',
      subjectId: accountId,
      detail: { by },
    });
    return { principal: { ...principal, accountId }, session };
  });
}

/** Ends the session with that token. */
export async function signOut(context: AccessContext, caller: Caller, token: string): Promise<void> {
  await endSession(context, token);
  await recordAudit(context.store.db, {
    at: context.now(),
    actor: toActor(caller),
    action: 'session.delete',
    subjectKind: 'account',
    subjectId: caller.principal.accountId ?? '',
  });
}

/**
 * Changes one's own password, for which the present one is asked again. Ends all other sessions of the account.
 * @throws {PlimsollError} `FORBIDDEN` when the present one is wrong or the caller has none, `REQUEST_INVALID` for a poor new one.
 */
export async function changeOwnPassword(
  context: AccessContext,
  caller: Caller,
  { present, next, sessionToken }: { present: string; next: string; sessionToken: string },
): Promise<void> {
  const { db } = context.store;
  const { accountId, by } = caller.principal;
  const account = accountId === undefined || by !== 'session' ? undefined : await findAccount(db, { id: accountId });
  if (account === undefined) throw new PlimsollError('FORBIDDEN', 'Cannot change the password: sign in with it first');
  const subject = { name: account.name, remoteAddress: caller.remoteAddress };
  const isRight = await limitSignIn(context, subject, async () =>
    (await isPassword(present, account.passwordHash)) ? true : undefined,
  );
  if (isRight === undefined)
    throw new PlimsollError('FORBIDDEN', 'Cannot change the password: the present one is wrong');
  const passwordHash = await hashPassword(parsePassword(next, account.name));
  await db.transaction().execute(async trx => {
    await updateAccount(trx, account.id, { passwordHash });
    const ended = await deleteSessionsOf(trx, account.id, hashToken(sessionToken));
    await recordAudit(trx, {
      at: context.now(),
      actor: toActor(caller),
      action: 'account.password',
      subjectKind: 'account',
      subjectId: account.id,
      detail: { endedSessions: ended },
    });
  });
}
