/**
 * VEX documents that a registry keeps for an image: as OCI referrers, plain or in attestations, and where cosign puts attestations.
 *
 * They count only when the user asks for it: whoever may push to the repository may attach one, and no signature is checked.
 */
import { PlimsollError } from '#base/errors.ts';
import { RegistryClient, type RegistryClientOptions } from '#image/registry/client.ts';
import {
  type Attached,
  listArtifactParts,
  listAttestations,
  listReferrers,
  readArtifactPart,
} from '#image/registry/referrers.ts';
import { parseVex } from '#matching/vex/parse-vex.ts';
import type { VexDocument } from '#matching/vex/statement.ts';
import type { Digest } from '#oci/digest.ts';
import { formatReference, type RegistryReference } from '#oci/reference.ts';

/** Artifact and media types behind which a VEX document may be: its own, and those of attestations in general. */
const MAY_BE_VEX = /vex|csaf|cyclonedx|in-toto|dsse|sigstore/i;
/** What attestations state that may be VEX. */
const MAY_STATE_VEX = /vex|csaf|cyclonedx/i;
/** Documents read for one image. */
const MAX_DOCUMENTS = 50;

/**
 * The VEX documents attached to any of `digests`. Attestations of another kind are passed over; a document that says to be VEX and is not
 * is an error.
 * @throws {PlimsollError} `VEX_INVALID`, `REGISTRY_DENIED`, `REGISTRY_UNAVAILABLE`, `DIGEST_MISMATCH`, …
 */
export async function readAttachedVex(
  reference: RegistryReference,
  digests: readonly Digest[],
  options: { readonly registry: RegistryClientOptions; readonly signal: AbortSignal },
): Promise<readonly VexDocument[]> {
  const { signal } = options;
  await using client = new RegistryClient(options.registry);
  const registry = await client.registry(reference.registry, { signal });
  const documents: VexDocument[] = [];
  const readPart = async (part: Attached, type: string) => {
    if (part.predicateType !== undefined && !MAY_STATE_VEX.test(part.predicateType)) return;
    if (documents.length >= MAX_DOCUMENTS) throw tooMany(reference);
    const source = `${formatReference(reference)} (attached ${part.digest})`;
    const document = readDocument(await readArtifactPart(registry, reference, part, { signal }), source, type);
    if (document !== undefined) documents.push(document);
  };
  for (const digest of digests) {
    for (const part of await listAttestations(registry, reference, digest, { signal })) await readPart(part, part.type);
    for (const referrer of await listReferrers(registry, reference, digest, { signal })) {
      if (!MAY_BE_VEX.test(referrer.type)) continue;
      for (const part of await listArtifactParts(registry, reference, referrer, { signal })) {
        await readPart(part, referrer.type);
      }
    }
  }
  return documents;
}

/** The document; `undefined` for an attestation of something else, such as where the image was built. */
function readDocument(bytes: Uint8Array, source: string, type: string): VexDocument | undefined {
  try {
    return parseVex(bytes, source);
  } catch (error) {
    const isOther = error instanceof PlimsollError && error.code === 'VEX_INVALID' && !/vex/i.test(type);
    if (isOther) return undefined;
    throw error;
  }
}

function tooMany(reference: RegistryReference): PlimsollError {
  return new PlimsollError(
    'LIMIT_EXCEEDED',
    `Cannot use what is attached to "${formatReference(reference)}": over ${MAX_DOCUMENTS} documents`,
  );
}
