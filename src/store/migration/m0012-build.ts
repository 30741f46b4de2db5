/**
 * The build service: how a project's image is built from Git, the builds themselves, and who builds.
 */
export const statements: readonly string[] = [
  `CREATE TABLE build_configuration (
    project_id text PRIMARY KEY REFERENCES project ON DELETE CASCADE,
    is_enabled boolean NOT NULL,
    -- url, ref, wantsSubmodules, wantsLfs, caPem.
    source jsonb NOT NULL,
    dockerfile text NOT NULL,
    context text NOT NULL,
    -- Last part of the repository's name in the project's space.
    image_name text NOT NULL,
    platforms jsonb NOT NULL,
    labels jsonb NOT NULL,
    -- Lines of known_hosts that were trusted at the first contact.
    host_keys jsonb NOT NULL,
    -- What may be shown of the log-in: its kind, and of a key fingerprint and public half.
    login jsonb NOT NULL,
    sealed_login bytea,
    argument_names jsonb NOT NULL,
    sealed_arguments bytea,
    -- Registries that the pull secret is for.
    pull_hosts jsonb NOT NULL,
    sealed_pull_secret bytea,
    auto_rebuild boolean NOT NULL,
    auto_publish boolean NOT NULL,
    -- Causes to rebuild that come within this time make one build.
    rebuild_delay_seconds integer NOT NULL,
    limits jsonb NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE TABLE builder (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    is_built_in boolean NOT NULL,
    -- Null for the one in the server's own process.
    token_hash text UNIQUE,
    -- Programs and their versions, as it said last.
    versions jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz,
    retired_at timestamptz
  )`,
  `CREATE TABLE build (
    id uuid PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    -- The tag is version-number; a number is never used again.
    version text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL CHECK (state IN
      ('queued', 'cloning', 'building', 'pushing', 'scanning', 'succeeded', 'failed', 'cancelled')),
    -- manual, advisory, base-image, package-update, retry; and a list of kind and detail of each.
    cause text NOT NULL,
    causes jsonb NOT NULL,
    requested_by text NOT NULL,
    not_before timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    builder_id uuid REFERENCES builder ON DELETE SET NULL,
    lease_token uuid,
    lease_until timestamptz,
    -- Of the password that pushes for as long as the lease is held.
    push_hash text,
    -- What it is made from, without secrets; as the lease took it.
    recipe jsonb,
    -- build-request.ts, BuildResult.
    result jsonb,
    digest text,
    failure jsonb,
    -- What became of the images: verdicts, grades, changes.
    outcome jsonb,
    -- Reasons to rebuild that this build has dealt with.
    considered jsonb NOT NULL,
    log_digest text,
    log_bytes bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    finished_at timestamptz,
    UNIQUE (project_id, version, number)
  )`,
  `CREATE INDEX build_project ON build (project_id, created_at, id)`,
  `CREATE INDEX build_queued ON build (not_before, created_at) WHERE state = 'queued'`,
  `CREATE INDEX build_running ON build (lease_until) WHERE state IN ('cloning', 'building', 'pushing')`,
  `CREATE INDEX build_scanning ON build (project_id) WHERE state IN ('pushing', 'scanning')`,
  `CREATE INDEX build_digest ON build (project_id, digest) WHERE digest IS NOT NULL`,
  // The log of a build that is not over; after that it is one blob.
  `CREATE TABLE build_log (
    build_id uuid NOT NULL REFERENCES build ON DELETE CASCADE,
    -- Bytes before this piece.
    position bigint NOT NULL,
    content text NOT NULL,
    PRIMARY KEY (build_id, position)
  )`,
];
