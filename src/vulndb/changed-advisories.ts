/**
 * Which advisories say something else in a newer database than in an older one, and where the others have gone.
 *
 * A part that was changed record by record keeps the numbers of the rest, so its rows are compared one by one; a part that was replaced has
 * new ones, and its advisories are found again by id. What is compared is what findings tell: a new date of a record is no change.
 */
import { hash } from 'node:crypto';
import { readText } from '#matching/record-text.ts';
import type { ComparedDatabase, ComparedPart, HeadRow } from './compared-database.ts';
import type { Pauses } from './pauses.ts';
import { PART_SPAN } from './schema.ts';

/** What became of a part of the older database. */
export interface PartMove {
  /** Its id in the newer database; missing when it is not there. */
  readonly after: number | undefined;
  /** The place in the newer part of the advisory that was at `place`; negative when it is gone. */
  placeOf(place: number): number;
  /** Whether a place may now be another advisory's. */
  readonly isReused: boolean;
}

/** See the head of the file. */
export interface AdvisoryChanges {
  /** By ids of the parts of the older database. */
  readonly moves: ReadonlyMap<number, PartMove>;
  /** Rows of advisories that both have and that say something else now; ranges aside. */
  readonly changed: readonly { readonly before: HeadRow; readonly after: HeadRow }[];
  /** Ids and aliases of all advisories that came, went, or say something else. */
  readonly names: ReadonlySet<string>;
}

/** The two databases. */
export interface Compared {
  readonly before: ComparedDatabase;
  readonly after: ComparedDatabase;
}

/** Compares all parts. */
export async function findChangedAdvisories(databases: Compared, pauses: Pauses): Promise<AdvisoryChanges> {
  const keyOf = ({ source, name }: ComparedPart) => `${source}\0${name}`;
  const old = new Map(Array.from(databases.before.parts.values(), part => [keyOf(part), part]));
  const moves = new Map<number, PartMove>();
  const found: Found = { changed: [], names: new Set() };
  for (const part of databases.after.parts.values()) {
    const before = old.get(keyOf(part));
    old.delete(keyOf(part));
    const comparison = new PartComparison(databases, { before, after: part }, found, pauses);
    const move = await comparison.run();
    if (before !== undefined) moves.set(before.id, move);
  }
  for (const part of old.values()) {
    const comparison = new PartComparison(databases, { before: part, after: undefined }, found, pauses);
    moves.set(part.id, await comparison.run());
  }
  return { moves, ...found };
}

interface Found {
  readonly changed: { before: HeadRow; after: HeadRow }[];
  readonly names: Set<string>;
}

const GONE = -1;

/** One part in both databases. */
class PartComparison {
  readonly #databases: Compared;
  readonly #before: ComparedPart | undefined;
  readonly #after: ComparedPart | undefined;
  readonly #found: Found;
  readonly #pauses: Pauses;

  constructor(
    databases: Compared,
    part: { readonly before: ComparedPart | undefined; readonly after: ComparedPart | undefined },
    found: Found,
    pauses: Pauses,
  ) {
    this.#databases = databases;
    this.#before = part.before;
    this.#after = part.after;
    this.#found = found;
    this.#pauses = pauses;
  }

  async run(): Promise<PartMove> {
    const [before, after] = [this.#before, this.#after];
    if (before !== undefined && before.id === after?.id) {
      const { gone, come } = await this.#compareRows(before.id);
      return await this.#findAgain(gone[Symbol.iterator](), come[Symbol.iterator](), true);
    }
    const { before: old, after: next } = this.#databases;
    const none = [][Symbol.iterator]();
    return await this.#findAgain(
      before === undefined ? none : old.heads(before.id),
      after === undefined ? none : next.heads(after.id),
      false,
    );
  }

  /** The rows of one number that differ, in either database; those that only one has too. */
  async #compareRows(part: number): Promise<{ readonly gone: readonly HeadRow[]; readonly come: readonly HeadRow[] }> {
    const { before, after } = this.#databases;
    const otherBlocks = await this.#compareBlocks(part);
    const gone: HeadRow[] = [];
    const come: HeadRow[] = [];
    const [olds, news] = [before.heads(part), after.heads(part)];
    let [a, b] = [olds.next(), news.next()];
    while (a.done !== true || b.done !== true) {
      if (b.done === true || (a.done !== true && a.value[0] < b.value[0])) {
        if (a.done !== true) gone.push(a.value);
        a = olds.next();
      } else if (a.done === true || b.value[0] < a.value[0]) {
        come.push(b.value);
        b = news.next();
      } else {
        if (otherBlocks.has(b.value[BLOCK]) || !isSameRow(a.value, b.value)) {
          gone.push(a.value);
          come.push(b.value);
        }
        [a, b] = [olds.next(), news.next()];
      }
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    return { gone, come };
  }

