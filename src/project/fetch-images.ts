/** Fetches images with the pull secret of a project; what goes wrong is explained to whoever owns it. */
import type { Digest } from '#oci/digest.ts';
import type { RegistryReference } from '#oci/reference.ts';
import type { ProjectRecord } from '#store/project.ts';
import type { RequestWarning } from '#store/project-request.ts';
import { type ExplainedFailure, explainFailure } from './explain-failure.ts';
import type { ProjectContext } from './project-context.ts';
import { type ReadImages, readImages } from './read-images.ts';
import { openRegistryReader } from './registry-reader.ts';
import { HUB_ADVICE } from './requests.ts';

/** What came of it. */
export type Fetched =
  | {
      readonly kind: 'read';
      readonly images: ReadImages;
      readonly warning: RequestWarning | undefined;
    }
  | { readonly kind: 'failed'; readonly failure: ExplainedFailure };

/** Reads the images of a reference into the store. `attempts`: those before this one. @throws only when the server stops. */
export async function fetchImages(
  context: ProjectContext,
  project: ProjectRecord,
  reference: RegistryReference & { readonly digest: Digest },
  attempts: number,
  signal: AbortSignal,
): Promise<Fetched> {
  const { registry, repository, digest } = reference;
  const isHub = registry === 'docker.io';
  await using reader = await openRegistryReader(context, project, reference);
  const { secret } = reader;
  const refused: ExplainedFailure = { situation: 'hub_account_required', message: HUB_ADVICE, retryAt: undefined };
  const isStrict = isHub && context.rules.dockerHub === 'block';
  if (isStrict && secret !== 'fits') return { kind: 'failed', failure: refused };
  try {
    const images = await readImages(context, reader.client, reference, signal);
    // Who pays is told no limit.
    const isFree = isHub && secret === 'fits' && reader.limit()?.limit !== undefined;
    if (isFree && isStrict) return { kind: 'failed', failure: refused };
    return {
      kind: 'read',
      images,
      warning: isFree ? { situation: 'hub_account_required', message: HUB_ADVICE } : undefined,
    };
  } catch (error) {
    if (signal.aborted) throw error;
    const place = {
      project,
      registry,
      repository,
      digest,
      secret,
      limit: reader.limit(),
      now: context.now(),
      attempts,
    };
    return { kind: 'failed', failure: explainFailure(error, place) };
  }
}
