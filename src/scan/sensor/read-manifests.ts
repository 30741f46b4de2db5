/**
 * Reads what the server does not have of a tag's manifests: the manifest or index, the wanted children of an index, and the configs of images.
 */
import { ERRORS, type ErrorCode, PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Connector } from '#connector/connector.ts';
import type { ContentSource, RootDocument } from '#image/content.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { Digest } from '#oci/digest.ts';
import { type Index, type IndexEntry, type Manifest, parseImageConfig, parseManifest } from '#oci/manifest.ts';
import type { FoundManifest } from '../task/contract.ts';
import { type ConfigStore, withConfigs } from './config-store.ts';
import type { Meter } from './meter.ts';
import { MAX_INDEX_DEPTH, selectChildren } from './select-children.ts';

/** Manifests read for one tag: a hostile index could name thousands. */
const MAX_MANIFESTS = 300;

/** What reading needs. */
export interface ManifestReading {
  readonly connector: Connector;
  readonly repository: string;
  readonly platforms: readonly string[];
  readonly meter: Meter;
  /** Where configs are kept for scans. */
  readonly configs: ConfigStore;
  /** Which of these the server does not have. */
  readonly findUnknown: (digests: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly signal: AbortSignal;
}

/** What was read: children before their index, each once. */
export interface ReadManifests {
  readonly found: readonly FoundManifest[];
  /** When the image was built, of an index the first of its images that says so; ISO 8601, as the config has it. */
  readonly builtAt: string | undefined;
}

/** A manifest as it was fetched. */
interface Fetched {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/**
 * Reads `digest` and what it points to. `tag` is asked for where the registry does not serve the digest; `fetched` is the document where it is
 * at hand.
 * @throws {PlimsollError} when the manifest itself cannot be had; a child that cannot be is left out.
 */
export async function readManifests(
  {
    digest,
    tag,
    fetched,
  }: { readonly digest: Digest; readonly tag: string; readonly fetched?: RootDocument | undefined },
  reading: ManifestReading,
): Promise<ReadManifests> {
  const root = fetched ?? (await fetchRoot(digest, tag, reading));
  const { connector, repository, signal } = reading;
  await using content = await openRegistryWith(connector.client, connector.toReference(repository, digest), { signal });
  const found = new Map<string, FoundManifest>();
  const builtAt = await readTree(root, 1, { ...reading, content, found, left: { manifests: MAX_MANIFESTS } });
  return { found: [...found.values()], builtAt };
}

/** Whether an error is about one manifest alone: the rest of the repository can be listed all the same. */
export function isAboutManifest(error: unknown): error is PlimsollError {
  if (!(error instanceof PlimsollError)) return false;
  const { family } = ERRORS[error.code];
  const also: readonly ErrorCode[] = ['LIMIT_EXCEEDED', 'DIGEST_MISMATCH', 'REGISTRY_INVALID'];
  return family === 'input' || family === 'missing' || also.includes(error.code);
}

/** The document that a digest names. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `DIGEST_MISMATCH`, … */
async function fetchRoot(digest: Digest, tag: string, reading: ManifestReading): Promise<Fetched> {
  try {
    return await fetchNamed(digest, reading);
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.code !== 'MANIFEST_UNKNOWN') throw error;
  }
  const byTag = await fetchNamed(tag, reading);
  if (byTag.digest === digest) return byTag;
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot read ${digest} of "${printable(reading.repository)}": the registry does not serve it, and tag "${printable(tag)}" has moved on`,
  );
}

/** The document behind a tag or digest. */
export async function fetchNamed(
  name: string,
  { connector, repository, meter, signal }: Pick<ManifestReading, 'connector' | 'repository' | 'meter' | 'signal'>,
): Promise<RootDocument> {
  const reference = connector.toReference(repository, name);
  await using content = await openRegistryWith(connector.client, reference, { signal });
  meter.countPull();
  const root = await content.root({ signal });
  meter.count(root.bytes.byteLength);
  return root;
}

interface Walk extends ManifestReading {
  readonly content: ContentSource;
  readonly found: Map<string, FoundManifest>;
  readonly left: { manifests: number };
}

/** Adds `fetched` and what is below it to `walk.found`. Returns when it was built. */
async function readTree(fetched: Fetched, depth: number, walk: Walk): Promise<string | undefined> {
  const { digest, bytes, mediaType } = fetched;
  const keep = (rest: { readonly config?: string; readonly problem?: string } = {}) => {
    const document = Buffer.from(bytes).toString('base64');
    walk.found.set(digest, { digest, mediaType: mediaType.slice(0, 256), document, ...rest });
  };
  let document: Manifest | Index;
  try {
    document = parseManifest(bytes, mediaType, `${walk.repository}@${digest}`);
  } catch (error) {
    keep({ problem: reasonOf(error) });
    return undefined;
  }
  if (document.kind === 'manifest') {
    const { config, builtAt, problem } = await readConfig(document, walk);
    keep({ ...(config === undefined ? {} : { config }), ...(problem === undefined ? {} : { problem }) });
    return builtAt;
  }
  if (depth > MAX_INDEX_DEPTH) {
    keep({ problem: `Its indexes nest over ${MAX_INDEX_DEPTH} deep` });
    return undefined;
  }
  const builtAt = await readChildren(document, depth, walk);
  keep();
  return builtAt;
}

async function readChildren(index: Index, depth: number, walk: Walk): Promise<string | undefined> {
  const children = selectChildren(index, walk.platforms).filter(({ digest }) => !walk.found.has(digest));
  if (children.length === 0) return undefined;
  const unknown = await walk.findUnknown(children.map(({ digest }) => digest));
  let builtAt: string | undefined;
  for (const child of children) {
    if (!unknown.has(child.digest) || walk.found.has(child.digest)) continue;
    if (walk.left.manifests <= 0) break;
    walk.left.manifests -= 1;
    const fetched = await fetchChild(child, walk);
    if (fetched === undefined) continue;
    const built = await readTree(fetched, depth + 1, walk);
    builtAt ??= built;
  }
  return builtAt;
}

/** A child of an index; undefined when it cannot be had, as in a copy of an index for some platforms only. */
async function fetchChild(child: IndexEntry, { content, meter, signal }: Walk): Promise<Fetched | undefined> {
  try {
    meter.countPull();
    const bytes = await content.document(child, 'manifest', { signal });
    meter.count(bytes.byteLength);
    return { digest: child.digest, mediaType: child.mediaType, bytes };
  } catch (error) {
    if (isAboutManifest(error)) return undefined;
    throw error;
  }
}

async function readConfig(
  manifest: Manifest,
  { content, repository, meter, configs, signal }: Walk,
): Promise<{ readonly config?: string; readonly builtAt?: string; readonly problem?: string }> {
  let bytes: Uint8Array;
  try {
    const source = withConfigs(content, configs, () => meter.countPull());
    bytes = await source.document(manifest.config, 'config', { signal });
    meter.count(bytes.byteLength);
    configs.keep(manifest.config.digest, bytes);
  } catch (error) {
    if (isAboutManifest(error)) return { problem: reasonOf(error) };
    throw error;
  }
  const config = Buffer.from(bytes).toString('base64');
  try {
    const { created } = parseImageConfig(bytes, `${repository} config ${manifest.config.digest}`);
    return { config, ...(created === undefined ? {} : { builtAt: created }) };
  } catch (error) {
    return { config, problem: reasonOf(error) };
  }
}

function reasonOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 500);
}
