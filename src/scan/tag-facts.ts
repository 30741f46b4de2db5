/**
 * Which tags of a repository point at an image. A tag that is named is asked for alone; only without one are the others looked through.
 *
 * Source: preflight lists the tags and never asks where they point; registries that refuse lists, or have very long ones, fail it.
 */

import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import type { TagFacts } from '#certification/subject.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import { listTagNames } from '#image/registry/listing.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { RegistryReference } from '#oci/reference.ts';

/** Tags looked at, one HEAD request each. */
const MAX_ASKED = 50;
const LIMITS = { maxNames: 20_000, maxPages: 200 };

/** The facts for an image that was opened as `reference`; `manifest` is the digest of its manifest. @throws `CANCELLED` alone. */
export async function findTagFacts(
  client: RegistryClient,
  reference: RegistryReference,
  { manifest, signal }: { readonly manifest: string | undefined; readonly signal: AbortSignal },
): Promise<TagFacts> {
  const { tag, digest } = reference;
  const isLatest = tag?.toLowerCase() === 'latest';
  // It was opened by this very tag.
  if (tag !== undefined && !isLatest && digest === undefined) return { kind: 'named', pointsHere: true };
  try {
    const here = new Set<string>(
      [digest ?? (await headOf(client, reference, signal)), manifest].filter(one => one !== undefined),
    );
    if (tag !== undefined && !isLatest) {
      const pointsAt = await headOf(client, withTag(reference, tag), signal);
      return { kind: 'named', pointsHere: pointsAt !== undefined && here.has(pointsAt) };
    }
    return await lookFor(client, reference, here, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    return { kind: 'unknown', why: toPlimsollError(error).message };
  }
}

async function lookFor(
  client: RegistryClient,
  reference: RegistryReference,
  here: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<TagFacts> {
  const registry = await client.registry(reference.registry, { signal });
  const names: string[] = [];
  for await (const name of listTagNames(registry, reference.repository, { signal, limits: LIMITS })) {
    if (name.toLowerCase() !== 'latest') names.push(name);
  }
  // Lists are in the order of letters, so that newer versions come last.
  const asked = names.slice(-MAX_ASKED).reverse();
  const pointingHere: string[] = [];
  for (const name of asked) {
    const pointsAt = await headOf(client, withTag(reference, name), signal);
    if (pointsAt !== undefined && here.has(pointsAt)) pointingHere.push(name);
    // One is enough.
    if (pointingHere.length > 0) break;
  }
  return { kind: 'looked-for', pointingHere, otherCount: names.length, isComplete: asked.length === names.length };
}

/** What a tag points at; `undefined` when there is no such tag, or the registry answers no such question. */
async function headOf(
  client: RegistryClient,
  reference: RegistryReference,
  signal: AbortSignal,
): Promise<string | undefined> {
  await using source = await openRegistryWith(client, reference, { signal });
  try {
    return (await source.headRoot?.({ signal }))?.digest ?? (await source.root({ signal })).digest;
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'MANIFEST_UNKNOWN') return undefined;
    throw error;
  }
}

function withTag({ transport, registry, repository }: RegistryReference, tag: string): RegistryReference {
  return { transport, registry, repository, tag };
}
