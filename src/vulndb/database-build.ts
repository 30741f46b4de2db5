/**
 * Making the next database: the parts of the present one that stay, and new ones, in a file of its own that takes the other's place when it
 * is finished. Until then nobody sees anything of it; when it fails or is killed, what was there stays.
 *
 * No transaction is ever rolled back: a part is written under a new number, and only when it is whole its predecessor is deleted.
 */
import { constants, copyFileSync, existsSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Advisory, ExploitProbability, KnownExploited, ReadCounts } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { checkDatabaseFile, databaseFailure } from './database-file.ts';
import { findDecidingSource } from './deciding-source.ts';
import { PartEditor } from './part-editor.ts';
import { EcosystemIds, PartWriter } from './part-writer.ts';
import { behindLinks, removeLeftovers, replaceFile, temporaryName } from './replace-file.ts';
import { APPLICATION_ID, PAGE_BYTES, PART_SPAN, SCHEMA_VERSION, TABLES } from './schema.ts';
import { takeUpdateLock, type UpdateLock } from './update-lock.ts';
import type { Part } from './vulnerability-database.ts';

/** Options of `startBuild`. */
export interface BuildOptions {
  /** Goes into the file: the same input at the same time gives the same bytes. */
  readonly now: Date;
  /** Version of Plimsoll. */
  readonly builtBy: string;
  /** Whether to begin with an empty database, whatever is there. */
  readonly isFresh?: boolean;
}

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

/** Options of what replaces a part. */
export interface ReplaceOptions {
  /** Whether it may have far fewer advisories than the one it replaces, which otherwise is taken for a mistake. */
  readonly mayShrink?: boolean;
}

/** A source that suddenly has a twentieth less than it had is broken more probably than cured; below so many, anything goes. */
const SHRINK_LIMIT = 0.95;
const SHRINK_COUNTS_FROM = 100;
/** KiB of pages that SQLite keeps in memory. */
const CACHE_KIB = 8192;

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

  /** Begins a part that is to replace the one of that key, or to be new. Give it to `endPart` or `dropPart`. */
  beginPart(key: PartKey): OpenPart {
    const ids = this.#database.prepare('SELECT id FROM part').all();
    const taken = new Set([...ids.map(row => Number(row['id'])), ...this.#openParts]);
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
      const { source, name } = part.key;
      const old = this.#findPart(part.key);
      if (!mayShrink && old !== undefined) refuseShrinking(part.key, old.advisories, part.count);
      const { nextPlace, nextBlock } = part.writer.end();
      if (old !== undefined) this.#deletePart(old.id);
      const { origin, asOf, counts } = facts;
      this.#database
        .prepare('INSERT INTO part VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)')
        .run(
          part.writer.part,
          source,
          name,
          origin,
          asOf,
          this.#options.now.toISOString(),
          part.count,
          counts.read,
          counts.kept,
          JSON.stringify(counts.skipped),
          JSON.stringify(counts.lost),
          facts.state ?? null,
          nextPlace,
          nextBlock,
        );
      this.#openParts.delete(part.writer.part);
    });
  }

  /** The part came to nothing: its predecessor stays. */
  dropPart(part: OpenPart): void {
    this.#guard(() => {
      part.writer.end();
      this.#deletePart(part.writer.part);
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

  /** What there is of an advisory: in which parts of the source it is, and in which form. */
  findAdvisory(source: string, id: string): readonly { readonly name: string; readonly modified: string }[] {
    return this.#guard(() =>
      this.#database
        .prepare(
          `SELECT part.name AS name, advisory.modified AS modified
           FROM identifier JOIN advisory ON advisory.number = identifier.advisory
           JOIN part ON part.id = identifier.advisory / ${PART_SPAN}
           WHERE identifier.name = ? AND identifier.relation = 0 AND part.source = ? ORDER BY part.name`,
        )
        .all(id, source)
        .map(row => ({ name: String(row['name']), modified: row['modified'] === null ? '' : String(row['modified']) })),
    );
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
    const old = this.#findPart(key);
    if (old === undefined) {
      this.replacePart(key, change.add, () => facts);
      return;
    }
    this.#guard(() => {
      const editor = new PartEditor(this.#database, old.id, this.#ecosystems);
      editor.remove([...change.remove, ...change.add.map(({ id }) => id)]);
      const writer = new PartWriter(this.#database, old.id, old, this.#ecosystems);
      for (const advisory of change.add) writer.add(advisory);
      const { nextPlace, nextBlock } = writer.end();
      const span = [old.id * PART_SPAN, (old.id + 1) * PART_SPAN] as const;
      const counted = this.#database
        .prepare('SELECT count(*) AS count FROM advisory WHERE number >= ? AND number < ?')
        .get(...span);
      this.#database
        .prepare(
          `UPDATE part SET origin = ?, as_of = max(as_of, ?), imported_at = ?, advisories = ?, read = read + ?, kept = kept + ?,
           skipped = ?, lost = ?, state = coalesce(?, state), next_place = ?, next_block = ? WHERE id = ?`,
        )
        .run(
          facts.origin,
          facts.asOf,
          this.#options.now.toISOString(),
          Number(counted?.['count']),
          facts.counts.read,
          facts.counts.kept,
          JSON.stringify(addCounts(old.skipped, facts.counts.skipped)),
          JSON.stringify(addCounts(old.lost, facts.counts.lost)),
          facts.state ?? null,
          nextPlace,
          nextBlock,
          old.id,
        );
    });
  }

  /** The source was asked, and has nothing new. */
  confirmPart(key: PartKey, { asOf, state }: { readonly asOf: string; readonly state?: string | undefined }): void {
    this.#guard(() =>
      this.#database
        .prepare('UPDATE part SET as_of = max(as_of, ?), state = coalesce(?, state) WHERE source = ? AND name = ?')
        .run(asOf, state ?? null, key.source, key.name),
    );
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
      this.#decideSources();
      database.exec(COUNT_ECOSYSTEMS);
      const setMeta = database.prepare('INSERT OR REPLACE INTO meta VALUES (?, ?)');
      setMeta.run('schema', String(SCHEMA_VERSION));
      setMeta.run('built_at', this.#options.now.toISOString());
      setMeta.run('built_by', this.#options.builtBy);
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

  #decideSources(): void {
    const spoken = this.#database
      .prepare(
        `SELECT ecosystem.id AS id, ecosystem.name AS name, group_concat(DISTINCT part.source) AS sources
         FROM package JOIN part ON part.id = package.part JOIN ecosystem ON ecosystem.id = package.ecosystem
         GROUP BY ecosystem.id`,
      )
      .all();
    const update = this.#database.prepare('UPDATE ecosystem SET source = ? WHERE id = ?');
    for (const row of spoken) {
      const source = findDecidingSource(String(row['name']), String(row['sources']).split(',').sort());
      update.run(source ?? null, Number(row['id']));
    }
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
      const old = this.#findPart(key);
      if (!mayShrink && old !== undefined) refuseShrinking(key, old.advisories, rows.length);
      const part = this.beginPart(key);
      this.#database.exec(`DELETE FROM ${table}`);
      const statement = this.#database.prepare(insert);
      for (const row of rows) statement.run(...row);
      this.endPart({ ...part, count: rows.length }, facts, { mayShrink: true });
    });
  }

  #findPart(key: PartKey) {
    const row = this.#database.prepare('SELECT * FROM part WHERE source = ? AND name = ?').get(key.source, key.name);
    return (
      row && {
        id: Number(row['id']),
        advisories: Number(row['advisories']),
        nextPlace: Number(row['next_place']),
        nextBlock: Number(row['next_block']),
        skipped: JSON.parse(String(row['skipped'])) as Record<string, number>,
        lost: JSON.parse(String(row['lost'])) as Record<string, number>,
      }
    );
  }

  #deletePart(id: number): void {
    const span = [id * PART_SPAN, (id + 1) * PART_SPAN] as const;
    const database = this.#database;
    database.prepare('DELETE FROM part WHERE id = ?').run(id);
    database.prepare('DELETE FROM package WHERE part = ?').run(id);
    database.prepare('DELETE FROM advisory WHERE number >= ? AND number < ?').run(...span);
    database.prepare('DELETE FROM body WHERE block >= ? AND block < ?').run(...span);
    database.prepare('DELETE FROM identifier WHERE advisory >= ? AND advisory < ?').run(...span);
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

