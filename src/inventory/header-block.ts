/**
 * Blocks of `Name: value` lines in the style of mail headers, as Python, R and GHC write their package records.
 *
 * A line that begins with a blank continues the value above, also when nothing else is in it (distutils folds descriptions so).
 * The first empty line ends the block: what follows is prose.
 */

/** Names in lower case, each with its values in the order of the file; continuation lines are joined by a line feed. */
export type HeaderBlock = ReadonlyMap<string, readonly string[]>;

/** A name of a header is short; a longer one is prose with a colon in it. */
const MAX_NAME_LENGTH = 100;

/**
 * Reads the block at the beginning of `text`. Lines of another form are skipped. Time is linear in the length of the block.
 *
 * `endsAtBlank: false` reads on over empty lines, for formats without prose that may have some in a value.
 */
export function parseHeaderBlock(text: string, { endsAtBlank = true } = {}): HeaderBlock {
  const headers = new Map<string, string[]>();
  let values: string[] | undefined;
  let parts: string[] = [];
  const endValue = () => {
    values?.push(parts.join('\n').trim());
    values = undefined;
    parts = [];
  };

  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    const line = text.slice(start, text.charCodeAt(end - 1) === CARRIAGE_RETURN && end > start ? end - 1 : end);
    start = end + 1;
    if (line === '') {
      if (endsAtBlank) break;
      continue;
    }
    if (line.startsWith(' ') || line.startsWith('\t')) {
      parts.push(line.trim());
      continue;
    }
    endValue();
    const colon = line.indexOf(':');
    if (colon < 1 || colon > MAX_NAME_LENGTH) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    values = headers.get(name) ?? [];
    headers.set(name, values);
    parts.push(line.slice(colon + 1));
  }
  endValue();
  return headers;
}

const CARRIAGE_RETURN = 0x0d;
