/**
 * RSQL, the language of filters: `deleted==false;repositories.tags.name==1.0`.
 *
 * Source: the published description of the API's filters, and the expressions that clients send. `;` and `and` bind tighter than `,`, `or`
 * and `nor`, which stand on one level and join from the left; `not( … )` negates. A value is bare or in quotes; in quotes a backslash takes
 * the next character as it is.
 */
import { PyxisError } from './pyxis-error.ts';

/** How a field is compared. */
export const OPERATORS = [
  '==',
  '!=',
  '=lt=',
  '=le=',
  '=gt=',
  '=ge=',
  '=in=',
  '=out=',
  '=regex=',
  '=size=',
  '=all=',
  '=em=',
] as const;
export type Operator = (typeof OPERATORS)[number];

/** A value as it is written; whether it was in quotes, which makes it a text whatever it looks like. */
export interface FilterValue {
  readonly text: string;
  readonly isQuoted: boolean;
}

/** A filter. */
export type Filter =
  | { readonly kind: 'and' | 'or' | 'nor'; readonly parts: readonly Filter[] }
  | { readonly kind: 'not'; readonly part: Filter }
  | {
      readonly kind: 'compare';
      readonly field: string;
      readonly operator: Exclude<Operator, '=em='>;
      readonly values: readonly FilterValue[];
    }
  /** An element of the list meets the filter, whose fields are its own. */
  | { readonly kind: 'element'; readonly field: string; readonly part: Filter };

const MAX_LENGTH = 8192;
const MAX_DEPTH = 32;
const MAX_PARTS = 500;
/** Also as they are written besides. */
const SIGNS: readonly (readonly [sign: string, operator: Operator])[] = [
  ...OPERATORS.map(one => [one, one] as const),
  ['<=', '=le='],
  ['>=', '=ge='],
  ['<', '=lt='],
  ['>', '=gt='],
];
const TAKES_LIST: ReadonlySet<Operator> = new Set(['=in=', '=out=', '=all=']);

/** Reads a filter. @throws {PyxisError} 400, with the place of the fault. */
export function parseFilter(text: string): Filter {
  if (text.length > MAX_LENGTH) throw new PyxisError(400, `The filter is longer than ${MAX_LENGTH} characters`);
  const reader = new Reader(text);
  const filter = reader.readOr(0);
  reader.requireEnd();
  return filter;
}

/** The filter as text that reads back to the same. */
export function formatFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
      return filter.parts.map(part => wrap(part)).join(';');
    case 'or':
    case 'nor':
      return filter.parts.map(part => wrap(part)).join(filter.kind === 'or' ? ',' : ' nor ');
    case 'not':
      return `not(${formatFilter(filter.part)})`;
    case 'element':
      return `${filter.field}=em=(${formatFilter(filter.part)})`;
    case 'compare': {
      const values = filter.values.map(formatValue).join(',');
      return `${filter.field}${filter.operator}${TAKES_LIST.has(filter.operator) ? `(${values})` : values}`;
    }
    default:
      return filter satisfies never;
  }
}

/** Every field that a filter asks about, with the field whose elements it is of before it. */
export function* fieldsOf(filter: Filter, prefix = ''): Generator<string> {
  switch (filter.kind) {
    case 'compare':
      yield prefix + filter.field;
      return;
    case 'element':
      yield prefix + filter.field;
      yield* fieldsOf(filter.part, `${prefix}${filter.field}.`);
      return;
    case 'not':
      yield* fieldsOf(filter.part, prefix);
      return;
    default:
      for (const part of filter.parts) yield* fieldsOf(part, prefix);
  }
}

function wrap(filter: Filter): string {
  const isPlain = filter.kind === 'compare' || filter.kind === 'element' || filter.kind === 'not';
  return isPlain ? formatFilter(filter) : `(${formatFilter(filter)})`;
}

function formatValue({ text, isQuoted }: FilterValue): string {
  return isQuoted ? `'${text.replaceAll(/[\\']/g, one => `\\${one}`)}'` : text;
}

