/**
 * What happened, for whoever watches, and the webhooks that pass it on.
 */

export const statements: readonly string[] = [
  `CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- The transaction that wrote it. Ids are given before transactions end, so that who follows events by id alone would miss some.
    tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL,
    -- run.started, run.progress, run.completed, image.scanned, findings.changed, …: notify/event.ts.
    kind text NOT NULL,
    namespace_id uuid,
    registry_id uuid,
    schedule_id uuid,
    run_id uuid,
    data jsonb NOT NULL
  )`,
  `CREATE INDEX event_run ON event (run_id, id) WHERE run_id IS NOT NULL`,
  `CREATE INDEX event_namespace ON event (namespace_id, id)`,
  `CREATE INDEX event_at ON event (at)`,
  `CREATE INDEX event_order ON event (tx, id)`,
  `CREATE TABLE webhook (
    id uuid PRIMARY KEY,
    namespace_id uuid NOT NULL REFERENCES namespace ON DELETE CASCADE,
    name text NOT NULL,
    url text NOT NULL,
    sealed_secret bytea NOT NULL,
    -- Kinds of events; and what of them: minimum severity, registries.
    kinds jsonb NOT NULL,
    filter jsonb NOT NULL,
    is_enabled boolean NOT NULL DEFAULT true,
    revision integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  `CREATE TABLE webhook_delivery (
    id uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhook ON DELETE CASCADE,
    -- Null for a test.
    event_id bigint,
    kind text NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    last_status integer,
    last_error text,
    last_duration_ms integer,
    next_attempt_at timestamptz,
    created_at timestamptz NOT NULL,
    delivered_at timestamptz
  )`,
  `CREATE INDEX webhook_delivery_webhook ON webhook_delivery (webhook_id, created_at DESC)`,
];
