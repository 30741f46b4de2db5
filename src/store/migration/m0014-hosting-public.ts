/** Whether everybody may pull from all repositories of a space of the hosted registry; null: as the server's default says. */
export const statements: readonly string[] = ['ALTER TABLE hosted_space ADD COLUMN is_public boolean'];
