/**
 * From a reference's root document to opened images: index, platform, manifest, config, layers, every document verified.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Digest } from '#oci/digest.ts';
import {
  type Descriptor,
  type Index,
  type IndexEntry,
  instructionsOf,
  type Manifest,
  parseImageConfig,
  parseManifest,
} from '#oci/manifest.ts';
import { isForeignLayer } from '#oci/media-type.ts';
import { defaultPlatform, formatPlatform, type Platform, platformMatch } from '#oci/platform.ts';
import type { ContentSource, WaitOptions } from './content.ts';
import type { Image, TarLayer } from './image.ts';

/** Indexes may nest (OCI image-spec, image-index.md); deeper than this is a loop or a game. */
const MAX_INDEX_DEPTH = 8;
/** Images that one reference may name with `--all-platforms`. */
const MAX_IMAGES = 200;

/** A manifest with the name it came under. */
interface Found {
  readonly manifest: Manifest;
  readonly digest: Digest;
  readonly listedPlatform?: Platform;
}

/**
 * Opens the one image that `platform` picks; without `platform`, the image for Linux on this machine's architecture, or the only
 * one there is. The image takes over `content`: closing the image closes it.
 *
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when no image is for that platform (the message lists those there are), and what
 * `parseManifest` and the source throw.
 */
export async function openImage(
  content: ContentSource,
  options: { readonly platform?: Platform | undefined; readonly signal: AbortSignal },
): Promise<Image> {
  const { platform, signal } = options;
  const candidates = await listCandidates(content, { signal });
  const chosen = choose(candidates, platform, content.reference);
  const found = await load(content, chosen, { signal });
  const image = await toImage(content, found, { signal });
  const offered = image.platform;
  if (platform !== undefined && offered !== undefined && platformMatch(platform, offered) === 0) {
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `Cannot open "${printable(content.reference)}" for ${formatPlatform(platform)}: it is for ${formatPlatform(offered)} only`,
    );
  }
  return image;
}

/** Opens every image the reference names, in the order of the index; the caller closes `content` after the last. */
export async function openAllImages(content: ContentSource, options: WaitOptions): Promise<readonly Image[]> {
  const candidates = await listCandidates(content, options);
  const images: Image[] = [];
  for (const candidate of candidates) {
    images.push(await toImage(content, await load(content, candidate, options), options));
  }
  return images;
}

/** A manifest not yet read: either the root itself, or an entry of an index. */
type Candidate = { readonly root: Found } | { readonly entry: IndexEntry };

async function listCandidates(content: ContentSource, options: WaitOptions): Promise<readonly Candidate[]> {
  const root = await content.root(options);
  const document = parseManifest(root.bytes, root.mediaType, content.reference);
  if (document.kind === 'manifest') return [{ root: { manifest: document, digest: root.digest } }];
  const entries: IndexEntry[] = [];
  await collect(content, document, new Set([root.digest]), 1, entries, options);
  if (entries.length === 0) {
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `Cannot open "${printable(content.reference)}": its index names no container image`,
    );
  }
  return entries.map(entry => ({ entry }));
}

/** Adds the images of `index` to `into`, those of nested indexes included; attestations are no images. */
async function collect(
  content: ContentSource,
  index: Index,
  above: ReadonlySet<Digest>,
  depth: number,
  into: IndexEntry[],
  options: WaitOptions,
): Promise<void> {
  for (const entry of index.manifests) {
    if (entry.isAttestation) continue;
    if (!isIndexType(entry.mediaType)) {
      if (into.length >= MAX_IMAGES)
        throw new PlimsollError(
          'LIMIT_EXCEEDED',
          `Cannot open "${printable(content.reference)}": over ${MAX_IMAGES} images in its index`,
        );
      into.push(entry);
      continue;
    }
    if (above.has(entry.digest) || depth >= MAX_INDEX_DEPTH) {
      throw new PlimsollError(
        'MANIFEST_INVALID',
        `Cannot open "${printable(content.reference)}": index ${entry.digest} refers to itself or nests over ${MAX_INDEX_DEPTH} deep`,
      );
    }
    const bytes = await content.document(entry, 'manifest', options);
    const nested = parseManifest(bytes, entry.mediaType, `${content.reference} (${entry.digest})`);
    if (nested.kind === 'index')
      await collect(content, nested, new Set([...above, entry.digest]), depth + 1, into, options);
  }
}

