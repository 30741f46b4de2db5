/** Images that a registry had indexed by Clair's API, and what it is told after re-matches. */
export const statements: readonly string[] = [
  `CREATE TABLE clair_index (
    -- The digest that the registry knows the manifest by. Its document was never seen here, so it is no row of "manifest".
    manifest_hash text PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    -- The document that stands for it: the hash and the layers that the registry named.
    document_digest text NOT NULL,
    -- Of the cataloguers that it is, or is to be, read by.
    version text NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'fetching', 'scanning', 'done', 'failed')),
    error text,
    -- Failed for good: what it names is no image.
    is_unsupported boolean NOT NULL DEFAULT false,
    -- Addresses of the layers with what opens them; gone when it has ended.
    sealed_request bytea,
    -- Who is at it, and until when that is to be believed.
    attempt uuid,
    claimed_until timestamptz,
    -- When it was last asked for, in whatever way.
    used_at timestamptz NOT NULL
  )`,
  'CREATE INDEX clair_index_document ON clair_index (document_digest)',
  'CREATE INDEX clair_index_used_at ON clair_index (used_at)',
  // What one re-match changed of such images; its pages are made from the changes when they are asked for.
  `CREATE TABLE clair_notification (
    id uuid PRIMARY KEY,
    rematch_id bigint NOT NULL UNIQUE REFERENCES rematch ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
  )`,
];
