/** What namespaces accept: weaknesses that are not counted in some of their images. */
export const statements: readonly string[] = [
  `CREATE TABLE waiver (
    id uuid PRIMARY KEY,
    namespace_id uuid NOT NULL REFERENCES namespace ON DELETE CASCADE,
    -- Any name of the weakness, as somebody wrote it.
    vulnerability text NOT NULL,
    -- Of the package or of its source; null: any.
    package text,
    scope_kind text NOT NULL CHECK (scope_kind IN ('namespace', 'registry', 'repository', 'image')),
    -- Values, not references: what a waiver was for stays known when it is gone, and no other registry ever gets the id.
    registry_id uuid,
    repository text,
    digest text,
    reason text NOT NULL,
    -- The last day, in UTC, on which it holds: 2026-01-31. Null: for ever.
    expires_on text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- By whom it was ended, and when; a waiver that expired has none of these.
    ended_by text,
    ended_at timestamptz,
    -- Whether it has been told that it expired.
    is_expiry_told boolean NOT NULL DEFAULT false,
    revision integer NOT NULL DEFAULT 1,
    CHECK ((scope_kind IN ('registry', 'repository')) = (registry_id IS NOT NULL)),
    CHECK ((scope_kind = 'repository') = (repository IS NOT NULL)),
    CHECK ((scope_kind = 'image') = (digest IS NOT NULL))
  )`,
  `CREATE INDEX waiver_open ON waiver (namespace_id) WHERE ended_at IS NULL`,
  `CREATE INDEX waiver_newest ON waiver (created_at DESC, id DESC)`,
];
