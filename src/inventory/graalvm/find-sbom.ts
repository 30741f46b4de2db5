/**
 * The list of components that GraalVM's native-image leaves in a program built with `--enable-sbom`: gzip over CycloneDX JSON.
 *
 * Source: GraalVM, "Embedding a Software Bill of Materials": the symbols `sbom` and `sbom_length` (a 64-bit number) say where.
 */
import { gunzipSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import type { Executable } from '../executable/executable.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN, readPointer } from '../executable/numbers.ts';
import { findSection, readAddress } from '../executable/read-section.ts';

const SBOM = 'sbom';
const SBOM_LENGTH = 'sbom_length';
/** The section that holds the heap of a native image. */
const HEAP_SECTION = '.svm_heap';
/** A large application has some hundred components, 100 kB. */
const MAX_SBOM_BYTES = 32 * 1024 * 1024;
/** Names of symbols that are read at all, and symbols that are looked at. */
const MAX_NAME_BYTES = 64 * 1024 * 1024;
const MAX_SYMBOL_BYTES = 64 * 1024 * 1024;
/** Every library has dynamic symbols, and few have more names than this; those of a native image are a handful. */
const MAX_DYNAMIC_NAME_BYTES = 1024 * 1024;

/**
 * The JSON text; `undefined` when the program has none. Costs a search through the names of the dynamic symbols; the full symbol
 * table is searched only in native images. @throws {PlimsollError} `FILE_INVALID`, `LIMIT_EXCEEDED`.
 */
export function findSbom(executable: Executable): string | undefined {
  if (executable.format !== 'elf') return undefined;
  const symbols =
    findSymbols(executable, '.dynsym', '.dynstr', MAX_DYNAMIC_NAME_BYTES) ??
    (findSection(executable, HEAP_SECTION) === undefined
      ? undefined
      : findSymbols(executable, '.symtab', '.strtab', MAX_NAME_BYTES));
  if (symbols === undefined) return undefined;
  const numbers = executable.isBigEndian ? BIG_ENDIAN : LITTLE_ENDIAN;
  const length = numbers.u64(readAddress(executable, symbols.sbomLength, 8), 0);
  if (length > MAX_SBOM_BYTES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Its embedded SBOM is over the limit of ${MAX_SBOM_BYTES} bytes`);
  }
  const packed = readAddress(executable, symbols.sbom, length);
  try {
    return gunzipSync(packed, { maxOutputLength: MAX_SBOM_BYTES }).toString('utf8');
  } catch (cause) {
    if (cause instanceof RangeError) {
      throw new PlimsollError('LIMIT_EXCEEDED', `Its embedded SBOM is over the limit of ${MAX_SBOM_BYTES} bytes`);
    }
    throw new PlimsollError('FILE_INVALID', 'Its embedded SBOM cannot be inflated', { cause });
  }
}

/** The addresses of the two symbols; `undefined` unless both are there. */
function findSymbols(
  executable: Executable,
  tableName: string,
  namesName: string,
  maxNameBytes: number,
): { sbom: number; sbomLength: number } | undefined {
  const namesSection = findSection(executable, namesName);
  if (namesSection === undefined || namesSection.sizeBytes > maxNameBytes) return undefined;
  const names = executable.body.read(namesSection.offset, namesSection.sizeBytes);
  const lengthName = names.indexOf(`\0${SBOM_LENGTH}\0`, 0, 'latin1') + 1;
  if (lengthName === 0) return undefined;
  const table = findSection(executable, tableName);
  if (table === undefined) return undefined;

  // Elf64_Sym: name, info, other, shndx, value, size; Elf32_Sym: name, value, size, info, other, shndx.
  const { pointerBytes } = executable;
  const numbers = executable.isBigEndian ? BIG_ENDIAN : LITTLE_ENDIAN;
  const entryBytes = pointerBytes === 8 ? 24 : 16;
  const symbols = executable.body.read(table.offset, Math.min(table.sizeBytes, MAX_SYMBOL_BYTES));
  let sbom: number | undefined;
  let sbomLength: number | undefined;
  for (let at = 0; at + entryBytes <= symbols.length; at += entryBytes) {
    const nameAt = numbers.u32(symbols, at);
    const value = () => readPointer(numbers, symbols, at + (pointerBytes === 8 ? 8 : 4), pointerBytes);
    if (nameAt === lengthName) sbomLength = value();
    else if (isName(names, nameAt, SBOM)) sbom = value();
  }
  return sbom === undefined || sbomLength === undefined ? undefined : { sbom, sbomLength };
}

function isName(names: Buffer, at: number, name: string): boolean {
  return names[at] === name.charCodeAt(0) && names.toString('latin1', at, at + name.length + 1) === `${name}\0`;
}
