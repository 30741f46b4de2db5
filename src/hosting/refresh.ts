/**
 * Refresh tokens: Docker asks for one when it logs in, keeps it in place of the password, and gets its tokens with it. Nothing is stored: it
 * says what was logged in with, which is looked up at every use, so that it ends with the key, the account or the password.
 *
 * Source: distribution, docs/spec/auth/oauth.md; the `offline_token` of docs/spec/auth/token.md.
 */
import { findAccount } from '#store/account.ts';
import type { RegistryCaller } from './caller.ts';
import type { HostingContext } from './context.ts';
import { DistributionError } from './distribution-error.ts';
import { resume, subjectOf } from './sign-in.ts';
import type { TokenSigner, TokenSubject } from './token.ts';

/** A refresh token for who has just logged in; `undefined` for nobody in particular. */
export async function makeRefreshToken(
  context: HostingContext,
  signer: TokenSigner,
  caller: RegistryCaller,
): Promise<string | undefined> {
  const subject = subjectOf(caller);
  if (subject.kind === 'anonymous') return undefined;
  const passwordMark = await markOf(context, signer, subject);
  return signer.signRefresh({ subject, passwordMark }, { at: context.now() });
}

/** Who shows a refresh token. @throws {DistributionError} `UNAUTHORIZED` when it is forged, or has ended. */
export async function refresh(context: HostingContext, signer: TokenSigner, token: string): Promise<RegistryCaller> {
  const claims = signer.verifyRefresh(token, { at: context.now() });
  const caller = claims === undefined ? undefined : await resume(context, claims.subject);
  const isOver = claims === undefined || (await markOf(context, signer, claims.subject)) !== claims.passwordMark;
  if (caller === undefined || isOver) {
    throw new DistributionError(
      'UNAUTHORIZED',
      'Cannot go on with this log-in: it has expired, or its password, key or account has ended; log in again',
    );
  }
  return caller;
}

async function markOf(
  { store }: HostingContext,
  signer: TokenSigner,
  subject: TokenSubject,
): Promise<string | undefined> {
  if (subject.kind !== 'account' || subject.apiKeyId !== undefined) return undefined;
  const account = await findAccount(store.db, { id: subject.accountId });
  return account?.passwordHash === undefined ? undefined : signer.mark(account.passwordHash);
}