  /** Blocks of the newer database whose bytes the older one has not. */
  async #compareBlocks(part: number): Promise<ReadonlySet<number>> {
    const [olds, news] = [this.#databases.before.blocks(part), this.#databases.after.blocks(part)];
    const other = new Set<number>();
    let a = olds.next();
    for (let b = news.next(); b.done !== true; b = news.next()) {
      while (a.done !== true && a.value[0] < b.value[0]) a = olds.next();
      const [block, bytes] = b.value;
      if (a.done === true || a.value[0] !== block || Buffer.compare(a.value[1], bytes) !== 0) other.add(block);
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    return other;
  }

  /** Finds the advisories of `gone` again in `come`; of all others the place is what it was when `isInPlace`. */
  async #findAgain(gone: Iterator<HeadRow>, come: Iterator<HeadRow>, isInPlace: boolean): Promise<PartMove> {
    const { before, after } = this.#databases;
    const places = isInPlace ? undefined : new Int32Array(this.#before?.places ?? 0).fill(GONE);
    const moved = new Map<number, number>();
    const move = (from: number, to: number) => {
      if (places === undefined) moved.set(from, to);
      else places[from] = to;
    };
    /** Numbers by id: with numbers alone half a million advisories take some 60 MB. */
    const old = new Map<string, number>();
    const digests = new Float64Array(this.#before?.places ?? 0);
    for (let a = gone.next(); a.done !== true; a = gone.next()) {
      const [number, id] = a.value;
      old.set(id, number);
      digests[number % PART_SPAN] = digestOf(a.value, before);
      move(number % PART_SPAN, GONE);
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    let isReused = false;
    let hasNew = false;
    for (let b = come.next(); b.done !== true; b = come.next()) {
      const known = old.get(b.value[ID]);
      old.delete(b.value[ID]);
      if (known === undefined) {
        hasNew = true;
        this.#addNames(b.value);
      } else {
        const [from, to] = [known % PART_SPAN, b.value[0] % PART_SPAN];
        move(from, to);
        isReused ||= from !== to;
        if (digests[from] !== digestOf(b.value, after)) this.#compareMeaning(known, b.value);
      }
      if (this.#pauses.isDue()) await this.#pauses.take();
    }
    for (const number of old.values()) this.#addNames(before.head(number));
    return {
      after: this.#after?.id,
      placeOf: place => (places === undefined ? (moved.get(place) ?? place) : (places[place] ?? GONE)),
      isReused: isReused || (hasNew && old.size > 0),
    };
  }

  #compareMeaning(number: number, row: HeadRow): void {
    const { before, after } = this.#databases;
    const known = before.head(number);
    if (known === undefined || meaningOf(known, before) === meaningOf(row, after)) return;
    this.#found.changed.push({ before: known, after: row });
    this.#addNames(known);
    this.#addNames(row);
  }

  #addNames(row: HeadRow | undefined): void {
    if (row === undefined) return;
    this.#found.names.add(row[ID]);
    for (const alias of toList(row[ALIASES])) this.#found.names.add(alias);
  }
}

const ID = 1;
const ALIASES = 4;
const BLOCK = 7;

function isSameRow(a: HeadRow, b: HeadRow): boolean {
  return a.every((field, at) => field === b[at]);
}

/**
 * Equal for rows and texts that are equal letter by letter; most are, and this is a tenth of the work of `meaningOf`. The first 52 bits of a
 * hash: of 10^15 changes some go unseen.
 */
function digestOf(row: HeadRow, database: ComparedDatabase): number {
  const [, , kind, withdrawn, aliases, upstream, ratings] = row;
  const parts = [kind, withdrawn === null ? '' : 1, aliases, upstream, ratings, database.lineOf(row)];
  return Number.parseInt(hash('sha256', parts.join('\0'), 'hex').slice(0, 13), 16);
}

/** All that matching and findings take from an advisory, but for its ranges. */
function meaningOf(row: HeadRow, database: ComparedDatabase): string {
  const [, , kind, withdrawn, aliases, upstream, ratings] = row;
  const { title, sentence, urls } = readText(database.bodyOf(row));
  const names = [toList(aliases).sort(), toList(upstream).sort()];
  return JSON.stringify([kind, withdrawn !== null, names, ratings, title ?? null, sentence ?? null, urls]);
}

function toList(text: string | null): string[] {
  return text === null ? [] : JSON.parse(text);
}
