/**
 * Advisories that come as a set of records: an archive that is all of an ecosystem, or a heap that adds to what there is.
 *
 * OSV never deletes a record, it withdraws it; so a folder of records adds and updates, and only an archive (`npm/all.zip`) replaces.
 */
import type { Advisory } from '#advisory/advisory.ts';
import type { ReadTally } from '#advisory/read-tally.ts';
import type { OpenPart } from '../database-build.ts';
import type { PartKey } from '../part-table.ts';
import { type ImportContext, LatestDate } from './import-context.ts';

/** Records that change a part that is there are collected up to this many. */
const BATCH = 2000;

/** What the parts of a source are called. */
export interface PartNaming {
  readonly source: string;
  /** The part that an advisory belongs to when no part has it yet; `undefined` when it cannot be told. */
  home(advisory: Advisory): string | undefined;
}

/** OSV has a part for each ecosystem, without its release: `Debian` of `Debian:12`. */
export const OSV_PARTS: PartNaming = {
  source: 'osv',
  home: ({ affected: [first] }) => first && baseEcosystem(first.ecosystem),
};

/** Red Hat's documents are one part. */
export const VEX_PARTS: PartNaming = { source: 'redhat-vex', home: () => '' };

/** NVD has a part for each year, as its feeds do. */
export const NVD_PARTS: PartNaming = { source: 'nvd', home: ({ id }) => /^CVE-(\d{4})-/.exec(id)?.[1] };

/** `Debian` of `Debian:12`. */
export function baseEcosystem(ecosystem: string): string {
  const colon = ecosystem.indexOf(':');
  return colon === -1 ? ecosystem : ecosystem.slice(0, colon);
}

/** Takes records one by one. Ended once, or dropped. */
export interface RecordSet {
  add(advisory: Advisory): void;
  /** @returns the parts that were written. @throws {PlimsollError} `ADVISORY_INVALID` when one would shrink too far; that one stays. */
  end(): readonly PartKey[];
  drop(): void;
}

/** What the facts of its parts are made of. */
export interface RecordSetFacts {
  readonly origin: string;
  /** Used when neither the context nor a record has a date. */
  readonly fallbackDate: string;
  readonly tally: ReadTally;
}

/** A set that is all there is of a part, and replaces it. */
export function wholeSet(key: PartKey, context: ImportContext, facts: RecordSetFacts): RecordSet {
  const part = context.build.beginPart(key);
  const latest = new LatestDate(context.now);
  return {
    add: advisory => {
      part.add(advisory);
      latest.see(advisory);
    },
    end: () => {
      const asOf = context.asOf ?? latest.date ?? facts.fallbackDate;
      const state = context.stateOf?.(latest.date);
      endOrDrop(context, part, { origin: facts.origin, asOf, counts: facts.tally.counts(), state });
      return [key];
    },
    drop: () => context.build.dropPart(part),
  };
}

/** A set that adds to what there is: of a record that is there in a later form, that form stays. */
export function addingSet(naming: PartNaming, context: ImportContext, facts: RecordSetFacts): RecordSet {
  return new AddingSet(naming, context, facts);
}

interface NewPart {
  readonly part: OpenPart;
  readonly ids: Set<string>;
}

class AddingSet implements RecordSet {
  readonly #naming: PartNaming;
  readonly #context: ImportContext;
  readonly #facts: RecordSetFacts;
  readonly #latest: LatestDate;
  readonly #known: ReadonlySet<string>;
  readonly #added = new Map<string, NewPart>();
  readonly #changed = new Map<string, Map<string, Advisory>>();
  readonly #changedParts = new Set<string>();

  constructor(naming: PartNaming, context: ImportContext, facts: RecordSetFacts) {
    this.#naming = naming;
    this.#context = context;
    this.#facts = facts;
    this.#latest = new LatestDate(context.now);
    const parts = context.build.parts().filter(({ source }) => source === naming.source);
    this.#known = new Set(parts.map(({ name }) => name));
  }

  add(advisory: Advisory): void {
    this.#latest.see(advisory);
    const { build } = this.#context;
    const known = this.#known.size === 0 ? [] : build.findAdvisory(this.#naming.source, advisory.id);
    if (known.some(({ modified }) => modified >= (advisory.modified ?? ''))) return;
    const home = this.#naming.home(advisory);
    // A withdrawn record without packages that we never had: nothing is to be taken back.
    const names = known.length > 0 ? known.map(({ name }) => name) : home === undefined ? [] : [home];
    for (const name of names) {
      if (this.#known.has(name)) this.#change(name, advisory);
      else this.#addNew(name, advisory);
    }
  }

  end(): readonly PartKey[] {
    for (const [name, { part }] of this.#added) {
      endOrDrop(this.#context, part, this.#factsOf(name === this.#first() ? undefined : part.count));
    }
    for (const name of this.#changed.keys()) this.#writeChanges(name);
    const names = [...new Set([...this.#added.keys(), ...this.#changedParts])].sort();
    return names.map(name => ({ source: this.#naming.source, name }));
  }

  drop(): void {
    for (const { part } of this.#added.values()) this.#context.build.dropPart(part);
    this.#added.clear();
    this.#changed.clear();
  }

  #addNew(name: string, advisory: Advisory): void {
    let added = this.#added.get(name);
    if (added === undefined) {
      added = { part: this.#context.build.beginPart({ source: this.#naming.source, name }), ids: new Set() };
      this.#added.set(name, added);
    }
    if (added.ids.has(advisory.id)) return;
    added.ids.add(advisory.id);
    added.part.add(advisory);
  }

  #change(name: string, advisory: Advisory): void {
    const changed = this.#changed.get(name) ?? new Map<string, Advisory>();
    this.#changed.set(name, changed.set(advisory.id, advisory));
    this.#changedParts.add(name);
    if (changed.size >= BATCH) this.#writeChanges(name);
  }

  #writeChanges(name: string): void {
    const changed = this.#changed.get(name);
    this.#changed.delete(name);
    if (changed === undefined) return;
    const key = { source: this.#naming.source, name };
    this.#context.build.changePart(key, { remove: [], add: [...changed.values()] }, this.#factsOf(changed.size));
  }

  /** The part that gets the numbers of what was skipped, so that they are somewhere. */
  #first(): string | undefined {
    return this.#added.keys().next().value;
  }

  #factsOf(count: number | undefined) {
    const { context, facts } = { context: this.#context, facts: this.#facts };
    const asOf = context.asOf ?? this.#latest.date ?? facts.fallbackDate;
    const counts = count === undefined ? facts.tally.counts() : { read: count, kept: count, skipped: {}, lost: {} };
    return { origin: facts.origin, asOf, counts, state: context.stateOf?.(this.#latest.date) };
  }
}

function endOrDrop(
  context: ImportContext,
  part: OpenPart,
  facts: Parameters<ImportContext['build']['endPart']>[1],
): void {
  const { build, mayShrink } = context;
  try {
    build.endPart(part, facts, { mayShrink });
  } catch (error) {
    build.dropPart(part);
    throw error;
  }
}
