/**
 * Sign-ins that failed, for the limit that all servers share.
 */
import type { Db } from './database.ts';

/** Notes an attempt against each of `subjects`; ids of the notes. */
export async function insertSignInFailures(db: Db, subjects: readonly string[], at: Date): Promise<readonly number[]> {
  const rows = await db
    .insertInto('signInFailure')
    .values(subjects.map(subject => ({ subject, at })))
    .returning('id')
    .execute();
  return rows.map(({ id }) => id);
}

/** Times of the newest attempts against a subject since `since`, newest first, at most `limit`. */
export async function listSignInFailures(
  db: Db,
  subject: string,
  { since, limit }: { since: Date; limit: number },
): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('signInFailure')
    .select('at')
    .where('subject', '=', subject)
    .where('at', '>', since.toISOString())
    .orderBy('at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ at }) => at);
}

/** Forgets attempts: those of these ids, or all against a subject. */
export async function deleteSignInFailures(
  db: Db,
  which: { readonly ids: readonly number[] } | { readonly subject: string },
): Promise<void> {
  const remove = db.deleteFrom('signInFailure');
  await ('ids' in which
    ? remove.where('id', 'in', [...which.ids])
    : remove.where('subject', '=', which.subject)
  ).execute();
}

/** Forgets what is older than any limit looks back. */
export async function deleteOldSignInFailures(db: Db, before: Date): Promise<void> {
  await db.deleteFrom('signInFailure').where('at', '<', before.toISOString()).execute();
}
