/**
 * Turns the entries of one layer, or the files of one folder, into facts: asks the cataloguers what they want, and gives it to them.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Cataloguer, ClaimedGroup, ExecutableCataloguer, FileEntry } from '#inventory/cataloguer.ts';
import { EntrySetBuilder } from '#inventory/entry-set.ts';
import { isExecutableMagic, openExecutable } from '#inventory/executable/open-executable.ts';
import type { FileBody } from '#inventory/file-body.ts';
import type { LayerFacts, LayerFile, LayerGap } from '#inventory/layer-facts.ts';
import { LayerMarksBuilder, type MarkedFile } from '#inventory/layer-marks.ts';
import { keptBody } from './spool.ts';

/** The cataloguers that read a layer. */
export interface CataloguerSet {
  readonly byPath: readonly Cataloguer[];
  readonly byMagic: readonly ExecutableCataloguer[];
}

/** Bounds on what is kept of one layer. */
export interface CollectorLimits {
  readonly maxEntries: number;
  readonly maxLinks: number;
  readonly maxFiles: number;
  readonly maxGaps: number;
}

const COLLECTOR_LIMITS: CollectorLimits = {
  maxEntries: 5_000_000,
  maxLinks: 300_000,
  maxFiles: 500_000,
  maxGaps: 200,
};

/** Who wants a file's bytes. `sniff` means: nobody by its path, but its first bytes may make it an executable. */
export interface Claim {
  readonly entry: FileEntry;
  readonly claimants: readonly Cataloguer[];
  readonly companionOf: string | undefined;
  /** How many bytes from its start are wanted: all of them, unless everybody who wants it looks at its head only. */
  readonly wantedBytes: number;
  /** Whether to offer it to the executable cataloguers if its magic fits. */
  readonly sniff: boolean;
}

/** The smallest file that can be an executable, in bytes. */
const MIN_EXECUTABLE_BYTES = 64;
/** The largest executable we look into. */
const MAX_EXECUTABLE_BYTES = 2 * 1024 ** 3;
const MAX_COMPANION_BYTES = 64 * 1024 ** 2;
/** Main files and companions wait for the end of the layer, small ones in memory; together no more than this. */
const MAX_WAITING_BYTES = 1024 ** 3;
const MAX_WAITING_FILES = 50_000;

export class LayerCollector implements Disposable {
  readonly #cataloguers: CataloguerSet;
  readonly #limits: CollectorLimits;
  readonly #files = new Map<string, LayerFile[]>();
  readonly #whiteouts: string[] = [];
  readonly #opaque: string[] = [];
  readonly #symlinks = new Map<string, string>();
  readonly #hardLinks = new Map<string, string>();
  readonly #entries = new EntrySetBuilder();
  readonly #folders = new EntrySetBuilder();
  readonly #marks = new LayerMarksBuilder();
  readonly #gaps: LayerGap[] = [];
  #droppedGaps = 0;
  readonly #cutLinks = new Set<string>();
  /** Companions by main path, then by their own path; and main files that wait for the end of the layer. */
  readonly #companions = new Map<string, Map<string, FileBody & Disposable>>();
  readonly #waiting = new Map<
    string,
    { readonly claim: Claim; readonly body: FileBody & Disposable; readonly by: Cataloguer }
  >();
  #waitingBytes = 0;

  constructor(cataloguers: CataloguerSet, limits: CollectorLimits = COLLECTOR_LIMITS) {
    this.#cataloguers = cataloguers;
    this.#limits = limits;
  }

  addFolder(path: string): void {
    this.#count();
    this.#folders.add(path);
  }

  /** Any entry that is not a folder; called before `claim`. An earlier entry of the same path in this layer is forgotten. */
  addEntry(path: string): void {
    this.#count();
    this.#entries.add(path);
    this.#files.delete(path);
    this.#symlinks.delete(path);
    this.#hardLinks.delete(path);
    this.#waiting.get(path)?.body[Symbol.dispose]();
    this.#waiting.delete(path);
  }

  /** What the header of a regular file tells; after `addEntry`. */
  addFile(file: MarkedFile): void {
    this.#marks.add(file);
  }

