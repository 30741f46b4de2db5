/**
 * Updating the database online: every source asked for what is new, one after the other. One that fails keeps what was known of it, and does
 * not keep the others from being brought up to date.
 */
import { OSV_ECOSYSTEMS, SOURCES, type SourceId } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { feedUrl, SOURCE_IDS } from './feed-url.ts';
import { updateAlpine } from './update-alpine.ts';
import { updateAmazon } from './update-amazon.ts';
import { type FeedOutcome, type UpdateContext, updateDocument } from './update-context.ts';
import { updateOsv } from './update-osv.ts';
import { updateRedHat, updateRedHatMaps } from './update-redhat.ts';

/** Sources that are asked unless others are named. Debian's lists say less than its tracker; NVD is large and rarely decides. */
export const DEFAULT_SOURCES: readonly SourceId[] = SOURCE_IDS.filter(id => id !== 'debian-lists' && id !== 'nvd');

/** What to bring up to date. */
export interface UpdateChoice {
  readonly sources: readonly SourceId[];
  /** Of OSV; all that `OSV_ECOSYSTEMS` names if missing. */
  readonly ecosystems?: readonly string[] | undefined;
}

/** What came of an update. */
export interface UpdateReport {
  readonly outcomes: readonly FeedOutcome[];
  readonly failed: readonly { readonly feed: string; readonly error: PlimsollError }[];
}

/** After so many feeds in a row that could not be had, the rest of a source is not asked for. */
const MAX_LOSSES = 2;
const SAVE_AFTER_MS = 120_000;
/** NVD's oldest feed has all CVEs before it, too. */
const FIRST_NVD_YEAR = 2002;

/** Asks the sources. @throws {PlimsollError} only what ends all of it: `CANCELLED`, a full disk. */
export async function updateSources(context: UpdateContext, choice: UpdateChoice): Promise<UpdateReport> {
  const outcomes: FeedOutcome[] = [];
  const failed: { feed: string; error: PlimsollError }[] = [];
  const unreachable = new Map<SourceId, number>();
  let savedAt = performance.now();
  for (const { source, feed, run } of stepsOf(context, choice)) {
    const losses = unreachable.get(source) ?? 0;
    // Each attempt takes minutes before it is given up, and the feeds of a source are at one place.
    if (losses >= MAX_LOSSES) continue;
    try {
      for await (const outcome of run()) outcomes.push(outcome);
      unreachable.delete(source);
      if (performance.now() - savedAt > (context.saveAfterMs ?? SAVE_AFTER_MS)) {
        context.build.save();
        savedAt = performance.now();
      }
    } catch (error) {
      const isFatal = !(error instanceof PlimsollError) || error.code === 'CANCELLED' || context.build.hasFailed;
      if (isFatal || context.signal.aborted) throw error;
      failed.push({ feed, error });
      if (error.code === 'FEED_UNAVAILABLE' || error.code === 'TIMED_OUT') unreachable.set(source, losses + 1);
    }
  }
  return { outcomes, failed };
}

interface Step {
  readonly source: SourceId;
  readonly feed: string;
  run(): AsyncIterable<FeedOutcome>;
}

function* stepsOf(context: UpdateContext, choice: UpdateChoice): Generator<Step> {
  const one = (source: SourceId, feed: string, run: () => Promise<FeedOutcome>): Step => ({
    source,
    feed,
    run: async function* () {
      yield await run();
    },
  });
  for (const source of choice.sources) {
    switch (source) {
      case 'osv':
        for (const ecosystem of choice.ecosystems ?? OSV_ECOSYSTEMS) {
          yield one(source, `osv ${ecosystem}`, () => updateOsv(context, ecosystem));
        }
        break;
      case 'redhat-vex':
        yield one(source, source, () => updateRedHat(context));
        yield {
          source,
          feed: 'redhat-vex maps',
          run: async function* () {
            yield* await updateRedHatMaps(context);
          },
        };
        break;
      case 'alpine-secdb':
        yield { source, feed: source, run: () => updateAlpine(context) };
        break;
      case 'amazon':
        yield { source, feed: source, run: () => updateAmazon(context) };
        break;
      case 'nvd':
        for (let year = FIRST_NVD_YEAR; year <= context.now.getUTCFullYear(); year += 1) {
          const url = feedUrl(SOURCES.nvd.feeds[1].url, { year: `${year}` }, context.mirrors.get(source));
          yield one(source, `nvd ${year}`, () =>
            updateDocument(context, { source, feed: `nvd ${year}`, url, kinds: ['nvd'] }),
          );
        }
        break;
      default:
        for (const { url: template } of SOURCES[source].feeds) {
          const url = feedUrl(template, {}, context.mirrors.get(source));
          yield one(source, source, () => updateDocument(context, { source, feed: source, url, kinds: KINDS[source] }));
        }
    }
  }
}

/** What the sources that are single documents are. */
const KINDS = {
  'debian-tracker': ['debian-tracker'],
  'debian-lists': ['debian-list'],
  oracle: ['oracle-oval'],
  kev: ['kev'],
  epss: ['epss'],
} as const;
