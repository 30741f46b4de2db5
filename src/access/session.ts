/**
 * Sessions of browsers: a random id in a cookie, of which only the hash is stored.
 */
import { createHmac } from 'node:crypto';
import { type Account, findAccount } from '#store/account.ts';
import type { Db } from '#store/database.ts';
import { listRoles } from '#store/role-binding.ts';
import { deleteSession, findSession, insertSession, touchSession } from '#store/session.ts';
import type { AccessContext } from './caller.ts';
import { toPrincipal } from './grant.ts';
import type { Principal } from './principal.ts';
import { hashToken, isSameText, makeToken } from './secret-token.ts';

/** A session that nobody used for so long is over. */
export const SESSION_IDLE_MS = 12 * 3600_000;
/** A session is over after so long, however busy it is. */
export const SESSION_MAX_MS = 7 * 24 * 3600_000;
/** A use is written down at most so often. */
const TOUCH_MS = 60_000;
const MAX_USER_AGENT = 300;

/** A session that has just begun: the only moment at which its token is known. */
export interface NewSession {
  /** What the cookie holds. */
  readonly token: string;
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

/** Begins a session. */
export async function startSession(
  db: Db,
  { accountId, at, userAgent }: { accountId: string; at: Date; userAgent?: string | undefined },
): Promise<NewSession> {
  const token = makeToken();
  const expiresAt = new Date(at.getTime() + SESSION_MAX_MS);
  const agent = userAgent?.slice(0, MAX_USER_AGENT);
  await insertSession(db, { idHash: hashToken(token), accountId, at, expiresAt, userAgent: agent });
  return { token, csrfToken: csrfTokenOf(token), expiresAt };
}

/** Whose session that is; `undefined` when it is over or never was, or the account is disabled. */
export async function resumeSession(
  { store: { db }, now }: AccessContext,
  token: string,
): Promise<Principal | undefined> {
  const at = now();
  const session = await findSession(db, hashToken(token));
  if (session === undefined || new Date(session.expiresAt) <= at) return undefined;
  const idleMs = at.getTime() - new Date(session.lastSeenAt).getTime();
  if (idleMs > SESSION_IDLE_MS) return undefined;
  const principal = await findPrincipal(db, session.accountId, 'session');
  if (principal !== undefined && idleMs >= TOUCH_MS) await touchSession(db, session.idHash, at);
  return principal;
}

/** Ends a session. */
export async function endSession({ store: { db } }: AccessContext, token: string): Promise<void> {
  await deleteSession(db, hashToken(token));
}

/**
 * What a page must send along with every change it makes in the name of a session. It follows from the session's token, which scripts
 * cannot read and other sites cannot guess; so nothing has to be stored, and each session has its own.
 */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('plimsoll csrf 1').digest('base64url');
}

/** Whether `given` is the token of that session. */
export function isCsrfToken(given: string | undefined, sessionToken: string): boolean {
  return given !== undefined && isSameText(given, csrfTokenOf(sessionToken));
}

/** Who somebody is that has proved to be this account; `undefined` when it is disabled or gone. */
export async function findPrincipal(
  db: Db,
  account: string | Account,
  by: 'session' | 'password',
): Promise<Principal | undefined> {
  const found = typeof account === 'string' ? await findAccount(db, { id: account }) : account;
  if (found === undefined || found.disabledAt !== undefined) return undefined;
  return toPrincipal(found, await listRoles(db, [found.id]), by);
}
