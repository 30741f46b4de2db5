/**
 * Certification projects: what is to be published where, the images that were submitted for it, and what was found about them.
 *
 * Ids that clients of the compatible API see are 24 hex characters, as those clients expect them; elsewhere nothing depends on their form.
 */

export const statements: readonly string[] = [
  // The number by which clients of the compatible API know a namespace.
  `CREATE TABLE organisation (
    id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10001) PRIMARY KEY,
    namespace_id uuid NOT NULL UNIQUE REFERENCES namespace ON DELETE CASCADE
  )`,
  `CREATE TABLE project (
    id text PRIMARY KEY,
    namespace_id uuid NOT NULL REFERENCES namespace,
    -- ospid-…: what it was called by before ids, and the space of its images in the hosted registry.
    pid text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL CHECK (status IN ('active', 'archived')),
    certification_status text NOT NULL,
    certified_at timestamptz,
    container_type text NOT NULL,
    os_content_type text,
    distribution_method text NOT NULL,
    is_hosted boolean NOT NULL,
    -- Where the image is, or will be, published.
    registry text,
    repository text,
    is_privileged boolean NOT NULL DEFAULT false,
    auto_publish boolean NOT NULL DEFAULT false,
    -- What is carried and shown, and decides nothing: descriptions, contacts, categories, …
    details jsonb NOT NULL,
    -- Changes of the certification status, oldest first.
    history jsonb NOT NULL,
    -- A config.json with the one entry that fits; see project/pull-secret.ts. What of it may be shown is in the summary.
    sealed_pull_secret bytea,
    pull_secret_summary jsonb,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE INDEX project_namespace ON project (namespace_id, name, id)`,
  `CREATE INDEX project_location ON project (registry, repository)`,
  // The password that pushes to the project's space. It is kept sealed as well, to be shown again to those who may push.
  `CREATE TABLE project_registry_key (
    id uuid PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    hash text NOT NULL UNIQUE,
    sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz,
    ended_at timestamptz
  )`,
  `CREATE UNIQUE INDEX project_registry_key_valid ON project_registry_key (project_id) WHERE ended_at IS NULL`,
  `CREATE TABLE project_image (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    -- Of the manifest of one architecture.
    digest text NOT NULL,
    config_digest text,
    -- Of the index that it was submitted with.
    list_digest text,
    architecture text NOT NULL,
    -- What a client said of it, and what our own checks found; null until either is known.
    is_reported_certified boolean,
    is_verified_certified boolean,
    is_certified boolean NOT NULL DEFAULT false,
    -- Certified by a person despite what was found, with the reason.
    exception jsonb,
    origin text NOT NULL CHECK (origin IN ('report', 'scan', 'push')),
    -- Where it is catalogued.
    registry text,
    repository text,
    -- name and addedAt of each.
    tags jsonb NOT NULL,
    -- Of the uncompressed layers, lowest first; null while the config is unknown.
    diff_ids jsonb,
    size_bytes bigint,
    -- As the client sent it.
    raw_config text,
    parsed jsonb NOT NULL,
    scan_state text NOT NULL DEFAULT 'none' CHECK (scan_state IN ('none', 'pending', 'running', 'completed', 'failed')),
    scan_message text,
    grade text,
    pushed_at timestamptz,
    published_at timestamptz,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (project_id, digest)
  )`,
  `CREATE INDEX project_image_digest ON project_image (digest)`,
  `CREATE INDEX project_image_created ON project_image (project_id, created_at, id)`,
  `CREATE INDEX project_image_list ON project_image (project_id, list_digest) WHERE list_digest IS NOT NULL`,
  `CREATE INDEX project_image_published ON project_image (registry, repository) WHERE published_at IS NOT NULL`,
  `CREATE TABLE project_test_result (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    image_id text REFERENCES project_image ON DELETE CASCADE,
    -- reported: as a client sent it; verified: by our own checks.
    origin text NOT NULL CHECK (origin IN ('reported', 'verified')),
    is_passed boolean NOT NULL,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE INDEX project_test_result_image ON project_test_result (image_id, created_at)`,
  `CREATE INDEX project_test_result_project ON project_test_result (project_id, created_at, id)`,
  `CREATE TABLE project_artifact (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    image_id text REFERENCES project_image ON DELETE CASCADE,
    filename text NOT NULL,
    content_type text NOT NULL,
    -- Without the secrets that were in it.
    content bytea NOT NULL,
    size_bytes bigint NOT NULL,
    -- How many were taken out.
    scrubbed integer NOT NULL,
    details jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  `CREATE INDEX project_artifact_project ON project_artifact (project_id, created_at, id)`,
  `CREATE INDEX project_artifact_image ON project_artifact (image_id)`,
  `CREATE TABLE project_rpm_manifest (
    id text PRIMARY KEY,
    image_id text NOT NULL UNIQUE REFERENCES project_image ON DELETE CASCADE,
    rpms jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  // Something asked for that is done later: the scan of an image somewhere, publishing, …
  `CREATE TABLE project_request (
    id text PRIMARY KEY,
    project_id text NOT NULL REFERENCES project ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('scan', 'image')),
    -- Of an image request: publish, sync-tags, …
    operation text,
    pull_spec text,
    tag text,
    image_id text,
    list_digest text,
    image_ids jsonb NOT NULL,
    status text NOT NULL CHECK (status IN ('pending', 'in progress', 'completed', 'failed', 'aborted')),
    status_message text,
    -- The situation: project/situation.ts.
    situation text,
    warnings jsonb NOT NULL,
    -- Why a gate may be passed over; from an admin alone.
    override_reason text,
    requested_by jsonb NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE INDEX project_request_project ON project_request (project_id, kind, created_at, id)`,
  `CREATE INDEX project_request_image ON project_request (image_id) WHERE image_id IS NOT NULL`,
  // What the grades of an image were said to be at each time that this changed.
  `CREATE TABLE project_grade (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    image_id text NOT NULL REFERENCES project_image ON DELETE CASCADE,
    computed_at timestamptz NOT NULL,
    -- grade, startsAt, endsAt (null: open) of each, in order.
    schedule jsonb NOT NULL
  )`,
  `CREATE INDEX project_grade_image ON project_grade (image_id, id)`,
  // What checks ask of the files of an image: certification/file-facts.ts.
  `CREATE TABLE image_file_facts (
    manifest_id bigint PRIMARY KEY REFERENCES manifest ON DELETE CASCADE,
    version text NOT NULL,
    facts jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  // Images that others may be based on. Their layers are remembered, the images themselves are not needed any more.
  `CREATE TABLE base_image (
    id text PRIMARY KEY,
    registry text NOT NULL,
    repository text NOT NULL,
    tag text,
    digest text NOT NULL,
    architecture text NOT NULL,
    -- Of the uncompressed layers, lowest first.
    diff_ids jsonb NOT NULL,
    top_layer text NOT NULL,
    added_by text NOT NULL,
    created_at timestamptz NOT NULL,
    removed_at timestamptz
  )`,
  `CREATE UNIQUE INDEX base_image_digest ON base_image (registry, repository, digest) WHERE removed_at IS NULL`,
  `CREATE INDEX base_image_layer ON base_image (top_layer)`,
];
