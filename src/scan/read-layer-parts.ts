/**
 * Reads a layer by parts, through its table of contents, where that is cheaper than fetching all of it.
 *
 * The table is the image author's word, bound by the manifest: every part is checked against the digests in it, and the result says
 * `verifiedBy: 'toc'`. A table that disagrees with itself, with a part, or with its digest counts as none: the whole layer is read then.
 */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import type { TarLayer } from '#image/image.ts';
import { toBody } from '#inventory/file-body.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type Digest, digestOf, splitDigest } from '#oci/digest.ts';
import {
  ESTARGZ_FOOTER_BYTES,
  ESTARGZ_TOC_NAME,
  findTocLocation,
  MAX_TOC_BYTES,
  parseEstargzFooter,
  parseToc,
  type TocChunk,
  type TocEntry,
  type TocFormat,
} from '#oci/layer-toc.ts';
import { TarReader } from '#oci/tar-reader.ts';
import { type CataloguerSet, type Claim, LayerCollector } from './layer-collector.ts';
import { noteEntry } from './note-entry.ts';

/** Smaller layers are fetched whole: a few requests cost as much. */
const MIN_LAYER_BYTES = 1024 * 1024;
/** Parts pay when they, with the table, are less than this share of the layer. */
const MAX_SHARE = 0.5;
/** Parts closer together than this are fetched in one request, of at most so many bytes. */
const JOIN_BYTES = 64 * 1024;
const MAX_REQUEST_BYTES = 4 * 1024 * 1024;
/** The largest file read by parts; a larger one makes the layer be read whole. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** Smaller buffers may share their memory with others. */
const RELEASED_FROM_BYTES = 64 * 1024;

interface Wanted {
  readonly entry: TocEntry;
  readonly claim: Claim;
}

interface Toc {
  readonly format: TocFormat;
  readonly entries: Iterable<TocEntry>;
  /** Bytes fetched to have it. */
  readonly fetchedBytes: number;
}

export interface PartsOptions {
  readonly signal: AbortSignal;
  /** Told of bytes as they are fetched. */
  readonly advance?: (bytes: number) => void;
  readonly minLayerBytes?: number;
}

/** One table in memory at a time, however many layers are read. */
let turn: Promise<unknown> = Promise.resolve();

/** Facts of the layer, or `undefined` when it has to be read whole, for whatever reason. @throws what the source throws. */
export async function readLayerParts(
  layer: TarLayer,
  cataloguers: CataloguerSet,
  options: PartsOptions,
): Promise<LayerFacts | undefined> {
  if (!layer.isRemote || layer.sizeBytes < (options.minLayerBytes ?? MIN_LAYER_BYTES)) return undefined;
  const mine = turn.then(() => readInTurn(layer, cataloguers, options));
  turn = mine.catch(() => undefined);
  return await mine;
}

async function readInTurn(
  layer: TarLayer,
  cataloguers: CataloguerSet,
  options: PartsOptions,
): Promise<LayerFacts | undefined> {
  options.signal.throwIfAborted();
  try {
    const toc = await fetchToc(layer, options);
    if (toc === undefined) return undefined;
    using collector = new LayerCollector(cataloguers);
    const wanted = claimEntries(toc.entries, collector);
    const spans = planRequests(wanted);
    const costBytes = spans.reduce((sum, span) => sum + span.end - span.start, toc.fetchedBytes);
    if (costBytes > layer.sizeBytes * MAX_SHARE || wanted.some(one => one.entry.sizeBytes > MAX_FILE_BYTES))
      return undefined;
    if (!(await readSpans(layer, spans, toc.format, collector, options))) return undefined;
    return collector.finish();
  } catch (error) {
    if (error instanceof PlimsollError && (error.code === 'LAYER_INVALID' || error.code === 'LIMIT_EXCEEDED'))
      return undefined;
    throw error;
  }
}

async function fetchToc(layer: TarLayer, options: PartsOptions): Promise<Toc | undefined> {
  const location = findTocLocation(layer.annotations, layer.sizeBytes);
  if (location === undefined) return undefined;
  if (location.format === 'zstd-chunked') {
    const { offset, sizeBytes } = location;
    const stored = await fetchRange(layer, offset, sizeBytes, options);
    if (stored === undefined || !isNamed(stored, location.digest)) return undefined;
    const json = attempt(() => zstdDecompressSync(stored, { maxOutputLength: Math.max(1, location.inflatedBytes) }));
    return (
      json && {
        format: 'zstd-chunked',
        entries: parseToc(json.toString('utf8'), 'zstd-chunked', offset),
        fetchedBytes: sizeBytes,
      }
    );
  }
  const footer = await fetchRange(layer, layer.sizeBytes - ESTARGZ_FOOTER_BYTES, ESTARGZ_FOOTER_BYTES, options);
  const offset = footer && parseEstargzFooter(footer);
  const sizeBytes = offset === undefined ? 0 : layer.sizeBytes - ESTARGZ_FOOTER_BYTES - offset;
  if (offset === undefined || sizeBytes <= 0 || sizeBytes > MAX_TOC_BYTES) return undefined;
  const stored = await fetchRange(layer, offset, sizeBytes, options);
  const tar = stored && attempt(() => gunzipSync(stored, { maxOutputLength: MAX_TOC_BYTES }));
  const json = tar && firstFile(tar, ESTARGZ_TOC_NAME);
  if (json === undefined || !isNamed(json, location.digest)) return undefined;
  return {
    format: 'estargz',
    entries: parseToc(json.toString('utf8'), 'estargz', offset),
    fetchedBytes: sizeBytes + ESTARGZ_FOOTER_BYTES,
  };
}

