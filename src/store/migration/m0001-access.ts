/**
 * Who may do what: accounts, their roles in namespaces, sessions, API keys, and the log of changes.
 */

export const statements: readonly string[] = [
  `CREATE TABLE namespace (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    display_name text NOT NULL,
    created_at timestamptz NOT NULL
  )`,
  // A person or a robot. Without a password hash it signs in by OpenID Connect, or not at all.
  `CREATE TABLE account (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    display_name text NOT NULL,
    email text,
    password_hash text,
    oidc_issuer text,
    oidc_subject text,
    disabled_at timestamptz,
    created_at timestamptz NOT NULL,
    last_sign_in_at timestamptz,
    UNIQUE (oidc_issuer, oidc_subject)
  )`,
  // A role without a namespace holds in all of them; admin without a namespace runs the server. What a provider's groups give is kept
  // apart from what people gave: each sign-in replaces the former and leaves the latter.
  `CREATE TABLE role_binding (
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    namespace_id uuid REFERENCES namespace ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
    origin text NOT NULL DEFAULT 'manual' CHECK (origin IN ('manual', 'oidc')),
    UNIQUE NULLS NOT DISTINCT (account_id, namespace_id, origin)
  )`,
  `CREATE INDEX role_binding_namespace ON role_binding (namespace_id)`,
  `CREATE TABLE session (
    id_hash text PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    user_agent text
  )`,
  `CREATE INDEX session_account ON session (account_id)`,
  `CREATE TABLE api_key (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES account ON DELETE CASCADE,
    name text NOT NULL,
    -- The beginning of the key, by which people recognise it.
    prefix text NOT NULL,
    hash text NOT NULL UNIQUE,
    role text NOT NULL CHECK (role IN ('admin', 'operator', 'viewer')),
    namespace_id uuid REFERENCES namespace ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
  )`,
  `CREATE INDEX api_key_account ON api_key (account_id)`,
  // Failed sign-ins by account name and by address, for the limit that several servers share.
  `CREATE TABLE sign_in_failure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    at timestamptz NOT NULL
  )`,
  `CREATE INDEX sign_in_failure_subject ON sign_in_failure (subject, at)`,
  // A sign-in by OpenID Connect that is under way at the provider.
  `CREATE TABLE oidc_attempt (
    state_hash text PRIMARY KEY,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL
  )`,
  `CREATE TABLE audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    account_id uuid,
    -- As it was called then; accounts can be removed.
    actor text NOT NULL,
    api_key_id uuid,
    action text NOT NULL,
    namespace_id uuid,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    detail jsonb NOT NULL,
    request_id text,
    remote_address text
  )`,
  `CREATE INDEX audit_entry_namespace ON audit_entry (namespace_id, id)`,
  `CREATE TABLE setting (name text PRIMARY KEY, value jsonb NOT NULL)`,
  // Answers to requests that carried an idempotency key, given again when the request is repeated.
  `CREATE TABLE idempotent_answer (
    account_id uuid NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    status integer,
    body jsonb,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
  )`,
];
