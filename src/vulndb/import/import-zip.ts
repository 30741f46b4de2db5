/**
 * Archives of OSV records, as the OSV export has them: entry by entry through the central directory, never all in memory.
 */
import type { Advisory } from '#advisory/advisory.ts';
import { parseOsvRecord } from '#advisory/osv/parse-record.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { ZipBudget } from '#inventory/zip/budget.ts';
import { openZip, type Zip } from '#inventory/zip/zip.ts';
import type { FeedFile } from './feed-file.ts';
import { fileFailure } from './file-failure.ts';
import { Breather, type ImportContext, type Imported } from './import-context.ts';
import { partLabel } from './part-label.ts';
import { addingSet, baseEcosystem, OSV_PARTS, wholeSet } from './record-set.ts';

type Entry = Zip['entries'][number];

/** As many records as npm's archive has, ten times over. */
const BUDGET = { bytes: 256 * 1024 ** 3, entries: 5_000_000 };
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
/** Records looked at to find out which ecosystem an archive is of. */
const SAMPLES = 50;
/** Records of an ecosystem's archive that may fail to name it. */
const MAX_STRANGERS = 0.05;

/**
 * Imports an archive. One whose records all name an ecosystem is all of that, and replaces what was known of it; one of many ecosystems
 * (`all.zip` of the export's root) adds to what is known. `hint` is the name of the folder it is in, which decides between ecosystems that
 * share records.
 *
 * @throws {PlimsollError} `ADVISORY_INVALID` when it is damaged or has no records of OSV; then everything stays as it was.
 */
export async function importZip(file: FeedFile, hint: string, context: ImportContext): Promise<Imported> {
  const breather = new Breather(context.signal);
  const tally = new ReadTally();
  const budget = new ZipBudget(BUDGET);
  const zip = openArchive(file, budget);
  const entries = zip.entries.filter(({ name }) => name.endsWith('.json')).sort(byName);
  const ecosystem = ecosystemOf(zip, entries, { hint, budget, path: file.path });
  const facts = { origin: context.origin ?? file.path, fallbackDate: file.modifiedAt.toISOString(), tally };
  const set =
    ecosystem === undefined
      ? addingSet(OSV_PARTS, context, facts)
      : wholeSet({ source: 'osv', name: ecosystem }, context, facts);
  let damaged = 0;
  try {
    for (const entry of entries) {
      if (breather.isDue) await breather.breathe();
      context.onBytes?.(entry.storedBytes);
      const advisory = readRecord(zip, entry, tally, budget);
      if (advisory === 'damaged') damaged += 1;
      else if (advisory !== undefined) set.add(advisory);
    }
    refuseDamage(zip, damaged, entries.length, file.path);
  } catch (error) {
    set.drop();
    throw fileFailure(error, file.path);
  }
  const parts = set.end().map(partLabel);
  return { path: file.path, kind: 'zip', parts, counts: tally.counts() };
}

function openArchive(file: FeedFile, budget: ZipBudget): Zip {
  try {
    return openZip(file.stored, { budget });
  } catch (error) {
    throw fileFailure(error, file.path);
  }
}

function readRecord(zip: Zip, entry: Entry, tally: ReadTally, budget: ZipBudget): Advisory | 'damaged' | undefined {
  try {
    return parseOsvRecord(zip.read(entry, MAX_RECORD_BYTES), tally);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    if (error.code === 'FILE_INVALID') {
      tally.skip('entry that is damaged');
      return 'damaged';
    }
    if (error.code !== 'LIMIT_EXCEEDED' || budget.isUsedUp) throw error;
    tally.skip('record over the size limit');
    return undefined;
  }
}

/** An archive with damage in it is no longer all of an ecosystem, and must not replace what is. */
function refuseDamage(zip: Zip, damaged: number, count: number, path: string): void {
  const [gap] = zip.gaps;
  if (damaged === 0 && gap === undefined) return;
  const why = damaged > 0 ? `${damaged} of its ${count} entries are damaged` : `it is damaged: ${gap}`;
  throw new PlimsollError('ADVISORY_INVALID', `Cannot read "${printable(path)}": ${why}; fetch it again`);
}

/** Whose archive it is; `undefined` when it is of many. */
function ecosystemOf(
  zip: Zip,
  entries: readonly Entry[],
  { hint, budget, path }: { readonly hint: string; readonly budget: ZipBudget; readonly path: string },
): string | undefined {
  const step = Math.max(1, Math.floor(entries.length / SAMPLES));
  const counts = new Map<string, number>();
  let records = 0;
  for (let at = 0; at < entries.length; at += step) {
    const entry = entries[at];
    const advisory = entry && readRecord(zip, entry, new ReadTally(), budget);
    if (advisory === undefined || advisory === 'damaged' || advisory.affected.length === 0) continue;
    records += 1;
    const ecosystems = new Set(advisory.affected.map(one => baseEcosystem(one.ecosystem)));
    for (const ecosystem of ecosystems) counts.set(ecosystem, (counts.get(ecosystem) ?? 0) + 1);
  }
  if (records === 0) {
    throw new PlimsollError(
      'ADVISORY_INVALID',
      `Cannot read "${printable(path)}": none of its ${zip.entryCount} entries is an OSV record that names a package`,
    );
  }
  if (counts.has(hint)) return hint;
  const [most] = [...counts].sort(([a, more], [b, less]) => less - more || (a < b ? -1 : 1));
  return most !== undefined && most[1] >= records * (1 - MAX_STRANGERS) ? most[0] : undefined;
}

/** By id, so that the order in the archive, which changes from day to day, does not matter. */
function byName(a: Entry, b: Entry): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
