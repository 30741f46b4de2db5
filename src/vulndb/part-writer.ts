/**
 * Writes the advisories of one part: a row each, their texts in blocks, and at the end a row for each package.
 */
import type { DatabaseSync } from 'node:sqlite';
import type { Advisory } from '#advisory/advisory.ts';
import { encodeEntry, entriesText, KINDS, storeEntries } from './affected-entry.ts';
import { BLOCK_CHARACTERS, compressText, encodeBody } from './body-code.ts';
import { PackageRuns, type PackageText } from './package-runs.ts';
import { encodeRatings } from './rating-code.ts';
import { PART_SPAN, RELATIONS } from './schema.ts';

const MAX_PENDING_IDENTIFIERS = 20_000;
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
  readonly #packages: PackageRuns;
  #place: number;
  #block: number;
  #lines: string[] = [];
  #lineCharacters = 0;
  #identifiers: [name: string, number: number, relation: number][] = [];
  readonly #isNew: boolean;

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
      'INSERT INTO package (ecosystem, name, part, records, affected) VALUES (?, ?, ?, ?, ?)',
    );
    this.#packages = new PackageRuns(database, part);
    this.#isNew = position.nextPlace === 0;
  }

  add(advisory: Advisory): void {
    const place = this.#place++;
    const number = this.part * PART_SPAN + place;
    const line = encodeBody(advisory);
    this.#addRow(number, advisory);
    this.#addIdentifiers(number, advisory);
    for (const affected of advisory.affected) {
      this.#packages.add(affected.ecosystem, affected.name, encodeEntry(place, advisory, affected));
    }
    this.#lines.push(line);
    this.#lineCharacters += line.length;
    if (this.#lineCharacters >= BLOCK_CHARACTERS) this.#writeBlock();
  }

  /** Forgets what is pending; what was written is the caller's to delete. */
  drop(): void {
    this.#packages.drop();
  }

  /** Writes what is pending. @returns where the next advisory would go. */
  end(): PartPosition {
    this.#writeBlock();
    this.#writeIdentifiers();
    for (const one of this.#packages.drain()) this.#writePackage(one);
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

  #writeBlock(): void {
    if (this.#lines.length === 0) return;
    this.#insertBody.run(this.part * PART_SPAN + this.#block, compressText(this.#lines.join('\n')));
    this.#block += 1;
    this.#lines = [];
    this.#lineCharacters = 0;
  }

  #writePackage({ ecosystem, name, records, text }: PackageText): void {
    const id = this.#ecosystems.get(ecosystem);
    const known = this.#isNew ? undefined : this.#readPackage(id, name);
    if (known === undefined) {
      this.#insertPackage.run(id, name, this.part, records, storeEntries(text));
      return;
    }
    this.#database
      .prepare('UPDATE package SET records = ?, affected = ? WHERE number = ?')
      .run(known.records + records, storeEntries(`${known.text},${text}`), known.number);
  }

  #readPackage(ecosystem: number, name: string) {
    const row = this.#database
      .prepare('SELECT number, records, affected FROM package WHERE ecosystem = ? AND name = ? AND part = ?')
      .get(ecosystem, name, this.part);
    return (
      row && { number: Number(row['number']), records: Number(row['records']), text: entriesText(row['affected']) }
    );
  }
}

function toJson(list: readonly string[]): string | null {
  return list.length === 0 ? null : JSON.stringify(list);
}
