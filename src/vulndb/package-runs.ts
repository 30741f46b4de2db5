/**
 * Collects what a part says of packages, advisory by advisory, and gives it back package by package.
 *
 * What has no room in memory is written to a table of the work file in sorted runs, which are merged at the end: each entry is written once
 * more, however many there are. (Appending to the row of each package would write the large rows again with every run.)
 */
import type { DatabaseSync } from 'node:sqlite';

/** All that a part says of one package: entries joined by commas. */
export interface PackageText {
  readonly ecosystem: string;
  readonly name: string;
  readonly records: number;
  readonly text: string;
}

/** Characters kept in memory, with what JavaScript adds to each entry. */
const MAX_PENDING_CHARACTERS = 8 * 1024 * 1024;
const ENTRY_OVERHEAD = 150;

/** See the head of the file. Drained once. */
export class PackageRuns {
  readonly #database: DatabaseSync;
  readonly #table: string;
  readonly #limit: number;
  /** Entries by ecosystem and name. */
  #pending = new Map<string, Map<string, string[]>>();
  #pendingCharacters = 0;
  /** Row numbers of the runs. */
  readonly #runs: { readonly from: number; readonly to: number }[] = [];
  #rows = 0;

  /** `part` names the table for the runs. */
  constructor(database: DatabaseSync, part: number, limitCharacters = MAX_PENDING_CHARACTERS) {
    this.#database = database;
    this.#table = `pending_${part}`;
    this.#limit = limitCharacters;
  }

  add(ecosystem: string, name: string, entry: string): void {
    let names = this.#pending.get(ecosystem);
    if (names === undefined) {
      names = new Map();
      this.#pending.set(ecosystem, names);
    }
    const entries = names.get(name);
    if (entries === undefined) names.set(name, [entry]);
    else entries.push(entry);
    this.#pendingCharacters += entry.length + ENTRY_OVERHEAD;
    if (this.#pendingCharacters >= this.#limit) this.#writeRun();
  }

  /** Every package once, by ecosystem and name, with its entries in the order in which they came. Leaves nothing behind. */
  *drain(): Generator<PackageText> {
    const rest = this.#takePending();
    if (this.#runs.length === 0) {
      yield* rest;
      return;
    }
    const runs = [...this.#runs.map(run => this.#readRun(run)), rest];
    try {
      yield* mergeRuns(runs);
    } finally {
      this.drop();
    }
  }

  /** Forgets everything. */
  drop(): void {
    this.#pending = new Map();
    if (this.#runs.length > 0) this.#database.exec(`DROP TABLE ${this.#table}`);
    this.#runs.length = 0;
  }

  #writeRun(): void {
    if (this.#runs.length === 0) {
      this.#database.exec(
        `CREATE TABLE ${this.#table} (number INTEGER PRIMARY KEY, ecosystem TEXT, name TEXT, records INTEGER, text TEXT)`,
      );
    }
    const insert = this.#database.prepare(`INSERT INTO ${this.#table} VALUES (?, ?, ?, ?, ?)`);
    const from = this.#rows;
    for (const { ecosystem, name, records, text } of this.#takePending()) {
      insert.run(this.#rows, ecosystem, name, records, text);
      this.#rows += 1;
    }
    this.#runs.push({ from, to: this.#rows });
  }

  *#readRun({ from, to }: { readonly from: number; readonly to: number }): Generator<PackageText> {
    const rows = this.#database
      .prepare(
        `SELECT ecosystem, name, records, text FROM ${this.#table} WHERE number >= ? AND number < ? ORDER BY number`,
      )
      .iterate(from, to);
    for (const { ecosystem, name, records, text } of rows) {
      yield { ecosystem: String(ecosystem), name: String(name), records: Number(records), text: String(text) };
    }
  }

  *#takePending(): Generator<PackageText> {
    const pending = this.#pending;
    this.#pending = new Map();
    this.#pendingCharacters = 0;
    for (const [ecosystem, names] of [...pending].sort(byKey)) {
      for (const [name, entries] of [...names].sort(byKey)) {
        yield { ecosystem, name, records: entries.length, text: entries.join(',') };
      }
    }
  }
}

interface Head {
  readonly rows: Iterator<PackageText>;
  /** Of an earlier run come the earlier entries. */
  readonly run: number;
  value: PackageText;
}

/** Merges sorted runs; what several of them say of a package is joined. */
function* mergeRuns(runs: readonly Iterator<PackageText>[]): Generator<PackageText> {
  const heads: Head[] = [];
  for (const [run, rows] of runs.entries()) {
    const next = rows.next();
    if (next.done !== true) pushHead(heads, { rows, run, value: next.value });
  }
  let current: { readonly first: PackageText; records: number; readonly texts: string[] } | undefined;
  for (let head = heads[0]; head !== undefined; head = heads[0]) {
    const { value } = head;
    if (current !== undefined && isSamePackage(current.first, value)) {
      current.records += value.records;
      current.texts.push(value.text);
    } else {
      if (current !== undefined) yield { ...current.first, records: current.records, text: current.texts.join(',') };
      current = { first: value, records: value.records, texts: [value.text] };
    }
    const next = head.rows.next();
    if (next.done === true) removeFirst(heads);
    else {
      head.value = next.value;
      sinkFirst(heads);
    }
  }
  if (current !== undefined) yield { ...current.first, records: current.records, text: current.texts.join(',') };
}

function isSamePackage(a: PackageText, b: PackageText): boolean {
  return a.name === b.name && a.ecosystem === b.ecosystem;
}

function isBefore(a: Head, b: Head): boolean {
  if (a.value.ecosystem !== b.value.ecosystem) return a.value.ecosystem < b.value.ecosystem;
  if (a.value.name !== b.value.name) return a.value.name < b.value.name;
  return a.run < b.run;
}

// A binary heap: runs may be hundreds, and rows millions.

function pushHead(heads: Head[], head: Head): void {
  heads.push(head);
  for (let at = heads.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!swapIfBefore(heads, at, parent)) return;
    at = parent;
  }
}

function removeFirst(heads: Head[]): void {
  const last = heads.pop();
  if (last === undefined || heads.length === 0) return;
  heads[0] = last;
  sinkFirst(heads);
}

function sinkFirst(heads: Head[]): void {
  for (let at = 0; ; ) {
    const left = at * 2 + 1;
    const [a, b] = [heads[left], heads[left + 1]];
    if (a === undefined) return;
    const child = b !== undefined && isBefore(b, a) ? left + 1 : left;
    if (!swapIfBefore(heads, child, at)) return;
    at = child;
  }
}

/** Swaps the head at `below` with the one at `above` if it should come before that. */
function swapIfBefore(heads: Head[], below: number, above: number): boolean {
  const [lower, upper] = [heads[below], heads[above]];
  if (lower === undefined || upper === undefined || !isBefore(lower, upper)) return false;
  heads[below] = upper;
  heads[above] = lower;
  return true;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}
