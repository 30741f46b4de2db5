/**
 * Registries, and where in them images are. Nothing that went away is deleted at once: it is marked gone, with the date.
 */

export const statements: readonly string[] = [
  `CREATE TABLE registry (
    id uuid PRIMARY KEY,
    namespace_id uuid NOT NULL REFERENCES namespace,
    name text NOT NULL,
    -- As in connector/registry-type.ts, or hosted.
    type text NOT NULL,
    url text NOT NULL,
    -- Host and port as in references to its images.
    host text NOT NULL,
    -- tls, proxy, product: see connector/connector.ts.
    settings jsonb NOT NULL,
    credential_kind text NOT NULL,
    sealed_credentials bytea,
    -- What may be shown: the user name, the role.
    credential_hint text,
    credential_expires_at timestamptz,
    -- Labels that a sensor must have to work on it.
    sensor_selector jsonb NOT NULL,
    labels jsonb NOT NULL,
    max_listings integer NOT NULL DEFAULT 2,
    max_scans integer NOT NULL DEFAULT 4,
    health text NOT NULL DEFAULT 'not-tested'
      CHECK (health IN ('connected', 'auth-error', 'unreachable', 'tls-error', 'rate-limited', 'not-tested')),
    health_detail text,
    last_probe jsonb,
    rate_limit jsonb,
    -- Nothing is asked of it before this.
    cool_down_until timestamptz,
    warnings jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    removed_at timestamptz
  )`,
  `CREATE UNIQUE INDEX registry_name ON registry (namespace_id, name) WHERE removed_at IS NULL`,
  `CREATE TABLE repository (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    name text NOT NULL,
    note text,
    first_seen_at timestamptz NOT NULL,
    -- Last seen in a catalogue; null when it was only ever named by people, so that its absence from one proves nothing.
    catalogued_at timestamptz,
    -- End of the last listing of all its tags.
    last_listed_at timestamptz,
    gone_at timestamptz,
    UNIQUE (registry_id, name)
  )`,
  // A manifest in a repository, under a tag or not.
  `CREATE TABLE repository_manifest (
    repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    first_seen_at timestamptz NOT NULL,
    pushed_at timestamptz,
    pushed_at_source text NOT NULL CHECK (pushed_at_source IN ('registry', 'config', 'first-seen', 'unknown')),
    gone_at timestamptz,
    PRIMARY KEY (repository_id, manifest_id)
  )`,
  `CREATE INDEX repository_manifest_manifest ON repository_manifest (manifest_id)`,
  // One row for each time that a tag named a manifest; the one without an end is what it names now.
  `CREATE TABLE tag (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    name text NOT NULL,
    manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    pushed_at timestamptz,
    pushed_at_source text NOT NULL CHECK (pushed_at_source IN ('registry', 'config', 'first-seen', 'unknown')),
    started_at timestamptz NOT NULL,
    ended_at timestamptz
  )`,
  `CREATE UNIQUE INDEX tag_now ON tag (repository_id, name) WHERE ended_at IS NULL`,
  `CREATE INDEX tag_history ON tag (repository_id, name, id)`,
  `CREATE INDEX tag_manifest ON tag (manifest_id)`,
];