const COUNT_ECOSYSTEMS = `
  UPDATE ecosystem SET packages = 0, records = 0;
  UPDATE ecosystem SET packages = counted.packages, records = counted.records
  FROM (
    SELECT package.ecosystem AS id, count(DISTINCT package.name) AS packages, sum(package.records) AS records
    FROM package JOIN part ON part.id = package.part JOIN ecosystem AS own ON own.id = package.ecosystem
    WHERE own.source IS NULL OR own.source = part.source GROUP BY package.ecosystem
  ) AS counted
  WHERE counted.id = ecosystem.id;
`;

function openWork(path: string, isNew: boolean): DatabaseSync {
  // The file is thrown away when anything goes wrong, so nothing needs to be undone or safe from a power cut. SQLite allows that only when it
  // is not told to be on its guard, as Node tells it.
  const database = new DatabaseSync(path, { defensive: false });
  database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -${CACHE_KIB};`);
  if (isNew) {
    database.exec(`PRAGMA page_size = ${PAGE_BYTES}; PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${SCHEMA_VERSION};`);
    database.exec(TABLES);
  }
  // One transaction for everything: it is never rolled back, and saves writing each page more than once.
  database.exec('BEGIN');
  return database;
}

function refuseShrinking({ source, name }: PartKey, before: number, now: number): void {
  if (before < SHRINK_COUNTS_FROM || now >= before * SHRINK_LIMIT) return;
  const what = [source, name].filter(text => text !== '').join(' ');
  throw new PlimsollError(
    'ADVISORY_INVALID',
    `Keeping the ${before} advisories of ${printable(what)}: the new ones are only ${now}, which looks like an accident; say --allow-fewer if it is none`,
  );
}

function addCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum = new Map(Object.entries(a));
  for (const [reason, count] of Object.entries(b)) sum.set(reason, (sum.get(reason) ?? 0) + count);
  return Object.fromEntries([...sum].sort(([one], [other]) => (one < other ? -1 : 1)));
}

function doing(path: string): string {
  return `Cannot update the vulnerability database "${printable(path)}", which stays as it was`;
}
