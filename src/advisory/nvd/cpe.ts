/**
 * CPE 2.3 names, as far as matching programs needs them.
 *
 * Source: NISTIR 7695, 6.2 "Formatted string": eleven attributes between colons, in which a backslash makes the next character plain.
 */

export interface Cpe {
  /** Application, operating system, hardware. */
  readonly part: 'a' | 'o' | 'h';
  readonly vendor: string;
  readonly product: string;
  /** `*` for any, `-` for none. */
  readonly version: string;
  readonly update: string;
  /** What the program is an extension of: `node.js`, `wordpress`; `*` for a program of its own. */
  readonly targetSoftware: string;
}

const MAX_LENGTH = 1000;
const ATTRIBUTES = 13;

/** Reads a formatted string; `undefined` when it is none. */
export function parseCpe(text: string): Cpe | undefined {
  if (text.length > MAX_LENGTH || !text.startsWith('cpe:2.3:')) return undefined;
  const fields = split(text);
  const [, , part, vendor = '', product = '', version = '', update = '', , , , targetSoftware = ''] = fields;
  if (fields.length !== ATTRIBUTES || vendor === '' || product === '' || version === '') return undefined;
  return part === 'a' || part === 'o' || part === 'h'
    ? { part, vendor, product, version, update, targetSoftware }
    : undefined;
}

function split(text: string): readonly string[] {
  const fields: string[] = [];
  let field = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\') {
      at += 1;
      field += text[at] ?? '';
    } else if (character === ':') {
      fields.push(field);
      field = '';
    } else field += character;
  }
  return [...fields, field];
}
