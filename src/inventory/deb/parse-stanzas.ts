/**
 * Records of `Field: value` lines separated by empty lines, as dpkg and opkg keep them.
 *
 * Source: deb822(5). Field names ignore case, lines that begin with a space or a tab continue the field before them. Other programs
 * write these files too, so line ends may be CRLF, and a record may begin without an empty line before it.
 */
import { eachLine, indexWithin } from '../text-lines.ts';

/** One record. */
export interface Stanza {
  /** First lines of the wanted fields that it has, trimmed, by lower-case name. */
  readonly fields: ReadonlyMap<string, string>;
  /** Whether a wanted field comes twice with different values or is too long to be one, so that none of it can be trusted. */
  readonly isDamaged: boolean;
  /** Whether the file ends inside a wanted field, so that its value may be shorter than it was. */
  readonly isCut: boolean;
}

const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
/** The longest field names known have 20 characters. */
const MAX_NAME_BYTES = 64;
const MAX_VALUE_BYTES = 4096;

/**
 * Calls `visit` with each record that has a wanted field, in file order. `wanted`: the lower-case names of the fields to keep.
 */
export function eachStanza(bytes: Buffer, wanted: ReadonlySet<string>, visit: (stanza: Stanza) => void): void {
  let fields = new Map<string, string>();
  let isDamaged = false;
  let isCut = false;
  const endStanza = () => {
    if (fields.size > 0) visit({ fields, isDamaged, isCut });
    fields = new Map();
    isDamaged = false;
  };

  eachLine(bytes, (start, end, isLastAndCut) => {
    if (start === end) {
      endStanza();
      return;
    }
    if (bytes[start] === SPACE || bytes[start] === TAB) return;
    const colon = indexWithin(bytes, COLON, start, end, MAX_NAME_BYTES);
    if (colon === -1) return;
    const name = bytes.toString('latin1', start, colon).toLowerCase();
    if (!wanted.has(name)) return;
    const isTooLong = end - colon > MAX_VALUE_BYTES;
    const value = isTooLong ? '' : bytes.toString('utf8', colon + 1, end).trim();
    const known = fields.get(name);
    if (name === 'package' && known !== undefined && known !== value) {
      endStanza();
    } else if (isTooLong || (known !== undefined && known !== value)) {
      isDamaged = true;
    }
    fields.set(name, value);
    isCut = isLastAndCut;
  });
  endStanza();
}
