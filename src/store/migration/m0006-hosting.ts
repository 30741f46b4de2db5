/**
 * The hosted registry. Its repositories, manifests and tags are those of every registry; here is what only the one who keeps the bytes knows.
 *
 * What is stored is held by chains of foreign keys: a manifest refers to blobs of its repository, and those to bytes that are stored. The
 * database itself thus refuses a manifest that points at a missing blob, whoever pushes and collects garbage at the same moment.
 */

export const statements: readonly string[] = [
  // The first part of the names of repositories: a namespace's own, or one of a project in it.
  `CREATE TABLE hosted_space (
    name text PRIMARY KEY,
    namespace_id uuid NOT NULL REFERENCES namespace,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    -- Whose registry key opens it; null for the space of a namespace.
    project_id text,
    -- Bytes of distinct blobs; null: no limit.
    quota_bytes bigint,
    -- How long manifests stay that no tag leads to; null: for ever.
    untagged_days integer,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX hosted_space_namespace ON hosted_space (namespace_id)`,
  `CREATE TABLE hosted_repository (
    repository_id bigint PRIMARY KEY REFERENCES repository ON DELETE CASCADE,
    name text NOT NULL UNIQUE,
    space text NOT NULL REFERENCES hosted_space ON DELETE CASCADE,
    -- Whether everybody may pull.
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX hosted_repository_space ON hosted_repository (space)`,
  // Bytes in the blob store. A row is there before the bytes are, and until after they are gone.
  `CREATE TABLE stored_blob (
    digest text PRIMARY KEY,
    -- Null until all of them are there.
    size_bytes bigint,
    -- Last time that somebody was about to use them: the collection leaves alone what is newer than its grace period.
    touched_at timestamptz NOT NULL,
    -- For something else than a repository: never collected.
    is_kept boolean NOT NULL DEFAULT false
  )`,
  `CREATE INDEX stored_blob_touched ON stored_blob (touched_at)`,
  `CREATE TABLE hosted_blob (
    repository_id bigint NOT NULL REFERENCES hosted_repository ON DELETE CASCADE,
    digest text NOT NULL REFERENCES stored_blob,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (repository_id, digest)
  )`,
  `CREATE INDEX hosted_blob_digest ON hosted_blob (digest)`,
  `CREATE TABLE hosted_manifest (
    repository_id bigint NOT NULL REFERENCES hosted_repository ON DELETE CASCADE,
    manifest_id bigint NOT NULL REFERENCES manifest,
    -- As it was pushed with: what is answered.
    content_type text NOT NULL,
    size_bytes bigint NOT NULL,
    -- Digest of the manifest that this one is about.
    subject text,
    -- As the list of referrers has them.
    artifact_type text,
    annotations jsonb,
    pushed_by text NOT NULL,
    pushed_at timestamptz NOT NULL,
    pulls bigint NOT NULL DEFAULT 0,
    last_pulled_at timestamptz,
    PRIMARY KEY (repository_id, manifest_id)
  )`,
  `CREATE INDEX hosted_manifest_manifest ON hosted_manifest (manifest_id)`,
  `CREATE INDEX hosted_manifest_subject ON hosted_manifest (repository_id, subject, manifest_id) WHERE subject IS NOT NULL`,
  `CREATE TABLE hosted_reference (
    repository_id bigint NOT NULL,
    manifest_id bigint NOT NULL,
    digest text NOT NULL,
    PRIMARY KEY (repository_id, manifest_id, digest),
    FOREIGN KEY (repository_id, manifest_id) REFERENCES hosted_manifest ON DELETE CASCADE,
    FOREIGN KEY (repository_id, digest) REFERENCES hosted_blob
  )`,
  `CREATE INDEX hosted_reference_digest ON hosted_reference (repository_id, digest)`,
  // Its bytes are in the blob store under the same id.
  `CREATE TABLE hosted_upload (
    id text PRIMARY KEY,
    repository_id bigint NOT NULL REFERENCES hosted_repository ON DELETE CASCADE,
    started_by text NOT NULL,
    started_at timestamptz NOT NULL,
    touched_at timestamptz NOT NULL
  )`,
];