  /** @throws {PlimsollError} `LIMIT_EXCEEDED`: a deletion that is not applied would show what is not there. */
  addWhiteout(path: string): void {
    this.#countDeletion();
    this.#whiteouts.push(path);
  }

  /** @throws {PlimsollError} `LIMIT_EXCEEDED`, as `addWhiteout`. */
  addOpaque(folder: string): void {
    this.#countDeletion();
    this.#opaque.push(folder);
  }

  addSymlink(path: string, target: string): void {
    if (this.#symlinks.size < this.#limits.maxLinks) this.#symlinks.set(path, target);
    else this.#tooManyLinks('symlinks');
  }

  addHardLink(path: string, target: string): void {
    if (this.#hardLinks.size < this.#limits.maxLinks) this.#hardLinks.set(path, target);
    else this.#tooManyLinks('hard links');
  }

  /** Said once for each kind, however many there are: a million such gaps would crowd out the others. */
  #tooManyLinks(kind: 'symlinks' | 'hard links'): void {
    if (this.#cutLinks.has(kind)) return;
    this.#cutLinks.add(kind);
    this.addGap({ reason: `It has over ${this.#limits.maxLinks} ${kind}; the rest were not followed` });
  }

  addGap(gap: LayerGap): void {
    if (this.#gaps.length < this.#limits.maxGaps) {
      this.#gaps.push({
        ...(gap.path === undefined ? {} : { path: printable(gap.path) }),
        reason: printable(gap.reason, 500),
      });
    } else {
      this.#droppedGaps += 1;
    }
  }

  /** Whether anyone wants the bytes of this file; `undefined` when nobody does. A file that is too large becomes a gap. */
  claim(entry: FileEntry): Claim | undefined {
    let claimants: Cataloguer[] | undefined;
    let companionOf: string | undefined;
    for (const cataloguer of this.#cataloguers.byPath) {
      if (cataloguer.claims(entry)) {
        if (entry.sizeBytes > cataloguer.maxBytes) this.#tooLarge(entry, cataloguer.maxBytes);
        else if (claimants === undefined) claimants = [cataloguer];
        else claimants.push(cataloguer);
      }
      if (cataloguer.companionOf !== undefined) companionOf ??= cataloguer.companionOf(entry);
    }
    if (companionOf !== undefined && entry.sizeBytes > MAX_COMPANION_BYTES) {
      this.#tooLarge(entry, MAX_COMPANION_BYTES);
      companionOf = undefined;
    }
    const wantedBytes = companionOf === undefined ? wantedBy(claimants) : Number.POSITIVE_INFINITY;
    const isWhole = entry.sizeBytes <= wantedBytes;
    const sniff = isWhole && entry.sizeBytes >= MIN_EXECUTABLE_BYTES && entry.sizeBytes <= MAX_EXECUTABLE_BYTES;
    if (claimants === undefined && companionOf === undefined && !sniff) return undefined;
    return { entry, claimants: claimants ?? [], companionOf, wantedBytes, sniff };
  }

  /** Makes facts of a claimed file. `body` need not outlive the call. */
  take(claim: Claim, body: FileBody): void {
    const { entry, companionOf } = claim;
    if (companionOf !== undefined) this.#keepCompanion(companionOf, entry.path, body);
    for (const cataloguer of claim.claimants) {
      // A main file whose companions may still come waits; others are read at once.
      if (cataloguer.companionOf === undefined) this.#read(claim, cataloguer, body, undefined);
      else this.#wait(claim, cataloguer, body);
    }
    if (claim.sniff && isExecutableMagic(body.read(0, 64))) this.#readExecutable(claim, body);
  }

