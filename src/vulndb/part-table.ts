/** The table of parts in a work file: what is there, what it is made of, and its rows in the other tables. */
import type { DatabaseSync } from 'node:sqlite';
import type { ReadCounts } from '#advisory/advisory.ts';
import type { Part } from './database-status.ts';
import type { PartPosition } from './part-writer.ts';
import { PART_SPAN } from './schema.ts';

/** Which part of which source. */
export type PartKey = Pick<Part, 'source' | 'name'>;

/** A part that a build has found or made. */
export interface KnownPart extends PartKey, Pick<Part, 'origin' | 'advisories' | 'asOf'> {
  readonly state: string | undefined;
}

/** What is to be remembered of a part besides its advisories. */
export interface PartFacts extends Pick<Part, 'origin' | 'asOf'> {
  readonly counts: ReadCounts;
  /** What the fetcher wants to find here next time, of its own making. */
  readonly state?: string | undefined;
}

/** A part with what its next change needs to know. */
export interface FoundPart extends PartPosition {
  readonly id: number;
  readonly advisories: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly lost: Readonly<Record<string, number>>;
}

/** See the head of the file. */
export class PartTable {
  readonly #database: DatabaseSync;
  readonly #importedAt: string;

  constructor(database: DatabaseSync, now: Date) {
    this.#database = database;
    this.#importedAt = now.toISOString();
  }

  /** All parts, by source and name. */
  list(): readonly KnownPart[] {
    return this.#database
      .prepare('SELECT source, name, origin, advisories, as_of, state FROM part ORDER BY source, name')
      .all()
      .map(row => ({
        source: String(row['source']),
        name: String(row['name']),
        origin: String(row['origin']),
        advisories: Number(row['advisories']),
        asOf: String(row['as_of']),
        state: typeof row['state'] === 'string' ? row['state'] : undefined,
      }));
  }

  ids(): readonly number[] {
    return this.#database
      .prepare('SELECT id FROM part')
      .all()
      .map(row => Number(row['id']));
  }

  find(key: PartKey): FoundPart | undefined {
    const row = this.#database.prepare('SELECT * FROM part WHERE source = ? AND name = ?').get(key.source, key.name);
    return (
      row && {
        id: Number(row['id']),
        advisories: Number(row['advisories']),
        nextPlace: Number(row['next_place']),
        nextBlock: Number(row['next_block']),
        skipped: JSON.parse(String(row['skipped'])),
        lost: JSON.parse(String(row['lost'])),
      }
    );
  }

  insert(id: number, key: PartKey, advisories: number, facts: PartFacts, { nextPlace, nextBlock }: PartPosition): void {
    const { origin, asOf, counts, state } = facts;
    this.#database
      .prepare('INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
      .run(
        id,
        key.source,
        key.name,
        origin,
        asOf,
        this.#importedAt,
        advisories,
        counts.read,
        counts.kept,
        JSON.stringify(counts.skipped),
        JSON.stringify(counts.lost),
        state ?? null,
        nextPlace,
        nextBlock,
      );
  }

  /** Advisories of the part were exchanged: its numbers are counted anew or added to. */
  update(old: FoundPart, facts: PartFacts, { nextPlace, nextBlock }: PartPosition): void {
    const { origin, asOf, counts, state } = facts;
    const counted = this.#database
      .prepare('SELECT count(*) AS count FROM advisory WHERE number >= ? AND number < ?')
      .get(...spanOf(old.id));
    this.#database
      .prepare(
        `UPDATE part SET origin = ?, as_of = max(as_of, ?), imported_at = ?, advisories = ?, read = read + ?, kept = kept + ?,
         skipped = ?, lost = ?, state = coalesce(?, state), next_place = ?, next_block = ? WHERE id = ?`,
      )
      .run(
        origin,
        asOf,
        this.#importedAt,
        Number(counted?.['count']),
        counts.read,
        counts.kept,
        JSON.stringify(addCounts(old.skipped, counts.skipped)),
        JSON.stringify(addCounts(old.lost, counts.lost)),
        state ?? null,
        nextPlace,
        nextBlock,
        old.id,
      );
  }

  confirm(key: PartKey, asOf: string, state: string | undefined): void {
    this.#database
      .prepare('UPDATE part SET as_of = max(as_of, ?), state = coalesce(?, state) WHERE source = ? AND name = ?')
      .run(asOf, state ?? null, key.source, key.name);
  }

  /** The part and everything that belongs to it. */
  delete(id: number): void {
    const database = this.#database;
    database.prepare('DELETE FROM part WHERE id = ?').run(id);
    database.prepare('DELETE FROM package WHERE part = ?').run(id);
    database.prepare('DELETE FROM advisory WHERE number >= ? AND number < ?').run(...spanOf(id));
    database.prepare('DELETE FROM body WHERE block >= ? AND block < ?').run(...spanOf(id));
    database.prepare('DELETE FROM identifier WHERE advisory >= ? AND advisory < ?').run(...spanOf(id));
  }

  /** In which parts of a source an advisory is, and in which form. */
  findAdvisory(source: string, id: string): readonly { readonly name: string; readonly modified: string }[] {
    return this.#database
      .prepare(
        `SELECT part.name AS name, advisory.modified AS modified
         FROM identifier JOIN advisory ON advisory.number = identifier.advisory
         JOIN part ON part.id = identifier.advisory / ${PART_SPAN}
         WHERE identifier.name = ? AND identifier.relation = 0 AND part.source = ? ORDER BY part.name`,
      )
      .all(id, source)
      .map(row => ({ name: String(row['name']), modified: row['modified'] === null ? '' : String(row['modified']) }));
  }
}

function spanOf(id: number): readonly [from: number, to: number] {
  return [id * PART_SPAN, (id + 1) * PART_SPAN];
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum = new Map(Object.entries(a));
  for (const [reason, count] of Object.entries(b)) sum.set(reason, (sum.get(reason) ?? 0) + count);
  return Object.fromEntries([...sum].sort(([one], [other]) => (one < other ? -1 : 1)));
}
