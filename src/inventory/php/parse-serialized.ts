/**
 * PHP's serialised values, as far as data needs them: null, booleans, numbers, strings and arrays.
 *
 * Source: PHP's documentation of `serialize`. Lengths count bytes. Objects and references are refused: no registry holds any, and
 * they are how serialised data attacks PHP itself.
 */
import { PlimsollError } from '#base/errors.ts';

/** A value; arrays of PHP become maps with keys as text. */
export type PhpValue = null | boolean | number | string | ReadonlyMap<string, PhpValue>;

const MAX_DEPTH = 100;
const MAX_VALUES = 500_000;
const COLON = 0x3a;
const SEMICOLON = 0x3b;

/** Reads the value at the beginning of `bytes`. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`. */
export function parseSerialized(bytes: Buffer): PhpValue {
  let at = 0;
  let values = 0;

  const invalid = () => new PlimsollError('FILE_INVALID', `It is no serialised value of PHP at byte ${at}`);

  /** The text up to `mark`, which is passed. Numbers are short: a longer run is no number. */
  const until = (mark: number): string => {
    const end = bytes.subarray(at, at + 64).indexOf(mark);
    if (end === -1) throw invalid();
    at += end + 1;
    return bytes.toString('latin1', at - end - 1, at - 1);
  };

  const expect = (text: string) => {
    if (bytes.toString('latin1', at, at + text.length) !== text) throw invalid();
    at += text.length;
  };

  const length = (): number => {
    const text = until(COLON);
    if (!/^\d{1,9}$/.test(text)) throw invalid();
    return Number(text);
  };

  const value = (depth: number): PhpValue => {
    values += 1;
    if (depth > MAX_DEPTH || values > MAX_VALUES) {
      throw new PlimsollError('LIMIT_EXCEEDED', 'The serialised value is too deep or has too many parts');
    }
    const kind = bytes.toString('latin1', at, at + 2);
    at += 2;
    switch (kind) {
      case 'N;':
        return null;
      case 'b:':
        return until(SEMICOLON) === '1';
      case 'i:':
      case 'd:':
        return Number(until(SEMICOLON));
      case 's:': {
        const size = length();
        expect('"');
        const text = bytes.toString('utf8', at, at + size);
        at += size;
        expect('";');
        return text;
      }
      case 'a:': {
        const count = length();
        expect('{');
        const entries = new Map<string, PhpValue>();
        for (let index = 0; index < count; index += 1) {
          const key = value(depth + 1);
          if (typeof key !== 'string' && typeof key !== 'number') throw invalid();
          entries.set(String(key), value(depth + 1));
        }
        expect('}');
        return entries;
      }
      default:
        at -= 2;
        throw invalid();
    }
  };
  return value(0);
}
