/**
 * Headers and query parameters of the registry protocol, read and written.
 */
import type { FastifyRequest } from 'fastify';
import { DistributionError } from '#hosting/distribution-error.ts';

/** What is kept of an upload, as `Range` says it; an empty one is `0-0` by convention. */
export function rangeOf(sizeBytes: number): string {
  return `0-${Math.max(0, sizeBytes - 1)}`;
}

/** `Content-Range` of a chunk: first and last byte. @throws {DistributionError} `BLOB_UPLOAD_INVALID`. */
export function readContentRange(
  request: FastifyRequest,
  sizeBytes: number | undefined,
): { readonly offset: number } | undefined {
  const text = request.headers['content-range'];
  if (text === undefined) return undefined;
  const [, first = '', last = ''] = /^(?:bytes[ =])?(\d{1,15})-(\d{1,15})(?:\/(?:\d{1,15}|\*))?$/.exec(text) ?? [];
  const length = Number(last) - Number(first) + 1;
  // A chunk without bytes has no last one; some clients then write one before the first.
  if (first === '' || length < 0 || (sizeBytes !== undefined && sizeBytes > 0 && length !== sizeBytes)) {
    throw new DistributionError(
      'BLOB_UPLOAD_INVALID',
      'Cannot take the chunk: Content-Range must be its first and last byte, as many as Content-Length says',
    );
  }
  return { offset: Number(first) };
}

/** Bytes that the body announces; `undefined` when it comes in pieces. */
export function readContentLength(request: FastifyRequest): number | undefined {
  const text = request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

/** Whether a request brings bytes, or may. */
export function hasBody(request: FastifyRequest): boolean {
  return request.headers['transfer-encoding'] !== undefined || (readContentLength(request) ?? 0) > 0;
}

/** A part of a blob that is asked for: first byte and how many. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/**
 * `Range` of a request for a blob of `sizeBytes`; `undefined`: all of it. Of several ranges nobody wants all: they get the whole blob.
 * @throws {DistributionError} 416 for a range that is not in the blob.
 */
export function readRange(text: string | undefined, sizeBytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(text ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const offset = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (offset >= sizeBytes || end < offset || (first === '' && Number(last) === 0)) {
    throw new DistributionError('BLOB_UNKNOWN', `Cannot read bytes ${first}-${last}: the blob has ${sizeBytes}`, {
      status: 416,
    });
  }
  return { offset, length: end - offset + 1 };
}

/** Every value of a query parameter. */
export function readQuery(request: FastifyRequest, name: string): readonly string[] {
  const value = (request.query as Readonly<Record<string, unknown>>)[name];
  const values = Array.isArray(value) ? value : [value];
  return values.filter(one => typeof one === 'string');
}

/** The value of a query parameter that should be there once; the first counts. */
export function readOne(request: FastifyRequest, name: string): string | undefined {
  return readQuery(request, name)[0];
}

/** How many entries are asked for; `undefined`: all. @throws {DistributionError} 400. */
export function readCount(request: FastifyRequest, max: number): number | undefined {
  const text = readOne(request, 'n');
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) {
    throw new DistributionError('UNSUPPORTED', 'Cannot list: "n" must be a number', { status: 400 });
  }
  return Math.min(Number(text), max);
}

/** `Link` to the next page, relative, so that it holds behind any proxy. */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query)}>; rel="next"`;
}
