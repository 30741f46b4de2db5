/**
 * pax extended headers: records of `length key=value\n`.
 *
 * Source: POSIX pax, "pax Extended Header". The length counts the whole record, its own digits included.
 */
import { PlimsollError } from '#base/errors.ts';

const SPACE = 0x20;
const NEWLINE = 0x0a;

/**
 * The records by key; a later record of the same key wins. Values that are not UTF-8 hold U+FFFD. The parts of GNU sparse
 * format 0.0, which repeats its keys, are gathered under `GNU.sparse.map`. @throws {PlimsollError} `LAYER_INVALID`.
 */
export function parsePaxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  const sparseParts: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const space = bytes.indexOf(SPACE, start);
    const digits = space === -1 ? '' : bytes.toString('latin1', start, Math.min(space, start + 12));
    const length = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
    const end = start + length;
    // Some writers pad the header with zeros after the last record.
    if (bytes[start] === 0) break;
    if (length < 5 || end > bytes.length || bytes[end - 1] !== NEWLINE || space >= end) throw invalid();
    const record = bytes.toString('utf8', space + 1, end - 1);
    const equals = record.indexOf('=');
    if (equals <= 0) throw invalid();
    const key = record.slice(0, equals);
    const value = record.slice(equals + 1);
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') sparseParts.push(value);
    // An empty value takes the record back; what the ustar header says counts again.
    else if (value === '') records.delete(key);
    else records.set(key, value);
    start = end;
  }
  if (sparseParts.length > 0) records.set('GNU.sparse.map', sparseParts.join(','));
  return records;
}

function invalid(): PlimsollError {
  return new PlimsollError('LAYER_INVALID', 'Cannot walk the tar: a pax header holds a malformed record');
}
