/**
 * Removes what is over: sessions, sign-ins under way, counted failures. Called now and then; nothing depends on when.
 */
import { deleteOldOidcAttempts } from '#store/oidc-attempt.ts';
import { deleteEndedSessions } from '#store/session.ts';
import { deleteOldSignInFailures } from '#store/sign-in-failure.ts';
import type { AccessContext } from './caller.ts';
import { SESSION_IDLE_MS } from './session.ts';
import { SIGN_IN_WINDOW_MS } from './sign-in-limit.ts';

/** Removes what is over. */
export async function tidyAccess({ store: { db }, now }: AccessContext): Promise<void> {
  const at = now();
  await deleteEndedSessions(db, { at, seenBefore: new Date(at.getTime() - SESSION_IDLE_MS) });
  await deleteOldOidcAttempts(db, at);
  await deleteOldSignInFailures(db, new Date(at.getTime() - SIGN_IN_WINDOW_MS));
}
