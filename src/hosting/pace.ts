/**
 * Bodies of requests: gathered into pieces worth handing on, and ended when they only pretend to go on. A client that sends a byte now and then
 * would hold a connection, a file and a thread for ever.
 */
import { finished, type Readable } from 'node:stream';
import { PlimsollError } from '#base/errors.ts';

/** The 64 KiB that a socket gives at a time cost more in calls and promises than the work on them; this is small enough for caches. */
const PIECE_BYTES = 512 * 1024;

/**
 * What has come of a body, in pieces of up to half a MiB, as long as each `windowMs` spent waiting brings `minBytes`. A piece is valid until the
 * next is asked for. Time that the reader takes does not count. A reader that leaves early leaves the body where it is: the connection can
 * still answer.
 * @throws {PlimsollError} `TIMED_OUT`; what the body fails with, after all that came before.
 */
export async function* paced(
  body: Readable,
  { windowMs, minBytes }: { readonly windowMs: number; readonly minBytes: number },
): AsyncGenerator<Uint8Array> {
  const inbox = new Inbox(body);
  let waitedMs = 0;
  let bytes = 0;
  try {
    for (;;) {
      const began = performance.now();
      const piece = await inbox.take(windowMs - waitedMs);
      if (piece === undefined) return;
      waitedMs += performance.now() - began;
      bytes += piece.byteLength;
      if (bytes >= minBytes) {
        waitedMs = 0;
        bytes = 0;
      } else if (waitedMs >= windowMs) throw tooSlow();
      yield piece;
    }
  } finally {
    inbox.close();
  }
}

/** What a stream has given and nobody has taken. The stream is held back while that is a whole piece. */
class Inbox {
  readonly #body: Readable;
  readonly #stopWatching: () => void;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** How the stream ended; missing: it goes on. */
  #end: { readonly error: Error | undefined } | undefined;
  #wake: (() => void) | undefined;
  #memory: Buffer | undefined;
  /** What the reader has at this moment, when that is memory of its own. */
  #lent: Buffer | undefined;

  constructor(body: Readable) {
    this.#body = body;
    this.#stopWatching = finished(body, { writable: false }, error => {
      this.#end = { error: error ?? undefined };
      this.#wake?.();
    });
    body.on('data', this.#onData);
  }

  /** The next piece; `undefined` at the end. */
  async take(withinMs: number): Promise<Uint8Array | undefined> {
    this.#release();
    if (this.#chunks.length === 0 && this.#end === undefined) await this.#news(withinMs);
    const [first, ...rest] = this.#chunks;
    if (first === undefined) {
      if (this.#end === undefined) throw tooSlow();
      if (this.#end.error !== undefined) throw this.#end.error;
      return undefined;
    }
    const piece = rest.length === 0 || first.length >= PIECE_BYTES ? this.#alone(first) : this.#gathered();
    this.#bytes -= piece.byteLength;
    this.#body.resume();
    return piece;
  }

  close(): void {
    this.#body.off('data', this.#onData);
    this.#stopWatching();
    this.#body.pause();
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (this.#bytes >= PIECE_BYTES) this.#body.pause();
    this.#wake?.();
  };

  #alone(chunk: Buffer): Buffer {
    this.#chunks.shift();
    this.#lent = chunk;
    return chunk;
  }

  /** As many chunks as fit, one behind the other, in memory that is used again for the next. */
  #gathered(): Buffer {
    this.#memory ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
    let bytes = 0;
    let count = 0;
    for (const chunk of this.#chunks) {
      if (bytes + chunk.length > PIECE_BYTES) break;
      bytes += chunk.copy(this.#memory, bytes);
      count += 1;
      free(chunk);
    }
    this.#chunks.splice(0, count);
    return this.#memory.subarray(0, bytes);
  }

  #release(): void {
    if (this.#lent !== undefined) free(this.#lent);
    this.#lent = undefined;
  }

  async #news(withinMs: number): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, Math.max(1, withinMs));
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = undefined;
  }
}

/**
 * Gives the memory of a chunk back at once, when nothing else is in it. Left to the garbage collector, every 64 MiB of them let it look through
 * the whole heap: measured, a third of the time of a push.
 */
function free({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

function tooSlow(): PlimsollError {
  return new PlimsollError(
    'TIMED_OUT',
    'Cannot wait any longer for the upload: hardly anything comes; resume it later',
  );
}
