/**
 * JSON as all reports write it: two spaces, a line break at the end, and nothing in it that could steer a terminal.
 */

// JSON.stringify escapes C0 controls only; these are printed as they are, though some terminals obey C1 controls and some show
// text in another order. Outside of strings JSON has none of them, so an escape is right wherever they occur.
const UNSAFE = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** The JSON of `value`. Equal values with equal key order give equal bytes. Lone surrogates become U+FFFD: many readers refuse them. */
export function toJsonText(value: unknown): string {
  const text = JSON.stringify(value, wellFormed, 2).replace(
    UNSAFE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value;
}
