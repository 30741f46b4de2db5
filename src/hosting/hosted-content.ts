/** An image of the hosted registry as a source of content, without a network between. */

import { PlimsollError } from '#base/errors.ts';
import type { ContentSource, RootDocument, WaitOptions } from '#image/content.ts';
import { verifiedBytes } from '#image/verified.ts';
import type { Digest } from '#oci/digest.ts';
import { type Descriptor, MAX_DOCUMENT_BYTES } from '#oci/manifest.ts';
import { findBlobSize } from '#store/hosting-blob.ts';
import { findHostedManifest, readDocument } from '#store/hosting-manifest.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import type { HostingContext } from './context.ts';

/** The manifest or index `digest` of `repository`. Only what that repository has is found. */
export function hostedContent(
  { store: { db }, blobs, address }: Pick<HostingContext, 'store' | 'blobs' | 'address'>,
  repository: HostedRepository,
  digest: Digest,
): ContentSource {
  const find = async (wanted: Digest): Promise<RootDocument> => {
    const manifest = await findHostedManifest(db, repository.id, { digest: wanted });
    if (manifest === undefined)
      throw new PlimsollError('MANIFEST_UNKNOWN', `Cannot find ${wanted} in "${repository.name}"`);
    const bytes = await readDocument(db, manifest.manifestId);
    return { bytes, digest: wanted, mediaType: manifest.contentType };
  };
  const check = async (descriptor: Descriptor) => {
    if ((await findBlobSize(db, repository.id, descriptor.digest)) === undefined) {
      throw new PlimsollError('BLOB_UNKNOWN', `Cannot find blob ${descriptor.digest} in "${repository.name}"`);
    }
  };
  const open = async (descriptor: Descriptor, { signal }: WaitOptions) => {
    await check(descriptor);
    return await blobs.open(descriptor.digest, { signal });
  };
  const { openFile } = blobs;
  return {
    reference: `${address.host}/${repository.name}@${digest}`,
    isRemote: false,
    root: () => find(digest),
    async document(descriptor, kind, options) {
      if (descriptor.size > MAX_DOCUMENT_BYTES) {
        throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read ${descriptor.digest}: it is too large for a document`);
      }
      const want = { digest: descriptor.digest, sizeBytes: descriptor.size };
      if (kind === 'manifest') return verifiedBytes((await find(descriptor.digest)).bytes, want);
      return verifiedBytes(Buffer.concat(await Array.fromAsync(await open(descriptor, options))), want);
    },
    blob: open,
    ...(openFile === undefined
      ? {}
      : {
          async blobFile(descriptor: Descriptor) {
            await check(descriptor);
            return await openFile.call(blobs, descriptor.digest);
          },
        }),
    blobRange: async () => undefined,
    async [Symbol.asyncDispose]() {},
  };
}
