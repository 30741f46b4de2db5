/**
 * The package note of an ELF file: JSON in a note of owner `FDO` and type 0xcafe1a7e.
 *
 * Source: systemd, "Package Metadata for Executable Files"; System V ABI, "Note Section".
 */
import { PlimsollError } from '#base/errors.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN } from '../executable/numbers.ts';
import { isRecord, type JsonRecord, parseJsonText } from '../json-file.ts';

const NOTE_TYPE = 0xcafe1a7e;
const OWNER = 'FDO';
const HEADER_BYTES = 12;

/**
 * The note's JSON; `undefined` when there is none, or none that can be read: a note is decoration, so a damaged one is no gap.
 */
export function findNote(bytes: Buffer, isBigEndian: boolean): JsonRecord | undefined {
  const numbers = isBigEndian ? BIG_ENDIAN : LITTLE_ENDIAN;
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const ownerBytes = numbers.u32(bytes, at);
    const textBytes = numbers.u32(bytes, at + 4);
    const ownerAt = at + HEADER_BYTES;
    const owner = bytes.toString('latin1', ownerAt, Math.min(ownerAt + ownerBytes, bytes.length)).replace(/\0.*$/s, '');
    const textAt = ownerAt + padded(ownerBytes);
    if (numbers.u32(bytes, at + 8) === NOTE_TYPE && owner === OWNER) {
      // Some producers pad the owner to 16 bytes: the text is wherever its first brace is.
      return parseNote(bytes.toString('utf8', textAt, Math.min(textAt + padded(textBytes) + 16, bytes.length)));
    }
    at = textAt + padded(textBytes);
  }
  return undefined;
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function parseNote(text: string): JsonRecord | undefined {
  const start = text.indexOf('{');
  const end = text.lastIndexOf('}');
  if (start === -1 || end < start) return undefined;
  try {
    const json = parseJsonText(text.slice(start, end + 1));
    return isRecord(json) ? json : undefined;
  } catch (error) {
    if (error instanceof PlimsollError) return undefined;
    throw error;
  }
}
