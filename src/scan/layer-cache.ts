/**
 * Facts of layers kept on disk, so that a layer seen before is neither fetched nor read again.
 *
 * The key is the digest of the layer as stored, never its diff ID: the manifest vouches for the former, while a config may claim any
 * diff ID for any bytes, and would then lend a harmless layer's facts to a harmful one.
 */
import { hash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { PlimsollError } from '#base/errors.ts';
import { EntrySet } from '#inventory/entry-set.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type Digest, splitDigest } from '#oci/digest.ts';
import type { CataloguerSet } from './layer-collector.ts';

/** Raised when the shape of stored facts, or what `readLayer` does with them, changes. */
const FORMAT = 2;
const MAX_ENTRY_BYTES = 512 * 1024 * 1024;

/** Facts with what vouches for them. */
export interface CachedFacts {
  readonly facts: LayerFacts;
  readonly verifiedBy: 'layer' | 'toc';
}

/** A cache in `folder` for facts of all cataloguers. */
export async function openLayerCache(folder: string): Promise<LayerCache> {
  const { cataloguers } = await import('./cataloguers.ts');
  return new LayerCache(folder, cataloguers);
}

export class LayerCache {
  readonly #folder: string;
  readonly #version: string;

  /** A cache in `folder`, which is made when missing. Facts of other cataloguers or versions are never found in it. */
  constructor(folder: string, cataloguers: CataloguerSet) {
    this.#folder = folder;
    this.#version = cataloguerVersion(cataloguers);
  }

  /** The facts of a layer; `undefined` when it was not seen, or the entry is damaged, in which case it is read anew. */
  async find(layer: Digest): Promise<CachedFacts | undefined> {
    let stored: Buffer;
    try {
      stored = await readFile(this.#path(layer));
    } catch {
      return undefined;
    }
    return readEntry(stored);
  }

  /**
   * Keeps the facts of a layer; a crash leaves the old entry or the new one, never half of one.
   * @throws {PlimsollError} `FILE_UNKNOWN` when the folder cannot be written.
   */
  async keep(layer: Digest, entry: CachedFacts): Promise<void> {
    const path = this.#path(layer);
    const temporary = `${path}.${process.pid}-${Math.random().toString(36).slice(2)}`;
    try {
      await mkdir(join(path, '..'), { recursive: true });
      await writeFile(temporary, writeEntry(entry), { mode: 0o644 });
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw new PlimsollError(
        'FILE_UNKNOWN',
        `Cannot write to the layer cache "${this.#folder}": ${(cause as Error).message}`,
        { cause },
      );
    }
  }

  #path(layer: Digest): string {
    return join(this.#folder, entryPath(this.#version, layer));
  }
}

/** A short name for these cataloguers at their versions, and for the form in which their facts are kept. */
export function cataloguerVersion(cataloguers: CataloguerSet): string {
  const all = [...cataloguers.byPath, ...cataloguers.byMagic].map(one => `${one.id}=${one.version}`);
  return `v${FORMAT}-${hash('sha256', all.sort().join(' ')).slice(0, 12)}`;
}

/** Where an entry is in the folder of a cache. */
export function entryPath(version: string, layer: Digest): string {
  const { algorithm, hex } = splitDigest(layer);
  return join(version, `${algorithm}-${hex}.json.gz`);
}

/** An entry is the SHA-256 of the document, then the document, gzipped: a torn or altered file is told from a good one. */
export function writeEntry({ facts, verifiedBy }: CachedFacts): Buffer {
  const document = JSON.stringify({
    ...facts,
    entries: facts.entries.toBase64(),
    folders: facts.folders.toBase64(),
    verifiedBy,
  });
  return gzipSync(`${hash('sha256', document)}\n${document}`, { level: 1 });
}

/** Reads what `writeEntry` made; `undefined` when it is damaged. */
export function readEntry(stored: Uint8Array): CachedFacts | undefined {
  try {
    const text = gunzipSync(stored, { maxOutputLength: MAX_ENTRY_BYTES }).toString('utf8');
    const document = text.slice(65);
    if (hash('sha256', document) !== text.slice(0, 64)) return undefined;
    const { entries, folders, verifiedBy, ...rest } = JSON.parse(document);
    return {
      facts: { ...rest, entries: EntrySet.fromBase64(entries), folders: EntrySet.fromBase64(folders) },
      verifiedBy,
    };
  } catch {
    return undefined;
  }
}
