/**
 * What must be judged again when one vulnerability database takes another's place: the packages of which it says something else.
 *
 * Compared is what is said, not how it is stored: a part that was fetched anew and says the same is no change, nor is a new date of a record.
 * Leaving one out would leave a wrong finding in place, so where it is cheaper a few more are named than must be.
 */
import { entriesText } from './affected-entry.ts';
import { type AdvisoryChanges, type Compared, findChangedAdvisories } from './changed-advisories.ts';
import { ComparedDatabase, type EntryRow, type HeadRow } from './compared-database.ts';
import { readFailure } from './database-file.ts';
import { Pauses } from './pauses.ts';
import { PART_SPAN } from './schema.ts';

/** What differs between two databases. EPSS and the known exploited weaknesses are apart: `changed-signals.ts`. */
export interface DatabaseChanges {
  /**
   * Ecosystems that only one of them knows packages of, or about which another source decides now, sorted: everything that is asked there
   * has to be judged again, packages without records too. Their packages are not in `packages`.
   */
  readonly ecosystems: readonly string[];
  /** Names of packages by ecosystem, both as `AdvisoryLookup.find` takes them. Neither is sorted. */
  readonly packages: ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Red Hat's repositories (content sets) whose packages other ecosystems speak of now, and its images that are built from other ones, sorted:
   * what is in images whose `Surroundings.redHat` names one of them has to be judged again.
   */
  readonly redHatRepositories: readonly string[];
  readonly redHatImages: readonly string[];
}

/**
 * Compares the databases in the files `before` and `after`. It takes about as long as reading both, seconds for half a million packages, and
 * lets other work go on meanwhile; memory grows with what has changed and with the parts that were replaced as a whole.
 * @throws {PlimsollError} as `openDatabase`, and when a file turns out to be damaged; the reason of `signal` once it is aborted.
 */
export async function findChangedPackages(
  before: string,
  after: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<DatabaseChanges> {
  using old = openCompared(before);
  using next = openCompared(after);
  try {
    return await new Comparison({ before: old, after: next }, new Pauses(signal)).run();
  } catch (error) {
    // Which of the two it was, SQLite does not say; the newer one is in use, and will be read again.
    throw signal.aborted ? error : readFailure(error, after);
  }
}

function openCompared(path: string): ComparedDatabase {
  try {
    return new ComparedDatabase(path);
  } catch (error) {
    throw readFailure(error, path);
  }
}

class Comparison {
  readonly #databases: Compared;
  readonly #pauses: Pauses;
  readonly #packages = new Map<string, Set<string>>();
  /** Ecosystems that both know and that are decided as before, with the source that decides. */
  readonly #kept = new Map<string, { readonly before: number; readonly after: number; readonly source?: string }>();

  constructor(databases: Compared, pauses: Pauses) {
    this.#databases = databases;
    this.#pauses = pauses;
  }

  async run(): Promise<DatabaseChanges> {
    const ecosystems = this.#compareEcosystems();
    if (this.#kept.size > 0) {
      const advisories = await findChangedAdvisories(this.#databases, this.#pauses);
      await this.#addPackagesOf(advisories);
      for (const ecosystem of this.#kept.keys()) await this.#compareEntries(ecosystem, advisories);
    }
    const { before, after } = this.#databases;
    return {
      ecosystems,
      packages: this.#packages,
      redHatRepositories: changedKeys(before.redHatMap('repository'), after.redHatMap('repository')),
      redHatImages: changedKeys(before.redHatMap('image'), after.redHatMap('image')),
    };
  }

  #compareEcosystems(): readonly string[] {
    const { before, after } = this.#databases;
    const changed = [...before.ecosystems.keys()].filter(name => !after.ecosystems.has(name));
    for (const [name, { id, source }] of after.ecosystems) {
      const old = before.ecosystems.get(name);
      if (old === undefined || old.source !== source) changed.push(name);
      else this.#kept.set(name, { before: old.id, after: id, ...(source === undefined ? {} : { source }) });
    }
    return changed.sort();
  }

  /**
   * The packages of advisories that say something else, and of all that name the same weakness: what one record lacks, a title or a vector,
   * findings take from others.
   */
  async #addPackagesOf({ changed, names }: AdvisoryChanges): Promise<void> {
    const { before, after } = this.#databases;
    for (const rows of changed) {
      this.#addPackages(before, rows.before);
      this.#addPackages(after, rows.after);
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    const related = new Set<number>();
    for (const name of names) {
      for (const number of after.named(name)) related.add(number);
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    // In the order of the file, so that each block is inflated once.
    for (const number of [...related].sort((a, b) => a - b)) {
      const row = after.head(number);
      if (row !== undefined) this.#addPackages(after, row);
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
  }

  #addPackages(database: ComparedDatabase, row: HeadRow): void {
    const source = database.parts.get(Math.floor(row[0] / PART_SPAN))?.source;
    for (const [ecosystem, names] of database.bodyOf(row).packages) {
      const kept = this.#kept.get(ecosystem);
      if (kept === undefined || (kept.source !== undefined && kept.source !== source)) continue;
      for (const name of names) this.#add(ecosystem, name);
    }
  }

  #add(ecosystem: string, name: string): void {
    const known = this.#packages.get(ecosystem);
    if (known === undefined) this.#packages.set(ecosystem, new Set([name]));
    else known.add(name);
  }

  /** The packages of one ecosystem with other entries than before. */
  async #compareEntries(ecosystem: string, advisories: AdvisoryChanges): Promise<void> {
    const kept = this.#kept.get(ecosystem);
    if (kept === undefined) return;
    const { before, after } = this.#databases;
    const olds = new PackageGroups(before, kept.before, kept.source);
    const news = new PackageGroups(after, kept.after, kept.source);
    let [a, b] = [olds.next(), news.next()];
    while (a !== undefined || b !== undefined) {
      const order = a === undefined ? 1 : b === undefined ? -1 : compareNames(a.name, b.name);
      if (order === 0 && a !== undefined && b !== undefined) {
        if (!this.#saysSame(a.rows, b.rows, advisories)) this.#add(ecosystem, b.name);
      } else this.#add(ecosystem, (order < 0 ? a : b)?.name ?? '');
      if (order <= 0) a = olds.next();
      if (order >= 0) b = news.next();
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
  }

  #saysSame(olds: readonly EntryRow[], news: readonly EntryRow[], { moves }: AdvisoryChanges): boolean {
    const [[, oldPart, oldEntries] = NO_ROW] = olds;
    const [[, newPart, newEntries] = NO_ROW] = news;
    const isOne = olds.length === 1 && news.length === 1;
    const move = moves.get(oldPart);
    if (isOne && move?.after === newPart && !move.isReused && isSameText(oldEntries, newEntries)) return true;
    // Of an advisory that two parts have, the later form counts.
    const { before, after } = this.#databases;
    const dateIn = (database: ComparedDatabase) => (number: number) => (isOne ? '' : database.modifiedOf(number));
    const was = describe(olds, dateIn(before), (part, place) => {
      const to = moves.get(part);
      return `${to?.after} ${to?.placeOf(place)}`;
    });
    const is = describe(news, dateIn(after), (part, place) => `${part} ${place}`);
    return was.length === is.length && was.every((entry, at) => entry === is[at]);
  }
}

function changedKeys(old: ReadonlyMap<string, string>, next: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...old.keys(), ...next.keys()])].filter(name => old.get(name) !== next.get(name)).sort();
}

