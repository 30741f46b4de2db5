/**
 * Base images before a build: what their references name at this moment, so that what is built is what is recorded.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { RegistryClient } from '#image/registry/client.ts';
import type { CredentialStore } from '#image/registry/credential-store.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { ProxyEnvironment } from '#image/registry/transport.ts';
import type { Digest } from '#oci/digest.ts';
import { type Index, type Manifest, parseManifest } from '#oci/manifest.ts';
import { parsePlatform, platformMatch } from '#oci/platform.ts';
import { formatReference, parseReference, type RegistryReference } from '#oci/reference.ts';
import type { ExternalImage } from './external-image.ts';

/** An image from outside, looked up. */
export interface ResolvedImage {
  readonly image: ExternalImage;
  /** With registry and tag, also where the Dockerfile leaves them out. */
  readonly reference: string;
  /** Of what the reference names. */
  readonly digest: Digest;
  /** `registry/repository@digest` of the one manifest for the platform: what the Dockerfile is pinned to. */
  readonly pinned: string;
  readonly isInsecure: boolean;
}

/** Images in one Dockerfile; docker allows 500 stages, nobody has fifty images. */
const MAX_IMAGES = 50;

/**
 * Looks images up in their registries, in order.
 * @throws {PlimsollError} `SOURCE_INVALID` for a reference that is none, `MANIFEST_UNKNOWN`, and those of registries.
 */
export async function resolveImages(
  images: readonly ExternalImage[],
  options: {
    readonly credentials: CredentialStore;
    readonly insecureRegistries: readonly string[];
    readonly secrets: readonly string[];
    readonly proxies: ProxyEnvironment;
    readonly signal: AbortSignal;
  },
): Promise<readonly ResolvedImage[]> {
  if (images.length > MAX_IMAGES) {
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot build: the Dockerfile takes ${images.length} images from outside, the limit is ${MAX_IMAGES}`,
    );
  }
  const { credentials, secrets, proxies, signal } = options;
  const client = (tlsVerify: boolean) => new RegistryClient({ credentials, tlsVerify, secrets, env: proxies });
  await using strict = client(true);
  await using lenient = client(false);
  const resolved: ResolvedImage[] = [];
  const known = new Map<string, ResolvedImage>();
  for (const image of images) {
    const key = `${image.reference} ${image.platform}`;
    const reference = referenceOf(image);
    const isInsecure = options.insecureRegistries.includes(reference.registry);
    const found =
      known.get(key) ?? (await lookUp(isInsecure ? lenient : strict, image, reference, { isInsecure, signal }));
    known.set(key, found);
    resolved.push({ ...found, image });
  }
  return resolved;
}

function referenceOf(image: ExternalImage): RegistryReference {
  const where = `"${printable(image.reference)}" in line ${image.line} of the Dockerfile`;
  let reference: ReturnType<typeof parseReference>;
  try {
    reference = parseReference(image.reference);
  } catch (error) {
    throw new PlimsollError('SOURCE_INVALID', `Cannot build from ${where}: it is no image reference`, { cause: error });
  }
  if (reference.transport === 'docker') return reference;
  throw new PlimsollError('SOURCE_INVALID', `Cannot build from ${where}: only images in registries can be built from`);
}

async function lookUp(
  client: RegistryClient,
  image: ExternalImage,
  reference: RegistryReference,
  { isInsecure, signal }: { readonly isInsecure: boolean; readonly signal: AbortSignal },
): Promise<ResolvedImage> {
  await using source = await openRegistryWith(client, reference, { signal });
  const { bytes, digest, mediaType } = await source.root({ signal });
  const full = formatReference(reference);
  const manifest = pick(parseManifest(bytes, mediaType, `"${printable(full)}"`), digest, image);
  const pinned = `${reference.registry}/${reference.repository}@${manifest}`;
  return { image, reference: full, digest, pinned, isInsecure };
}

function pick(document: Manifest | Index, digest: Digest, { reference, platform, line }: ExternalImage): Digest {
  if (!('manifests' in document)) return digest;
  const wanted = parsePlatform(platform);
  let best: { readonly digest: Digest; readonly score: number } | undefined;
  for (const entry of document.manifests) {
    const score = entry.platform === undefined ? 0 : platformMatch(wanted, entry.platform);
    if (score > (best?.score ?? 0)) best = { digest: entry.digest, score };
  }
  if (best !== undefined) return best.digest;
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot build from "${printable(reference)}" in line ${line} of the Dockerfile: it has no image for ${platform}`,
  );
}
