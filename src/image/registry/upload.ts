/**
 * Putting an artifact into a registry: blobs that it does not have yet, each in one piece, then the manifest under a tag.
 *
 * Source: OCI distribution-spec, "Pushing blobs" (POST, then PUT) and "Pushing Manifests".
 */
import type { Readable } from 'node:stream';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Digest } from '#oci/digest.ts';
import { AttemptError } from './attempt.ts';
import type { Registry, RegistryRequest } from './client.ts';

/** Bytes to upload, made anew for each attempt. */
export interface UploadBlob {
  readonly digest: Digest;
  readonly size: number;
  content(): Uint8Array | Readable;
}

/** An artifact to upload; its blobs must be all that the manifest names. */
export interface UploadArtifact {
  readonly repository: string;
  readonly tag: string;
  readonly manifest: { readonly bytes: Uint8Array; readonly mediaType: string };
  readonly blobs: readonly UploadBlob[];
  readonly signal: AbortSignal;
}

/**
 * Uploads the artifact; blobs that are there already are left as they are.
 * @throws {PlimsollError} `REGISTRY_DENIED`, `REGISTRY_UNAVAILABLE`, `REGISTRY_INVALID`, `RATE_LIMITED`, `TIMED_OUT`.
 */
export async function uploadArtifact(registry: Registry, artifact: UploadArtifact): Promise<void> {
  const { repository, tag, manifest, blobs, signal } = artifact;
  const task = `Cannot push "${printable(`${registry.host}/${repository}:${tag}`)}"`;
  for (const blob of blobs) await uploadBlob(registry, repository, blob, { task, signal });
  const request: RegistryRequest = {
    method: 'PUT',
    repository,
    wanted: 'manifest',
    name: tag,
    headers: { 'content-type': manifest.mediaType, 'content-length': `${manifest.bytes.byteLength}` },
    body: () => manifest.bytes,
    task,
  };
  await registry.ask(request, async () => undefined, { signal });
}

async function uploadBlob(
  registry: Registry,
  repository: string,
  blob: UploadBlob,
  options: { readonly task: string; readonly signal: AbortSignal },
): Promise<void> {
  const { task, signal } = options;
  const base = { repository, wanted: 'blob', task } as const;
  const { digest, size } = blob;
  const isThere = await registry.ask(
    { ...base, method: 'HEAD', name: digest, headers: {}, expected: [404] },
    async ({ answer }) => answer.status === 200,
    { signal },
  );
  if (isThere) return;
  for (let attempt = 1; ; attempt += 1) {
    // An upload that broke off is begun anew: few registries can go on, and none says so reliably.
    const location = await registry.ask(
      { ...base, method: 'POST', name: 'uploads/', headers: { 'content-length': '0' } },
      async ({ answer }) => answer.header('location'),
      { signal },
    );
    if (location === undefined) {
      throw new PlimsollError('REGISTRY_INVALID', `${task}: ${registry.host} does not say where to send blobs`);
    }
    const request: RegistryRequest = {
      ...base,
      method: 'PUT',
      name: digest,
      location: withDigest(location, digest),
      headers: { 'content-type': 'application/octet-stream', 'content-length': `${size}` },
      body: () => blob.content(),
    };
    try {
      await using _open = await registry.openOnce(request, { signal });
      return;
    } catch (error) {
      const isTransient = error instanceof AttemptError && error.isTransient && !signal.aborted;
      if (!isTransient || attempt >= registry.patience.attempts) throw error;
    }
  }
}

/** Locations have queries of their own, which must stay. */
function withDigest(location: string, digest: Digest): string {
  return `${location}${location.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
}
