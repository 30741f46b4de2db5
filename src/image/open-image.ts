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
import { isForeignLayer, isImageConfig, manifestKindOf } from '#oci/media-type.ts';
import { defaultPlatform, formatPlatform, type Platform, platformMatch } from '#oci/platform.ts';
import type { ContentSource, WaitOptions } from './content.ts';
import type { Image, TarLayer } from './image.ts';

/** Indexes may nest (OCI image-spec, image-index.md); deeper than this is a loop or a game. */
const MAX_INDEX_DEPTH = 8;
/** Images that one reference may name with `--all-platforms`. */
const MAX_IMAGES = 200;
/** Indexes below the first: without a limit, a few that list each other in breadth would keep us busy for ever. */
const MAX_INDEXES = 200;
/** Manifests and configs kept by `openAllImages`, in bytes; the largest images in the wild stay below 1 MiB each. */
const MAX_DOCUMENTS_BYTES = 64 * 1024 * 1024;

/** A manifest with the name it came under. */
interface Found {
  readonly manifest: Manifest;
  /** Missing when the source made the manifest up. */
  readonly digest?: Digest;
  readonly listedPlatform?: Platform;
}

/**
 * Opens the one image that `platform` picks; without `platform`, the image for Linux on this machine's architecture, or the only
 * one there is. The image takes over `content`: closing the image closes it, and so does failing to open one.
 *
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when no image is for that platform (the message lists those there are), and what
 * `parseManifest` and the source throw.
 */
export async function openImage(
  content: ContentSource,
  options: { readonly platform?: Platform | undefined; readonly signal: AbortSignal },
): Promise<Image> {
  try {
    return await openChosen(content, options.platform, { signal: options.signal });
  } catch (error) {
    await content[Symbol.asyncDispose]();
    throw error;
  }
}

async function openChosen(
  content: ContentSource,
  platform: Platform | undefined,
  options: WaitOptions,
): Promise<Image> {
  const candidates = await listCandidates(content, options);
  const chosen = choose(candidates, platform, content.reference);
  const image = await toImage(content, await load(content, chosen, options), options);
  const offered = image.platform;
  if (platform !== undefined && offered !== undefined && platformMatch(platform, offered) === 0) {
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `Cannot open "${printable(content.reference)}" for ${formatPlatform(platform)}: it is for ${printable(formatPlatform(offered))} only`,
    );
  }
  return image;
}

/**
 * Opens every image the reference names, in the order of the index, each once. They share `content`: closing one of them does
 * nothing, the caller closes `content` after the last.
 *
 * @throws {PlimsollError} As `openImage`, and `LIMIT_EXCEEDED` over 200 images or 64 MiB of manifests and configs.
 */
export async function openAllImages(content: ContentSource, options: WaitOptions): Promise<readonly Image[]> {
  const candidates = await listCandidates(content, options);
  const images = new Map<Digest | 'root', Image>();
  let documentBytes = 0;
  for (const candidate of candidates) {
    const key = 'entry' in candidate ? candidate.entry.digest : 'root';
    if (images.has(key)) continue;
    const found = await load(content, candidate, options);
    documentBytes += found.manifest.config.size + ('entry' in candidate ? candidate.entry.size : 0);
    if (documentBytes > MAX_DOCUMENTS_BYTES) {
      throw new PlimsollError(
        'LIMIT_EXCEEDED',
        `Cannot open "${printable(content.reference)}": over ${MAX_DOCUMENTS_BYTES} bytes of manifests and configs`,
      );
    }
    images.set(key, { ...(await toImage(content, found, options)), [Symbol.asyncDispose]: async () => {} });
  }
  return [...images.values()];
}

/** A manifest not yet read: either the root itself, or an entry of an index. */
type Candidate = { readonly root: Found } | { readonly entry: IndexEntry };

async function listCandidates(content: ContentSource, options: WaitOptions): Promise<readonly Candidate[]> {
  const root = await content.root(options);
  const document = parseManifest(root.bytes, root.mediaType, content.reference);
  if (document.kind === 'manifest') {
    return [{ root: { manifest: document, ...(root.isMadeUp ? {} : { digest: root.digest }) } }];
  }
  const entries: IndexEntry[] = [];
  await collect(content, document, { above: new Set([root.digest]), entries, seen: { indexes: 0 } }, options);
  if (entries.length === 0) {
    throw new PlimsollError(
      'MANIFEST_UNKNOWN',
      `Cannot open "${printable(content.reference)}": its index names no container image`,
    );
  }
  return entries.map(entry => ({ entry }));
}

/** What a walk through nested indexes carries: those above the current one, and what was found so far. */
interface Walk {
  readonly above: ReadonlySet<Digest>;
  readonly entries: IndexEntry[];
  readonly seen: { indexes: number };
}

/** Adds the images of `index` to `walk.entries`, those of nested indexes included. */
async function collect(content: ContentSource, index: Index, walk: Walk, options: WaitOptions): Promise<void> {
  for (const entry of index.manifests) {
    const kind = kindOfEntry(entry);
    if (kind === 'manifest') {
      walk.entries.push(entry);
      if (walk.entries.length > MAX_IMAGES) throw tooMany(content.reference, `${MAX_IMAGES} images`);
    }
    if (kind !== 'index') continue;
    if (walk.above.has(entry.digest) || walk.above.size >= MAX_INDEX_DEPTH) {
      throw new PlimsollError(
        'MANIFEST_INVALID',
        `Cannot open "${printable(content.reference)}": index ${entry.digest} refers to itself or nests over ${MAX_INDEX_DEPTH} deep`,
      );
    }
    walk.seen.indexes += 1;
    if (walk.seen.indexes > MAX_INDEXES) throw tooMany(content.reference, `${MAX_INDEXES} indexes`);
    const bytes = await content.document(entry, 'manifest', options);
    const what = `${content.reference} (${entry.digest})`;
    const nested = parseManifest(bytes, entry.mediaType, what);
    if (nested.kind !== 'index') {
      throw new PlimsollError(
        'MANIFEST_INVALID',
        `Cannot read "${printable(what)}": a manifest where an index was promised`,
      );
    }
    await collect(content, nested, { ...walk, above: new Set([...walk.above, entry.digest]) }, options);
  }
}

/**
 * What an entry is by what the index says of it. Attestations and other artifacts are no images, and entries of an unknown kind
 * are to be passed over (OCI image-spec, image-index.md, "mediaType").
 */
function kindOfEntry(entry: IndexEntry): 'manifest' | 'index' | 'other' {
  const isArtifact = entry.artifactType !== undefined && !isImageConfig(entry.artifactType);
  if (entry.isAttestation || isArtifact) return 'other';
  if (entry.mediaType === '') return 'manifest';
  const kind = manifestKindOf(entry.mediaType);
  // Schema 1 is taken for an image here, so that reading it says what it is.
  return kind === 'schema-1' ? 'manifest' : kind;
}

function tooMany(reference: string, what: string): PlimsollError {
  return new PlimsollError('LIMIT_EXCEEDED', `Cannot open "${printable(reference)}": over ${what} in its index`);
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
  const listed = printable([...new Set(offered)].join(', '));
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot open "${printable(reference)}" for ${formatPlatform(platform)}: there is ${listed}; choose one with --platform`,
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
    ...(digest === undefined ? {} : { digest }),
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
  const blobFile = content.blobFile?.bind(content);
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
    ...(blobFile === undefined ? {} : { openFile: options => blobFile(descriptor, options) }),
    openRange: (range, options) => content.blobRange(descriptor, range, options),
  };
}
