/**
 * Red Hat's VEX documents: the archive once, then what changed and what was deleted, by the lists of both; and the two maps.
 *
 * Source: security.access.redhat.com/data/csaf/v2/vex: `archive_latest.txt`, `changes.csv`, `deletions.csv`.
 */
import type { Advisory } from '#advisory/advisory.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { parseRedHatVex } from '#advisory/redhat-vex/parse-vex.ts';
import { SOURCES } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable, withoutSecrets } from '#base/text.ts';
import { partLabel } from '../import/part-label.ts';
import type { KnownPart } from '../part-table.ts';
import { type Change, readChanges } from './change-list.ts';
import { feedUrl } from './feed-url.ts';
import { inParallel } from './in-parallel.ts';
import {
  type FeedOutcome,
  type FeedState,
  fetchFile,
  importDownload,
  readState,
  type UpdateContext,
  updateDocument,
} from './update-context.ts';
import { OVERLAP_MS } from './update-osv.ts';

const [ARCHIVE_NAME, ARCHIVE, CHANGES, DELETIONS, DOCUMENT, REPOSITORIES, IMAGES] = SOURCES['redhat-vex'].feeds;
const SOURCE = 'redhat-vex';
const FEED = 'redhat-vex';
const DAY_MS = 24 * 3600 * 1000;
/** A typical day has hundreds of changes; with more than this the archive is faster. */
const MAX_CHANGED = 5000;
const MAX_DOCUMENT_BYTES = 128 * 1024 * 1024;
const MAX_NAME_BYTES = 1000;
const PARALLEL = 8;
/** Documents in memory before they are written. */
const BATCH = 500;

/** Brings Red Hat's documents up to date. @throws {PlimsollError} as `updateDocument` does. */
export async function updateRedHat(context: UpdateContext): Promise<FeedOutcome> {
  context.watcher.onFeed?.(FEED);
  const known = knownPart(context);
  const watermark = readState(known).watermark;
  const changed = known && watermark ? await changesSince(context, watermark) : undefined;
  if (known !== undefined && changed !== undefined) return await applyChanges(context, known, changed);
  const archive = await importArchive(context);
  const part = knownPart(context);
  const since = readState(part).watermark;
  const rest = part && since ? await changesSince(context, since) : undefined;
  if (part !== undefined && rest !== undefined) await applyChanges(context, part, rest);
  return archive;
}

/** The map of repositories, and that of images. */
export async function updateRedHatMaps(context: UpdateContext): Promise<readonly FeedOutcome[]> {
  const mirror = context.mirrors.get(SOURCE);
  return [
    await updateDocument(context, {
      source: SOURCE,
      feed: 'redhat-vex repositories',
      url: feedUrl(REPOSITORIES.url, {}, mirror),
      kinds: ['redhat-repositories'],
    }),
    await updateDocument(context, {
      source: SOURCE,
      feed: 'redhat-vex images',
      url: feedUrl(IMAGES.url, {}, mirror),
      kinds: ['redhat-images'],
    }),
  ];
}

function knownPart({ build }: UpdateContext): KnownPart | undefined {
  return build.parts().find(({ source, name }) => source === SOURCE && name === '');
}

async function importArchive(context: UpdateContext): Promise<FeedOutcome> {
  const { client, signal, mirrors } = context;
  const nameUrl = feedUrl(ARCHIVE_NAME.url, {}, mirrors.get(SOURCE));
  const { bytes } = await client.read(nameUrl, { signal, limitBytes: MAX_NAME_BYTES });
  const name = Buffer.from(bytes ?? new Uint8Array())
    .toString('utf8')
    .trim();
  if (!/^[A-Za-z0-9._-]{1,100}\.tar\.(?:zst|gz)$/.test(name)) {
    throw new PlimsollError(
      'FEED_INVALID',
      `Cannot fetch "${withoutSecrets(nameUrl)}": "${printable(name, 60)}" is not the name of an archive`,
    );
  }
  const url = feedUrl(ARCHIVE.url, { path: name }, mirrors.get(SOURCE));
  const got = await fetchFile(context, url, undefined);
  if (got.kind !== 'file') {
    throw new PlimsollError('FEED_INVALID', `Cannot fetch "${withoutSecrets(url)}": it is not there`);
  }
  const imported = await importDownload(context, got, {
    url,
    kinds: ['tar'],
    state: latest => ({ watermark: startOf(name) ?? latest ?? context.now.toISOString() }),
  });
  return { kind: 'imported', feed: FEED, imported };
}

