/**
 * JSON from outside, with a bound on its values: a value costs far more memory than its text.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/**
 * Values a document may hold. An index of 10,000 images has 150,000; 16 MiB of `{}` would be five million and take 2 GB
 * (measured 2026-11, Node 24).
 */
const MAX_VALUES = 500_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;

/**
 * Parses `bytes`, UTF-8, whose number the caller bounds; `what` names them in messages.
 * @throws {PlimsollError} `LIMIT_EXCEEDED` over 500,000 values, `MANIFEST_INVALID` when it is not JSON.
 */
export function parseJsonDocument(bytes: Uint8Array, what: string): unknown {
  // A value takes a byte at least.
  if (bytes.byteLength > MAX_VALUES && hasTooManyValues(bytes)) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read "${printable(what)}": over ${MAX_VALUES} values in it`);
  }
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch (cause) {
    throw new PlimsollError('MANIFEST_INVALID', `Cannot read "${printable(what)}": it is not JSON`, { cause });
  }
}

function hasTooManyValues(bytes: Uint8Array): boolean {
  let values = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isText = !isText;
    else if (isText && byte === BACKSLASH) at += 1;
    else if (!isText && (byte === COMMA || byte === OPEN_LIST || byte === OPEN_OBJECT)) values += 1;
    if (values > MAX_VALUES) return true;
  }
  return false;
}