function isIndexType(mediaType: string): boolean {
  return mediaType.includes('image.index') || mediaType.includes('manifest.list');
}

function choose(candidates: readonly Candidate[], wanted: Platform | undefined, reference: string): Candidate {
  const [first] = candidates;
  if (first !== undefined && 'root' in first) return first;
  const entries = candidates.flatMap(candidate => ('entry' in candidate ? [candidate.entry] : []));
  const platform = wanted ?? defaultPlatform();
  const scored = entries.map(entry => ({
    entry,
    score: entry.platform === undefined ? 0 : platformMatch(platform, entry.platform),
  }));
  const best = scored.reduce<(typeof scored)[number] | undefined>(
    (top, one) => (one.score > (top?.score ?? 0) ? one : top),
    undefined,
  );
  if (best !== undefined) return { entry: best.entry };
  // An index around a single image is common in layouts; its entry may say no platform, and the config decides then.
  const [only] = entries;
  if (only !== undefined && entries.length === 1 && (wanted === undefined || only.platform === undefined))
    return { entry: only };
  const offered = entries.map(entry => (entry.platform === undefined ? 'unknown' : formatPlatform(entry.platform)));
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot open "${printable(reference)}" for ${formatPlatform(platform)}: there is ${[...new Set(offered)].join(', ')}; choose one with --platform`,
  );
}

async function load(content: ContentSource, candidate: Candidate, options: WaitOptions): Promise<Found> {
  if ('root' in candidate) return candidate.root;
  const { entry } = candidate;
  const bytes = await content.document(entry, 'manifest', options);
  const what = `${content.reference} (${entry.digest})`;
  const manifest = parseManifest(bytes, entry.mediaType, what);
  if (manifest.kind === 'index')
    throw new PlimsollError(
      'MANIFEST_INVALID',
      `Cannot read "${printable(what)}": an index where a manifest was promised`,
    );
  return {
    manifest,
    digest: entry.digest,
    ...(entry.platform === undefined ? {} : { listedPlatform: entry.platform }),
  };
}

async function toImage(content: ContentSource, found: Found, options: WaitOptions): Promise<Image> {
  const { manifest, digest } = found;
  const config = parseImageConfig(
    await content.document(manifest.config, 'config', options),
    `${content.reference} config`,
  );
  if (config.diffIds.length > 0 && config.diffIds.length !== manifest.layers.length) {
    throw new PlimsollError(
      'MANIFEST_INVALID',
      `Cannot open "${printable(content.reference)}": the manifest has ${manifest.layers.length} layers, its config ${config.diffIds.length}`,
    );
  }
  const instructions = instructionsOf(config, manifest.layers.length);
  const platform = config.platform.architecture === 'unknown' ? found.listedPlatform : config.platform;
  return {
    reference: content.reference,
    digest,
    mediaType: manifest.mediaType,
    ...(platform === undefined ? {} : { platform }),
    manifest,
    config,
    layers: manifest.layers.map((layer, at) => toLayer(content, layer, config.diffIds[at], instructions[at])),
    [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
  };
}

function toLayer(
  content: ContentSource,
  descriptor: Descriptor,
  diffId: Digest | undefined,
  createdBy: string | undefined,
): TarLayer {
  return {
    kind: 'tar',
    digest: descriptor.digest,
    sizeBytes: descriptor.size,
    mediaType: descriptor.mediaType,
    ...(diffId === undefined ? {} : { diffId }),
    ...(createdBy === undefined ? {} : { createdBy }),
    annotations: descriptor.annotations,
    isForeign: isForeignLayer(descriptor.mediaType),
    isRemote: content.isRemote,
    open: options => content.blob(descriptor, options),
    openRange: (range, options) => content.blobRange(descriptor, range, options),
  };
}
