/**
 * Streaming a blob, and going on where a broken connection left off.
 *
 * Source: OCI distribution-spec, "Pulling blobs"; RFC 9110, 14 (Range, Content-Range). A blob is named by its digest, so pieces of
 * different answers fit together, and the reader's hash tells when they do not.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Descriptor } from '#oci/manifest.ts';
import { isWebPage, webPage } from './answer-failure.ts';
import { AttemptError, pauseBeforeNext, throwIfAborted } from './attempt.ts';
import type { OpenAnswer, Registry, RegistryRequest } from './client.ts';
import { chunksOf } from './read-body.ts';
import type { Answer } from './transport.ts';

/** Progress that makes up for a broken connection; with less, attempts are counted as if nothing had come. */
const PROGRESS_BYTES = 64 * 1024;

/**
 * The bytes of a blob, unverified but never more than the descriptor says. Nothing is asked for before the first read, so that
 * streams that wait to be read do not occupy the registry.
 *
 * @throws {PlimsollError} `BLOB_UNKNOWN`; `DIGEST_MISMATCH` when the size cannot be right; whatever ends the last attempt.
 */
export async function* streamBlob(
  registry: Registry,
  request: RegistryRequest,
  descriptor: Descriptor,
  options: { readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { signal } = options;
  const { patience, onRetry } = registry;
  const { size } = descriptor;
  let position = 0;
  let failed = 0;
  for (;;) {
    const start = position;
    try {
      const headers = position === 0 ? request.headers : { ...request.headers, range: `bytes=${position}-` };
      await using open = await registry.openOnce({ ...request, headers, expected: [416] }, { signal });
      let skip = position - placeOf(open.answer, position, size, request.task);
      for await (const chunk of chunksOf(open.answer, open.transport, { task: request.task, signal })) {
        const fresh = chunk.subarray(Math.min(skip, chunk.byteLength));
        skip -= chunk.byteLength - fresh.byteLength;
        position += fresh.byteLength;
        if (position > size) throw wrongSize(request.task, `over ${size} bytes`, size);
        if (fresh.byteLength > 0) yield fresh;
      }
      if (position === size) return;
      // An answer without Content-Length ends as well when its connection breaks.
      throw new AttemptError('DIGEST_MISMATCH', `${request.task}: it ends after ${position} bytes of ${size}`, {
        isTransient: true,
      });
    } catch (error) {
      throwIfAborted(signal);
      failed = position - start >= PROGRESS_BYTES ? 1 : failed + 1;
      await pauseBeforeNext(error, failed, { patience, signal, onRetry });
    }
  }
}

/**
 * Exactly `length` bytes from `offset`; `undefined` when the registry does not serve ranges, or has no such range.
 * @throws {PlimsollError} `REGISTRY_INVALID` when it sends another range than it was asked for.
 */
export async function readRange(
  open: OpenAnswer,
  range: { readonly offset: number; readonly length: number },
  options: { readonly task: string; readonly signal: AbortSignal },
): Promise<Uint8Array | undefined> {
  const { answer, transport } = open;
  const { offset, length } = range;
  if (answer.status !== 206) return undefined;
  const sent = parseContentRange(answer.header('content-range'));
  if (sent === undefined || sent.start !== offset || sent.end !== offset + length - 1) {
    throw otherRange(answer, options.task);
  }
  const chunks: Uint8Array[] = [];
  let seenBytes = 0;
  for await (const chunk of chunksOf(answer, transport, options)) {
    seenBytes += chunk.byteLength;
    if (seenBytes > length) throw otherRange(answer, options.task);
    chunks.push(chunk);
  }
  if (seenBytes === length) return Buffer.concat(chunks, length);
  throw new AttemptError('REGISTRY_UNAVAILABLE', `${options.task}: ${answer.url.host} broke off`, {
    isTransient: true,
  });
}

/** Where in the blob an answer begins, once its headers make sense. */
function placeOf(answer: Answer, wanted: number, size: number, task: string): number {
  if (isWebPage(answer)) throw webPage(answer, task);
  if (answer.status === 416) throw wrongSize(task, `no byte ${wanted}`, size);
  const length = Number(answer.header('content-length') ?? Number.NaN);
  if (answer.status !== 206) {
    if (length >= 0 && length !== size) throw wrongSize(task, `${length} bytes`, size);
    return 0;
  }
  const sent = parseContentRange(answer.header('content-range'));
  if (sent === undefined || sent.start !== wanted) throw otherRange(answer, task);
  if (sent.total !== undefined && sent.total !== size) throw wrongSize(task, `${sent.total} bytes`, size);
  return sent.start;
}

/** `bytes 100-199/1000` or `bytes 100-199/*`; ends are inclusive. */
export function parseContentRange(
  header: string | undefined,
): { readonly start: number; readonly end: number; readonly total?: number } | undefined {
  const [, start, end, total] = /^\s*bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)\s*$/i.exec(header ?? '') ?? [];
  if (start === undefined || end === undefined || Number(end) < Number(start)) return undefined;
  return { start: Number(start), end: Number(end), ...(total === '*' ? {} : { total: Number(total) }) };
}

function wrongSize(task: string, found: string, size: number): PlimsollError {
  return new PlimsollError('DIGEST_MISMATCH', `${task}: the registry has ${found}, the manifest says ${size} bytes`);
}

function otherRange(answer: Answer, task: string): PlimsollError {
  return new PlimsollError('REGISTRY_INVALID', `${task}: ${answer.url.host} sends another range than it was asked for`);
}
