/**
 * Blobs by links that a registry hands over with what opens them: pre-signed addresses of its storage, or its own with a token.
 *
 * Such links live for a minute or so: whoever has them fetches at once and reads later, so the bytes go to a file.
 */
import { createHash } from 'node:crypto';
import { PlimsollError } from '#base/errors.ts';
import { type Digest, splitDigest } from '#oci/digest.ts';
import type { FileSlice } from '../local-file.ts';
import { toScratchFile } from '../scratch-file.ts';
import { AttemptError, type Patience, parseRetryAfter, retrying } from './attempt.ts';
import { follow } from './follow.ts';
import { chunksOf } from './read-body.ts';
import { type Answer, discard, type SendOptions, type Transport } from './transport.ts';

/** A blob, where it is, and what to show there. */
export interface LinkedBlob {
  readonly digest: Digest;
  readonly url: URL;
  /** As the header has it; goes to the origin of `url` only. */
  readonly authorization?: string | undefined;
  readonly accept?: string | undefined;
}

/** How to fetch. */
export interface FetchOptions {
  readonly signal: AbortSignal;
  readonly patience: Patience;
  readonly scratchFolder: string;
  /** Larger ones are refused. */
  readonly maxBytes: number;
}

/**
 * Fetches a blob into a file without a name, which the caller closes. What of it came before a connection broke is fetched again.
 * @throws {PlimsollError} `REGISTRY_DENIED` and `BLOB_UNKNOWN` when the link does not open it, `DIGEST_MISMATCH` when it has other bytes,
 * `REGISTRY_INVALID` for addresses that are refused, `REGISTRY_UNAVAILABLE`, `RATE_LIMITED`, `TIMED_OUT`, `LIMIT_EXCEEDED`.
 */
export async function fetchLinkedBlob(
  transport: Transport,
  blob: LinkedBlob,
  { signal, patience, scratchFolder, maxBytes }: FetchOptions,
): Promise<FileSlice> {
  const task = `Cannot read layer ${blob.digest}`;
  const attempt = async () => await fetchOnce(transport, blob, { task, signal, scratchFolder, maxBytes });
  return await retrying(attempt, { patience, signal });
}

async function fetchOnce(
  transport: Transport,
  { digest, url, authorization, accept }: LinkedBlob,
  options: SendOptions & Pick<FetchOptions, 'scratchFolder' | 'maxBytes'>,
): Promise<FileSlice> {
  const hop = { method: 'GET', url, headers: accept === undefined ? {} : { accept } } as const;
  const answer = await follow(hop, authorization, transport, options);
  try {
    if (answer.status !== 200) throw refusal(answer, url, options.task);
    const hash = createHash(splitDigest(digest).algorithm);
    const bytes = hashed(chunksOf(answer, transport, options), hash, options);
    const file = await toScratchFile(bytes, `layer ${digest}`, options);
    const got = `${splitDigest(digest).algorithm}:${hash.digest('hex')}`;
    const announced = Number(answer.header('content-length') ?? file.sizeBytes);
    if (got === digest) return file;
    await file.file.close();
    const isCut = file.sizeBytes < announced;
    throw new AttemptError('DIGEST_MISMATCH', `${options.task}: ${answer.url.host} sends other bytes, of ${got}`, {
      isTransient: isCut,
    });
  } finally {
    await discard(answer);
  }
}

async function* hashed(
  source: AsyncIterable<Uint8Array>,
  hash: { update(bytes: Uint8Array): unknown },
  { task, maxBytes }: { readonly task: string; readonly maxBytes: number },
): AsyncGenerator<Uint8Array> {
  let seenBytes = 0;
  for await (const chunk of source) {
    seenBytes += chunk.byteLength;
    if (seenBytes > maxBytes)
      throw new PlimsollError('LIMIT_EXCEEDED', `${task}: over ${maxBytes} bytes, the room there is`);
    hash.update(chunk);
    yield chunk;
  }
}

/** The link is a secret, so that hosts alone are told. */
function refusal(answer: Answer, from: URL, task: string): PlimsollError {
  const { status, url } = answer;
  const host = url.origin === from.origin ? url.host : `${url.host}, where ${from.host} leads,`;
  if (status === 401 || status === 403) {
    return new AttemptError(
      'REGISTRY_DENIED',
      `${task}: ${host} answers ${status} to the link that came with the request, which may have expired`,
    );
  }
  if (status === 404) return new AttemptError('BLOB_UNKNOWN', `${task}: ${host} does not have it`);
  if (status !== 408 && status !== 429 && status < 500) {
    return new AttemptError('REGISTRY_INVALID', `${task}: ${host} answers ${status}`);
  }
  return new AttemptError(
    status === 429 ? 'RATE_LIMITED' : 'REGISTRY_UNAVAILABLE',
    `${task}: ${host} answers ${status}`,
    { isTransient: true, retryAfterMs: parseRetryAfter(answer.header('retry-after'), Date.now()) },
  );
}
