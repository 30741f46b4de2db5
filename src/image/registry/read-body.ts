/**
 * Reading the body of an answer within limits: of size, of silence, and of slowness.
 */
import { PlimsollError } from '#base/errors.ts';
import { AttemptError } from './attempt.ts';
import { Silence } from './network-failure.ts';
import type { Answer, SendOptions, Transport } from './transport.ts';

/**
 * A sender that keeps just under the idle time-out could hold a scan for days: over this much waiting in all, it must have brought
 * this many bytes. That is 200 bytes a second, less than any line a person would wait for.
 */
const SLOW_WINDOW_MS = 5 * 60_000;
const SLOW_WINDOW_BYTES = 64 * 1024;

/** The bytes as they come; the time that the consumer takes does not count. Leaving early cuts the connection. */
export async function* chunksOf(
  answer: Answer,
  transport: Transport,
  options: SendOptions,
): AsyncGenerator<Uint8Array> {
  const iterator = (answer.body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  let waitedMs = 0;
  let receivedBytes = 0;
  try {
    for (;;) {
      const start = performance.now();
      const next = await soon(iterator.next(), transport.idleTimeoutMs);
      if (next.done === true) return;
      waitedMs += performance.now() - start;
      receivedBytes += next.value.byteLength;
      if (receivedBytes >= SLOW_WINDOW_BYTES) {
        waitedMs = 0;
        receivedBytes = 0;
      } else if (waitedMs > SLOW_WINDOW_MS) {
        const kilobytes = SLOW_WINDOW_BYTES / 1024;
        throw new AttemptError(
          'TIMED_OUT',
          `${options.task}: ${answer.url.host} took over ${SLOW_WINDOW_MS / 60_000} minutes for ${kilobytes} kB`,
        );
      }
      yield next.value;
    }
  } catch (error) {
    throw transport.failure(error, answer.url, options);
  } finally {
    answer.body.destroy();
  }
}

/** What `promise` brings, if it does within `milliseconds`. */
async function soon<T>(promise: Promise<T>, milliseconds: number): Promise<T> {
  const { promise: silence, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Silence(milliseconds, false)), milliseconds);
  try {
    return await Promise.race([promise, silence]);
  } finally {
    clearTimeout(timer);
  }
}

/** The whole body in memory. @throws {PlimsollError} `LIMIT_EXCEEDED` as soon as it is over `limitBytes`; then nothing more is read. */
export async function readAll(
  answer: Answer,
  transport: Transport,
  options: SendOptions & { readonly limitBytes: number },
): Promise<Uint8Array> {
  const { limitBytes, task } = options;
  const announced = Number(answer.header('content-length') ?? 0);
  const tooLarge = (size: string) =>
    new PlimsollError('LIMIT_EXCEEDED', `${task}: ${answer.url.host} sends ${size}, the limit is ${limitBytes} bytes`);
  if (announced > limitBytes) {
    answer.body.destroy();
    throw tooLarge(`${announced} bytes`);
  }
  const chunks: Uint8Array[] = [];
  let seenBytes = 0;
  for await (const chunk of chunksOf(answer, transport, options)) {
    seenBytes += chunk.byteLength;
    if (seenBytes > limitBytes) throw tooLarge('more');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, seenBytes);
}
