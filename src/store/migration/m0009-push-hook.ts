/** Addresses that registries tell of pushes: one for each registry, with a secret. */
export const statements: readonly string[] = [
  `CREATE TABLE push_hook (
    registry_id uuid PRIMARY KEY REFERENCES registry ON DELETE CASCADE,
    -- Of the secret, SHA-256 in hex.
    secret_hash text NOT NULL UNIQUE,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    last_notice_at timestamptz,
    -- The form of the last notice, and how many images it had scanned.
    last_form text,
    last_images integer,
    notices bigint NOT NULL DEFAULT 0
  )`,
];
