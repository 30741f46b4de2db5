/**
 * The query string as it came. Clients send filters unescaped, with `=`, `;` and brackets in them, so that it is taken apart at `&` alone, and
 * each part at its first `=`.
 */
import { PyxisError } from './pyxis-error.ts';

const MAX_LENGTH = 16_384;

/** Values by name, in order. A `+` stays one: versions have them, and filters are no forms. */
export function readRawQuery(url: string): ReadonlyMap<string, readonly string[]> {
  const mark = url.indexOf('?');
  const values = new Map<string, string[]>();
  if (mark === -1) return values;
  const query = url.slice(mark + 1);
  if (query.length > MAX_LENGTH) throw new PyxisError(400, `The query is longer than ${MAX_LENGTH} characters`);
  for (const part of query.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals));
    const value = equals === -1 ? '' : decode(part.slice(equals + 1));
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return values;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself.
    return text;
  }
}
