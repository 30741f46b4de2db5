/**
 * Tables of contents of layers that can be read by parts: eStargz and zstd:chunked.
 *
 * Source: containerd/stargz-snapshotter, docs/estargz.md; containers/storage, docs/containers-storage-zstd-chunked.md. Both are valid
 * gzip or zstd layers whose files start members or frames of their own; the table says where, with digests of the contents.
 */
import { PlimsollError } from '#base/errors.ts';
import { type Digest, isDigest } from './digest.ts';

/** How the parts of a layer are compressed. */
export type TocFormat = 'estargz' | 'zstd-chunked';

/** Where a layer keeps its table, as its annotations say, before anything is fetched. */
export type TocLocation =
  /** The table is found by the footer at the end of the layer; `digest` is of the uncompressed JSON. */
  | { readonly format: 'estargz'; readonly digest: Digest }
  /** `digest` is of the compressed table. */
  | {
      readonly format: 'zstd-chunked';
      readonly digest: Digest;
      readonly offset: number;
      readonly sizeBytes: number;
      readonly inflatedBytes: number;
    };

/** A part of a file's content. */
export interface TocChunk {
  /** Where its member or frame starts in the stored layer, and where the next begins. */
  readonly start: number;
  readonly end: number;
  /** Bytes of the inflated member before the content. */
  readonly innerOffset: number;
  readonly sizeBytes: number;
  /** Of the content of this part; missing where the table gives only one for the whole file. */
  readonly digest?: Digest;
  /** A hole: nothing is stored, the content is zeros. */
  readonly isZeros: boolean;
}

/** An entry of the table. */
export interface TocEntry {
  readonly name: string;
  readonly type: 'file' | 'folder' | 'symlink' | 'hardlink' | 'character-device' | 'other';
  readonly sizeBytes: number;
  readonly mode: number;
  readonly linkName: string;
  /** A character device 0/0. */
  readonly isDevice00: boolean;
  /** Carries overlayfs's mark that hides lower contents. */
  readonly isOpaque: boolean;
  /** Carries the extended attribute `security.capability`. */
  readonly hasCapabilities: boolean;
  /** Of the whole content; files only. */
  readonly digest?: Digest;
  /** In order; they make up the file exactly. */
  readonly chunks: readonly TocChunk[];
}

/** Bytes at the end of an eStargz layer that say where its table starts. */
export const ESTARGZ_FOOTER_BYTES = 51;
/** The name of the table inside the tar that an eStargz layer ends with. */
export const ESTARGZ_TOC_NAME = 'stargz.index.json';
/** Largest table we read, inflated: that of some 100,000 files. Layers with larger ones are read whole, in less memory than the table takes. */
export const MAX_TOC_BYTES = 32 * 1024 * 1024;
const MAX_ENTRIES = 2_000_000;
/** Marks that say what to prefetch; no files of the image. */
const LANDMARKS: ReadonlySet<string> = new Set(['.prefetch.landmark', '.no.prefetch.landmark', ESTARGZ_TOC_NAME]);

