/**
 * Ends uploads that pretend to go on: a client that sends a byte now and then would hold a connection, a file and a thread for ever.
 */
import { PlimsollError } from '#base/errors.ts';

/**
 * Passes chunks on as long as each `windowMs` spent waiting for them brings `minBytes`. Time that the reader takes does not count.
 * @throws {PlimsollError} `TIMED_OUT`.
 */
export async function* paced(
  source: AsyncIterable<Uint8Array>,
  { windowMs, minBytes }: { readonly windowMs: number; readonly minBytes: number },
): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let waitedMs = 0;
  let bytes = 0;
  try {
    for (;;) {
      const began = performance.now();
      const next = await within(chunks.next(), windowMs - waitedMs);
      if (next.done === true) return;
      waitedMs += performance.now() - began;
      bytes += next.value.byteLength;
      if (bytes >= minBytes) {
        waitedMs = 0;
        bytes = 0;
      } else if (waitedMs >= windowMs) throw tooSlow();
      yield next.value;
    }
  } finally {
    // A source that we gave up waiting for would keep us waiting again.
    void chunks.return?.()?.catch(() => undefined);
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooSlow()), Math.max(1, ms));
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooSlow(): PlimsollError {
  return new PlimsollError(
    'TIMED_OUT',
    'Cannot wait any longer for the upload: hardly anything comes; resume it later',
  );
}
