/**
 * Reads the images of a reference into the store: manifests, layers, inventories, judged. What is stored already is not read again.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Image } from '#image/image.ts';
import { openAllImages } from '#image/open-image.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { Digest } from '#oci/digest.ts';
import { parseManifest } from '#oci/manifest.ts';
import type { RegistryReference } from '#oci/reference.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import { KeptDocuments, readStoredImage, toBase64 } from '#scan/content/read-stored-image.ts';
import { storeManifests } from '#scan/content/store-manifests.ts';
import { LayerPool } from '#scan/layer-pool.ts';
import type { ProjectContext } from './project-context.ts';
import { ProjectError } from './situation.ts';

/** What was read. */
export interface ReadImages {
  /** Of the index; missing when the reference named a single image. */
  readonly listDigest: string | undefined;
  readonly images: readonly { readonly digest: string; readonly architecture: string }[];
}

/**
 * Reads every image of the reference that can be certified.
 * @throws {ProjectError} `unsupported_arch`. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, `RATE_LIMITED`, …
 */
export async function readImages(
  context: ProjectContext,
  client: RegistryClient,
  reference: RegistryReference & { readonly digest: Digest },
  signal: AbortSignal,
): Promise<ReadImages> {
  await using content = new KeptDocuments(await openRegistryWith(client, reference, { signal }));
  const root = await content.root({ signal });
  if (root.digest !== reference.digest) {
    throw new PlimsollError('DIGEST_MISMATCH', `The registry gives ${root.digest} in the place of ${reference.digest}`);
  }
  const document = parseManifest(root.bytes, root.mediaType, content.reference);
  const isIndex = document.kind === 'index';
  if (isIndex && document.manifests.every(({ isAttestation }) => isAttestation)) {
    throw new ProjectError(
      'unsupported_arch',
      `Cannot certify "${printable(content.reference)}": its index names no image, ${document.manifests.length === 0 ? 'and nothing else' : 'attestations only'}`,
    );
  }
  const all = await openAllImages(content, { signal });
  const wanted = all.filter(
    ({ platform }) => platform !== undefined && CERTIFIED_ARCHITECTURES.has(platform.architecture),
  );
  if (wanted.length === 0) throw unsupported(content.reference, all);
  const { store, now } = context;
  const found = wanted.flatMap(image => content.documentsOf(image));
  const rootDocument = { digest: root.digest, mediaType: root.mediaType, document: toBase64(root.bytes) };
  await storeManifests(store.db, isIndex ? [...found, rootDocument] : found, now());
  await using pool = new LayerPool();
  for (const image of wanted) await readStoredImage(context, image, { pool, signal });
  return {
    listDigest: isIndex ? root.digest : undefined,
    images: wanted.flatMap(({ digest, platform }) =>
      digest === undefined || platform === undefined ? [] : [{ digest, architecture: platform.architecture }],
    ),
  };
}

function unsupported(reference: string, images: readonly Image[]): ProjectError {
  const found = [...new Set(images.map(({ platform }) => platform?.architecture ?? 'unknown'))].join(', ');
  return new ProjectError(
    'unsupported_arch',
    `Cannot certify "${printable(reference)}": it is for ${printable(found)}, and certified are images for ${[...CERTIFIED_ARCHITECTURES].join(', ')}`,
  );
}