/** What ends a bare value. */
const isEnd = (character: string | undefined) => character === undefined || /[\s;,()'"]/.test(character);

class Reader {
  readonly #text: string;
  #at = 0;
  #parts = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readOr(depth: number): Filter {
    if (depth > MAX_DEPTH) throw this.#fault(`parentheses are nested more than ${MAX_DEPTH} deep`);
    let left = this.#readAnd(depth);
    // What is in parentheses stays one part: `(a nor b) nor c` is not `a nor b nor c`.
    let isChain = false;
    for (;;) {
      const kind = this.#takeWord('nor') ? 'nor' : this.#takeSign(',') || this.#takeWord('or') ? 'or' : undefined;
      if (kind === undefined) return left;
      const right = this.#readAnd(depth);
      const before = isChain && left.kind === kind ? left.parts : [left];
      left = { kind, parts: [...before, right] };
      isChain = true;
    }
  }

  requireEnd(): void {
    this.#skipBlanks();
    if (this.#at < this.#text.length) throw this.#fault('expected ";", "," or the end');
  }

  #readAnd(depth: number): Filter {
    const parts = [this.#readOne(depth)];
    while (this.#takeSign(';') || this.#takeWord('and')) parts.push(this.#readOne(depth));
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { kind: 'and', parts };
  }

  #readOne(depth: number): Filter {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw this.#fault(`there are more than ${MAX_PARTS} comparisons`);
    this.#skipBlanks();
    if (this.#takeSign('(')) return this.#readGroup(depth);
    if (/^not\s*\(/.test(this.#text.slice(this.#at, this.#at + 20))) {
      this.#at = this.#text.indexOf('(', this.#at) + 1;
      return { kind: 'not', part: this.#readGroup(depth) };
    }
    const [field = ''] = /^[A-Za-z0-9_.]+/.exec(this.#text.slice(this.#at, this.#at + 256)) ?? [];
    if (field === '') throw this.#fault('expected the name of a field');
    this.#at += field.length;
    this.#skipBlanks();
    const found = SIGNS.find(([sign]) => this.#text.startsWith(sign, this.#at));
    if (found === undefined) throw this.#fault(`expected an operator after "${field}", such as ==`);
    const [sign, operator] = found;
    this.#at += sign.length;
    this.#skipBlanks();
    if (operator === '=em=') {
      if (!this.#takeSign('(')) throw this.#fault('expected a filter in parentheses after =em=');
      return { kind: 'element', field, part: this.#readGroup(depth) };
    }
    return { kind: 'compare', field, operator, values: this.#readValues(operator) };
  }

  #readGroup(depth: number): Filter {
    const inner = this.readOr(depth + 1);
    if (!this.#takeSign(')')) throw this.#fault('expected ")"');
    return inner;
  }

  #readValues(operator: Operator): readonly FilterValue[] {
    if (!TAKES_LIST.has(operator)) return [this.#readValue()];
    if (!this.#takeSign('(')) throw this.#fault(`expected a list in parentheses after ${operator}`);
    const values = [this.#readValue()];
    while (this.#takeSign(',')) values.push(this.#readValue());
    if (!this.#takeSign(')')) throw this.#fault('expected ")" after the list');
    if (values.length > MAX_PARTS) throw this.#fault(`a list has more than ${MAX_PARTS} values`);
    return values;
  }

  #readValue(): FilterValue {
    this.#skipBlanks();
    const quote = this.#text[this.#at];
    if (quote === "'" || quote === '"') return this.#readQuoted(quote);
    const start = this.#at;
    while (!isEnd(this.#text[this.#at])) this.#at += 1;
    if (this.#at === start) throw this.#fault('expected a value');
    return { text: this.#text.slice(start, this.#at), isQuoted: false };
  }

  #readQuoted(quote: string): FilterValue {
    let text = '';
    for (this.#at += 1; ; this.#at += 1) {
      const character = this.#text[this.#at];
      if (character === undefined) throw this.#fault('the quotation mark is not closed');
      if (character === quote) {
        this.#at += 1;
        return { text, isQuoted: true };
      }
      if (character === '\\') this.#at += 1;
      text += this.#text[this.#at] ?? '';
    }
  }

  #takeSign(sign: string): boolean {
    this.#skipBlanks();
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  /** A word joins only between blanks or parentheses: `a==1 or b==2`. */
  #takeWord(word: string): boolean {
    const before = this.#text[this.#at - 1];
    this.#skipBlanks();
    const stands = this.#text.startsWith(word, this.#at);
    const after = this.#text[this.#at + word.length];
    const isFree =
      (/[\s)]/.test(this.#text[this.#at - 1] ?? '') || before === ')') && (after === '(' || /\s/.test(after ?? ''));
    if (!stands || !isFree) return false;
    this.#at += word.length;
    return true;
  }

  #skipBlanks(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1;
  }

  #fault(why: string): PyxisError {
    return new PyxisError(400, `Cannot read the filter: at character ${this.#at + 1}, ${why}`);
  }
}
