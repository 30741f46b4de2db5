/**
 * Writes the advisories of one part: a row each, their texts in blocks, their packages collected and written in runs.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Advisory } from '#advisory/advisory.ts';
import { encodeEntry, KINDS } from './affected-entry.ts';
import { BLOCK_CHARACTERS, compressText, encodeBody, inflateText } from './body-code.ts';
import { encodeRatings } from './rating-code.ts';
import { PART_SPAN, RELATIONS } from './schema.ts';

/**
 * Entries kept in memory before they are written, by characters and what JavaScript adds to each. Packages that come again in a later run are
 * appended to, which costs more than writing them once.
 */
const MAX_PENDING_CHARACTERS = 8 * 1024 * 1024;
const ENTRY_OVERHEAD = 150;
const MAX_PENDING_IDENTIFIERS = 20_000;
/** Entries of a package are compressed from this many characters on; below, zstd gains little and matching pays for it. */
const COMPRESS_FROM = 1024;

/** Ids of ecosystems by name, given as they turn up; one for all parts of a build. */
export class EcosystemIds {
  readonly #database: DatabaseSync;
  readonly #ids = new Map<string, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    for (const row of database.prepare('SELECT id, name FROM ecosystem').iterate()) {
      this.#ids.set(String(row['name']), Number(row['id']));
    }
  }

  get(name: string): number {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const { lastInsertRowid } = this.#database.prepare('INSERT INTO ecosystem (name) VALUES (?)').run(name);
    this.#ids.set(name, Number(lastInsertRowid));
    return Number(lastInsertRowid);
  }
}

/** Where the next advisory and the next block of a part go. */
export interface PartPosition {
  readonly nextPlace: number;
  readonly nextBlock: number;
}

/** See the head of the file. Add advisories in one order for the same input, and end it once. */
export class PartWriter {
  readonly part: number;
  readonly #database: DatabaseSync;
  readonly #ecosystems: EcosystemIds;
  readonly #insertAdvisory;
  readonly #insertIdentifier;
  readonly #insertBody;
  readonly #insertPackage;
  readonly #inflatePackage: PackageInflater;
  #place: number;
  #block: number;
  #lines: string[] = [];
  #lineCharacters = 0;
  #identifiers: [name: string, number: number, relation: number][] = [];
  /** Entries by ecosystem and name. */
  #pending = new Map<string, Map<string, string[]>>();
  #pendingCharacters = 0;