/** What is in an archive of a day is surely from before the day before, and taken again does no harm. */
function startOf(name: string): string | undefined {
  const [, day] = /(\d{4}-\d\d-\d\d)/.exec(name) ?? [];
  const time = Date.parse(day ?? '');
  return Number.isNaN(time) ? undefined : new Date(time - DAY_MS).toISOString();
}

interface Changes {
  readonly changed: readonly Change[];
  readonly deleted: readonly Change[];
  readonly watermark: string;
}

/** `undefined` when there are so many that the archive is better. */
async function changesSince(context: UpdateContext, watermark: string): Promise<Changes | undefined> {
  const changed = await readList(context, CHANGES.url, watermark);
  const deleted = await readList(context, DELETIONS.url, watermark);
  if (changed === undefined || deleted === undefined || changed.length > MAX_CHANGED) return undefined;
  const newest = [watermark, ...changed.map(({ at }) => at), ...deleted.map(({ at }) => at)].sort().at(-1);
  return { changed, deleted, watermark: newest ?? watermark };
}

async function readList(
  context: UpdateContext,
  template: string,
  since: string,
): Promise<readonly Change[] | undefined> {
  const { client, signal, mirrors } = context;
  const url = feedUrl(template, {}, mirrors.get(SOURCE));
  const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
  const attempt = () =>
    client.once(url, {}, signal, async ({ answer, chunks }) => {
      // A source that deletes nothing has no list of it.
      if (answer.status !== 200) return [];
      const { changes, isTooMany } = await readChanges(chunks(), from);
      return isTooMany ? undefined : changes;
    });
  return await client.patiently(attempt, () => false, signal);
}

async function applyChanges(context: UpdateContext, part: KnownPart, changes: Changes): Promise<FeedOutcome> {
  const { build, now } = context;
  const { changed, deleted, watermark } = changes;
  const state: FeedState = { ...readState(part), watermark };
  const facts = { origin: part.origin, asOf: now.toISOString(), state: JSON.stringify(state) };
  if (changed.length === 0 && deleted.length === 0) {
    build.confirmPart(part, facts);
    return { kind: 'unchanged', feed: FEED };
  }
  const tally = new ReadTally();
  const gone = deleted.flatMap(({ what }) => idOf(what) ?? []);
  for (let at = 0; at < Math.max(1, changed.length); at += BATCH) {
    const { add, remove } = await fetchDocuments(context, changed.slice(at, at + BATCH), tally);
    const counts = { read: add.length, kept: add.length, skipped: {}, lost: {} };
    build.changePart(part, { add, remove: at === 0 ? [...remove, ...gone] : remove }, { ...facts, counts });
  }
  const imported = {
    path: part.origin,
    kind: 'vex-document' as const,
    parts: [partLabel(part)],
    counts: tally.counts(),
  };
  return { kind: 'imported', feed: FEED, imported };
}

async function fetchDocuments(context: UpdateContext, changes: readonly Change[], tally: ReadTally) {
  const { client, signal, mirrors, watcher } = context;
  const add: Advisory[] = [];
  const remove: string[] = [];
  await inParallel(changes, PARALLEL, async ({ what }) => {
    const url = feedUrl(DOCUMENT.url, { path: what }, mirrors.get(SOURCE));
    const { bytes } = await client.read(url, { signal, limitBytes: MAX_DOCUMENT_BYTES });
    watcher.onBytes?.(bytes?.byteLength ?? 0);
    const advisory = bytes && parseRedHatVex(bytes, tally);
    if (advisory !== undefined) add.push(advisory);
    // Deleted since the list was written.
    else if (bytes === undefined) remove.push(...[idOf(what)].filter(id => id !== undefined));
  });
  return { add: add.sort((a, b) => (a.id < b.id ? -1 : 1)), remove };
}

/** `CVE-2024-1234` of `2024/cve-2024-1234.json`. */
function idOf(path: string): string | undefined {
  const [, id] = /(?:^|\/)(cve-\d{4}-\d{4,19})\.json$/i.exec(path) ?? [];
  return id?.toUpperCase();
}
