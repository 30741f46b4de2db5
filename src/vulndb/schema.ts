/**
 * The layout of a vulnerability database: one SQLite file that never changes once it is in its place. Why it looks so: docs/adr/0011.
 *
 * Columns that people ask for are plain text, so any SQLite tool can read them; texts and long lists of ranges are zstd.
 */

/** `PRAGMA application_id`: how a file says that it is a database of ours ("plim"). */
export const APPLICATION_ID = 0x706c_696d;
/** `PRAGMA user_version`: raised with every change that an older or newer Plimsoll would misread. */
export const SCHEMA_VERSION = 2;
/** Measured: with 8192 the blocks of texts waste a tenth of the file at the ends of their pages. */
export const PAGE_BYTES = 4096;

/**
 * Numbers of advisories and blocks: the part's id times this, and the place in it. So a part is a span of numbers, and what is stored in it
 * says only the place. 16 million advisories are ten times what all of OSV has.
 */
export const PART_SPAN = 2 ** 24;

/** How an identifier belongs to an advisory; the numbers are in the file. */
export const RELATIONS = { id: 0, alias: 1, upstream: 2 } as const;

export const TABLES = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- A unit of replacement: all that one source says of one ecosystem, release or file.
  CREATE TABLE part (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    as_of TEXT NOT NULL,
    imported_at TEXT NOT NULL,
    advisories INTEGER NOT NULL,
    read INTEGER NOT NULL,
    kept INTEGER NOT NULL,
    skipped TEXT NOT NULL,
    lost TEXT NOT NULL,
    -- What the fetcher wants to know next time: validators and dates, as JSON.
    state TEXT,
    next_place INTEGER NOT NULL,
    next_block INTEGER NOT NULL,
    UNIQUE (source, name)
  );

  -- What is counted, and found, is what its source says; of all sources where that is null.
  CREATE TABLE ecosystem (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    source TEXT,
    packages INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0
  );

  CREATE TABLE advisory (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    kind INTEGER NOT NULL,
    modified TEXT,
    withdrawn TEXT,
    aliases TEXT,
    upstream TEXT,
    ratings TEXT,
    block INTEGER NOT NULL,
    line INTEGER NOT NULL
  );

  -- Titles, details, references and package names of some dozen advisories each: a line of JSON per advisory, all of it zstd.
  CREATE TABLE body (block INTEGER PRIMARY KEY, bytes BLOB NOT NULL);

  -- What a part says of one package: JSON entries joined by commas, zstd where that is shorter.
  CREATE TABLE package (
    number INTEGER PRIMARY KEY,
    ecosystem INTEGER NOT NULL,
    name TEXT NOT NULL,
    part INTEGER NOT NULL,
    records INTEGER NOT NULL,
    affected NOT NULL,
    UNIQUE (ecosystem, name, part)
  );

  -- Under which names an advisory is found: its own id (0), its aliases (1), what it derives from (2).
  CREATE TABLE identifier (
    name TEXT NOT NULL COLLATE NOCASE,
    advisory INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    PRIMARY KEY (name, advisory)
  ) WITHOUT ROWID;

  CREATE TABLE epss (cve TEXT PRIMARY KEY, score REAL NOT NULL, percentile REAL NOT NULL) WITHOUT ROWID;

  CREATE TABLE known_exploited (
    cve TEXT PRIMARY KEY,
    added TEXT NOT NULL,
    due TEXT,
    is_ransomware INTEGER NOT NULL,
    action TEXT
  ) WITHOUT ROWID;

  -- Red Hat's maps, from what an image knows of itself to ecosystems; lists as JSON.
  CREATE TABLE redhat_repository (name TEXT PRIMARY KEY, ecosystems TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE redhat_image (name TEXT PRIMARY KEY, repositories TEXT NOT NULL) WITHOUT ROWID;
`;
