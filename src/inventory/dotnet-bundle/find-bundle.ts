/**
 * Single-file programs of .NET: a host with the assemblies and the dependency file appended.
 *
 * Source: dotnet/designs, "Single-file publish", and dotnet/runtime, `Microsoft.NET.HostModel.Bundle`.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Executable } from '../executable/executable.ts';
import { LITTLE_ENDIAN as numbers } from '../executable/numbers.ts';

/** What the end of the file holds. */
export interface Bundle {
  /** Paths as a folder with the same program would have them: `Newtonsoft.Json.dll`, `fr/App.resources.dll`. */
  readonly paths: readonly string[];
  /** The `*.deps.json`; missing when the program was published without. */
  readonly deps?: { readonly offset: number; readonly sizeBytes: number };
}

/** SHA-256 of the line `.net core bundle`, by which the host finds its own header: the eight bytes before it are the offset. */
const SIGNATURE = Buffer.from('8b1202b96a612038727b930214d7a03213f5b9e6efae3318ee3b2dce24b36aae', 'hex');
/** The host's data is some kilobytes. */
const MAX_SEARCH_BYTES = 1024 * 1024;
/** Less than this after the last section is a symbol table, a signature or padding, and no bundle. */
const MIN_APPENDED_BYTES = 4096;
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;
/** The whole framework is under 300 files. */
const MAX_FILES = 50_000;
const TYPE_DEPS_JSON = 3;

/**
 * The bundle of a .NET program; `undefined` for all others, which have nothing appended or no signature in their data.
 *
 * @throws {PlimsollError} `FILE_INVALID` when the signature is there and the header makes no sense.
 */
export function findBundle(executable: Executable): Bundle | undefined {
  const { body, sections } = executable;
  if (sections.length === 0) return undefined;
  const end = sections.reduce((last, one) => Math.max(last, one.offset + one.sizeBytes), 0);
  if (body.sizeBytes - end < MIN_APPENDED_BYTES + sections.length * 64) return undefined;
  const data = sections.find(({ name }) => name === '.data' || name === '__data');
  if (data === undefined) return undefined;
  const bytes = body.read(data.offset, Math.min(data.sizeBytes, MAX_SEARCH_BYTES));
  const at = bytes.indexOf(SIGNATURE);
  if (at < 8) return undefined;
  const offset = numbers.u64(bytes, at - 8);
  return offset === 0 ? undefined : readManifest(executable, offset);
}

/**
 * Header: major and minor version, number of files, bundle id; from version 2 offset and size of `*.deps.json` and of
 * `*.runtimeconfig.json`, and flags. Each file: offset, size, from version 6 compressed size, type, path.
 */
function readManifest({ body }: Executable, offset: number): Bundle {
  const bytes = body.read(offset, MAX_MANIFEST_BYTES);
  const major = numbers.u32(bytes, 0);
  const count = numbers.u32(bytes, 8);
  const id = readString(bytes, 12);
  if (major === 0 || major > 255 || id === undefined) {
    throw new PlimsollError('FILE_INVALID', 'It is a .NET single-file program, but its header is damaged');
  }
  if (count > MAX_FILES)
    throw new PlimsollError('LIMIT_EXCEEDED', `It bundles ${count} files, the limit is ${MAX_FILES}`);
  let deps = major >= 2 ? range(body.sizeBytes, numbers.u64(bytes, id.end), numbers.u64(bytes, id.end + 8)) : undefined;

  const paths: string[] = [];
  let at = id.end + (major >= 2 ? 40 : 0);
  const fixedBytes = major >= 6 ? 25 : 17;
  for (let seen = 0; seen < count; seen += 1) {
    const path = readString(bytes, at + fixedBytes);
    if (path === undefined)
      throw new PlimsollError('FILE_INVALID', 'The list of files in a .NET single-file program is cut off');
    if (bytes[at + fixedBytes - 1] === TYPE_DEPS_JSON) {
      deps ??= range(body.sizeBytes, numbers.u64(bytes, at), numbers.u64(bytes, at + 8));
    }
    paths.push(path.text);
    at = path.end;
  }
  return deps === undefined ? { paths } : { paths, deps };
}

function range(
  fileBytes: number,
  offset: number,
  sizeBytes: number,
): { offset: number; sizeBytes: number } | undefined {
  return offset === 0 || sizeBytes === 0 || offset + sizeBytes > fileBytes ? undefined : { offset, sizeBytes };
}

/** As .NET's BinaryWriter writes text: length in bytes, seven bits a byte, then UTF-8. Paths are under 64 kB. */
function readString(bytes: Buffer, at: number): { text: string; end: number } | undefined {
  let length = 0;
  for (let shift = 0; shift <= 14; shift += 7) {
    const byte = bytes[at + shift / 7];
    if (byte === undefined) return undefined;
    length |= (byte & 0x7f) << shift;
    if ((byte & 0x80) !== 0) continue;
    const start = at + shift / 7 + 1;
    return start + length > bytes.length
      ? undefined
      : { text: bytes.toString('utf8', start, start + length), end: start + length };
  }
  return undefined;
}