  /** Everything learnt. Reads the files that waited for companions. */
  finish(): LayerFacts {
    for (const [path, { claim, body, by }] of this.#waiting) this.#read(claim, by, body, this.#companions.get(path));
    this[Symbol.dispose]();
    if (this.#droppedGaps > 0) this.#gaps.push({ reason: `${this.#droppedGaps} further gaps are not listed` });
    return {
      files: [...this.#files.values()].flat(),
      whiteouts: this.#whiteouts,
      opaque: this.#opaque,
      symlinks: [...this.#symlinks],
      hardLinks: [...this.#hardLinks],
      entries: this.#entries.build(),
      folders: this.#folders.build(),
      gaps: this.#gaps,
      marks: this.#marks.build(),
    };
  }

  [Symbol.dispose](): void {
    for (const { body } of this.#waiting.values()) body[Symbol.dispose]();
    for (const group of this.#companions.values()) for (const body of group.values()) body[Symbol.dispose]();
    this.#waiting.clear();
    this.#companions.clear();
  }

  #count(): void {
    if (this.#entries.size + this.#folders.size >= this.#limits.maxEntries) {
      throw new PlimsollError('LIMIT_EXCEEDED', `It has over ${this.#limits.maxEntries} entries`);
    }
  }

  #countDeletion(): void {
    if (this.#whiteouts.length + this.#opaque.length >= this.#limits.maxLinks) {
      throw new PlimsollError('LIMIT_EXCEEDED', `It deletes over ${this.#limits.maxLinks} paths of lower layers`);
    }
  }

  #tooLarge(entry: FileEntry, limitBytes: number): void {
    this.addGap({ path: entry.path, reason: `It is ${entry.sizeBytes} bytes, the limit is ${limitBytes}` });
  }

  #keepCompanion(mainPath: string, path: string, body: FileBody): void {
    if (!this.#makeRoom(path, body.sizeBytes)) return;
    const companions = this.#companions.get(mainPath) ?? new Map<string, FileBody & Disposable>();
    companions.get(path)?.[Symbol.dispose]();
    companions.set(path, keptBody(body));
    this.#companions.set(mainPath, companions);
  }

  #wait(claim: Claim, by: Cataloguer, body: FileBody): void {
    // Too large to keep until the end of the layer: read without companions rather than not at all.
    if (!this.#makeRoom(claim.entry.path, body.sizeBytes)) this.#read(claim, by, body, undefined);
    else this.#waiting.set(claim.entry.path, { claim, by, body: keptBody(body) });
  }

  #makeRoom(path: string, sizeBytes: number): boolean {
    if (this.#waitingBytes + sizeBytes > MAX_WAITING_BYTES || this.#waiting.size >= MAX_WAITING_FILES) {
      this.addGap({ path, reason: 'It was read without the files that belong to it: too many of them in this layer' });
      return false;
    }
    this.#waitingBytes += sizeBytes;
    return true;
  }

  #read(claim: Claim, by: Cataloguer, body: FileBody, companions: ReadonlyMap<string, FileBody> | undefined): void {
    const file: ClaimedGroup = { ...claim.entry, body, companions: companions ?? new Map() };
    this.#attempt(claim.entry.path, by.id, () => by.read(file));
  }

  #readExecutable(claim: Claim, body: FileBody): void {
    const file = { ...claim.entry, body };
    this.#attempt(claim.entry.path, 'executable', () => {
      const executable = openExecutable(body);
      if (executable === undefined) return undefined;
      for (const cataloguer of this.#cataloguers.byMagic) {
        this.#attempt(claim.entry.path, cataloguer.id, () => cataloguer.read(file, executable));
      }
      return undefined;
    });
  }

  /** Runs a cataloguer on hostile bytes: whatever it throws becomes a gap. */
  #attempt(path: string, by: string, read: () => LayerFile['fact'] | undefined): void {
    try {
      const fact = read();
      if (fact === undefined) return;
      for (const reason of fact.gaps ?? []) this.addGap({ path, reason });
      this.#keep({ path, by, fact });
    } catch (error) {
      const reason = error instanceof PlimsollError ? error.message : `The ${by} cataloguer failed: ${String(error)}`;
      this.addGap({ path, reason });
    }
  }

  #keep(file: LayerFile): void {
    if (this.#files.size >= this.#limits.maxFiles && !this.#files.has(file.path)) {
      throw new PlimsollError('LIMIT_EXCEEDED', `It has over ${this.#limits.maxFiles} files with packages`);
    }
    const facts = this.#files.get(file.path);
    if (facts === undefined) this.#files.set(file.path, [file]);
    else facts.push(file);
  }
}

function wantedBy(claimants: readonly Cataloguer[] | undefined): number {
  if (claimants === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(...claimants.map(one => one.headBytes ?? Number.POSITIVE_INFINITY));
}
