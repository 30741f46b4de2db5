/**
 * The index that an image belongs to. Its images are published as one: none before all that can be certified were submitted, and passed.
 *
 * preflight submits one architecture after the other, and says of each only which index it is of; the index itself is then read where it lies.
 */
import { PlimsollError } from '#base/errors.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { parseDigest } from '#oci/digest.ts';
import { parseManifest } from '#oci/manifest.ts';
import { CERTIFIED_ARCHITECTURES } from '#scan/certify-image.ts';
import { toBase64 } from '#scan/content/read-stored-image.ts';
import { storeManifests } from '#scan/content/store-manifests.ts';
import type { Db } from '#store/database.ts';
import { findManifestIds } from '#store/manifest.ts';
import type { ProjectRecord } from '#store/project.ts';
import { listProjectImages, type ProjectImage } from '#store/project-image.ts';
import { type ExplainedFailure, explainFailure } from './explain-failure.ts';
import type { ProjectContext } from './project-context.ts';
import { openRegistryReader } from './registry-reader.ts';

/** More images than any index has that is not made to harm. */
const MAX_SIBLINGS = 100;

/**
 * Reads the index of an image where the image lies, when that was not done. Returns what went wrong, for whoever owns the project; the index is then
 * unknown, which stands against publishing. @throws only when the server stops.
 */
export async function learnIndex(
  context: ProjectContext,
  project: ProjectRecord,
  { listDigest, registry, repository }: ProjectImage,
  signal: AbortSignal,
): Promise<ExplainedFailure | undefined> {
  const { store, now, hosted } = context;
  if (listDigest === undefined || registry === undefined || repository === undefined) return undefined;
  // What is pushed here is stored.
  if (registry === hosted?.host || (await findManifestIds(store.db, [listDigest])).size > 0) return undefined;
  await using reader = await openRegistryReader(context, project, { registry, repository });
  try {
    const place = { transport: 'docker', registry, repository, digest: parseDigest(listDigest) } as const;
    await using source = await openRegistryWith(reader.client, place, { signal });
    const { digest, mediaType, bytes } = await source.root({ signal });
    if (digest !== listDigest) {
      throw new PlimsollError('DIGEST_MISMATCH', `The registry gives ${digest} in the place of ${listDigest}`);
    }
    if (parseManifest(bytes, mediaType, `${registry}/${repository}@${digest}`).kind !== 'index') {
      throw new PlimsollError('MANIFEST_INVALID', `${registry}/${repository}@${digest} is an image, and no index`);
    }
    await storeManifests(store.db, [{ digest, mediaType, document: toBase64(bytes) }], now());
    return undefined;
  } catch (error) {
    if (signal.aborted) throw error;
    const { secret, limit } = reader;
    const at = { project, registry, repository, digest: listDigest, secret, limit: limit(), now: now(), attempts: 0 };
    return explainFailure(error, at);
  }
}

/** What the rest of its index has against publishing an image: sentences, none for an image without index. */
export async function findIndexFaults(
  { store: { db }, rules }: Pick<ProjectContext, 'store' | 'rules'>,
  image: ProjectImage,
): Promise<readonly string[]> {
  const { projectId, listDigest } = image;
  if (listDigest === undefined) return [];
  const members = await listMembers(db, listDigest);
  if (members.length === 0) {
    return [
      `The image is published with all images of its index, and which these are is not known: ${listDigest} was not read`,
    ];
  }
  if (!members.some(({ digest, kind }) => digest === image.digest || kind === 'index')) {
    return [`The image is said to be of the index ${listDigest}, which does not name it`];
  }
  const siblings = await listProjectImages(db, { projectId, listDigest, limit: MAX_SIBLINGS });
  const submitted = new Set(siblings.flatMap(({ digest, architecture }) => [digest, architecture]));
  const wanted = members.filter(({ kind, architecture }) => {
    const mayBeCertified = architecture === null || CERTIFIED_ARCHITECTURES.has(architecture);
    return kind === 'image' && mayBeCertified;
  });
  const missing = wanted.filter(
    ({ digest, architecture }) => !submitted.has(digest) && (architecture === null || !submitted.has(architecture)),
  );
  const bad = siblings.filter(one => one.id !== image.id && !isPassed(one, rules));
  const names = (all: readonly { readonly architecture: string | null }[]) =>
    [...new Set(all.map(({ architecture }) => architecture ?? 'an unknown architecture'))].join(', ');
  return [
    ...(missing.length === 0
      ? []
      : [
          `The images of an index are published as one, and of this one’s that for ${names(missing)} was not submitted`,
        ]),
    ...(bad.length === 0
      ? []
      : [
          `The images of an index are published as one, and of this one’s that for ${names(bad)} has not passed its checks`,
        ]),
  ];
}

function isPassed(
  { isCertified, isVerifiedCertified, exception, scanState, publishedAt }: ProjectImage,
  { requiresVerification }: ProjectContext['rules'],
): boolean {
  if (publishedAt !== undefined || exception !== undefined) return true;
  return scanState === 'completed' && isCertified && (!requiresVerification || isVerifiedCertified === true);
}

interface Member {
  readonly digest: string;
  readonly kind: string;
  /** As its config says, where that was read, else as the index says; null: neither does. */
  readonly architecture: string | null;
}

/** What an index names; nothing when it is not stored. */
async function listMembers(db: Db, listDigest: string): Promise<readonly Member[]> {
  const rows = await db
    .selectFrom('manifest as list')
    .innerJoin('manifestChild as child', 'child.indexId', 'list.id')
    .leftJoin('manifest as own', 'own.digest', 'child.digest')
    .select([
      'child.digest',
      'child.kind',
      'child.architecture',
      'own.kind as ownKind',
      'own.architecture as ownArchitecture',
    ])
    .where('list.digest', '=', listDigest)
    .where('list.kind', '=', 'index')
    .orderBy('child.position')
    .execute();
  return rows.map(({ digest, kind, architecture, ownKind, ownArchitecture }) => ({
    digest,
    kind: ownKind ?? kind,
    architecture: ownArchitecture ?? architecture,
  }));
}
