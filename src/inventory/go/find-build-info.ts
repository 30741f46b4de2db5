/**
 * Finds the build information that the Go linker leaves in every program since Go 1.13.
 *
 * Source: the Go project, `debug/buildinfo` and `cmd/link`: 32 bytes that begin with a magic, then either two pointers to string
 * headers (Go 1.13 to 1.17) or the two strings themselves, each after its length as a varint (since 1.18).
 */
import { PlimsollError } from '#base/errors.ts';
import type { Executable } from '../executable/executable.ts';
import { BIG_ENDIAN, LITTLE_ENDIAN, readPointer } from '../executable/numbers.ts';
import { findSection, readAddress } from '../executable/read-section.ts';

/** The two strings as they stand in the program. */
export interface RawBuildInfo {
  /** For example `go1.22.1`, `go1.21.3 (Red Hat 1.21.3-4.el9)`, `devel go1.24-5d2a6f4 …`. */
  readonly goVersion: string;
  /** Lines of the module text without its sentinels; empty when the program was built without modules. */
  readonly modules: string;
}

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const ALIGNMENT = 16;
const HEADER_BYTES = 32;
const FLAG_BIG_ENDIAN = 1;
const FLAG_INLINE = 2;
/** Around the module text, so that it can be found in memory: `cmd/go/internal/modload`, `infoStart` and `infoEnd`. */
const SENTINEL_BYTES = 16;

/** How far into a data segment the linker may have put it when no section names the place. */
const MAX_SEARCH_BYTES = 1024 * 1024;
/** The text of Kubernetes, with hundreds of modules, is 60 kB. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_VERSION_BYTES = 1024;
/** Programs that read build information hold the magic as data too; the real one comes early. */
const MAX_ATTEMPTS = 64;

/**
 * The build information of a Go program; `undefined` for all other programs, after looking at section names alone. PE has no such
 * section: there the first megabyte of writable data is searched, and likewise in ELF files without section table.
 *
 * @throws {PlimsollError} `FILE_INVALID` when the section is there and makes no sense.
 */
export function findBuildInfo(executable: Executable): RawBuildInfo | undefined {
  const section = findSection(executable, executable.format === 'mach-o' ? '__go_buildinfo' : '.go.buildinfo');
  if (section !== undefined) {
    const limit = HEADER_BYTES + MAX_VERSION_BYTES + MAX_TEXT_BYTES;
    const bytes = executable.body.read(section.offset, Math.min(section.sizeBytes, limit));
    const found = search(executable, bytes);
    if (found === undefined) {
      throw new PlimsollError('FILE_INVALID', 'It is a Go program, but its build information is damaged');
    }
    return found;
  }
  if (executable.format !== 'pe' && executable.sections.length > 0) return undefined;
  const segment = executable.segments.find(one => one.isWritable && !one.isExecutable && one.sizeBytes > 0);
  if (segment === undefined) return undefined;
  const start = segment.offset;
  return search(executable, executable.body.read(start, Math.min(segment.sizeBytes, MAX_SEARCH_BYTES)), start);
}

/** `at` is set when `bytes` may end before the text does, and says where in the file they begin. */
function search(executable: Executable, bytes: Buffer, at?: number): RawBuildInfo | undefined {
  let found = bytes.indexOf(MAGIC);
  for (let attempt = 0; found !== -1 && attempt < MAX_ATTEMPTS; attempt += 1) {
    if (found % ALIGNMENT === 0) {
      const rest =
        at === undefined
          ? bytes.subarray(found)
          : executable.body.read(at + found, HEADER_BYTES + MAX_VERSION_BYTES + MAX_TEXT_BYTES);
      const info = decode(executable, rest);
      if (info !== undefined) return info;
    }
    found = bytes.indexOf(MAGIC, found + 1);
  }
  return undefined;
}

function decode(executable: Executable, bytes: Buffer): RawBuildInfo | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = bytes[15] ?? 0;
  const pair = (flags & FLAG_INLINE) === 0 ? followPointers(executable, bytes, flags) : readInline(bytes);
  if (pair === undefined) return undefined;
  const goVersion = pair[0].toString('utf8');
  if (!/^(?:go\d|devel)/.test(goVersion)) return undefined;
  return { goVersion, modules: withoutSentinels(pair[1]) };
}

function readInline(bytes: Buffer): [Buffer, Buffer] | undefined {
  const version = readString(bytes, HEADER_BYTES, MAX_VERSION_BYTES);
  if (version === undefined) return undefined;
  const modules = readString(bytes, version.end, MAX_TEXT_BYTES);
  return modules === undefined ? undefined : [version.text, modules.text];
}

/** A string after its length as an unsigned varint: seven bits a byte, lowest first. */
function readString(bytes: Buffer, at: number, limitBytes: number): { text: Buffer; end: number } | undefined {
  let length = 0;
  let factor = 1;
  for (let next = at; next < at + 5; next += 1) {
    const byte = bytes[next];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * factor;
    factor *= 128;
    if ((byte & 0x80) !== 0) continue;
    const end = next + 1 + length;
    return length > limitBytes || end > bytes.length ? undefined : { text: bytes.subarray(next + 1, end), end };
  }
  return undefined;
}

function followPointers(executable: Executable, bytes: Buffer, flags: number): [Buffer, Buffer] | undefined {
  const pointerBytes = bytes[14];
  if (pointerBytes !== 4 && pointerBytes !== 8) return undefined;
  const numbers = (flags & FLAG_BIG_ENDIAN) === 0 ? LITTLE_ENDIAN : BIG_ENDIAN;
  const follow = (at: number, limitBytes: number) => {
    const header = readAddress(executable, readPointer(numbers, bytes, at, pointerBytes), 2 * pointerBytes);
    const address = readPointer(numbers, header, 0, pointerBytes);
    const length = readPointer(numbers, header, pointerBytes, pointerBytes);
    if (length > limitBytes) return undefined;
    const text = readAddress(executable, address, length);
    return text.length === length ? text : undefined;
  };
  const version = follow(16, MAX_VERSION_BYTES);
  const modules = follow(16 + pointerBytes, MAX_TEXT_BYTES);
  return version === undefined || modules === undefined ? undefined : [version, modules];
}

function withoutSentinels(text: Buffer): string {
  const isWrapped = text.length >= 2 * SENTINEL_BYTES + 1 && text[text.length - SENTINEL_BYTES - 1] === 0x0a;
  return isWrapped ? text.toString('utf8', SENTINEL_BYTES, text.length - SENTINEL_BYTES) : '';
}
