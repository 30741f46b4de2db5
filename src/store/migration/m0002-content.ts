/**
 * Images and what is in them. Everything is addressed by content and shared between registries.
 *
 * Findings belong to packages, not to images: a distinct package is judged once, whatever number of images has it. The packages that one
 * layer introduces are a set; images that share the layer share the set, and the counts of an image are the sums of those of its sets,
 * for a package is in one set of an image only.
 */

const COUNTS = `
    critical integer NOT NULL DEFAULT 0,
    high integer NOT NULL DEFAULT 0,
    medium integer NOT NULL DEFAULT 0,
    low integer NOT NULL DEFAULT 0,
    negligible integer NOT NULL DEFAULT 0,
    unknown integer NOT NULL DEFAULT 0,
    -- Of these, how many have a fixed version, and how many are known to be exploited.
    fixable integer NOT NULL DEFAULT 0,
    known_exploited integer NOT NULL DEFAULT 0,
    -- Packages of which nobody can say whether they are affected.
    undetermined integer NOT NULL DEFAULT 0`;

export const statements: readonly string[] = [
  `CREATE TABLE layer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE
  )`,
  // What was read of a layer, by the version of the cataloguers that read it; see scan/layer-cache.ts for the bytes.
  `CREATE TABLE layer_facts (
    layer_digest text NOT NULL,
    version text NOT NULL,
    facts bytea NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (layer_digest, version)
  )`,
  `CREATE TABLE manifest (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('image', 'index', 'artifact', 'unsupported')),
    media_type text NOT NULL,
    artifact_type text,
    -- The exact bytes, which the digest names.
    document bytea NOT NULL,
    config_digest text,
    -- Of an image: created, author, os, architecture, labels, history, rootfs; of anything else null.
    config jsonb,
    os text,
    architecture text,
    variant text,
    os_version text,
    built_at timestamptz,
    -- Stored bytes of all layers.
    layers_size_bytes bigint,
    -- Why it is not scanned, when it is no image.
    unsupported_reason text,
    first_seen_at timestamptz NOT NULL
  )`,
  `CREATE INDEX manifest_size ON manifest ((coalesce(layers_size_bytes, -1)) DESC, id DESC) WHERE kind IN ('image', 'unsupported')`,
  `CREATE TABLE manifest_layer (
    manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    position integer NOT NULL,
    layer_id bigint NOT NULL REFERENCES layer,
    -- As this manifest says; another may say otherwise of the same bytes.
    size_bytes bigint NOT NULL,
    media_type text NOT NULL,
    diff_id text,
    created_by text,
    -- What vouched for its facts in the last scan: inventory/inventory.ts.
    verified_by text NOT NULL DEFAULT 'layer' CHECK (verified_by IN ('layer', 'toc')),
    PRIMARY KEY (manifest_id, position)
  )`,
  `CREATE INDEX manifest_layer_layer ON manifest_layer (layer_id)`,
  `CREATE TABLE manifest_child (
    index_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    position integer NOT NULL,
    digest text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    -- attestation: a statement about another child; nothing to run.
    kind text NOT NULL CHECK (kind IN ('image', 'index', 'attestation', 'artifact')),
    os text,
    architecture text,
    variant text,
    os_version text,
    PRIMARY KEY (index_id, position)
  )`,
  `CREATE INDEX manifest_child_digest ON manifest_child (digest)`,

  // Facts about an image that the judgement of its packages depends on: distribution, platform; matching/surroundings.ts.
  `CREATE TABLE surroundings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    value jsonb NOT NULL
  )`,
  `CREATE TABLE package (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the facts in canonical form and of the key of the surroundings.
    key text NOT NULL UNIQUE,
    surroundings_id bigint NOT NULL REFERENCES surroundings,
    type text NOT NULL,
    -- To search by, so cut to what an index takes; the whole is in the facts.
    name text COLLATE "C" NOT NULL,
    version text COLLATE "C" NOT NULL,
    arch text,
    -- A package of the inventory without its layer and locations.
    facts jsonb NOT NULL,
    first_seen_at timestamptz NOT NULL
  )`,
  `CREATE INDEX package_name ON package (name, version, id)`,
  // Under what the vulnerability database is asked about a package, whether it covers that or not, so that a change finds the packages that
  // it touches.
  `CREATE TABLE package_question (
    package_id bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    ecosystem text NOT NULL,
    -- Empty: nothing is asked there, but whether the ecosystem is covered matters.
    name text NOT NULL,
    PRIMARY KEY (ecosystem, name, package_id)
  )`,
  `CREATE INDEX package_question_package ON package_question (package_id)`,
  `CREATE TABLE package_set (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- SHA-256 of the members in order.
    key text NOT NULL UNIQUE,
    package_count integer NOT NULL,${COUNTS}
  )`,
  `CREATE TABLE package_set_member (
    set_id bigint NOT NULL REFERENCES package_set ON DELETE CASCADE,
    package_id bigint NOT NULL REFERENCES package,
    -- Paths in the image, and layers that are not the set's: scan/content/package-facts.ts.
    locations jsonb NOT NULL,
    PRIMARY KEY (set_id, package_id)
  )`,
  `CREATE INDEX package_set_member_package ON package_set_member (package_id)`,
  `CREATE TABLE manifest_package_set (
    manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    -- Of the layer that introduced the packages; -1 for packages of no layer.
    position integer NOT NULL,
    set_id bigint NOT NULL REFERENCES package_set,
    PRIMARY KEY (manifest_id, position)
  )`,
  `CREATE INDEX manifest_package_set_set ON manifest_package_set (set_id)`,

  // The scan of an image manifest: its state now, and the last complete report, which stays until there is a newer one.
  `CREATE TABLE image_scan (
    manifest_id bigint PRIMARY KEY REFERENCES manifest ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('not-scanned', 'queued', 'scanned', 'failed', 'unsupported', 'layer-too-large')),
    attempts integer NOT NULL DEFAULT 0,
    error_code text,
    error_message text,
    failed_at timestamptz,
    -- Of the report; null until the first.
    scanned_at timestamptz,
    analyser_version text,
    surroundings_id bigint REFERENCES surroundings,
    distro jsonb,
    gaps jsonb,
    package_count integer,
    -- Highest severity among the findings: 0 none, 1 negligible … 5 critical; unknown counts as 1.
    worst smallint NOT NULL DEFAULT 0,${COUNTS},
    -- When the counts last changed.
    judged_at timestamptz
  )`,
  `CREATE INDEX image_scan_worst ON image_scan (worst DESC, critical DESC, high DESC, manifest_id DESC)`,
  `CREATE INDEX image_scan_scanned ON image_scan ((coalesce(scanned_at, '-infinity')) DESC, manifest_id DESC)`,

  // A weakness, by the chief name that findings have.
  `CREATE TABLE vulnerability (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    -- The first in the order of the alphabet of those that its findings have.
    title text COLLATE "C",
    -- Of its findings that are not set aside: the highest severity, -1 when there are none; whether one has a fix, or is known to be exploited.
    worst smallint NOT NULL DEFAULT -1,
    is_fixable boolean NOT NULL DEFAULT false,
    is_known_exploited boolean NOT NULL DEFAULT false
  )`,
  `CREATE INDEX vulnerability_worst ON vulnerability (worst DESC, id DESC) WHERE worst >= 0`,
  `CREATE INDEX vulnerability_folded ON vulnerability (lower(name))`,
  // All other names that its findings have.
  `CREATE TABLE vulnerability_alias (
    alias text COLLATE "C" NOT NULL,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability ON DELETE CASCADE,
    PRIMARY KEY (alias, vulnerability_id)
  )`,
  `CREATE INDEX vulnerability_alias_folded ON vulnerability_alias (lower(alias))`,
  `CREATE INDEX vulnerability_alias_vulnerability ON vulnerability_alias (vulnerability_id)`,
  // EPSS and CISA's catalogue, for each CVE id that findings have, as name or as alias: they change daily, so findings do not repeat them.
  `CREATE TABLE exploit_signal (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- In the order of names, or no join of the two would use its index.
    cve text COLLATE "C" NOT NULL UNIQUE,
    epss double precision,
    percentile double precision,
    -- CISA's entry; null when it is not known to be exploited.
    kev jsonb
  )`,
  // What a finding says besides, once for the many packages that share it: aliases, CVSS, references, evidence, …
  `CREATE TABLE finding_detail (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    detail jsonb NOT NULL
  )`,
  `CREATE TABLE package_finding (
    package_id bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    -- 5 critical, 4 high, 3 medium, 2 low, 1 negligible, 0 unknown.
    severity smallint NOT NULL,
    fix_kind text NOT NULL,
    fixed_version text,
    -- Set aside by a rule of ours: visible, not counted.
    is_waived boolean NOT NULL DEFAULT false,
    is_known_exploited boolean NOT NULL DEFAULT false,
    detail_id bigint NOT NULL REFERENCES finding_detail,
    first_seen_at timestamptz NOT NULL,
    PRIMARY KEY (package_id, vulnerability_id)
  )`,
  `CREATE INDEX package_finding_vulnerability ON package_finding (vulnerability_id)`,
  // Why nothing, or not everything, can be said of a package.
  `CREATE TABLE package_doubt (
    package_id bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    why text NOT NULL,
    -- The weaknesses concerned; empty when nothing at all can be said.
    ids jsonb NOT NULL
  )`,
  `CREATE INDEX package_doubt_package ON package_doubt (package_id)`,

  // Versions of the vulnerability database. One is current: all packages are judged by it.
  `CREATE TABLE database_version (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sha256 text NOT NULL UNIQUE,
    size_bytes bigint NOT NULL,
    built_at timestamptz NOT NULL,
    -- As plimsoll db status tells it.
    status jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('loading', 'judging', 'current', 'past', 'failed')),
    created_at timestamptz NOT NULL
  )`,
  `CREATE UNIQUE INDEX database_version_current ON database_version (state) WHERE state = 'current'`,
  // Its bytes, compressed, for servers that do not have the file; only of the newest, and only where several servers share a store.
  `CREATE TABLE database_chunk (
    version_id bigint NOT NULL REFERENCES database_version ON DELETE CASCADE,
    position integer NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (version_id, position)
  )`,
  `CREATE TABLE rematch (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    from_version bigint REFERENCES database_version,
    to_version bigint NOT NULL REFERENCES database_version,
    started_at timestamptz NOT NULL,
    completed_at timestamptz,
    packages_total integer NOT NULL DEFAULT 0,
    packages_judged integer NOT NULL DEFAULT 0,
    images_changed integer NOT NULL DEFAULT 0,
    findings_new integer NOT NULL DEFAULT 0,
    findings_fixed integer NOT NULL DEFAULT 0,
    findings_changed integer NOT NULL DEFAULT 0
  )`,
  // What a re-match has found so far. Nobody reads it before one transaction makes it what packages have.
  `CREATE TABLE rematch_package (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    package_id bigint NOT NULL,
    PRIMARY KEY (rematch_id, package_id)
  )`,
  `CREATE TABLE rematch_finding (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    package_id bigint NOT NULL,
    vulnerability_id bigint NOT NULL,
    severity smallint NOT NULL,
    fix_kind text NOT NULL,
    fixed_version text,
    is_waived boolean NOT NULL,
    is_known_exploited boolean NOT NULL,
    detail_id bigint NOT NULL,
    PRIMARY KEY (rematch_id, package_id, vulnerability_id)
  )`,
  `CREATE TABLE rematch_doubt (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    package_id bigint NOT NULL,
    why text NOT NULL,
    ids jsonb NOT NULL
  )`,
  `CREATE INDEX rematch_doubt_rematch ON rematch_doubt (rematch_id)`,
  `CREATE TABLE rematch_signal (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    cve text NOT NULL,
    epss double precision,
    percentile double precision,
    kev jsonb,
    PRIMARY KEY (rematch_id, cve)
  )`,
  `CREATE TABLE finding_change (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    package_id bigint NOT NULL REFERENCES package ON DELETE CASCADE,
    vulnerability_id bigint NOT NULL REFERENCES vulnerability,
    kind text NOT NULL CHECK (kind IN ('new', 'fixed', 'changed')),
    severity_before smallint,
    severity_after smallint,
    fixed_version_before text,
    fixed_version_after text,
    PRIMARY KEY (rematch_id, package_id, vulnerability_id)
  )`,
  `CREATE TABLE image_change (
    rematch_id bigint NOT NULL REFERENCES rematch ON DELETE CASCADE,
    manifest_id bigint NOT NULL REFERENCES manifest ON DELETE CASCADE,
    findings_new integer NOT NULL,
    findings_fixed integer NOT NULL,
    findings_changed integer NOT NULL,
    -- Highest severity among the new findings, as in package_finding; null when there are none.
    worst_new smallint,
    PRIMARY KEY (rematch_id, manifest_id)
  )`,
  `CREATE INDEX image_change_manifest ON image_change (manifest_id)`,
];
