/**
 * Finds out who asks, from what a request shows.
 */
import { findAccount, updateAccount } from '#store/account.ts';
import { findApiKey, touchApiKey } from '#store/api-key.ts';
import { listRoles } from '#store/role-binding.ts';
import type { AccessContext } from './caller.ts';
import type { Credentials } from './credentials.ts';
import { toKeyPrincipal } from './grant.ts';
import { normaliseAccountName } from './name.ts';
import { isPassword } from './password.ts';
import type { Principal } from './principal.ts';
import { hashToken } from './secret-token.ts';
import { findPrincipal, resumeSession } from './session.ts';
import { limitSignIn } from './sign-in-limit.ts';

/** A use of a key is written down at most so often. */
const TOUCH_MS = 60_000;

/** What is taken besides sessions and keys. */
export interface AuthenticateOptions {
  /** Whether a name and password are taken with the request itself, as registries' clients send them. */
  readonly allowsPasswords?: boolean | undefined;
  /** For the limit on sign-ins. */
  readonly remoteAddress?: string | undefined;
}

/**
 * Who shows these credentials; `undefined` when they are wrong, have ended, or are of an account that is disabled.
 * @throws {SignInLimitError} when too many passwords were wrong.
 */
export async function authenticate(
  context: AccessContext,
  credentials: Credentials | undefined,
  { allowsPasswords = false, remoteAddress }: AuthenticateOptions = {},
): Promise<Principal | undefined> {
  switch (credentials?.kind) {
    case undefined:
      return undefined;
    case 'session':
      return await resumeSession(context, credentials.token);
    case 'api-key':
      return await authenticateKey(context, credentials.key);
    case 'password':
      return allowsPasswords ? await authenticatePassword(context, { ...credentials, remoteAddress }) : undefined;
    default:
      return credentials satisfies never;
  }
}

async function authenticateKey({ store: { db }, now }: AccessContext, text: string): Promise<Principal | undefined> {
  const at = now();
  const key = await findApiKey(db, { hash: hashToken(text) });
  if (key === undefined || key.revokedAt !== undefined) return undefined;
  if (key.expiresAt !== undefined && new Date(key.expiresAt) <= at) return undefined;
  const account = await findAccount(db, { id: key.accountId });
  if (account === undefined || account.disabledAt !== undefined) return undefined;
  const isStale = key.lastUsedAt === undefined || at.getTime() - new Date(key.lastUsedAt).getTime() >= TOUCH_MS;
  if (isStale) await touchApiKey(db, key.id, at);
  return toKeyPrincipal(account, await listRoles(db, [account.id]), key);
}

/**
 * Who has this name and password; `undefined` when either is wrong, which takes the same time.
 * @throws {SignInLimitError} when too many were.
 */
export async function authenticatePassword(
  context: AccessContext,
  { name, password, remoteAddress }: { name: string; password: string; remoteAddress?: string | undefined },
  by: 'session' | 'password' = 'password',
): Promise<Principal | undefined> {
  const { db } = context.store;
  const key = normaliseAccountName(name.slice(0, 200));
  return await limitSignIn(context, { name: key, remoteAddress }, async () => {
    const account = await findAccount(db, { name: key });
    const isEnabled = account !== undefined && account.disabledAt === undefined;
    const isRight = await isPassword(password, isEnabled ? account.passwordHash : undefined);
    if (!isRight || account === undefined) return undefined;
    await updateAccount(db, account.id, { lastSignInAt: context.now() });
    return await findPrincipal(db, account, by);
  });
}
