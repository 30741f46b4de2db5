/**
 * JSON of advisory sources: bounded before it is parsed, then taken apart without believing any type.
 *
 * Why not zod everywhere: on the records of OSV a schema of the fields we read costs as much again as `JSON.parse` or twice that (72 µs
 * beside 47 µs for AlmaLinux, 82 beside 21 for PyPI; Node 24, 2026-11), and 20,000 advisories a second leave 50 µs for everything. So
 * the sources with hundreds of thousands of entries (OSV, the Debian tracker, Red Hat's VEX) are read by hand, by asking for
 * each field in the shape we can use; the others, and all envelopes that are small, meet a zod schema.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';

/** A JSON object whose fields are not checked yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** How much of a document is parsed at most: its bytes, and its values, each of which costs far more memory than its text. */
export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxValues: number;
}

/** Counting values costs about a nanosecond a byte, which small documents need not pay: what they can hold is small. */
const UNCOUNTED_BYTES = 1024 * 1024;

const EMPTY: JsonRecord = Object.freeze({});
const NOTHING: readonly unknown[] = Object.freeze([]);

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;

/**
 * Parses a document, UTF-8 with or without byte order mark; `what` names it in messages: `the Debian tracker`.
 * @throws {PlimsollError} `LIMIT_EXCEEDED` over a limit, `ADVISORY_INVALID` when it is not JSON.
 */
export function parseFeedJson(input: Uint8Array | string, what: string, limits: JsonLimits): unknown {
  if (input.length > limits.maxBytes) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read ${printable(what)}: it is ${input.length} bytes, the limit is ${limits.maxBytes}`,
    );
  }
  const bytes = typeof input === 'string' ? undefined : asBuffer(input);
  if (input.length > UNCOUNTED_BYTES && hasMoreValues(bytes ?? Buffer.from(input as string), limits.maxValues)) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read ${printable(what)}: over ${limits.maxValues} values in it`);
  }
  const text = bytes?.toString('utf8') ?? (input as string);
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (cause) {
    throw new PlimsollError('ADVISORY_INVALID', `Cannot read ${printable(what)}: it is not JSON`, { cause });
  }
}

/** Whether `value` is an object and no array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `value` if it is an object, else an empty one. */
export function asRecord(value: unknown): JsonRecord {
  return isRecord(value) ? value : EMPTY;
}

/** `value` if it is an array, else an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : NOTHING;
}

/** `value` if it is a string with anything in it. */
export function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hasMoreValues(bytes: Uint8Array, maxValues: number): boolean {
  let values = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) isText = !isText;
    else if (isText && byte === BACKSLASH) at += 1;
    else if (!isText && (byte === COMMA || byte === OPEN_LIST || byte === OPEN_OBJECT)) values += 1;
    if (values > maxValues) return true;
  }
  return false;
}
