/**
 * Whether a document meets a filter. Paths reach into objects and into lists; a list meets a comparison when one of its elements does.
 */
import { RE2JS } from 're2js';
import { PyxisError } from './pyxis-error.ts';
import type { Filter, FilterValue } from './rsql.ts';

const ISO_DATE = /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:?\d{2})?)?$/;
const NUMBER = /^-?\d{1,15}(?:\.\d{1,10})?$/;
const MAX_PATTERN = 200;

/** See above. @throws {PyxisError} 400 for a pattern that is none. */
export function meets(document: unknown, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every(part => meets(document, part));
    case 'or':
      return filter.parts.some(part => meets(document, part));
    case 'nor':
      return !filter.parts.some(part => meets(document, part));
    case 'not':
      return !meets(document, filter.part);
    case 'element':
      return valuesAt(document, filter.field.split('.'), 0)
        .flatMap(value => (Array.isArray(value) ? value : [value]))
        .some(element => meets(element, filter.part));
    case 'compare':
      return compares(document, filter);
    default:
      return filter satisfies never;
  }
}

/** What is at a path: one value, or one for each element of the lists on the way. The last list is not taken apart. */
export function valuesAt(value: unknown, path: readonly string[], from: number): readonly unknown[] {
  const name = path[from];
  if (name === undefined) return [value];
  if (Array.isArray(value)) return value.flatMap(element => valuesAt(element, path, from));
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return [undefined];
  return valuesAt((value as Record<string, unknown>)[name], path, from + 1);
}

/** Compares two values of documents; what cannot be compared is `undefined`. Numbers, dates and texts each in their own order. */
export function orderOf(a: unknown, b: unknown): number | undefined {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (typeof a !== 'string' || typeof b !== 'string') return undefined;
  if (ISO_DATE.test(a) && ISO_DATE.test(b)) {
    const [left, right] = [Date.parse(a), Date.parse(b)];
    if (!Number.isNaN(left) && !Number.isNaN(right)) return Math.sign(left - right);
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function compares(document: unknown, { field, operator, values }: Extract<Filter, { kind: 'compare' }>): boolean {
  const found = valuesAt(document, field.split('.'), 0);
  const each = found.flatMap(value => (Array.isArray(value) && value.length > 0 ? value : [value]));
  const [first = { text: '', isQuoted: true }] = values;
  switch (operator) {
    case '==':
      return each.some(value => isEqual(value, first));
    case '!=':
      return !each.some(value => isEqual(value, first));
    case '=in=':
      return each.some(value => values.some(one => isEqual(value, one)));
    case '=out=':
      return !each.some(value => values.some(one => isEqual(value, one)));
    case '=all=':
      return values.every(one => each.some(value => isEqual(value, one)));
    case '=size=':
      return found.some(value => Array.isArray(value) && String(value.length) === first.text);
    case '=regex=': {
      const pattern = compile(first.text);
      return each.some(value => typeof value === 'string' && pattern.matcher(value).find());
    }
    default: {
      const wanted = { '=lt=': [-1], '=le=': [-1, 0], '=gt=': [1], '=ge=': [1, 0] }[operator];
      return each.some(value => {
        const order = readings(first)
          .map(one => orderOf(value, one))
          .find(one => one !== undefined);
        return order !== undefined && wanted.includes(order);
      });
    }
  }
}

function isEqual(value: unknown, wanted: FilterValue): boolean {
  if (value === undefined || value === null) return !wanted.isQuoted && wanted.text === 'null';
  return readings(wanted).some(one => orderOf(value, one) === 0);
}

/** What a value may stand for. In quotes it is a text, or a date, which is one; bare it may be more. */
function readings({ text, isQuoted }: FilterValue): readonly unknown[] {
  if (isQuoted) return [text];
  const others = text === 'true' ? [true] : text === 'false' ? [false] : NUMBER.test(text) ? [Number(text)] : [];
  return [...others, text];
}

function compile(text: string): RE2JS {
  if (text.length > MAX_PATTERN) throw new PyxisError(400, `The pattern is longer than ${MAX_PATTERN} characters`);
  try {
    return RE2JS.compile(text);
  } catch {
    throw new PyxisError(400, 'Cannot read the pattern of =regex=: it is not a regular expression of RE2');
  }
}
