/** What the update of every source is given and gives back, and the step that most of them are made of. */
import { rmSync } from 'node:fs';
import type { SourceId } from '#advisory/sources.ts';
import { PlimsollError } from '#base/errors.ts';
import { withoutSecrets } from '#base/text.ts';
import type { DatabaseBuild } from '../database-build.ts';
import type { ImportContext, Imported } from '../import/import-context.ts';
import { importFeed } from '../import/import-feed.ts';
import type { FeedKind } from '../import/recognise.ts';
import type { KnownPart } from '../part-table.ts';
import { type Downloaded, download } from './download.ts';
import type { FeedClient, Validators } from './feed-client.ts';
import type { Mirrors } from './feed-url.ts';

/** Told how an update goes. */
export interface UpdateWatcher {
  /** Work on a feed begins. */
  onFeed?(name: string): void;
  onTotal?(bytes: number): void;
  onBytes?(bytes: number): void;
}

/** What an update works with. */
export interface UpdateContext {
  readonly client: FeedClient;
  readonly build: DatabaseBuild;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly mayShrink: boolean;
  /** Folder for downloads. */
  readonly folder: string;
  readonly mirrors: Mirrors;
  readonly watcher: UpdateWatcher;
  /** How long what was taken over may wait to be put in place: who cancels a long first update keeps the rest. Two minutes unless told. */
  readonly saveAfterMs?: number;
}

/** What came of one feed. */
export type FeedOutcome =
  | { readonly kind: 'imported'; readonly feed: string; readonly imported: Imported }
  | { readonly kind: 'unchanged'; readonly feed: string }
  /** The source has no such feed, and need not. */
  | { readonly kind: 'missing'; readonly feed: string };

/** What is remembered of a part until the next update. */
export interface FeedState {
  readonly validators?: Validators;
  /** ISO 8601: changes up to then are in. */
  readonly watermark?: string;
  /** ISO 8601: when all of it was last taken over. */
  readonly wholeAt?: string;
}

/** What is remembered of `part`; nothing when that cannot be read. */
export function readState(part: KnownPart | undefined): FeedState {
  try {
    const state: unknown = JSON.parse(part?.state ?? '{}');
    return typeof state === 'object' && state !== null ? state : {};
  } catch {
    return {};
  }
}

/** The part that came from `url`, if there is one. */
export function partFrom(build: DatabaseBuild, source: SourceId, url: URL): KnownPart | undefined {
  return build.parts().find(part => part.source === source && part.origin === withoutSecrets(url));
}

/**
 * Takes over a feed that is one document, when it has changed. `feed` names it for people; `kinds` are what it may be.
 * @throws {PlimsollError} `FEED_UNAVAILABLE`, `FEED_INVALID`, `ADVISORY_INVALID`, …; then what was known stays.
 */
export async function updateDocument(
  context: UpdateContext,
  of: { readonly source: SourceId; readonly feed: string; readonly url: URL; readonly kinds: readonly FeedKind[] },
): Promise<FeedOutcome> {
  const { source, feed, url, kinds } = of;
  const part = partFrom(context.build, source, url);
  context.watcher.onFeed?.(feed);
  const got = await fetchFile(context, url, readState(part).validators);
  if (got.kind === 'missing') return { kind: 'missing', feed };
  if (got.kind === 'unchanged') {
    if (part !== undefined) context.build.confirmPart(part, { asOf: context.now.toISOString() });
    return { kind: 'unchanged', feed };
  }
  const state: FeedState = { validators: got.validators };
  const imported = await importDownload(context, got, { url, kinds, state: () => state });
  return { kind: 'imported', feed, imported };
}

/** Downloads a feed unless it is still as `known`. */
export async function fetchFile(context: UpdateContext, url: URL, known: Validators | undefined): Promise<Downloaded> {
  const { client, signal, folder, watcher } = context;
  return await download(client, url, {
    signal,
    folder,
    known,
    onTotal: bytes => watcher.onTotal?.(bytes),
    onBytes: bytes => watcher.onBytes?.(bytes),
  });
}

/** Imports a downloaded file and deletes it, whatever comes of it: one that is damaged must not be resumed or tried again. */
export async function importDownload(
  context: UpdateContext,
  file: Extract<Downloaded, { kind: 'file' }>,
  of: {
    readonly url: URL;
    readonly kinds: readonly FeedKind[];
    readonly hint?: string;
    readonly state: (latest: string | undefined) => FeedState;
  },
): Promise<Imported> {
  const { url, kinds, hint = '', state } = of;
  try {
    return await importFeed(file.path, {
      context: { ...importContext(context, url), stateOf: latest => JSON.stringify(state(latest)) },
      hint,
      expected: kinds,
    });
  } catch (error) {
    throw aboutFeed(error, file.path, url);
  } finally {
    rmSync(file.path, { force: true });
  }
}

/** What an import of something from `url` is given. */
function importContext(context: UpdateContext, url: URL): ImportContext {
  const { build, signal, now, mayShrink } = context;
  return { build, signal, now, mayShrink, origin: withoutSecrets(url), asOf: now.toISOString() };
}

/** What an import has against a file, said of where the file came from. */
function aboutFeed(error: unknown, path: string, url: URL): unknown {
  if (!(error instanceof PlimsollError) || !error.message.includes(path)) return error;
  const message = error.message.replaceAll(path, withoutSecrets(url));
  return new PlimsollError(error.code === 'ADVISORY_INVALID' ? 'FEED_INVALID' : error.code, message, { cause: error });
}
