/**
 * Reads one layer in one pass: hash, inflate and tar walk as a stream; bodies nobody claims are skipped, nothing is unpacked.
 */
import { createHash, type Hash } from 'node:crypto';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { verified } from '#image/verified.ts';
import { isExecutableMagic } from '#inventory/executable/open-executable.ts';
import type { FileBody } from '#inventory/file-body.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type Digest, splitDigest } from '#oci/digest.ts';
import { inflated } from '#oci/inflate.ts';
import { linkTarget, normalisePath } from '#oci/layer-path.ts';
import { type BodySink, type TarEntry, TarReader } from '#oci/tar-reader.ts';
import { type CataloguerSet, type Claim, LayerCollector } from './layer-collector.ts';
import { noteEntry } from './note-entry.ts';
import { filledBody, Spool } from './spool.ts';

/** What a layer's bytes must turn out to be. */
export interface LayerPromise {
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Of the uncompressed tar; checked when known. */
  readonly diffId?: Digest | undefined;
}

/** A path to read a file under as well: the target of a link whose own name a cataloguer wants. */
export type Aliases = ReadonlyMap<string, readonly string[]>;

/** What reading a layer gave. */
export interface LayerReading {
  readonly facts: LayerFacts;
  /**
   * Links whose own names a cataloguer wants, though nobody wanted their targets: `readLayer` again with these as `aliases` reads those
   * under these names. Empty for nearly every layer, and after a second pass.
   */
  readonly linksToRead: Aliases;
}

const NO_LINKS: Aliases = new Map();

/**
 * Facts of the layer whose stored bytes are `source`. A layer that is damaged in the middle gives what came before, with a gap. Without
 * a promise somebody else checks the bytes, and the facts count only if that turns out well.
 *
 * @throws {PlimsollError} `DIGEST_MISMATCH` when the bytes are not those promised: nothing of such a layer counts; and what `source`
 * throws. `aliases` is for the second pass.
 */
export async function readLayer(
  source: AsyncIterable<Uint8Array>,
  promise: LayerPromise | undefined,
  cataloguers: CataloguerSet,
  aliases?: Aliases,
): Promise<LayerReading> {
  using spool = new Spool();
  using collector = new LayerCollector(cataloguers);
  const reader = new TarReader(entry =>
    aliases === undefined ? take(entry, collector, spool) : takeAlias(entry, aliases, collector, spool),
  );
  const stored = promise === undefined ? passed(source) : verified(source, promise);
  const hash = promise?.diffId === undefined ? undefined : createHash(splitDigest(promise.diffId).algorithm);
  let isBroken = false;
  let tarBytes = 0;
  try {
    for await (const chunk of inflated(untouched(stored))) {
      hash?.update(chunk);
      tarBytes += chunk.length;
      if (!isBroken) isBroken = !walk(() => reader.push(chunk), collector);
    }
    if (!isBroken) walk(() => reader.end(), collector);
  } catch (error) {
    const known = toPlimsollError(error);
    if (known.code !== 'LAYER_INVALID' && known.code !== 'LIMIT_EXCEEDED') throw error;
    collector.addGap({ reason: `${known.message}; what came before was read` });
    isBroken = true;
  }
  // However far the walk came, the bytes must be the right ones before anything they say counts.
  for await (const _ of stored);
  if (!isBroken) checkDiffId(hash, promise, tarBytes);
  const facts = collector.finish();
  return { facts, linksToRead: aliases === undefined ? findLinksToRead(facts, cataloguers) : NO_LINKS };
}

/** See `LayerReading`. */
export function findLinksToRead(facts: LayerFacts, cataloguers: CataloguerSet): Aliases {
  const aliases = new Map<string, string[]>();
  const read = new Set(facts.files.map(file => file.path));
  for (const [path, target] of allLinks(facts)) {
    if (target === undefined || read.has(target) || read.has(path)) continue;
    if (!isClaimed(path, cataloguers) || isClaimed(target, cataloguers)) continue;
    aliases.set(target, [...(aliases.get(target) ?? []), path]);
  }
  return aliases;
}

function* allLinks(facts: LayerFacts): Generator<[path: string, target: string | undefined]> {
  for (const [path, target] of facts.hardLinks) yield [path, target];
  for (const [path, target] of facts.symlinks) yield [path, linkTarget(path, target)];
}

function isClaimed(path: string, cataloguers: CataloguerSet): boolean {
  const entry = { path, name: nameOf(path), sizeBytes: 1, mode: 0o644 };
  return cataloguers.byPath.some(cataloguer => cataloguer.claims(entry));
}

/** Runs one step of the walk; a malformed tar ends the walk with a gap, and the hashing goes on. */
function walk(step: () => void, collector: LayerCollector): boolean {
  try {
    step();
    return true;
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    collector.addGap({ reason: `${error.message}; what came before was read` });
    return false;
  }
}

