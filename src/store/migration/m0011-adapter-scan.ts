/** Scans that another registry asked for, such as Harbor. */
export const statements: readonly string[] = [
  `CREATE TABLE adapter_scan (
    id uuid PRIMARY KEY,
    registry_url text NOT NULL,
    repository text NOT NULL,
    tag text NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    is_insecure boolean NOT NULL,
    -- Gone when the scan has ended.
    sealed_authorization bytea,
    state text NOT NULL CHECK (state IN ('queued', 'done', 'failed')),
    error text,
    created_at timestamptz NOT NULL
  )`,
  'CREATE INDEX adapter_scan_created_at ON adapter_scan (created_at)',
];
