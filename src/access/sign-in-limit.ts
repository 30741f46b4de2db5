/**
 * The limit on sign-ins that fail: by account and by address, counted in the database, so that all servers share it.
 *
 * An attempt is noted before the password is looked at and forgotten when it was right: attempts that are made at the same moment count
 * each other, and cannot slip through together. Names without an account are limited as well, so that the limit tells nothing about them.
 */
import { PlimsollError } from '#base/errors.ts';
import { deleteSignInFailures, insertSignInFailures, listSignInFailures } from '#store/sign-in-failure.ts';
import type { AccessContext } from './caller.ts';
import { hashToken } from './secret-token.ts';

/** How far back failures count. */
export const SIGN_IN_WINDOW_MS = 15 * 60_000;
/** Failures of one account, from wherever. */
export const MAX_FAILURES_BY_ACCOUNT = 10;
/** Failures from one address, of whatever account: an office may share one. */
export const MAX_FAILURES_BY_ADDRESS = 50;

/** Too many sign-ins failed; says when the next may be tried. */
class SignInLimitError extends PlimsollError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    const minutes = Math.max(1, Math.ceil(retryAfterSeconds / 60));
    super(
      'TOO_MANY_REQUESTS',
      `Cannot sign in now: too many attempts failed for this account or from this address; try again in ${minutes} min`,
    );
    this.name = 'SignInLimitError';
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/**
 * Runs one attempt to sign in; `attempt` says `undefined` for wrong credentials. When it throws, the attempt does not count.
 * @throws {SignInLimitError} when there were too many.
 */
export async function limitSignIn<T>(
  { store: { db }, now }: AccessContext,
  { name, remoteAddress }: { name: string; remoteAddress: string | undefined },
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const at = now();
  const account = `account:${hashToken(name)}`;
  const limits = [{ subject: account, limit: MAX_FAILURES_BY_ACCOUNT }];
  if (remoteAddress !== undefined) {
    limits.push({ subject: `address:${networkOf(remoteAddress)}`, limit: MAX_FAILURES_BY_ADDRESS });
  }
  const subjects = limits.map(({ subject }) => subject);
  const ids = await insertSignInFailures(db, subjects, at);
  let result: T | undefined;
  try {
    await checkLimits(db, limits, at);
    result = await attempt();
  } catch (error) {
    // What was not even tried must not make the wait longer.
    await deleteSignInFailures(db, { ids });
    throw error;
  }
  if (result !== undefined) {
    await deleteSignInFailures(db, { ids });
    await deleteSignInFailures(db, { subject: account });
  }
  return result;
}

async function checkLimits(
  db: AccessContext['store']['db'],
  limits: readonly { readonly subject: string; readonly limit: number }[],
  at: Date,
): Promise<void> {
  const since = new Date(at.getTime() - SIGN_IN_WINDOW_MS);
  for (const { subject, limit } of limits) {
    const times = await listSignInFailures(db, subject, { since, limit: limit + 1 });
    if (times.length <= limit) continue;
    // The attempt itself is the first; when the oldest of the `limit` before it is forgotten, the next may be made.
    const oldest = new Date(times.at(-1) ?? at).getTime();
    throw new SignInLimitError(Math.max(1, Math.ceil((oldest + SIGN_IN_WINDOW_MS - at.getTime()) / 1000)));
  }
}

/** What an address is counted as: an IPv4 address is one subscriber, of IPv6 a subscriber has the last 64 bits. */
export function networkOf(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (mapped !== undefined) return mapped;
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const last = tail === '' ? [] : tail.split(':');
    while (groups.length + last.length < 8) groups.push('0');
    groups.push(...last);
  }
  const network = groups.slice(0, 4).map(group => group.replace(/^0+(?=.)/, ''));
  return `${network.join(':')}::/64`;
}