function take(entry: TarEntry, collector: LayerCollector, spool: Spool): BodySink | undefined {
  const isOpaque = entry.pax.get('SCHILY.xattr.trusted.overlay.opaque') === 'y';
  const hasCapabilities = entry.pax.has('SCHILY.xattr.security.capability');
  const path = noteEntry({ ...entry, isOpaque, hasCapabilities }, collector);
  return path === undefined ? undefined : takeFile(path, entry, collector, spool);
}

function takeAlias(entry: TarEntry, aliases: Aliases, collector: LayerCollector, spool: Spool): BodySink | undefined {
  const path = normalisePath(entry.name);
  const names = path === undefined || entry.type !== 'file' ? undefined : aliases.get(path);
  const [first] = names ?? [];
  return first === undefined ? undefined : takeFile(first, entry, collector, spool);
}

function takeFile(path: string, entry: TarEntry, collector: LayerCollector, spool: Spool): BodySink | undefined {
  const sizeBytes = entry.sparse?.realSizeBytes ?? entry.sizeBytes;
  const claim = collector.claim({ path, name: nameOf(path), sizeBytes, mode: entry.mode });
  if (claim === undefined) return undefined;
  const isWanted = claim.claimants.length > 0 || claim.companionOf !== undefined;
  return new FileSink(claim, entry, isWanted, collector, spool);
}

/** Bytes of the head needed to tell an executable. */
const HEAD_BYTES = 64;

/** Spools a claimed body; one that is only sniffed is dropped as soon as its head is not an executable's. */
class FileSink implements BodySink {
  readonly #claim: Claim;
  readonly #entry: TarEntry;
  readonly #collector: LayerCollector;
  readonly #spool: Spool;
  /** Bytes still to spool. */
  #left: number;
  #state: 'sniffing' | 'spooling' | 'skipping';
  #head: Buffer | undefined;

  constructor(claim: Claim, entry: TarEntry, isWanted: boolean, collector: LayerCollector, spool: Spool) {
    this.#claim = claim;
    this.#entry = entry;
    this.#collector = collector;
    this.#spool = spool;
    this.#state = isWanted ? 'spooling' : 'sniffing';
    this.#left = Math.min(entry.sizeBytes, entry.sparse === undefined ? claim.wantedBytes : entry.sizeBytes);
    if (isWanted) spool.start(this.#left);
  }

  write(chunk: Buffer): void {
    if (this.#state === 'skipping') return;
    if (this.#state === 'spooling') {
      if (this.#left > 0) this.#spool.write(chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk);
      this.#left -= chunk.length;
      return;
    }
    const head = this.#head === undefined ? chunk : Buffer.concat([this.#head, chunk]);
    if (head.length < HEAD_BYTES && head.length < this.#entry.sizeBytes) {
      this.#head = Buffer.from(head);
      return;
    }
    this.#head = undefined;
    if (!isExecutableMagic(head)) {
      this.#state = 'skipping';
      return;
    }
    this.#state = 'spooling';
    this.#spool.start(this.#entry.sizeBytes);
    this.#spool.write(head);
    this.#left = this.#entry.sizeBytes - head.length;
  }

  end(): void {
    if (this.#state === 'skipping') return;
    // An empty file was never written to.
    if (this.#state === 'sniffing') return;
    const { sparse } = this.#entry;
    const stored = this.#spool.body();
    const body = sparse === undefined ? stored : this.#filled(stored);
    if (body !== undefined) this.#collector.take(this.#claim, body);
  }

  #filled(stored: FileBody): FileBody | undefined {
    const { path } = this.#claim.entry;
    try {
      const { sparse } = this.#entry;
      const body = sparse === undefined ? stored : filledBody(stored, sparse);
      if (body === undefined) this.#collector.addGap({ path, reason: 'It is a sparse file too large to fill in' });
      return body;
    } catch (error) {
      this.#collector.addGap({ path, reason: toPlimsollError(error).message });
      return undefined;
    }
  }
}

/** Tars are written in records of 20 blocks, the last filled up with zeros (POSIX pax). */
const RECORD_BYTES = 20 * 512;

/**
 * Checks the uncompressed tar of `tarBytes` against the config. Zeros that fill up the last record may be missing: tools that recompress
 * layers as zstd:chunked stop at the end of the archive, and leave the config as it was. They hold nothing.
 */
function checkDiffId(hash: Hash | undefined, promise: LayerPromise | undefined, tarBytes: number): void {
  if (hash === undefined || promise?.diffId === undefined) return;
  const { algorithm, hex } = splitDigest(promise.diffId);
  const filled = hash.copy().update(Buffer.alloc((RECORD_BYTES - (tarBytes % RECORD_BYTES)) % RECORD_BYTES));
  const got = hash.digest('hex');
  if (got !== hex && filled.digest('hex') !== hex) {
    throw new PlimsollError(
      'DIGEST_MISMATCH',
      `Cannot trust layer ${promise.digest}: its tar is ${algorithm}:${got}, the image config says ${promise.diffId}`,
    );
  }
}

/** The same stream. */
async function* passed(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* source;
}

/** The same stream, which stays open when its reader leaves early: what is left is still to be hashed. */
function untouched<T>(source: AsyncGenerator<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => ({ next: () => source.next() }) };
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