  constructor(database: DatabaseSync, part: number, position: PartPosition, ecosystems: EcosystemIds) {
    this.part = part;
    this.#database = database;
    this.#ecosystems = ecosystems;
    this.#place = position.nextPlace;
    this.#block = position.nextBlock;
    this.#insertAdvisory = database.prepare('INSERT INTO advisory VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    this.#insertIdentifier = database.prepare('INSERT OR IGNORE INTO identifier VALUES (?, ?, ?)');
    this.#insertBody = database.prepare('INSERT INTO body VALUES (?, ?)');
    this.#insertPackage = database.prepare(
      `INSERT INTO package (ecosystem, name, part, records, affected) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (ecosystem, name, part) DO UPDATE
       SET records = records + excluded.records, affected = affected || ',' || excluded.affected
       WHERE typeof(affected) = 'text'`,
    );
    this.#inflatePackage = new PackageInflater(database);
  }

  add(advisory: Advisory): void {
    const place = this.#place++;
    const number = this.part * PART_SPAN + place;
    const line = encodeBody(advisory);
    this.#addRow(number, advisory);
    this.#addIdentifiers(number, advisory);
    for (const affected of advisory.affected) {
      this.#addEntry(affected.ecosystem, affected.name, encodeEntry(place, advisory, affected));
    }
    this.#lines.push(line);
    this.#lineCharacters += line.length;
    if (this.#lineCharacters >= BLOCK_CHARACTERS) this.#writeBlock();
    if (this.#pendingCharacters >= MAX_PENDING_CHARACTERS) this.#writePackages();
  }

  /** Writes what is pending. @returns where the next advisory would go. */
  end(): PartPosition {
    this.#writeBlock();
    this.#writePackages();
    this.#writeIdentifiers();
    this.#compressPackages();
    return { nextPlace: this.#place, nextBlock: this.#block };
  }

  #addRow(number: number, advisory: Advisory): void {
    const { id, kind, modified, withdrawn, aliases, upstream, ratings } = advisory;
    this.#insertAdvisory.run(
      number,
      id,
      KINDS.indexOf(kind),
      modified ?? null,
      withdrawn ?? null,
      toJson(aliases),
      toJson(upstream),
      ratings.length === 0 ? null : JSON.stringify(encodeRatings(ratings)),
      this.part * PART_SPAN + this.#block,
      this.#lines.length,
    );
  }

  #addIdentifiers(number: number, { id, aliases, upstream }: Advisory): void {
    this.#identifiers.push([id, number, RELATIONS.id]);
    for (const alias of aliases) this.#identifiers.push([alias, number, RELATIONS.alias]);
    for (const from of upstream) this.#identifiers.push([from, number, RELATIONS.upstream]);
    if (this.#identifiers.length >= MAX_PENDING_IDENTIFIERS) this.#writeIdentifiers();
  }

  /** In their order, which takes half the time of any other. Of one that is an advisory's twice the closer relation stays. */
  #writeIdentifiers(): void {
    const sorted = this.#identifiers.sort(([a, first, near], [b, second, far]) =>
      a < b ? -1 : a > b ? 1 : first - second || near - far,
    );
    for (const [name, number, relation] of sorted) this.#insertIdentifier.run(name, number, relation);
    this.#identifiers = [];
  }

  #addEntry(ecosystem: string, name: string, entry: string): void {
    let names = this.#pending.get(ecosystem);
    if (names === undefined) {
      names = new Map();
      this.#pending.set(ecosystem, names);
    }
    const entries = names.get(name);
    if (entries === undefined) names.set(name, [entry]);
    else entries.push(entry);
    this.#pendingCharacters += entry.length + ENTRY_OVERHEAD;
  }

  #writeBlock(): void {
    if (this.#lines.length === 0) return;
    this.#insertBody.run(this.part * PART_SPAN + this.#block, compressText(this.#lines.join('\n')));
    this.#block += 1;
    this.#lines = [];
    this.#lineCharacters = 0;
  }

  /** In the order of names, so that rows of one package lie where its neighbours do. */
  #writePackages(): void {
    for (const [ecosystem, names] of [...this.#pending].sort(byKey)) {
      const id = this.#ecosystems.get(ecosystem);
      for (const [name, entries] of [...names].sort(byKey)) {
        const row = [id, name, this.part, entries.length, entries.join(',')] as const;
        if (this.#insertPackage.run(...row).changes > 0) continue;
        // An earlier change compressed it.
        this.#inflatePackage.run(id, name, this.part);
        this.#insertPackage.run(...row);
      }
    }
    this.#pending = new Map();
    this.#pendingCharacters = 0;
  }

  #compressPackages(): void {
    const long = this.#database
      .prepare("SELECT number FROM package WHERE part = ? AND typeof(affected) = 'text' AND length(affected) >= ?")
      .all(this.part, COMPRESS_FROM);
    const read = this.#database.prepare('SELECT affected FROM package WHERE number = ?');
    const update = this.#database.prepare('UPDATE package SET affected = ? WHERE number = ?');
    for (const { number } of long) {
      const text = String(read.get(Number(number))?.['affected']);
      const compressed = compressText(text);
      if (compressed.length < text.length * 0.75) update.run(compressed, Number(number));
    }
  }
}

/** Turns a compressed row of entries back into text, to be changed. */
class PackageInflater {
  readonly #read;
  readonly #update;

  constructor(database: DatabaseSync) {
    this.#read = database.prepare('SELECT number, affected FROM package WHERE ecosystem = ? AND name = ? AND part = ?');
    this.#update = database.prepare('UPDATE package SET affected = ? WHERE number = ?');
  }

  run(ecosystem: number, name: string, part: number): void {
    const row = this.#read.get(ecosystem, name, part);
    if (row === undefined || typeof row['affected'] === 'string') return;
    this.#update.run(inflateText(row['affected'] as Uint8Array), Number(row['number']));
  }
}

function toJson(list: readonly string[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
