/** One of two databases that are compared: its parts, and its rows in the order in which they lie in the file. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type Body, decodeBody, inflateText } from './body-code.ts';
import { checkDatabaseFile, invalidDatabase, openImmutable } from './database-file.ts';
import { RecordCache } from './record-cache.ts';
import { PART_SPAN } from './schema.ts';

/** A part, and how many places it has given to advisories so far. */
export interface ComparedPart {
  readonly id: number;
  readonly source: string;
  readonly name: string;
  readonly places: number;
}

/** What an advisory's own row says, as it is stored. */
export type HeadRow = readonly [
  number: number,
  id: string,
  kind: number,
  withdrawn: string | null,
  aliases: string | null,
  upstream: string | null,
  ratings: string | null,
  block: number,
  line: number,
];

/** What a part says of a package, as it is stored. */
export type EntryRow = readonly [name: string, part: number, affected: string | Uint8Array];

/** Read once from end to end, so a large cache would be of no use. */
const PAGE_CACHE_KIB = 4096;
const CACHED_BLOCKS = 16;
const HEAD = 'number, id, kind, withdrawn, aliases, upstream, ratings, block, line';

/** See the head of the file. Errors are SQLite's; `readFailure` makes sentences of them. */
export class ComparedDatabase implements Disposable {
  readonly path: string;
  readonly parts: ReadonlyMap<number, ComparedPart>;
  /** Those that it knows packages of, with the source that alone decides about them, if one does. */
  readonly ecosystems: ReadonlyMap<string, { readonly id: number; readonly source: string | undefined }>;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #blocks = new RecordCache<number, readonly string[]>(CACHED_BLOCKS);

  constructor(path: string) {
    checkDatabaseFile(path);
    this.path = path;
    this.#database = openImmutable(path, PAGE_CACHE_KIB);
    try {
      this.#statements = prepareStatements(this.#database);
      this.parts = readParts(this.#database);
      this.ecosystems = readCovered(this.#database);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** The advisories of a part, by number. */
  heads(part: number): Iterator<HeadRow> {
    return this.#statements.heads.iterate(part * PART_SPAN, (part + 1) * PART_SPAN) as unknown as Iterator<HeadRow>;
  }

  head(number: number): HeadRow | undefined {
    return this.#statements.head.get(number) as unknown as HeadRow | undefined;
  }

  /** When the advisory was changed last, as it says. */
  modifiedOf(number: number): string {
    const row = this.#statements.modified.get(number) as unknown as readonly [string | null] | undefined;
    return row?.[0] ?? '';
  }

  /** Compressed texts of a part, by number of their block. */
  blocks(part: number): Iterator<readonly [block: number, bytes: Uint8Array]> {
    const rows = this.#statements.blocks.iterate(part * PART_SPAN, (part + 1) * PART_SPAN);
    return rows as unknown as Iterator<readonly [number, Uint8Array]>;
  }

  /** The stored text of an advisory. */
  lineOf([, , , , , , , block, line]: HeadRow): string {
    let lines = this.#blocks.get(block);
    if (lines === undefined) {
      const row = this.#statements.block.get(block) as unknown as readonly [Uint8Array] | undefined;
      if (row === undefined) throw invalidDatabase(this.path, `it is damaged: block ${block} is missing`);
      lines = inflateText(row[0]).split('\n');
      this.#blocks.set(block, lines);
    }
    return lines[line] ?? '';
  }

  bodyOf(row: HeadRow): Body {
    return decodeBody(this.lineOf(row));
  }

  /** Numbers of advisories that have this name or derive from what has it. */
  named(name: string): readonly number[] {
    const rows = this.#statements.identifiers.all(name) as unknown as readonly (readonly [number])[];
    return rows.map(([number]) => number);
  }

  /** What all parts say of the packages of an ecosystem, by name in the order of bytes, then by part. */
  entries(ecosystem: number): Iterator<EntryRow> {
    return this.#statements.entries.iterate(ecosystem) as unknown as Iterator<EntryRow>;
  }

  /** One of Red Hat's maps, its lists as they are stored: of repositories to ecosystems, or of images to repositories. */
  redHatMap(of: 'repository' | 'image'): ReadonlyMap<string, string> {
    const rows = this.#statements[of].all() as unknown as readonly (readonly [string, string])[];
    return new Map(rows);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

function prepareStatements(database: DatabaseSync) {
  const lists = (sql: string): StatementSync => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  };
  return {
    heads: lists(`SELECT ${HEAD} FROM advisory WHERE number >= ? AND number < ? ORDER BY number`),
    head: lists(`SELECT ${HEAD} FROM advisory WHERE number = ?`),
    modified: lists('SELECT modified FROM advisory WHERE number = ?'),
    blocks: lists('SELECT block, bytes FROM body WHERE block >= ? AND block < ? ORDER BY block'),
    block: lists('SELECT bytes FROM body WHERE block = ?'),
    identifiers: lists('SELECT advisory FROM identifier WHERE name = ?'),
    entries: lists('SELECT name, part, affected FROM package WHERE ecosystem = ? ORDER BY name, part'),
    repository: lists('SELECT name, ecosystems FROM redhat_repository'),
    image: lists('SELECT name, repositories FROM redhat_image'),
  };
}

function readParts(database: DatabaseSync): ReadonlyMap<number, ComparedPart> {
  const rows = database.prepare('SELECT id, source, name, next_place FROM part').all();
  return new Map(
    rows.map(row => {
      const id = Number(row['id']);
      const places = Math.min(Math.max(0, Number(row['next_place'])), PART_SPAN);
      return [id, { id, source: String(row['source']), name: String(row['name']), places }];
    }),
  );
}

function readCovered(database: DatabaseSync): ComparedDatabase['ecosystems'] {
  const rows = database.prepare('SELECT id, name, source FROM ecosystem WHERE packages > 0 ORDER BY name').all();
  return new Map(
    rows.map(row => {
      const source = typeof row['source'] === 'string' ? row['source'] : undefined;
      return [String(row['name']), { id: Number(row['id']), source }];
    }),
  );
}
