/**
 * The bytes of a claimed file, for random access: in memory when small, in an unlinked temporary file when not.
 *
 * Archives and executables keep their directories at the end, so a stream does not do; layers themselves are never unpacked.
 */
import { PlimsollError } from '#base/errors.ts';

/** Random access to a file's bytes. Valid only while its cataloguer runs; copy what must outlive that. */
export interface FileBody {
  readonly sizeBytes: number;
  /**
   * Up to `length` bytes from `offset`; fewer only at the end of the file, none beyond it. A view where possible: do not write to it.
   */
  read(offset: number, length: number): Buffer;
}

/** A body over bytes already in memory. */
export function toBody(bytes: Uint8Array): FileBody {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    sizeBytes: buffer.length,
    read: (offset, length) =>
      buffer.subarray(Math.min(offset, buffer.length), Math.min(offset + length, buffer.length)),
  };
}

/** The whole file. @throws {PlimsollError} `LIMIT_EXCEEDED` when it is over `limitBytes`. */
export function wholeBody(body: FileBody, limitBytes: number): Buffer {
  if (body.sizeBytes > limitBytes) {
    throw new PlimsollError('LIMIT_EXCEEDED', `It is ${body.sizeBytes} bytes, the limit is ${limitBytes}`);
  }
  return body.read(0, body.sizeBytes);
}

/** The whole file as text; bytes that are not UTF-8 become U+FFFD, a byte order mark is dropped. @throws as `wholeBody`. */
export function bodyText(body: FileBody, limitBytes: number): string {
  const text = wholeBody(body, limitBytes).toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