/** An entry as it stands in the table. Read by hand: a table has up to a million, and a schema's copies of them took 200 MB. */
interface RawEntry {
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Where a layer of these annotations keeps its table; `undefined` when it has none that is bound by a digest. */
export function findTocLocation(
  annotations: Readonly<Record<string, string>>,
  layerBytes: number,
): TocLocation | undefined {
  const stargz = annotations['containerd.io/snapshot/stargz/toc.digest'];
  if (stargz !== undefined && isDigest(stargz)) return { format: 'estargz', digest: stargz };
  const checksum =
    annotations['io.github.containers.zstd-chunked.manifest-checksum'] ??
    annotations['io.containers.zstd-chunked.manifest-checksum'];
  const position =
    annotations['io.github.containers.zstd-chunked.manifest-position'] ??
    annotations['io.containers.zstd-chunked.manifest-position'];
  const match = /^(\d{1,15}):(\d{1,15}):(\d{1,15}):1$/.exec(position ?? '');
  if (checksum === undefined || !isDigest(checksum) || match === null) return undefined;
  const [offset = 0, sizeBytes = 0, inflatedBytes = 0] = match.slice(1).map(Number);
  if (offset + sizeBytes > layerBytes || inflatedBytes > MAX_TOC_BYTES || sizeBytes === 0) return undefined;
  return { format: 'zstd-chunked', digest: checksum, offset, sizeBytes, inflatedBytes };
}

/** Where the table of an eStargz layer starts, from its last 51 bytes; `undefined` when they are no footer. */
export function parseEstargzFooter(footer: Buffer): number | undefined {
  if (footer.length !== ESTARGZ_FOOTER_BYTES || footer[0] !== 0x1f || footer[1] !== 0x8b) return undefined;
  const isFramed =
    footer.readUInt16LE(10) === 26 && footer.toString('latin1', 12, 14) === 'SG' && footer.readUInt16LE(14) === 22;
  const match = /^([0-9a-f]{16})STARGZ$/.exec(footer.toString('latin1', 16, 38));
  const offset = match === null ? Number.NaN : Number.parseInt(match[1] ?? '', 16);
  return isFramed && Number.isSafeInteger(offset) ? offset : undefined;
}

/**
 * Reads a table, entry by entry: kept all at once they take ten times the memory of the text. `dataEnd` is where the stored parts end: the start of the table itself.
 *
 * @throws {PlimsollError} `LAYER_INVALID` when the table is malformed or disagrees with itself: parts outside of the layer, sizes that
 * do not add up, contents without digests.
 */
export function* parseToc(json: string, format: TocFormat, dataEnd: number): Generator<TocEntry> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw new PlimsollError('LAYER_INVALID', 'The table of contents is not JSON', { cause });
  }
  const { version, entries } = isRecord(parsed) ? parsed : {};
  if (version !== 1 || !Array.isArray(entries) || entries.length > MAX_ENTRIES)
    throw disagrees('it is of no known form');
  const ends = memberEnds(entries, dataEnd);
  let parts: RawEntry[] = [];
  for (const json of entries) {
    const entry = toRaw(json);
    if (LANDMARKS.has(entry.name.replace(/^\.?\//, ''))) continue;
    if (entry.type === 'chunk') {
      if (parts[0]?.name !== entry.name) throw disagrees(`a part without its file: "${entry.name}"`);
      parts.push(entry);
      continue;
    }
    if (parts[0] !== undefined) yield toEntry(parts[0], parts, format, ends, dataEnd);
    parts = [entry];
  }
  if (parts[0] !== undefined) yield toEntry(parts[0], parts, format, ends, dataEnd);
}

function toRaw(json: unknown): RawEntry {
  if (!isRecord(json)) throw disagrees('an entry is no object');
  const { name, type } = json;
  if (typeof name !== 'string' || typeof type !== 'string') throw disagrees('an entry has no name or type');
  return { name, type, size: countAt(json, 'size') ?? 0, json };
}

/** A whole number that is not negative; `undefined` when the entry does not have it. */
function countAt(json: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = json[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw disagrees(`"${key}" is no size or offset`);
  return value;
}

function digestAt(json: Readonly<Record<string, unknown>>, key: string): Digest | undefined {
  const value = json[key];
  return typeof value === 'string' && isDigest(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const TYPES: Readonly<Record<string, TocEntry['type']>> = {
  reg: 'file',
  dir: 'folder',
  symlink: 'symlink',
  hardlink: 'hardlink',
};

function toEntry(
  entry: RawEntry,
  parts: readonly RawEntry[],
  format: TocFormat,
  ends: ReadonlyMap<number, number>,
  dataEnd: number,
): TocEntry {
  const type = TYPES[entry.type] ?? 'other';
  const sizeBytes = type === 'file' ? entry.size : 0;
  const chunks =
    sizeBytes === 0 ? [] : parts.map((part, at) => toChunk(part, parts[at + 1], sizeBytes, format, ends, dataEnd));
  const total = chunks.reduce((sum, chunk) => sum + chunk.sizeBytes, 0);
  if (total !== sizeBytes) throw disagrees(`the parts of "${entry.name}" are ${total} bytes, the file ${sizeBytes}`);
  const { json } = entry;
  const digest = digestAt(json, 'digest');
  const hasDigests = digest !== undefined || chunks.every(chunk => chunk.digest !== undefined || chunk.isZeros);
  if (sizeBytes > 0 && !hasDigests) throw disagrees(`"${entry.name}" has no digest`);
  return {
    name: entry.name,
    type,
    sizeBytes,
    mode: (countAt(json, 'mode') ?? 0) & 0o7777,
    linkName: typeof json['linkName'] === 'string' ? json['linkName'] : '',
    isDevice00: entry.type === 'char' && !json['devMajor'] && !json['devMinor'],
    // "eQ==" is "y": xattrs are base64 in both formats.
    isOpaque: isRecord(json['xattrs']) && json['xattrs']['trusted.overlay.opaque'] === 'eQ==',
    hasCapabilities: isRecord(json['xattrs']) && json['xattrs']['security.capability'] !== undefined,
    ...(digest === undefined ? {} : { digest }),
    chunks,
  };
}

function toChunk(
  part: RawEntry,
  next: RawEntry | undefined,
  fileBytes: number,
  format: TocFormat,
  ends: ReadonlyMap<number, number>,
  dataEnd: number,
): TocChunk {
  const { json } = part;
  const from = countAt(json, 'chunkOffset') ?? 0;
  const nextFrom = next === undefined ? undefined : countAt(next.json, 'chunkOffset');
  const sizeBytes = countAt(json, 'chunkSize') || (nextFrom ?? fileBytes) - from;
  const isZeros = json['chunkType'] === 'zeros';
  const start = countAt(json, 'offset') ?? (isZeros ? 0 : Number.NaN);
  const ownEnd = format === 'zstd-chunked' ? countAt(json, 'endOffset') : undefined;
  const end = isZeros ? start : (ownEnd ?? ends.get(start) ?? Number.NaN);
  const isSound = sizeBytes > 0 && (isZeros || (end > start && end <= dataEnd));
  if (!isSound) throw disagrees(`a part of "${part.name}" lies outside of the layer`);
  const digest = digestAt(json, 'chunkDigest');
  return {
    start,
    end,
    innerOffset: countAt(json, 'innerOffset') ?? 0,
    sizeBytes,
    isZeros,
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Where the member that starts at each offset ends: where the next one starts. */
function memberEnds(entries: readonly unknown[], dataEnd: number): ReadonlyMap<number, number> {
  const starts = new Set<number>();
  for (const entry of entries) {
    const { json, size, type, name } = toRaw(entry);
    if (LANDMARKS.has(name.replace(/^\.?\//, ''))) continue;
    const offset = countAt(json, 'offset');
    if (offset !== undefined && (size > 0 || type === 'chunk')) starts.add(offset);
  }
  const sorted = [...starts].sort((a, b) => a - b);
  return new Map(sorted.map((start, at) => [start, sorted[at + 1] ?? dataEnd]));
}

function disagrees(why: string): PlimsollError {
  return new PlimsollError('LAYER_INVALID', `The table of contents disagrees with itself: ${why}`);
}
