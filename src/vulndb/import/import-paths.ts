/**
 * Importing whatever lies at a path: files of any kind, and folders of them in any layout.
 */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Advisory } from '#advisory/advisory.ts';
import { parseOsvRecord } from '#advisory/osv/parse-record.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { parseRedHatVex } from '#advisory/redhat-vex/parse-vex.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type FeedFile, openFeedFile } from './feed-file.ts';
import { fileFailure } from './file-failure.ts';
import { Breather, type ImportContext, type Imported } from './import-context.ts';
import { importOpened } from './import-feed.ts';
import { partLabel } from './part-label.ts';
import { type FeedKind, recogniseFeed } from './recognise.ts';
import { addingSet, OSV_PARTS, type PartNaming, type RecordSet, VEX_PARTS } from './record-set.ts';

/** What came of a path and everything below it. */
export interface ImportReport {
  readonly imported: readonly Imported[];
  /** Files that are nothing we know. */
  readonly unknown: readonly string[];
  /** Files that are, and could not be read. */
  readonly failed: readonly { readonly path: string; readonly error: PlimsollError }[];
}

/** Told which file is being read. */
export interface ImportWatcher {
  onFile?(path: string, sizeBytes: number): void;
}

const MAX_DEPTH = 16;
/** The whole OSV export unpacked has some 800,000 files. */
const MAX_FILES = 5_000_000;
const MAX_RECORD_BYTES = 128 * 1024 * 1024;

/**
 * Imports the file or folder at `path`. A file that fails is told and leaves what was known; the others are imported all the same.
 * @throws {PlimsollError} `FILE_UNKNOWN` when there is nothing at `path`; what fails for all: `CANCELLED`, a full disk.
 */
export async function importPath(
  path: string,
  context: ImportContext,
  watcher: ImportWatcher = {},
): Promise<ImportReport> {
  const run = new PathImport(context, watcher);
  await run.importAny(path);
  return run;
}

class PathImport implements ImportReport {
  readonly imported: Imported[] = [];
  readonly unknown: string[] = [];
  readonly failed: { path: string; error: PlimsollError }[] = [];
  readonly #context: ImportContext;
  readonly #watcher: ImportWatcher;
  readonly #breather: Breather;
  #files = 0;

  constructor(context: ImportContext, watcher: ImportWatcher) {
    this.#context = context;
    this.#watcher = watcher;
    this.#breather = new Breather(context.signal);
  }

  async importAny(path: string): Promise<void> {
    const isFolder = attempt(path, () => statSync(path).isDirectory());
    if (isFolder) await this.#importFolder(path, 0);
    else await this.#importRecords([path]);
  }

  async #importFolder(folder: string, depth: number): Promise<void> {
    if (depth > MAX_DEPTH)
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read "${printable(folder)}": folders nest too deep`);
    const names = attempt(folder, () => readdirSync(folder)).sort();
    const files: string[] = [];
    const folders: string[] = [];
    for (const name of names) {
      const path = join(folder, name);
      const stats = attempt(path, () => lstatSync(path));
      if (stats.isDirectory()) folders.push(path);
      // Links could lead in circles, devices never end.
      else if (stats.isFile()) files.push(path);
    }
    this.#files += files.length;
    if (this.#files > MAX_FILES)
      throw new PlimsollError('LIMIT_EXCEEDED', `Cannot import over ${MAX_FILES} files at once`);
    await this.#importRecords(files);
    for (const one of folders) await this.#importFolder(one, depth + 1);
  }

  /** The files of one folder: single records among them make a set, the others stand for themselves. */
  async #importRecords(files: readonly string[]): Promise<void> {
    const sets = new RecordSets(this.#context);
    try {
      for (const path of files) {
        if (this.#breather.isDue) await this.#breather.breathe();
        try {
          await this.#importFile(path, sets);
        } catch (error) {
          this.#fail(path, error);
        }
      }
    } catch (error) {
      sets.drop();
      throw error;
    }
    for (const { path, end } of sets.all()) {
      try {
        this.imported.push(end());
      } catch (error) {
        this.#fail(path, error);
      }
    }
  }

  async #importFile(path: string, sets: RecordSets): Promise<void> {
    using file = openFeedFile(path);
    const { bytes, isWhole } = await file.head();
    const kind = recogniseFeed(bytes);
    if (kind === undefined) {
      this.unknown.push(path);
      return;
    }
    if (kind === 'osv-record' || kind === 'vex-document') {
      sets.add(kind, path, file, isWhole ? bytes : await file.whole(MAX_RECORD_BYTES));
      return;
    }
    this.#watcher.onFile?.(path, file.sizeBytes);
    this.imported.push(await importOpened(file, kind, this.#context));
  }

  #fail(path: string, error: unknown): void {
    const isOwn = error instanceof PlimsollError && PER_FILE.has(error.code);
    if (!isOwn || this.#context.build.hasFailed) throw error;
    this.failed.push({ path, error });
  }
}

/** What concerns one file and none of the others, unless the database itself has failed. */
const PER_FILE: ReadonlySet<string> = new Set(['ADVISORY_INVALID', 'LIMIT_EXCEEDED', 'FILE_DENIED', 'FILE_UNKNOWN']);

/** Single records, by their kind. */
class RecordSets {
  readonly #context: ImportContext;
  readonly #sets = new Map<FeedKind, { path: string; set: RecordSet; tally: ReadTally }>();

  constructor(context: ImportContext) {
    this.#context = context;
  }

  add(kind: 'osv-record' | 'vex-document', path: string, file: FeedFile, bytes: Buffer): void {
    let known = this.#sets.get(kind);
    if (known === undefined) {
      const tally = new ReadTally();
      const facts = {
        origin: this.#context.origin ?? path,
        fallbackDate: file.modifiedAt.toISOString(),
        tally,
      };
      known = { path, set: addingSet(NAMING[kind], this.#context, facts), tally };
      this.#sets.set(kind, known);
    }
    this.#context.onBytes?.(file.sizeBytes);
    const advisory: Advisory | undefined = PARSERS[kind](bytes, known.tally);
    if (advisory !== undefined) known.set.add(advisory);
  }

  *all(): Generator<{ path: string; end: () => Imported }> {
    for (const [kind, { path, set, tally }] of this.#sets) {
      yield { path, end: () => ({ path, kind, parts: set.end().map(partLabel), counts: tally.counts() }) };
    }
  }

  drop(): void {
    for (const { set } of this.#sets.values()) set.drop();
  }
}

const PARSERS = { 'osv-record': parseOsvRecord, 'vex-document': parseRedHatVex } as const;
const NAMING: Readonly<Record<'osv-record' | 'vex-document', PartNaming>> = {
  'osv-record': OSV_PARTS,
  'vex-document': VEX_PARTS,
};

function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw fileFailure(error, path);
  }
}
