/**
 * JSON metadata out of an image: bounded before it is parsed, then taken apart without believing any type.
 *
 * Metadata written by thousands of tools has wrong types everywhere, and a licence that is an array must not cost us the package.
 * So a field is asked for by the shape we can use, and anything else counts as missing.
 */
import { PlimsollError } from '#base/errors.ts';
import { bodyText, type FileBody } from './file-body.ts';

/** A JSON object whose fields are not checked yet. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Deeper than any metadata format nests; keeps those who walk the result from running out of stack. */
const MAX_DEPTH = 200;
/** Objects and arrays of one file, about 60 bytes each in memory: enough for a conda record of 100,000 files. */
const MAX_CONTAINERS = 500_000;

const EMPTY: JsonRecord = Object.freeze({});

/**
 * The file as a JSON value; a byte order mark is dropped, bytes that are not UTF-8 become U+FFFD.
 *
 * @throws {PlimsollError} `FILE_INVALID` when it is not JSON; `LIMIT_EXCEEDED` when it is over `limitBytes`, nests deeper than 200
 * levels or holds more than 500,000 objects and arrays.
 */
export function parseJsonFile(body: FileBody, limitBytes: number): unknown {
  return parseJsonText(bodyText(body, limitBytes));
}

/** Like `parseJsonFile`, for text without byte order mark whose length the caller has bounded. @throws as `parseJsonFile`. */
export function parseJsonText(text: string): unknown {
  checkNesting(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PlimsollError('FILE_INVALID', 'It is not JSON', { cause });
  }
}

/** `value` if it is an object, else an empty one. */
export function asRecord(value: unknown): JsonRecord {
  return isRecord(value) ? value : EMPTY;
}

/** `value` if it is an array, else an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Whether `value` is an object and no array. */
export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Counts brackets outside strings: cheaper than building what would have to be thrown away. */
function checkNesting(text: string): void {
  let depth = 0;
  let containers = 0;
  let isString = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (isString) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isString = false;
    } else if (code === QUOTE) isString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      containers += 1;
      if (depth > MAX_DEPTH) throw new PlimsollError('LIMIT_EXCEEDED', `It nests deeper than ${MAX_DEPTH} levels`);
      if (containers > MAX_CONTAINERS) {
        throw new PlimsollError('LIMIT_EXCEEDED', `It holds more than ${MAX_CONTAINERS} objects and arrays`);
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
