/**
 * Scan jobs: schedules, their runs, the tasks that sensors lease, and the sensors.
 */

export const statements: readonly string[] = [
  `CREATE TABLE schedule (
    id uuid PRIMARY KEY,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    name text NOT NULL,
    -- As in scan/schedule/settings.ts.
    settings jsonb NOT NULL,
    -- Raised when repositories, filters or tags change: what is new then has a baseline of its own.
    settings_version integer NOT NULL DEFAULT 1,
    state text NOT NULL,
    -- Only ever rises; a report with a lower one is late and dropped.
    sequence bigint NOT NULL DEFAULT 0,
    desired_state text,
    pause_reason text,
    resume_at timestamptz,
    is_enabled boolean NOT NULL DEFAULT true,
    baseline_version integer,
    next_due_at timestamptz,
    last_planned_at timestamptz,
    skipped_overlaps integer NOT NULL DEFAULT 0,
    current_run_id uuid,
    created_by text NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (registry_id, name)
  )`,
  `CREATE INDEX schedule_due ON schedule (next_due_at) WHERE is_enabled`,
  `CREATE TABLE run (
    id uuid PRIMARY KEY,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    -- Null for one image asked for by itself.
    schedule_id uuid REFERENCES schedule ON DELETE SET NULL,
    kind text NOT NULL CHECK (kind IN ('baseline', 'incremental', 'forced', 'resumed', 'image')),
    trigger text NOT NULL CHECK (trigger IN ('schedule', 'user', 'webhook', 'push')),
    -- As they were at the start.
    settings jsonb NOT NULL,
    settings_version integer NOT NULL,
    state text NOT NULL,
    desired_state text,
    sequence bigint NOT NULL DEFAULT 0,
    reason text,
    planned_at timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    listing_started_at timestamptz,
    listing_completed_at timestamptz,
    scanning_started_at timestamptz,
    scanning_completed_at timestamptz,
    completed_at timestamptz,
    repositories_listed integer NOT NULL DEFAULT 0,
    tags_seen integer NOT NULL DEFAULT 0,
    tags_matched integer NOT NULL DEFAULT 0,
    digests_selected integer NOT NULL DEFAULT 0,
    digests_skipped_known integer NOT NULL DEFAULT 0,
    digests_skipped_platform integer NOT NULL DEFAULT 0,
    digests_skipped_not_scannable integer NOT NULL DEFAULT 0,
    digests_queued integer NOT NULL DEFAULT 0,
    digests_running integer NOT NULL DEFAULT 0,
    digests_scanned integer NOT NULL DEFAULT 0,
    digests_failed integer NOT NULL DEFAULT 0,
    bytes_pulled bigint NOT NULL DEFAULT 0,
    pulls_counted integer NOT NULL DEFAULT 0,
    -- Per pattern: candidates, matched, excluded and why; shown when nothing matched.
    patterns jsonb NOT NULL DEFAULT '[]',
    no_images_matched boolean NOT NULL DEFAULT false,
    -- The ten newest kinds of error with their counts.
    errors jsonb NOT NULL DEFAULT '[]'
  )`,
  `CREATE UNIQUE INDEX run_active ON run (schedule_id) WHERE completed_at IS NULL AND schedule_id IS NOT NULL`,
  `CREATE INDEX run_registry ON run (registry_id, created_at DESC)`,
  `CREATE INDEX run_schedule ON run (schedule_id, created_at DESC)`,
  // One image of a run, where it was found. The sum over states is what the counters of the run say.
  `CREATE TABLE run_image (
    run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    digest text NOT NULL,
    tags jsonb NOT NULL,
    state text NOT NULL CHECK (state IN
      ('queued', 'running', 'scanned', 'failed', 'cancelled', 'skipped-known', 'skipped-platform', 'skipped-not-scannable')),
    task_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    error_code text,
    reason text,
    bytes_pulled bigint NOT NULL DEFAULT 0,
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (run_id, repository_id, digest)
  )`,
  `CREATE INDEX run_image_state ON run_image (run_id, state)`,
  `CREATE INDEX run_image_task ON run_image (task_id)`,

  // What sensors do: one lease at a time, given back or taken away. One task may serve several runs.
  `CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('catalogue', 'list', 'scan', 'probe', 'preview')),
    -- Two wishes for the same work in flight share a task.
    key text NOT NULL,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    payload jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    -- Lower goes first.
    priority integer NOT NULL,
    attempt integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL,
    not_before timestamptz NOT NULL,
    sensor_id uuid,
    -- Given with the lease; reports that carry another are late and dropped.
    lease_token uuid,
    lease_until timestamptz,
    wants_cancel boolean NOT NULL DEFAULT false,
    progress jsonb,
    error_code text,
    error_message text,
    result jsonb,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE UNIQUE INDEX task_in_flight ON task (kind, key) WHERE state IN ('queued', 'leased')`,
  `CREATE INDEX task_queue ON task (priority, created_at) WHERE state = 'queued'`,
  `CREATE INDEX task_lease ON task (lease_until) WHERE state = 'leased'`,
  `CREATE INDEX task_registry ON task (registry_id) WHERE state IN ('queued', 'leased')`,
  `CREATE TABLE task_run (
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    PRIMARY KEY (task_id, run_id)
  )`,
  `CREATE INDEX task_run_run ON task_run (run_id)`,

  `CREATE TABLE sensor (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    is_built_in boolean NOT NULL DEFAULT false,
    token_hash text UNIQUE,
    labels jsonb NOT NULL,
    -- Concurrency, bandwidth, blackout windows, cache: scan/sensor/profile.ts; read at the next heartbeat.
    profile jsonb NOT NULL,
    profile_version integer NOT NULL DEFAULT 1,
    -- The last heartbeat.
    report jsonb,
    last_heartbeat_at timestamptz,
    is_draining boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
  )`,
  // A token with which a new sensor introduces itself, once.
  `CREATE TABLE sensor_token (
    hash text PRIMARY KEY,
    name text NOT NULL,
    labels jsonb NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    sensor_id uuid
  )`,
];
