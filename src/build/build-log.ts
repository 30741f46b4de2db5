/**
 * Logs of builds: pieces in the database while a build runs, so that who watches sees them at once; afterwards one blob in the blob store.
 * What is written here has its secrets masked already.
 */
import { PlimsollError } from '#base/errors.ts';
import { putBytes } from '#blob/blob-store.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import { type BuildRecord, findBuild, ringBuilds, updateBuild } from '#store/build.ts';
import { appendLog, clearLog, keepBlob, readLog } from '#store/build-log.ts';
import type { Trx } from '#store/database.ts';
import { storableText } from '#store/row-set.ts';
import { inTransaction } from '#store/transaction.ts';
import type { BuildContext } from './build-context.ts';

/** A piece of a log as it is shown. */
export interface ShownLog {
  readonly text: string;
  /** Bytes up to the end of the piece: where to go on. */
  readonly end: number;
}

type LogContext = Pick<BuildContext, 'store' | 'blobs' | 'now' | 'bell'>;

/** Most of a log that is taken from a builder, whatever its limits say. */
const MAX_LOG_BYTES = 80 * 1024 * 1024;
const PIECES = 200;
/** Should a notice be lost, who follows looks again after so long. */
const POLL_MS = 5000;

/** Appends to the log of a build that the caller has locked; what is beyond all limits is dropped. */
export async function addToLog(trx: Trx, build: BuildRecord, text: string): Promise<BuildRecord> {
  if (text === '' || build.logBytes > MAX_LOG_BYTES) return build;
  const content = storableText(text);
  await appendLog(trx, build.id, { position: build.logBytes, content });
  await ringBuilds(trx);
  return { ...build, logBytes: build.logBytes + Buffer.byteLength(content) };
}

/** Makes the log of a build that is over one blob. May be repeated. */
export async function closeLog(context: Pick<BuildContext, 'store' | 'blobs' | 'now'>, buildId: string): Promise<void> {
  const { store, blobs, now } = context;
  const build = await findBuild(store.db, buildId);
  if (build === undefined || build.logDigest !== undefined || build.logBytes === 0) return;
  const texts: string[] = [];
  for (let from = 0; from < build.logBytes; ) {
    const pieces = await readLog(store.db, buildId, { from, limit: PIECES });
    const last = pieces.at(-1);
    if (last === undefined) break;
    texts.push(...pieces.map(({ content }) => content));
    from = last.position + Buffer.byteLength(last.content);
  }
  const bytes = Buffer.from(texts.join(''));
  const digest = digestOf(bytes, 'sha256');
  await keepBlob(store.db, { digest, sizeBytes: bytes.byteLength, at: now() });
  await putBytes(blobs, bytes, digest, { signal: AbortSignal.timeout(60_000) });
  await inTransaction(store.db, async trx => {
    await updateBuild(trx, buildId, { logDigest: digest });
    await clearLog(trx, buildId);
    await ringBuilds(trx);
  });
}

/** The log of a build from a byte on, as far as there is one. */
export async function readBuildLog(
  { store, blobs }: Pick<BuildContext, 'store' | 'blobs'>,
  buildId: string,
  { from, signal }: { readonly from: number; readonly signal: AbortSignal },
): Promise<ShownLog> {
  // Between two looks the log may become a blob.
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const build = await findBuild(store.db, buildId);
    if (build === undefined || build.logBytes <= from)
      return { text: '', end: Math.min(from, build?.logBytes ?? from) };
    if (build.logDigest !== undefined) {
      const range = { offset: from, length: build.logBytes - from };
      const chunks = await Array.fromAsync(await blobs.open(build.logDigest as Digest, { signal, range }));
      return { text: Buffer.concat(chunks).toString('utf8'), end: build.logBytes };
    }
    const [first, ...rest] = await readLog(store.db, buildId, { from, limit: PIECES });
    if (first === undefined) continue;
    const bytes = Buffer.from([first, ...rest].map(({ content }) => content).join(''));
    const shown = bytes.subarray(Math.max(0, from - first.position));
    return { text: shown.toString('utf8'), end: first.position + bytes.byteLength };
  }
  throw new PlimsollError('CONFLICT', 'Cannot read the log: it is just being put away; try again');
}

/** The log as it grows, until the build is over and all of it was yielded. */
export async function* followBuildLog(
  context: LogContext,
  buildId: string,
  { from, signal }: { readonly from: number; readonly signal: AbortSignal },
): AsyncGenerator<ShownLog | { readonly state: BuildRecord['state']; readonly end: number }> {
  let end = from;
  let said: string | undefined;
  while (!signal.aborted) {
    const rung = context.bell.wait(POLL_MS, { signal }).catch(() => undefined);
    // The state is read first: what was logged before it changed is then there.
    const build = await findBuild(context.store.db, buildId);
    if (build === undefined) return;
    for (;;) {
      const piece = await readBuildLog(context, buildId, { from: end, signal });
      if (piece.text === '') break;
      end = piece.end;
      yield piece;
    }
    if (build.state !== said) yield { state: build.state, end };
    said = build.state;
    if (['succeeded', 'failed', 'cancelled'].includes(build.state)) return;
    await rung;
  }
}
