/**
 * The resource file of an Erlang application: `ebin/NAME.app`, one term `{application, NAME, [{vsn, "1.2.3"}, …]}.`
 *
 * Source: Erlang/OTP, app(4). The term is scanned, not built: only the top level of its property list matters.
 */
import { PlimsollError } from '#base/errors.ts';
import { declaredText } from '../declared.ts';

/** One application. */
export interface AppRow {
  readonly name: string;
  readonly version: string;
  /** As Hex packages state them, which is seldom. */
  readonly licenses: readonly string[];
}

interface Token {
  readonly kind: 'atom' | 'string' | 'mark';
  readonly text: string;
}

/** Reads the term. @throws {PlimsollError} `FILE_INVALID` when it is no application or has no version in plain text. */
export function parseApp(text: string): AppRow {
  const tokens = tokensOf(text);
  const next = () => tokens.next().value;
  const head = [next(), next(), next(), next(), next()];
  const name = head[3]?.kind === 'atom' ? declaredText(head[3].text) : undefined;
  if (head[0]?.text !== '{' || head[1]?.text !== 'application' || name === undefined) {
    throw new PlimsollError('FILE_INVALID', 'It is no resource file of an Erlang application');
  }
  const properties = findStrings(tokens);
  const version = declaredText(properties.get('vsn')?.[0]);
  if (version === undefined) throw new PlimsollError('FILE_INVALID', 'The Erlang application has no version');
  return { name, version, licenses: properties.get('licenses') ?? [] };
}

/** The strings in each `{key, …}` of the list that begins with the next token. */
function findStrings(tokens: Iterable<Token>): ReadonlyMap<string, readonly string[]> {
  const properties = new Map<string, string[]>();
  let depth = 0;
  let key: string | undefined;
  let isKey = false;
  for (const { kind, text } of tokens) {
    if (kind === 'mark') {
      if (OPENING.has(text)) {
        depth += 1;
        isKey = depth === 2 && text === '{';
        if (depth === 2) key = undefined;
      } else if (CLOSING.has(text)) {
        depth -= 1;
        if (depth < 0) break;
      }
    } else if (isKey) {
      key = kind === 'atom' && !properties.has(text) ? text : undefined;
      if (key !== undefined) properties.set(key, []);
      isKey = false;
    } else if (kind === 'string' && key !== undefined && WANTED.has(key)) properties.get(key)?.push(text);
  }
  return properties;
}

const WANTED = new Set(['vsn', 'licenses']);
const OPENING = new Set(['{', '[']);
const CLOSING = new Set(['}', ']']);

/** Atoms, strings and marks; comments and blanks are skipped, numbers are atoms as far as we care. */
function* tokensOf(text: string): Generator<Token, undefined> {
  for (let at = 0; at < text.length; ) {
    const character = text.charAt(at);
    if (character === '%') {
      const end = text.indexOf('\n', at);
      at = end === -1 ? text.length : end + 1;
    } else if (character === '"' || character === "'") {
      const { value, end } = quoted(text, at);
      yield { kind: character === '"' ? 'string' : 'atom', text: value };
      at = end;
    } else if (isWord(text.charCodeAt(at))) {
      let end = at + 1;
      while (end < text.length && isWord(text.charCodeAt(end))) end += 1;
      yield { kind: 'atom', text: text.slice(at, end) };
      at = end;
    } else {
      if ('{}[],'.includes(character)) yield { kind: 'mark', text: character };
      at += 1;
    }
  }
  return undefined;
}

/** The text between the quotes at `at`, its escapes left as they are but for escaped quotes; `end` is behind the closing one. */
function quoted(text: string, at: number): { value: string; end: number } {
  const mark = text.charAt(at);
  let end = at + 1;
  while (end < text.length && text.charAt(end) !== mark) end += text.charAt(end) === '\\' ? 2 : 1;
  return { value: text.slice(at + 1, end), end: end + 1 };
}

function isWord(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x61 && code <= 0x7a) ||
    code === 0x5f ||
    code === 0x40 ||
    code >= 0x80
  );
}