/** Stands for the first of no rows. */
const NO_ROW: EntryRow = ['', -1, ''];

function isSameText(a: EntryRow[2], b: EntryRow[2]): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : Buffer.compare(a, b) === 0;
}

/** The entries of rows as text, each with the advisory that it is of; sorted, since their order says nothing. */
function describe(
  rows: readonly EntryRow[],
  dateOf: (number: number) => string,
  nameOf: (part: number, place: number) => string,
): readonly string[] {
  return rows
    .flatMap(([, part, affected]) => {
      const entries: readonly (readonly [number, ...unknown[]])[] = JSON.parse(`[${entriesText(affected)}]`);
      return entries.map(
        ([place, ...rest]) => `${nameOf(part, place)} ${dateOf(part * PART_SPAN + place)} ${JSON.stringify(rest)}`,
      );
    })
    .sort();
}

/** What the deciding source says of the packages of an ecosystem, package by package, in the order of names. */
class PackageGroups {
  readonly #rows: Iterator<EntryRow>;
  readonly #parts: ComparedDatabase['parts'];
  readonly #source: string | undefined;
  #ahead: EntryRow | undefined;

  constructor(database: ComparedDatabase, ecosystem: number, source: string | undefined) {
    this.#rows = database.entries(ecosystem);
    this.#parts = database.parts;
    this.#source = source;
    this.#ahead = this.#read();
  }

  next(): { readonly name: string; readonly rows: readonly EntryRow[] } | undefined {
    const first = this.#ahead;
    if (first === undefined) return undefined;
    const rows = [first];
    for (this.#ahead = this.#read(); this.#ahead?.[0] === first[0]; this.#ahead = this.#read()) rows.push(this.#ahead);
    return { name: first[0], rows };
  }

  #read(): EntryRow | undefined {
    for (let row = this.#rows.next(); row.done !== true; row = this.#rows.next()) {
      if (this.#source === undefined || this.#parts.get(row.value[1])?.source === this.#source) return row.value;
    }
    return undefined;
  }
}

/** By their bytes, as SQLite has them: by UTF-16 some would come elsewhere. */
function compareNames(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}
