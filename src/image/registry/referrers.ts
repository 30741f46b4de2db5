/**
 * Artifacts that refer to an image: signatures, SBOMs, VEX documents that somebody attached to it in the registry.
 *
 * Source: OCI distribution-spec 1.1, "Listing Referrers" and "Unavailable Referrers API": registries without that list keep it under the tag
 * `sha256-<hex>`; cosign, specs/ATTESTATION_SPEC.md: attestations of before there were referrers are under `sha256-<hex>.att`. Whoever may push to the repository may attach anything: what it says is not the image's own word.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { type Digest, isDigest, splitDigest } from '#oci/digest.ts';
import { MAX_DOCUMENT_BYTES } from '#oci/manifest.ts';
import type { RegistryReference } from '#oci/reference.ts';
import type { WaitOptions } from '../content.ts';
import { verifiedBytes } from '../verified.ts';
import { isWebPage } from './answer-failure.ts';
import type { OpenAnswer, Registry, RegistryRequest } from './client.ts';
import { readAll } from './read-body.ts';

/** Something in a registry, by its digest, and what it calls itself. */
export interface Attached {
  /** The artifact type where it says one, else the media type. */
  readonly type: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  /** Of an attestation, what it states, as a URL; missing where that is not told outside of it. */
  readonly predicateType?: string;
}

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
/** Answers of registries that have no such list, or have never heard of it. */
const NO_LIST = [400, 403, 404, 405, 406, 501];
/** More than anybody attaches to one image; the rest is a game. */
const MAX_REFERRERS = 500;
const MAX_LAYERS = 50;

const descriptor = z.object({
  mediaType: z.string().max(200).default(''),
  artifactType: z.string().max(200).nullish(),
  digest: z.string().refine(isDigest),
  size: z.number().int().nonnegative(),
  annotations: z.record(z.string(), z.unknown()).nullish(),
});
const index = z.object({ manifests: z.array(descriptor).max(MAX_REFERRERS).nullable() });
const artifact = z.object({ layers: z.array(descriptor).max(MAX_LAYERS).nullish() });

/** What refers to `digest`, in the order of the registry; empty where nothing does or the registry knows no referrers. */
export async function listReferrers(
  registry: Registry,
  { repository }: Pick<RegistryReference, 'repository'>,
  digest: Digest,
  options: WaitOptions,
): Promise<readonly Attached[]> {
  const { algorithm, hex } = splitDigest(digest);
  const task = `Cannot read what is attached to ${digest} in "${printable(repository)}"`;
  const asked = { method: 'GET', repository, task, headers: { accept: INDEX }, expected: NO_LIST } as const;
  const listed = await readJson(registry, { ...asked, wanted: 'referrers', name: digest }, options);
  const tag = `${algorithm}-${hex.slice(0, 64)}`;
  const found = listed ?? (await readJson(registry, { ...asked, wanted: 'manifest', name: tag }, options));
  if (found === undefined) return [];
  return (check(index, found, task).manifests ?? []).map(toAttached);
}

/** The attestations that cosign keeps for `digest` under a tag of its name; empty where there are none. */
export async function listAttestations(
  registry: Registry,
  { repository }: Pick<RegistryReference, 'repository'>,
  digest: Digest,
  options: WaitOptions,
): Promise<readonly Attached[]> {
  const { algorithm, hex } = splitDigest(digest);
  const task = `Cannot read the attestations of ${digest} in "${printable(repository)}"`;
  const request = {
    method: 'GET',
    repository,
    wanted: 'manifest',
    // cosign cuts nothing: a sha512 tag would be too long, and is not asked for.
    name: `${algorithm}-${hex}.att`,
    task,
    headers: { accept: MANIFEST },
    expected: NO_LIST,
  } as const;
  const found = algorithm === 'sha256' ? await readJson(registry, request, options) : undefined;
  return found === undefined ? [] : (check(artifact, found, task).layers ?? []).map(toAttached);
}

/** The parts of an attached artifact, by its manifest. */
export async function listArtifactParts(
  registry: Registry,
  { repository }: Pick<RegistryReference, 'repository'>,
  { digest, sizeBytes }: Attached,
  options: WaitOptions,
): Promise<readonly Attached[]> {
  const task = `Cannot read ${digest}, attached to an image in "${printable(repository)}"`;
  const request = {
    method: 'GET',
    repository,
    wanted: 'manifest',
    name: digest,
    task,
    headers: { accept: MANIFEST },
  } as const;
  const bytes = await readBytes(registry, request, { digest, sizeBytes }, options);
  return (check(artifact, parseJson(bytes, task), task).layers ?? []).map(toAttached);
}

/** The bytes of one part, checked against its digest. @throws {PlimsollError} `LIMIT_EXCEEDED` over 16 MiB. */
export async function readArtifactPart(
  registry: Registry,
  { repository }: Pick<RegistryReference, 'repository'>,
  { digest, sizeBytes }: Attached,
  options: WaitOptions,
): Promise<Uint8Array> {
  const task = `Cannot read ${digest}, attached to an image in "${printable(repository)}"`;
  const request = { method: 'GET', repository, wanted: 'blob', name: digest, task, headers: {} } as const;
  return await readBytes(registry, request, { digest, sizeBytes }, options);
}

function toAttached({ artifactType, mediaType, digest, size, annotations }: z.infer<typeof descriptor>): Attached {
  const predicateType = annotations?.['predicateType'] ?? annotations?.['in-toto.io/predicate-type'];
  return {
    type: artifactType || mediaType,
    digest,
    sizeBytes: size,
    ...(typeof predicateType === 'string' ? { predicateType } : {}),
  };
}

async function readBytes(
  registry: Registry,
  request: RegistryRequest,
  want: { readonly digest: Digest; readonly sizeBytes: number },
  { signal }: WaitOptions,
): Promise<Uint8Array> {
  const { task } = request;
  if (want.sizeBytes > MAX_DOCUMENT_BYTES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `${task}: ${want.sizeBytes} bytes, the limit is ${MAX_DOCUMENT_BYTES}`);
  }
  const read = async ({ answer, transport }: OpenAnswer) =>
    verifiedBytes(await readAll(answer, transport, { task, signal, limitBytes: MAX_DOCUMENT_BYTES }), want);
  return await registry.ask(request, read, { signal });
}

/** The document; `undefined` when the registry does not have it. */
async function readJson(registry: Registry, request: RegistryRequest, { signal }: WaitOptions): Promise<unknown> {
  const { task } = request;
  return await registry.ask(
    request,
    async ({ answer, transport }) => {
      // A portal in front of the registry has a page for every address.
      if (answer.status !== 200 || isWebPage(answer)) return undefined;
      return parseJson(await readAll(answer, transport, { task, signal, limitBytes: MAX_DOCUMENT_BYTES }), task);
    },
    { signal },
  );
}

function parseJson(bytes: Uint8Array, task: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new PlimsollError('REGISTRY_INVALID', `${task}: the registry sends something that is not JSON`, { cause });
  }
}

function check<T extends z.ZodType>(schema: T, value: unknown, task: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PlimsollError('REGISTRY_INVALID', `${task}: the registry sends something of another form`, {
    cause: parsed.error,
  });
}
