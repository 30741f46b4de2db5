/** Findings over time: what the images of a namespace had at the end of each day. Findings themselves only know what is. */
export const statements: readonly string[] = [
  `CREATE TABLE finding_day (
    namespace_id uuid NOT NULL REFERENCES namespace ON DELETE CASCADE,
    -- In UTC: 2026-11-21.
    day text NOT NULL CHECK (day ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}$'),
    images integer NOT NULL,
    scanned_images integer NOT NULL,
    vulnerable_images integer NOT NULL,
    critical integer NOT NULL,
    high integer NOT NULL,
    medium integer NOT NULL,
    low integer NOT NULL,
    negligible integer NOT NULL,
    unknown integer NOT NULL,
    fixable integer NOT NULL,
    known_exploited integer NOT NULL,
    undetermined integer NOT NULL,
    PRIMARY KEY (namespace_id, day)
  )`,
];