/** Records every entry and gives the files to fetch: what is claimed by path, and what may be executable by mode or name. */
function claimEntries(entries: Iterable<TocEntry>, collector: LayerCollector): Wanted[] {
  const wanted = new Map<string, Wanted>();
  for (const entry of entries) {
    const path = noteEntry(entry, collector);
    if (path === undefined) continue;
    wanted.delete(path);
    const claim = collector.claim({
      path,
      name: path.slice(path.lastIndexOf('/') + 1),
      sizeBytes: entry.sizeBytes,
      mode: entry.mode,
    });
    if (claim === undefined) continue;
    const isNamed = claim.claimants.length > 0 || claim.companionOf !== undefined;
    // Without its first bytes at hand, only what could run or be loaded is worth fetching.
    const mayExecute = (entry.mode & 0o111) !== 0 || /\.(?:so|dll|exe|dylib|node)\b/.test(claim.entry.name);
    if (isNamed || mayExecute) wanted.set(path, { entry, claim });
  }
  return [...wanted.values()];
}

/** One request: a run of stored bytes and the files that lie in it. */
interface Span {
  start: number;
  end: number;
  readonly files: Wanted[];
}

/** Joins what lies close together. A file's parts are one run: writers put them one after another. */
function planRequests(wanted: readonly Wanted[]): readonly Span[] {
  const runs = wanted.map(one => {
    const stored = one.entry.chunks.filter(chunk => !chunk.isZeros);
    const start = Math.min(...stored.map(chunk => chunk.start));
    return { one, start: stored.length === 0 ? 0 : start, end: Math.max(0, ...stored.map(chunk => chunk.end)) };
  });
  runs.sort((a, b) => a.start - b.start);
  const spans: Span[] = [];
  for (const { one, start, end } of runs) {
    const last = spans.at(-1);
    const joined = last === undefined ? 0 : Math.max(last.end, end) - last.start;
    if (last !== undefined && start <= last.end + JOIN_BYTES && joined <= MAX_REQUEST_BYTES) {
      last.end = Math.max(last.end, end);
      last.files.push(one);
    } else {
      spans.push({ start, end, files: [one] });
    }
  }
  return spans;
}

async function readSpans(
  layer: TarLayer,
  spans: readonly Span[],
  format: TocFormat,
  collector: LayerCollector,
  options: PartsOptions,
): Promise<boolean> {
  for (const span of spans) {
    options.signal.throwIfAborted();
    const length = span.end - span.start;
    const bytes = length === 0 ? Buffer.alloc(0) : await fetchRange(layer, span.start, length, options);
    if (bytes === undefined) return false;
    for (const { entry, claim } of span.files) {
      const content = assemble(entry, bytes, span.start, format);
      if (content === undefined) return false;
      collector.take(claim, toBody(content));
      release(content);
    }
    release(bytes);
  }
  return true;
}

/** Gives memory back at once that is ours alone; left to the garbage collector, a layer's parts pile up to hundreds of megabytes. */
function release({ buffer, byteLength }: Buffer): void {
  if (byteLength > RELEASED_FROM_BYTES && buffer instanceof ArrayBuffer && buffer.byteLength === byteLength)
    buffer.transfer(0);
}

/** The content of a file from the stored bytes of its span, checked; `undefined` when it is not what the table says. */
function assemble(entry: TocEntry, span: Buffer, spanStart: number, format: TocFormat): Buffer | undefined {
  const parts: Buffer[] = [];
  for (const chunk of entry.chunks) {
    const part = chunk.isZeros ? Buffer.alloc(chunk.sizeBytes) : inflatePart(chunk, span, spanStart, format);
    if (part === undefined || (chunk.digest !== undefined && !isNamed(part, chunk.digest))) return undefined;
    parts.push(part);
  }
  const [only] = parts;
  const content = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  return entry.digest === undefined || isNamed(content, entry.digest) ? content : undefined;
}

function inflatePart(chunk: TocChunk, span: Buffer, spanStart: number, format: TocFormat): Buffer | undefined {
  const stored = span.subarray(chunk.start - spanStart, chunk.end - spanStart);
  // A member may hold more than this part: headers of what follows, or other small files.
  const maxOutputLength = chunk.innerOffset + chunk.sizeBytes + MAX_REQUEST_BYTES;
  const inflate = format === 'estargz' ? gunzipSync : zstdDecompressSync;
  // zlib takes memory in steps of this size: one step is enough for what is expected.
  const chunkSize = Math.max(64, chunk.innerOffset + chunk.sizeBytes);
  const content = attempt(() => inflate(stored, { maxOutputLength, chunkSize }))?.subarray(
    chunk.innerOffset,
    chunk.innerOffset + chunk.sizeBytes,
  );
  return content?.length === chunk.sizeBytes ? content : undefined;
}

async function fetchRange(
  layer: TarLayer,
  offset: number,
  length: number,
  options: PartsOptions,
): Promise<Buffer | undefined> {
  const bytes = await layer.openRange({ offset, length }, { signal: options.signal });
  if (bytes === undefined || bytes.byteLength !== length) return undefined;
  options.advance?.(length);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function firstFile(tar: Buffer, name: string): Buffer | undefined {
  const files: Buffer[] = [];
  const reader = new TarReader(entry => {
    const parts: Buffer[] = [];
    if (entry.name !== name) return undefined;
    return { write: chunk => void parts.push(chunk), end: () => void files.push(Buffer.concat(parts)) };
  });
  reader.push(tar);
  return files[0];
}

function isNamed(bytes: Buffer, digest: Digest): boolean {
  return digestOf(bytes, splitDigest(digest).algorithm) === digest;
}

/** `undefined` where zlib throws: damaged parts and bombs alike mean that the table cannot be trusted. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
