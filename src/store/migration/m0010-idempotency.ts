/** Answers that are given again keep the headers that belong to them: the revision of what was made, and where it is. */
export const statements: readonly string[] = [`ALTER TABLE idempotent_answer ADD COLUMN headers jsonb`];
