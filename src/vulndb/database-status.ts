/** What a database is made of: its parts with their numbers, and the ecosystems that they speak about. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReadCounts } from '#advisory/advisory.ts';

/** Advisories of one source for one ecosystem, release or file: what an import replaces as a whole. */
export interface Part {
  /** As in `SOURCES`. */
  readonly source: string;
  /** What of the source: `npm`, `Alpine:v3.19/main`; empty when the source is one. */
  readonly name: string;
  /** Where it came from: a URL without secrets, or the name of a file. */
  readonly origin: string;
  /** ISO 8601: the state of the source that it shows. */
  readonly asOf: string;
  readonly importedAt: string;
  readonly advisories: number;
  readonly counts: ReadCounts;
}

/** An ecosystem that the database knows packages of. */
export interface CoveredEcosystem {
  /** As OSV spells it, with its release: `Debian:12`. */
  readonly name: string;
  /** The source that is asked about it; missing when all that speak of it are. */
  readonly source?: string;
  readonly packages: number;
  /** Statements about packages; an advisory makes one for each package that it names. */
  readonly records: number;
}

/** What the database is made of. */
export interface DatabaseStatus {
  readonly path: string;
  readonly sizeBytes: number;
  readonly schemaVersion: number;
  /** ISO 8601. */
  readonly builtAt: string;
  /** Version of the Plimsoll that built it. */
  readonly builtBy: string;
  readonly advisories: number;
  /** By source and name. */
  readonly parts: readonly Part[];
}

type Row = Record<string, unknown>;

export function readStatus(
  database: DatabaseSync,
  file: { readonly path: string; readonly sizeBytes: number },
): DatabaseStatus {
  const meta = new Map(
    database
      .prepare('SELECT key, value FROM meta')
      .all()
      .map(row => [String(row['key']), String(row['value'])]),
  );
  const parts = database.prepare('SELECT * FROM part ORDER BY source, name').all().map(toPart);
  return {
    ...file,
    schemaVersion: Number(meta.get('schema')),
    builtAt: meta.get('built_at') ?? '',
    builtBy: meta.get('built_by') ?? '',
    advisories: parts.reduce((sum, part) => sum + part.advisories, 0),
    parts,
  };
}

/** Those with packages, by name. */
export function readEcosystems(database: DatabaseSync): readonly CoveredEcosystem[] {
  return database
    .prepare('SELECT name, source, packages, records FROM ecosystem WHERE packages > 0 ORDER BY name')
    .all()
    .map(row => ({
      name: String(row['name']),
      ...(row['source'] === null ? {} : { source: String(row['source']) }),
      packages: Number(row['packages']),
      records: Number(row['records']),
    }));
}

function toPart(row: Row): Part {
  return {
    source: String(row['source']),
    name: String(row['name']),
    origin: String(row['origin']),
    asOf: String(row['as_of']),
    importedAt: String(row['imported_at']),
    advisories: Number(row['advisories']),
    counts: {
      read: Number(row['read']),
      kept: Number(row['kept']),
      skipped: JSON.parse(String(row['skipped'])),
      lost: JSON.parse(String(row['lost'])),
    },
  };
}
