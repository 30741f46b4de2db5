/**
 * `META-INF/MANIFEST.MF`: the main section of it. The sections per entry that follow in signed archives may be megabytes.
 *
 * Source: JAR File Specification, "JAR Manifest": lines of at most 72 bytes, a continuation begins with one space, names are
 * case-insensitive, an empty line ends the section.
 */

/** The main attributes by lower-case name. */
export type Manifest = ReadonlyMap<string, string>;

const MAX_MAIN_BYTES = 256 * 1024;
const MAX_VALUE_LENGTH = 4096;

/** Reads the main section; lines without a colon are skipped. Very long values, such as lists of imported packages, are cut. */
export function parseManifest(bytes: Buffer): Manifest {
  const attributes = new Map<string, string>();
  let name = '';
  let value = '';
  const keep = () => {
    if (name !== '') attributes.set(name, Buffer.from(value, 'latin1').toString('utf8').trim());
  };
  // As latin1 first: a continuation may split the bytes of one character.
  const text = bytes.toString('latin1', 0, MAX_MAIN_BYTES);
  const start = text.startsWith('\xef\xbb\xbf') ? 3 : 0;
  for (const line of lines(text, start)) {
    if (line === '') break;
    if (line.startsWith(' ')) {
      value += line.slice(1, 1 + MAX_VALUE_LENGTH - value.length);
      continue;
    }
    keep();
    const colon = line.indexOf(':');
    name = colon === -1 ? '' : line.slice(0, colon).trim().toLowerCase();
    value = line
      .slice(colon + 1)
      .trimStart()
      .slice(0, MAX_VALUE_LENGTH);
  }
  keep();
  return attributes;
}

/** The lines of `text`, ended by CR LF, LF or CR. */
function* lines(text: string, start: number): Generator<string> {
  let at = start;
  const hasLoneReturns = !text.includes('\n');
  const newline = hasLoneReturns ? '\r' : '\n';
  while (at <= text.length) {
    const found = text.indexOf(newline, at);
    const end = found === -1 ? text.length : found;
    yield text.slice(at, !hasLoneReturns && end > at && text[end - 1] === '\r' ? end - 1 : end);
    at = end + 1;
  }
}
