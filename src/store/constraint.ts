/**
 * Rules that the database keeps, told as errors of ours: constraints decide, because two servers may ask at the same moment.
 */
import { PlimsollError } from '#base/errors.ts';

/** SQLSTATE of PostgreSQL's manual, appendix A, class 23. */
const VIOLATIONS = { unique: '23505', 'foreign-key': '23503' } as const;

/** Runs `change`, and says `message` as a `CONFLICT` when it breaks a constraint of this kind. Other errors pass. */
export async function conflictOn<T>(
  kind: keyof typeof VIOLATIONS,
  message: string,
  change: () => Promise<T>,
): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === VIOLATIONS[kind]) {
      throw new PlimsollError('CONFLICT', message, { cause: error });
    }
    throw error;
  }
}
