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
    -- The version of the settings whose baseline completed last; null before the first.
    baseline_version integer,
    -- As planned; and when it really starts, some minutes later where several jobs share the minute.
    next_due_at timestamptz,
    launch_at timestamptz,
    last_planned_at timestamptz,
    skipped_overlaps integer NOT NULL DEFAULT 0,
    run_count integer NOT NULL DEFAULT 0,
    current_run_id uuid,
    created_by text NOT NULL,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (registry_id, name)
  )`,
  `CREATE INDEX schedule_due ON schedule (launch_at) WHERE launch_at IS NOT NULL`,
  `CREATE TABLE run (
    id uuid PRIMARY KEY,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    -- Null for one image asked for by itself, and when the schedule was removed.
    schedule_id uuid REFERENCES schedule ON DELETE SET NULL,
    -- Counts the runs of a schedule from 1.
    number integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('baseline', 'incremental', 'forced', 'image')),
    mode text NOT NULL CHECK (mode IN ('fresh', 'resume', 'from-the-beginning')),
    -- The run that this one continues or repeats.
    previous_run_id uuid,
    trigger text NOT NULL CHECK (trigger IN ('schedule', 'user', 'webhook', 'push')),
    -- As they were at the start.
    settings jsonb NOT NULL,
    settings_version integer NOT NULL,
    -- Layers are read again even where a report by the present analyser exists.
    is_deep boolean NOT NULL DEFAULT false,
    state text NOT NULL,
    sequence bigint NOT NULL DEFAULT 0,
    pause_reason text,
    resume_at timestamptz,
    -- Why it ended as it did.
    reason text,
    planned_at timestamptz,
    created_at timestamptz NOT NULL,
    started_at timestamptz,
    listing_started_at timestamptz,
    listing_completed_at timestamptz,
    scanning_started_at timestamptz,
    scanning_completed_at timestamptz,
    completed_at timestamptz,
    -- When the last event about its progress was written.
    progress_at timestamptz,
    -- Catalogues and listings that are not at their end.
    listings_open integer NOT NULL DEFAULT 0 CHECK (listings_open >= 0),
    repositories_listed integer NOT NULL DEFAULT 0,
    tags_seen integer NOT NULL DEFAULT 0,
    tags_matched integer NOT NULL DEFAULT 0,
    digests_selected integer NOT NULL DEFAULT 0,
    digests_skipped_known integer NOT NULL DEFAULT 0,
    digests_skipped_platform integer NOT NULL DEFAULT 0,
    digests_skipped_not_scannable integer NOT NULL DEFAULT 0,
    digests_queued integer NOT NULL DEFAULT 0 CHECK (digests_queued >= 0),
    digests_running integer NOT NULL DEFAULT 0 CHECK (digests_running >= 0),
    digests_scanned integer NOT NULL DEFAULT 0,
    digests_failed integer NOT NULL DEFAULT 0,
    digests_not_reached integer NOT NULL DEFAULT 0,
    bytes_pulled bigint NOT NULL DEFAULT 0,
    pulls_counted integer NOT NULL DEFAULT 0,
    -- Per pattern: candidates, matched, excluded and why; filled in when nothing matched.
    patterns jsonb NOT NULL,
    no_images_matched boolean NOT NULL DEFAULT false,
    -- The ten newest kinds of error with their counts.
    errors jsonb NOT NULL,
    CHECK (digests_selected = digests_skipped_known + digests_skipped_platform + digests_skipped_not_scannable
      + digests_queued + digests_running + digests_scanned + digests_failed + digests_not_reached),
    CHECK (tags_matched <= tags_seen)
  )`,
  `CREATE UNIQUE INDEX run_active ON run (schedule_id) WHERE completed_at IS NULL AND schedule_id IS NOT NULL`,
  `CREATE INDEX run_open ON run (registry_id) WHERE completed_at IS NULL`,
  `CREATE INDEX run_registry ON run (registry_id, created_at DESC)`,
  `CREATE INDEX run_schedule ON run (schedule_id, created_at DESC)`,
  // A repository that a run selected. Every failure is here; the run itself keeps kinds and counts.
  `CREATE TABLE run_repository (
    run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('queued', 'listed', 'failed', 'not-reached')),
    tags_seen integer,
    tags_matched integer,
    -- What each pattern saw, and what was left out and why: schedule/select-tags.ts.
    figures jsonb,
    error_code text,
    reason text,
    ended_at timestamptz,
    PRIMARY KEY (run_id, repository_id)
  )`,
  // One image of a run, where the run met it first. The counts by state are what the counters of the run say.
  `CREATE TABLE run_image (
    run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    digest text NOT NULL,
    repository_id bigint NOT NULL REFERENCES repository ON DELETE CASCADE,
    tags jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'scanned', 'failed', 'not-reached',
      'skipped-known', 'skipped-platform', 'skipped-not-scannable')),
    task_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    error_code text,
    reason text,
    bytes_pulled bigint NOT NULL DEFAULT 0,
    started_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (run_id, digest)
  )`,
  `CREATE INDEX run_image_state ON run_image (run_id, state, digest)`,
  `CREATE INDEX run_image_digest ON run_image (digest)`,
  `CREATE INDEX run_image_task ON run_image (task_id) WHERE state IN ('queued', 'running')`,

  // What sensors do: one lease at a time, given back or taken away. One task may serve several runs; without a run somebody waits for it.
  `CREATE TABLE task (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('catalogue', 'list', 'scan', 'probe')),
    -- What shares a limit of the registry.
    lane text NOT NULL CHECK (lane IN ('probe', 'list', 'scan')),
    -- Two wishes for the same work in flight share a task.
    key text NOT NULL,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    repository_id bigint REFERENCES repository ON DELETE CASCADE,
    -- Of a scan: no two sensors read one image at a time, whatever registry they pull it from.
    digest text,
    -- Date of the report that there was when the task was made: with another one, somebody else did the work.
    known_report timestamptz,
    -- As in scan/task/contract.ts.
    work jsonb NOT NULL,
    -- Labels that a sensor must have, besides those of the registry.
    selector jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'leased', 'done', 'failed', 'cancelled')),
    -- Creation plus a handicap by priority: lower goes first. What waits ages by itself, since its rank stays.
    ranked_at timestamptz NOT NULL,
    -- Leases so far; failures of them that were tried again; leases that ran out.
    attempt integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    expiries integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL,
    sensor_id uuid,
    -- Given with the lease; reports that carry another are late and dropped.
    lease_token uuid,
    leased_at timestamptz,
    lease_until timestamptz,
    -- The inventory is stored: whatever becomes of the lease, the image is scanned.
    inventory_at timestamptz,
    progress jsonb,
    error_code text,
    error_message text,
    result jsonb,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((state = 'leased') = (lease_token IS NOT NULL))
  )`,
  `CREATE UNIQUE INDEX task_in_flight ON task (kind, key) WHERE state IN ('queued', 'leased')`,
  `CREATE INDEX task_queue ON task (registry_id, lane, ranked_at, id) WHERE state = 'queued'`,
  `CREATE INDEX task_lease ON task (lease_until) WHERE state = 'leased'`,
  `CREATE INDEX task_digest ON task (digest) WHERE kind = 'scan' AND state IN ('queued', 'leased')`,
  `CREATE INDEX task_ended ON task (ended_at) WHERE ended_at IS NOT NULL`,
  `CREATE TABLE task_run (
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    run_id uuid NOT NULL REFERENCES run ON DELETE CASCADE,
    PRIMARY KEY (task_id, run_id)
  )`,
  `CREATE INDEX task_run_run ON task_run (run_id)`,
  // Pages of a listing, kept until it is whole: then they are applied at once, and removed.
  `CREATE TABLE task_repository (
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    name text NOT NULL,
    PRIMARY KEY (task_id, name)
  )`,
  `CREATE TABLE task_tag (
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    name text NOT NULL,
    digest text NOT NULL,
    pushed_at timestamptz,
    pushed_at_source text NOT NULL,
    PRIMARY KEY (task_id, name)
  )`,
  // A call on several schedules at once, and what became of each.
  `CREATE TABLE bulk_action (
    id uuid PRIMARY KEY,
    registry_id uuid NOT NULL REFERENCES registry ON DELETE CASCADE,
    action text NOT NULL CHECK (action IN ('cancel', 'delete')),
    result jsonb NOT NULL,
    created_at timestamptz NOT NULL
  )`,

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
    -- The state that the last event told of; what it is now follows from the clock: scan/sensor/state.ts.
    told_state text NOT NULL DEFAULT 'registering',
    created_at timestamptz NOT NULL,
    retired_at timestamptz
  )`,
  `CREATE UNIQUE INDEX sensor_built_in ON sensor (name) WHERE is_built_in AND retired_at IS NULL`,
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
