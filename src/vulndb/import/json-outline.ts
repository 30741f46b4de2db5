/**
 * The keys at the beginning of a JSON text, without parsing it: enough to tell what kind of document it is, also when it is only the first
 * part of one. Takes one pass, whatever the text is.
 */

const MAX_DEPTH = 4;
const MAX_PATHS = 500;

/**
 * Paths of keys to four levels, each once, in the order of the text; `[]` stands for the elements of a list: `packages.[].pkg.name`. Ends
 * where the text does or is no JSON.
 */
export function outlineOf(text: string): readonly string[] {
  const paths = new Set<string>();
  /** What is open, outermost first: the path of each. */
  const open: { readonly path: string; readonly isList: boolean }[] = [];
  let key = '';
  let at = 0;
  while (at < text.length && paths.size < MAX_PATHS) {
    const character = text[at];
    if (character === '"') {
      const end = endOfString(text, at + 1);
      if (end === -1) break;
      // A string that a colon follows is a key.
      const colon = skipSpace(text, end + 1);
      if (text[colon] === ':' && open.at(-1)?.isList === false) {
        key = text.slice(at + 1, end);
        if (open.length <= MAX_DEPTH) paths.add(join(open.at(-1)?.path ?? '', key));
      }
      at = end + 1;
      continue;
    }
    if (character === '{' || character === '[') {
      const parent = open.at(-1);
      const name = parent === undefined ? '' : join(parent.path, parent.isList ? '[]' : key);
      open.push({ path: name, isList: character === '[' });
    } else if (character === '}' || character === ']') open.pop();
    at += 1;
  }
  return [...paths];
}

function join(path: string, key: string): string {
  // Deeper paths are not told, and must not grow.
  if (path.length > 1000) return path;
  return path === '' ? key : `${path}.${key}`;
}

/** Where the string that begins at `from` ends: at its quotation mark; -1 when it does not. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at !== -1; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text[at - 1 - escapes] === '\\' && at - 1 - escapes >= from) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return -1;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}
