/**
 * Takes advisories out of a part that is there, for feeds that say what has changed since yesterday.
 */
import type { DatabaseSync } from 'node:sqlite';
import { entriesText, storeEntries, withoutPlaces } from './affected-entry.ts';
import { decodeBody, inflateText } from './body-code.ts';
import type { EcosystemIds } from './part-writer.ts';
import { PART_SPAN } from './schema.ts';

/** See `remove`. */
export class PartEditor {
  readonly #part: number;
  readonly #database: DatabaseSync;
  readonly #ecosystems: EcosystemIds;

  constructor(database: DatabaseSync, part: number, ecosystems: EcosystemIds) {
    this.#database = database;
    this.#part = part;
    this.#ecosystems = ecosystems;
  }

  /**
   * Removes the advisories of these ids, where there are any. Their texts stay in their blocks, unreachable, until the part is next replaced
   * as a whole: taking them out would mean compressing all their neighbours again.
   */
  remove(ids: readonly string[]): void {
    /** Places to take out, by ecosystem and package. */
    const places = new Map<number, Map<string, Set<number>>>();
    for (const id of new Set(ids)) {
      for (const number of this.#numbersOf(id)) this.#removeOne(number, places);
    }
    for (const [ecosystem, names] of places) {
      for (const [name, gone] of names) this.#removeEntries(ecosystem, name, gone);
    }
  }

  #numbersOf(id: string): readonly number[] {
    return this.#database
      .prepare('SELECT advisory FROM identifier WHERE name = ? AND relation = 0 AND advisory >= ? AND advisory < ?')
      .all(id, this.#part * PART_SPAN, (this.#part + 1) * PART_SPAN)
      .map(row => Number(row['advisory']));
  }

  #removeOne(number: number, places: Map<number, Map<string, Set<number>>>): void {
    const row = this.#database
      .prepare('SELECT id, aliases, upstream, block, line FROM advisory WHERE number = ?')
      .get(number);
    if (row === undefined) return;
    for (const [ecosystem, names] of this.#packagesOf(Number(row['block']), Number(row['line']))) {
      const id = this.#ecosystems.get(ecosystem);
      const known = places.get(id) ?? new Map<string, Set<number>>();
      places.set(id, known);
      for (const name of names) {
        const gone = known.get(name) ?? new Set();
        known.set(name, gone.add(number % PART_SPAN));
      }
    }
    const list = (value: unknown): string[] => (typeof value === 'string' ? JSON.parse(value) : []);
    const remove = this.#database.prepare('DELETE FROM identifier WHERE name = ? AND advisory = ?');
    for (const name of [String(row['id']), ...list(row['aliases']), ...list(row['upstream'])]) remove.run(name, number);
    this.#database.prepare('DELETE FROM advisory WHERE number = ?').run(number);
  }

  #packagesOf(block: number, line: number) {
    const row = this.#database.prepare('SELECT bytes FROM body WHERE block = ?').get(block);
    const lines = row === undefined ? [] : inflateText(row['bytes'] as Uint8Array).split('\n');
    return decodeBody(lines[line] ?? '').packages;
  }

  #removeEntries(ecosystem: number, name: string, gone: ReadonlySet<number>): void {
    const row = this.#database
      .prepare('SELECT number, affected FROM package WHERE ecosystem = ? AND name = ? AND part = ?')
      .get(ecosystem, name, this.#part);
    if (row === undefined) return;
    const left = withoutPlaces(entriesText(row['affected']), gone);
    const number = Number(row['number']);
    if (left.records === 0) this.#database.prepare('DELETE FROM package WHERE number = ?').run(number);
    else {
      this.#database
        .prepare('UPDATE package SET affected = ?, records = ? WHERE number = ?')
        .run(storeEntries(left.text), left.records, number);
    }
  }
}
