/**
 * Making the next database: the parts of the present one that stay, and new ones, in a file of its own that takes the other's place when it
 * is finished. Until then nobody sees anything of it; when it fails or is killed, what was there stays.
 *
 * No transaction is ever rolled back: a part is written under a new number, and only when it is whole its predecessor is deleted.
 */
import { constants, copyFileSync, existsSync, rmSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { Advisory, ExploitProbability, KnownExploited } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { checkDatabaseFile, databaseFailure } from './database-file.ts';
import { PartEditor } from './part-editor.ts';
import { type KnownPart, type PartFacts, type PartKey, PartTable } from './part-table.ts';
import { EcosystemIds, PartWriter } from './part-writer.ts';
import { behindLinks, removeLeftovers, replaceFile, temporaryName } from './replace-file.ts';
import { takeUpdateLock, type UpdateLock } from './update-lock.ts';
import { completeWork, openWork } from './work-file.ts';

/** Options of `startBuild`. */
export interface BuildOptions {
  /** Goes into the file: the same input at the same time gives the same bytes. */
  readonly now: Date;
  /** Version of Plimsoll. */
  readonly builtBy: string;
  /** Whether to begin with an empty database, whatever is there. */
  readonly isFresh?: boolean;
}

/** Options of what replaces a part. */
export interface ReplaceOptions {
  /** Whether it may have far fewer advisories than the one it replaces, which otherwise is taken for a mistake. */
  readonly mayShrink?: boolean;
}

/** A source that suddenly has a twentieth less than it had is broken more probably than cured; below so many, anything goes. */
const SHRINK_LIMIT = 0.95;
const SHRINK_COUNTS_FROM = 100;

/**
 * Begins a new version of the database at `place`, with everything that is in the present one. Nobody else can until it is disposed of.
 * @throws {PlimsollError} `DATABASE_BUSY`; `DATABASE_INVALID` when what is there is not a database of ours, unless `isFresh`; `FILE_DENIED`,
 * `LIMIT_EXCEEDED` when the disk is full.
 */
export function startBuild(place: string, options: BuildOptions): DatabaseBuild {
  const path = behindLinks(place);
  const lock = takeUpdateLock(path, options.now);
  try {
    return new DatabaseBuild(path, lock, options);
  } catch (error) {
    lock[Symbol.dispose]();
    throw databaseFailure(error, path, doing(path));
  }
}

/** See `startBuild`. Every method throws `LIMIT_EXCEEDED` when the disk is full; then only disposing of it makes sense. */
export class DatabaseBuild implements Disposable {
  readonly path: string;
  readonly #lock: UpdateLock;
  readonly #options: BuildOptions;
  readonly #work: string;
  readonly #database: DatabaseSync;
  readonly #ecosystems: EcosystemIds;
  readonly #parts: PartTable;
  /** Ids of parts that are being written and have no row yet. */
  readonly #openParts = new Set<number>();
  #failure: unknown;

  constructor(path: string, lock: UpdateLock, options: BuildOptions) {
    this.path = path;
    this.#lock = lock;
    this.#options = options;
    this.#work = temporaryName(path, 'work');
    removeLeftovers(path);
    const isNew = options.isFresh === true || !existsSync(path);
    try {
      if (!isNew) {
        checkDatabaseFile(path);
        copyFileSync(path, this.#work, constants.COPYFILE_FICLONE);
      }
      this.#database = openWork(this.#work, isNew);
      this.#ecosystems = new EcosystemIds(this.#database);
      this.#parts = new PartTable(this.#database, options.now);
    } catch (error) {
      rmSync(this.#work, { force: true });
      throw error;
    }
  }

  /** Whether something has failed that concerns the database itself, a full disk for one: nothing more can be done with this build. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** The parts there are now, by source and name. */
  parts(): readonly KnownPart[] {
    return this.#parts.list();
  }

  /** Begins a part that is to replace the one of that key, or to be new. Give it to `endPart` or `dropPart`. */
  beginPart(key: PartKey): OpenPart {
    const taken = new Set([...this.#parts.ids(), ...this.#openParts]);
    let id = 1;
    while (taken.has(id)) id += 1;
    this.#openParts.add(id);
    const writer = new PartWriter(this.#database, id, { nextPlace: 0, nextBlock: 0 }, this.#ecosystems);
    let count = 0;
    return {
      key,
      writer,
      add: advisory => {
        this.#guard(() => writer.add(advisory));
        count += 1;
      },
      get count() {
        return count;
      },
    };
  }

  /**
   * The part is whole: it replaces its predecessor.
   * @throws {PlimsollError} `ADVISORY_INVALID` when it is far smaller than that, see `ReplaceOptions`; then the old one stays.
   */
  endPart(part: OpenPart, facts: PartFacts, { mayShrink = false }: ReplaceOptions = {}): void {
    this.#guard(() => {
      const old = this.#parts.find(part.key);
      if (!mayShrink && old !== undefined) refuseShrinking(part.key, old.advisories, part.count);
      const position = part.writer.end();
      if (old !== undefined) this.#parts.delete(old.id);
      this.#parts.insert(part.writer.part, part.key, part.count, facts, position);
      this.#openParts.delete(part.writer.part);
    });
  }

  /** The part came to nothing: its predecessor stays. */
  dropPart(part: OpenPart): void {
    this.#guard(() => {
      part.writer.drop();
      this.#parts.delete(part.writer.part);
      this.#openParts.delete(part.writer.part);
    });
  }

  /** All of a part at once, from what is at hand. @throws what `advisories` throws; then the old part stays. */
  replacePart(
    key: PartKey,
    advisories: Iterable<Advisory>,
    factsOf: () => PartFacts,
    options: ReplaceOptions = {},
  ): void {
    const part = this.beginPart(key);
    try {
      for (const advisory of advisories) part.add(advisory);
      this.endPart(part, factsOf(), options);
    } catch (error) {
      this.dropPart(part);
      throw error;
    }
  }

  /** In which parts of the source there is an advisory, and in which form. */
  findAdvisory(source: string, id: string): readonly { readonly name: string; readonly modified: string }[] {
    return this.#guard(() => this.#parts.findAdvisory(source, id));
  }

  /**
   * Changes some advisories of a part, which is made when there is none: those with an id in `remove` go, those in `add` come, and replace
   * what has the same id. Its counts are added to the part's; `asOf` moves only forward.
   */
  changePart(
    key: PartKey,
    change: { readonly remove: Iterable<string>; readonly add: readonly Advisory[] },
    facts: PartFacts,
  ): void {
    const old = this.#parts.find(key);
    if (old === undefined) {
      this.replacePart(key, change.add, () => facts);
      return;
    }
    this.#guard(() => {
      const editor = new PartEditor(this.#database, old.id, this.#ecosystems);
      editor.remove([...change.remove, ...change.add.map(({ id }) => id)]);
      const writer = new PartWriter(this.#database, old.id, old, this.#ecosystems);
      for (const advisory of change.add) writer.add(advisory);
      this.#parts.update(old, facts, writer.end());
    });
  }

  /** The source was asked, and has nothing new. */
  confirmPart(key: PartKey, { asOf, state }: { readonly asOf: string; readonly state?: string | undefined }): void {
    this.#guard(() => this.#parts.confirm(key, asOf, state));
  }

  /** Replaces all EPSS scores. */
  setProbabilities(
    key: PartKey,
    scores: readonly ExploitProbability[],
    facts: PartFacts,
    options: ReplaceOptions = {},
  ): void {
    const insert = 'INSERT OR REPLACE INTO epss VALUES (?, ?, ?)';
    const rows = scores.map(({ cve, score, percentile }) => [cve, score, percentile]);
    this.#setTable('epss', insert, rows, key, facts, options);
  }

  /** Replaces the whole catalogue of known exploited weaknesses. */
  setKnownExploited(
    key: PartKey,
    entries: readonly KnownExploited[],
    facts: PartFacts,
    options: ReplaceOptions = {},
  ): void {
    const insert = 'INSERT OR REPLACE INTO known_exploited VALUES (?, ?, ?, ?, ?)';
    const rows = entries.map(({ cve, added, due, isRansomware, action }) => [
      cve,
      added,
      due ?? null,
      isRansomware ? 1 : 0,
      action ?? null,
    ]);
    this.#setTable('known_exploited', insert, rows, key, facts, options);
  }

  /** Puts the database in its place as it is now; the build goes on. No part may be open. */
  save(): void {
    this.#guard(() => {
      const database = this.#database;
      const finished = temporaryName(this.path, 'finished');
      completeWork(database, this.#options);
      database.exec('COMMIT');
      try {
        // Copies row by row: what was deleted takes no room, and the same rows give the same bytes.
        database.prepare('VACUUM INTO ?').run(finished);
        replaceFile(finished, this.path);
      } finally {
        rmSync(finished, { force: true });
      }
      database.exec('BEGIN');
    });
  }

  /** Puts the new database in its place. Afterwards only disposing of it makes sense. */
  finish(): void {
    this.save();
    this.#guard(() => this.#database.close());
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
    for (const suffix of ['', '-journal']) rmSync(`${this.#work}${suffix}`, { force: true });
    this.#lock[Symbol.dispose]();
  }

  /** Replaces Red Hat's map from ids of repositories to the ecosystems that speak of their packages. */
  setRedHatRepositories(key: PartKey, map: ReadonlyMap<string, readonly string[]>, facts: PartFacts): void {
    this.#setMap('redhat_repository', map, key, facts);
  }

  /** Replaces Red Hat's map from names of images to ids of the repositories that they may be built from. */
  setRedHatImages(key: PartKey, map: ReadonlyMap<string, readonly string[]>, facts: PartFacts): void {
    this.#setMap('redhat_image', map, key, facts);
  }

  #setMap(
    table: 'redhat_repository' | 'redhat_image',
    map: ReadonlyMap<string, readonly string[]>,
    key: PartKey,
    facts: PartFacts,
  ): void {
    const rows = Array.from(map, ([name, values]) => [name, JSON.stringify(values)]);
    this.#setTable(table, `INSERT OR REPLACE INTO ${table} VALUES (?, ?)`, rows, key, facts, {});
  }

  #setTable(
    table: 'epss' | 'known_exploited' | 'redhat_repository' | 'redhat_image',
    insert: string,
    rows: readonly (readonly (string | number | null)[])[],
    key: PartKey,
    facts: PartFacts,
    { mayShrink = false }: ReplaceOptions,
  ): void {
    this.#guard(() => {
      const old = this.#parts.find(key);
      if (!mayShrink && old !== undefined) refuseShrinking(key, old.advisories, rows.length);
      const part = this.beginPart(key);
      this.#database.exec(`DELETE FROM ${table}`);
      const statement = this.#database.prepare(insert);
      for (const row of rows) statement.run(...row);
      this.endPart({ ...part, count: rows.length }, facts, { mayShrink: true });
    });
  }

  #guard<T>(work: () => T): T {
    if (this.#failure !== undefined) throw this.#failure;
    try {
      return work();
    } catch (error) {
      if (error instanceof PlimsollError) throw error;
      // What SQLite or the disk failed in cannot be gone on with: the work file may hold anything.
      this.#failure = databaseFailure(error, this.path, doing(this.path));
      throw this.#failure;
    }
  }
}

/** A part that is being written. */
export interface OpenPart {
  readonly key: PartKey;
  readonly writer: PartWriter;
  /** Advisories so far. */
  readonly count: number;
  add(advisory: Advisory): void;
}

function refuseShrinking({ source, name }: PartKey, before: number, now: number): void {
  if (before < SHRINK_COUNTS_FROM || now >= before * SHRINK_LIMIT) return;
  const what = [source, name].filter(text => text !== '').join(' ');
  throw new PlimsollError(
    'ADVISORY_INVALID',
    `Keeping the ${before} advisories of ${printable(what)}: the new ones are only ${now}, which looks like an accident; say --allow-fewer if it is none`,
  );
}

function doing(path: string): string {
  return `Cannot update the vulnerability database "${printable(path)}", which stays as it was`;
}
