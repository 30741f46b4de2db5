/**
 * Feeds that are one document each: what it says of a source, a release or a repository replaces what was known of that.
 */
import type { Advisory } from '#advisory/advisory.ts';
import { parseSecdb } from '#advisory/alpine-secdb/parse-secdb.ts';
import { parseUpdateinfo } from '#advisory/amazon/parse-updateinfo.ts';
import { parseDebianList } from '#advisory/debian-tracker/parse-list.ts';
import { parseDebianTracker } from '#advisory/debian-tracker/parse-tracker.ts';
import { parseEpss } from '#advisory/epss/parse-epss.ts';
import { parseKev } from '#advisory/kev/parse-kev.ts';
import { parseNvd } from '#advisory/nvd/parse-nvd.ts';
import { parseOracleOval } from '#advisory/oracle/parse-oval.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { parseContainerMap, parseRepositoryMap } from '#advisory/redhat-vex/parse-maps.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { OpenPart } from '../database-build.ts';
import type { PartFacts, PartKey } from '../part-table.ts';
import type { FeedFile } from './feed-file.ts';
import { Breather, type ImportContext, type Imported, LatestDate } from './import-context.ts';
import { partLabel } from './part-label.ts';
import { amazonRelease, type FeedKind } from './recognise.ts';
import { addingSet, baseEcosystem, NVD_PARTS } from './record-set.ts';

/** The kinds that are one document. */
export type DocumentKind = Exclude<FeedKind, 'zip' | 'tar' | 'osv-record' | 'vex-document'>;

/** JSON that is parsed whole; each parser has a limit of its own below this. */
const MAX_BYTES = 512 * 1024 * 1024;

/**
 * Imports a document. @throws {PlimsollError} `ADVISORY_INVALID` or `LIMIT_EXCEEDED` when it is damaged or too large; then what was known
 * stays.
 */
export async function importDocument(file: FeedFile, kind: DocumentKind, context: ImportContext): Promise<Imported> {
  const tally = new ReadTally();
  const run = { file, context, tally };
  const parts = await importByKind(kind, run);
  return { path: file.path, kind, parts: parts.map(partLabel), counts: tally.counts() };
}

interface Run {
  readonly file: FeedFile;
  readonly context: ImportContext;
  readonly tally: ReadTally;
}

async function importByKind(kind: DocumentKind, run: Run): Promise<readonly PartKey[]> {
  const { file, context, tally } = run;
  switch (kind) {
    case 'debian-tracker':
      return await replacePart(run, parseDebianTracker(await readWhole(run), tally), () => '');
    case 'debian-list':
      // "DSA" or "DLA".
      return await replacePart(
        run,
        parseDebianList(await readWhole(run), tally),
        ({ id }) => id.split('-', 1)[0] ?? '',
      );
    case 'secdb':
      return await replacePart(run, parseSecdb(await readWhole(run), tally), secdbPart);
    case 'amazon-updateinfo':
      return await importUpdateinfo(run);
    case 'oracle-oval':
      return await replacePart(run, parseOracleOval(file.chunks(context.onBytes), tally), () => '');
    case 'nvd':
      return await importNvd(run);
    case 'kev':
      return importCatalogue(run, await readWhole(run));
    case 'epss':
      return importScores(run, await readWhole(run));
    case 'redhat-repositories': {
      const key = { source: 'redhat-vex', name: 'repositories' };
      context.build.setRedHatRepositories(key, parseRepositoryMap(await readWhole(run), tally), factsOf(run));
      return [key];
    }
    case 'redhat-images': {
      const key = { source: 'redhat-vex', name: 'images' };
      context.build.setRedHatImages(key, parseContainerMap(await readWhole(run), tally), factsOf(run));
      return [key];
    }
    default:
      return kind satisfies never;
  }
}

/** Writes all advisories as one part, whose name the first of them tells. */
async function replacePart(
  run: Run,
  advisories: Iterable<Advisory> | AsyncIterable<Advisory>,
  nameOf: (first: Advisory) => string,
): Promise<readonly PartKey[]> {
  const { context } = run;
  const breather = new Breather(context.signal);
  const latest = new LatestDate(context.now);
  let part: OpenPart | undefined;
  try {
    for await (const advisory of advisories) {
      part ??= context.build.beginPart({ source: advisory.source, name: nameOf(advisory) });
      part.add(advisory);
      latest.see(advisory);
      if (breather.isDue) await breather.breathe();
    }
    if (part !== undefined) context.build.endPart(part, factsOf(run, latest.date), context);
  } catch (error) {
    if (part !== undefined) context.build.dropPart(part);
    throw error;
  }
  return part === undefined ? [] : [part.key];
}

/** `Alpine:v3.19/main`; the release alone where there is but one repository. */
function secdbPart({ affected: [first] }: Advisory): string {
  if (first === undefined) return '';
  const { ecosystem, repository } = first;
  return repository === undefined || baseEcosystem(ecosystem) === ecosystem ? ecosystem : `${ecosystem}/${repository}`;
}

async function importUpdateinfo(run: Run): Promise<readonly PartKey[]> {
  const { file, context, tally } = run;
  const { bytes } = await file.head();
  const release = amazonRelease(bytes.toString('utf8'));
  if (release === undefined) {
    throw new PlimsollError(
      'ADVISORY_INVALID',
      `Cannot read "${printable(file.path)}": it has no advisory of Amazon's`,
    );
  }
  const advisories = parseUpdateinfo(file.chunks(context.onBytes), tally, { release });
  return await replacePart(run, advisories, ({ affected: [first] }) =>
    first?.repository === undefined ? `Amazon Linux:${release}` : `Amazon Linux:${release}/${first.repository}`,
  );
}

/** A year's feed or a page of the API: both add, for a page is not all there is of a year. */
async function importNvd(run: Run): Promise<readonly PartKey[]> {
  const { file, context, tally } = run;
  const facts = { origin: originOf(run), fallbackDate: file.modifiedAt.toISOString(), tally };
  const breather = new Breather(context.signal);
  const set = addingSet(NVD_PARTS, context, facts);
  try {
    for (const advisory of parseNvd(await readWhole(run), tally)) {
      set.add(advisory);
      if (breather.isDue) await breather.breathe();
    }
  } catch (error) {
    set.drop();
    throw error;
  }
  return set.end();
}

function importCatalogue(run: Run, bytes: Buffer): readonly PartKey[] {
  const { released, exploited } = parseKev(bytes, run.tally);
  const key = { source: 'kev', name: '' };
  run.context.build.setKnownExploited(key, exploited, factsOf(run, released), run.context);
  return [key];
}

function importScores(run: Run, bytes: Buffer): readonly PartKey[] {
  const { date, scores } = parseEpss(bytes, run.tally);
  const key = { source: 'epss', name: '' };
  const all = [...scores];
  run.context.build.setProbabilities(key, all, factsOf(run, date), run.context);
  return [key];
}

async function readWhole({ file, context }: Run): Promise<Buffer> {
  const bytes = await file.whole(MAX_BYTES);
  context.onBytes?.(file.sizeBytes);
  return bytes;
}

function factsOf(run: Run, date?: string): PartFacts {
  const { file, context, tally } = run;
  return {
    origin: originOf(run),
    asOf: toTimestamp(context.asOf ?? date) ?? file.modifiedAt.toISOString(),
    counts: tally.counts(),
    state: context.stateOf?.(date),
  };
}

function originOf({ file, context }: Run): string {
  return context.origin ?? file.path;
}

/** Feeds write their date in several forms of ISO 8601; they are compared as text. */
function toTimestamp(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}
