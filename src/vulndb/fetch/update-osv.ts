/**
 * OSV: an archive for each ecosystem, and from then on the records that have changed, by the list of changes.
 *
 * Source: the OSV export (`<ecosystem>/all.zip`, `modified_id.csv`). Times are those of the list, never this machine's. Records are withdrawn, not
 * deleted, but one may move to another ecosystem, so once a week the archive is taken again.
 */
import type { Advisory } from '#advisory/advisory.ts';
import { parseOsvRecord } from '#advisory/osv/parse-record.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { SOURCES } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { withoutSecrets } from '#base/text.ts';
import { Breather } from '../import/import-context.ts';
import { partLabel } from '../import/part-label.ts';
import type { KnownPart } from '../part-table.ts';
import { type Change, readChanges } from './change-list.ts';
import { conditions, type Validators } from './feed-client.ts';
import { feedUrl } from './feed-url.ts';
import { inParallel } from './in-parallel.ts';
import {
  type FeedOutcome,
  type FeedState,
  fetchFile,
  importDownload,
  partFrom,
  readState,
  type UpdateContext,
} from './update-context.ts';

interface OsvState extends FeedState {
  /** Of the list of changes. */
  readonly changes?: Validators;
}

const [ZIP, CHANGES, RECORD] = SOURCES.osv.feeds;
const WHOLE_AFTER_MS = 7 * 24 * 3600 * 1000;
/** The list may be written while records still arrive. */
export const OVERLAP_MS = 3600 * 1000;
/** With more changes than this share, or this number if that is more, the archive is faster. */
const MAX_SHARE = 0.02;
const MAX_FEW = 200;
const MAX_RECORD_BYTES = 16 * 1024 * 1024;
const PARALLEL = 8;

/** Brings an ecosystem (`npm`, `Rocky Linux`) up to date. @throws {PlimsollError} as `updateDocument` does. */
export async function updateOsv(context: UpdateContext, ecosystem: string): Promise<FeedOutcome> {
  const { build, mirrors, watcher, now } = context;
  const feed = `osv ${ecosystem}`;
  const zip = feedUrl(ZIP.url, { ecosystem }, mirrors.get('osv'));
  const part = partFrom(build, 'osv', zip);
  watcher.onFeed?.(feed);
  const state: OsvState = readState(part);
  const isRecent = Date.parse(state.wholeAt ?? '') > now.getTime() - WHOLE_AFTER_MS;
  if (part !== undefined && isRecent && state.watermark !== undefined) {
    const outcome = await updateByChanges(context, { part, state, ecosystem, feed, since: state.watermark });
    if (outcome !== undefined) return outcome;
  }
  const got = await fetchFile(context, zip, state.validators);
  if (got.kind === 'missing') {
    throw new PlimsollError(
      'FEED_INVALID',
      `Cannot fetch "${withoutSecrets(zip)}": OSV has no ecosystem "${ecosystem}"`,
    );
  }
  const wholeAt = now.toISOString();
  if (got.kind === 'unchanged') {
    const next: OsvState = { ...state, wholeAt };
    if (part !== undefined) build.confirmPart(part, { asOf: wholeAt, state: JSON.stringify(next) });
    return { kind: 'unchanged', feed };
  }
  const { validators } = got;
  const imported = await importDownload(context, got, {
    url: zip,
    kinds: ['zip'],
    hint: ecosystem,
    state: latest => ({ validators, wholeAt, ...(latest === undefined ? {} : { watermark: latest }) }),
  });
  return { kind: 'imported', feed, imported };
}

interface Known {
  readonly part: KnownPart;
  readonly state: OsvState;
  readonly ecosystem: string;
  readonly feed: string;
  readonly since: string;
}

/** Takes over what has changed; `undefined` when that is so much that the archive is better. */
async function updateByChanges(context: UpdateContext, known: Known): Promise<FeedOutcome | undefined> {
  const { build, now } = context;
  const { part, state, ecosystem, feed, since } = known;
  const list = await fetchChanges(context, known);
  const asOf = now.toISOString();
  if (list === 'unchanged') {
    build.confirmPart(part, { asOf });
    return { kind: 'unchanged', feed };
  }
  if (list === undefined) return undefined;
  const next: OsvState = {
    ...state,
    watermark: [since, ...list.changes.map(({ at }) => at)].sort().at(-1) ?? since,
    changes: list.validators,
  };
  const wanted = list.changes.filter(change => !isKnown(context, change));
  if (wanted.length > Math.max(MAX_FEW, part.advisories * MAX_SHARE)) return undefined;
  if (wanted.length === 0) {
    build.confirmPart(part, { asOf, state: JSON.stringify(next) });
    return { kind: 'unchanged', feed };
  }
  const tally = new ReadTally();
  const { add, remove } = await fetchRecords(context, ecosystem, wanted, tally);
  const counts = tally.counts();
  build.changePart(part, { add, remove }, { origin: part.origin, asOf, counts, state: JSON.stringify(next) });
  return {
    kind: 'imported',
    feed,
    imported: { path: part.origin, kind: 'osv-record', parts: [partLabel(part)], counts },
  };
}

async function fetchChanges(context: UpdateContext, { ecosystem, state, since }: Known) {
  const { client, signal, mirrors } = context;
  const url = feedUrl(CHANGES.url, { ecosystem }, mirrors.get('osv'));
  const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
  const attempt = () =>
    client.once(url, conditions(state.changes), signal, async ({ answer, validators, chunks }) => {
      if (answer.status === 304) return 'unchanged' as const;
      if (answer.status !== 200) return undefined;
      const { changes, isTooMany } = await readChanges(chunks(), from);
      return isTooMany ? undefined : { changes, validators };
    });
  return await client.patiently(attempt, () => false, signal);
}

/** The overlap brings changes again that are in already. */
function isKnown({ build }: UpdateContext, { what, at }: Change): boolean {
  const time = Date.parse(at);
  return build.findAdvisory('osv', what).some(({ modified }) => Date.parse(modified) >= time);
}

async function fetchRecords(
  context: UpdateContext,
  ecosystem: string,
  changes: readonly Change[],
  tally: ReadTally,
): Promise<{ add: readonly Advisory[]; remove: readonly string[] }> {
  const { client, signal, mirrors, watcher } = context;
  const breather = new Breather(signal);
  const add: Advisory[] = [];
  const remove: string[] = [];
  await inParallel(changes, PARALLEL, async ({ what }) => {
    if (breather.isDue) await breather.breathe();
    const url = feedUrl(RECORD.url, { ecosystem, path: what }, mirrors.get('osv'));
    const { bytes } = await client.read(url, { signal, limitBytes: MAX_RECORD_BYTES });
    watcher.onBytes?.(bytes?.byteLength ?? 0);
    if (bytes === undefined) tally.skip('record that is no longer there');
    const advisory = bytes && parseOsvRecord(bytes, tally);
    if (advisory === undefined) remove.push(what);
    else add.push(advisory);
  });
  // In an order of their own, not in that in which they happened to arrive.
  return { add: add.sort((a, b) => (a.id < b.id ? -1 : 1)), remove: remove.sort() };
}
