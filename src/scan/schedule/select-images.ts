/**
 * Which manifests of the selected tags a run scans.
 *
 * An image is (registry, repository, manifest digest), never its tag: a new digest under an old tag is newly found, a new tag on a known digest
 * only changes the inventory. An index stands for its children; each of them is an image. Within a run a digest is scanned once, wherever it
 * lies.
 */
import type { Digest } from '#oci/digest.ts';
import { type Platform, platformMatch } from '#oci/platform.ts';
import type { RunKind, RunMode } from './job-reducer.ts';

/** A manifest that a selected tag leads to: the tag's own, or a child of its index. */
export interface ResolvedImage {
  readonly digest: Digest;
  /** Of a child of an index; missing for a manifest of its own, which is taken whatever its platform. */
  readonly platform?: Platform | undefined;
  /** Why nothing in it can be scanned: an attestation, an artifact, schema 1. Missing: can be. */
  readonly notScannable?: string | undefined;
}

/** A selected tag, resolved. */
export interface ResolvedTag {
  readonly tag: string;
  readonly images: readonly ResolvedImage[];
}

/** What is known of an image of this registry and repository. */
export interface KnownImage {
  /** A report on it exists. */
  readonly isScanned: boolean;
  /** That report, or a newer one, is by a run of this job in its present version. */
  readonly isScannedByVersion: boolean;
  /** That report is by the run that this one resumes or repeats. */
  readonly isScannedByLastRun: boolean;
  /** Scans that failed since the last one that did not. */
  readonly failedAttempts: number;
  readonly tags: readonly string[];
}

/** What the selection asks about the world. */
export interface KnownState {
  /** Undefined for an image that is not in the inventory. */
  find(digest: Digest): KnownImage | undefined;
  /** Whether the same manifest was analysed in another repository or registry: its findings are taken over. */
  isAnalysedElsewhere(digest: Digest): boolean;
  /** Whether this run has selected the digest already, in another repository. */
  isInRun(digest: Digest): boolean;
}

/** How a run selects in one repository. */
export interface ImagePlan {
  readonly repository: string;
  readonly kind: RunKind;
  readonly mode: RunMode;
  /** Whether a baseline of this job covered the repository; one that was added since is scanned as a baseline. */
  readonly hasBaseline: boolean;
  readonly platforms: readonly Platform[];
  /** Failed scans of one image before runs pass it over; infinite for On Demand jobs. A forced run tries all the same. */
  readonly maxAttempts: number;
}

/** What becomes of an image. The first four are the buckets that a run's counters start from. */
export type Decision =
  | { readonly kind: 'scan' }
  | {
      readonly kind: 'skipped-known';
      readonly why: 'scanned' | 'scanned-by-this-job' | 'analysed-elsewhere' | 'attempts';
    }
  | { readonly kind: 'skipped-platform' }
  | { readonly kind: 'skipped-not-scannable'; readonly why: string }
  /** Counted where the run met it first; here only its place is recorded. */
  | { readonly kind: 'another-location' };

/** One image of a repository with all selected tags that lead to it. */
export interface ImageSelection {
  readonly digest: Digest;
  /** In alphabetical order. */
  readonly tags: readonly string[];
  /** Those of `tags` that the inventory does not have on this digest: an event, no scan. */
  readonly newTags: readonly string[];
  /** Not in the inventory at all. */
  readonly isNewlyFound: boolean;
  readonly decision: Decision;
}

/** Decides about every image of a repository, in the order in which the tags first lead to them, each digest once. */
export function selectImages(
  resolved: readonly ResolvedTag[],
  plan: ImagePlan,
  known: KnownState,
): readonly ImageSelection[] {
  const byDigest = new Map<Digest, { image: ResolvedImage; tags: Set<string>; isWanted: boolean }>();
  for (const { tag, images } of resolved) {
    for (const image of images) {
      const isWanted = isForPlatform(image, plan.platforms);
      const entry = byDigest.get(image.digest) ?? { image, tags: new Set<string>(), isWanted };
      entry.tags.add(tag);
      // One tag may name a manifest directly that another index offers for a platform nobody asked for.
      entry.isWanted ||= isWanted;
      byDigest.set(image.digest, entry);
    }
  }
  return [...byDigest.values()].map(({ image, tags, isWanted }) => {
    const found = known.find(image.digest);
    const had = new Set(found?.tags ?? []);
    const names = [...tags].sort();
    return {
      digest: image.digest,
      tags: names,
      newTags: names.filter(name => !had.has(name)),
      isNewlyFound: found === undefined,
      decision: decide({ image, isWanted, found, plan, known }),
    };
  });
}

/**
 * Digests of the inventory that a listing shows to be gone. None unless the listing was whole: filters that a registry applied, a page that
 * failed or a repository that was refused prove nothing.
 */
export function findGone(
  inventory: Iterable<Digest>,
  listed: ReadonlySet<Digest>,
  { isListingWhole }: { readonly isListingWhole: boolean },
): readonly Digest[] {
  return isListingWhole ? [...inventory].filter(digest => !listed.has(digest)) : [];
}

function decide({
  image,
  isWanted,
  found,
  plan,
  known,
}: {
  readonly image: ResolvedImage;
  readonly isWanted: boolean;
  readonly found: KnownImage | undefined;
  readonly plan: ImagePlan;
  readonly known: KnownState;
}): Decision {
  if (known.isInRun(image.digest)) return { kind: 'another-location' };
  if (image.notScannable !== undefined) return { kind: 'skipped-not-scannable', why: image.notScannable };
  if (!isWanted) return { kind: 'skipped-platform' };
  const kind = plan.kind === 'incremental' && !plan.hasBaseline ? 'baseline' : plan.kind;
  const why = whyKnown(kind, plan, found);
  if (why !== undefined) return { kind: 'skipped-known', why };
  const isReused = kind === 'incremental' && found?.isScanned !== true && known.isAnalysedElsewhere(image.digest);
  return isReused ? { kind: 'skipped-known', why: 'analysed-elsewhere' } : { kind: 'scan' };
}

function whyKnown(
  kind: RunKind,
  { mode, maxAttempts }: ImagePlan,
  found: KnownImage | undefined,
): 'scanned' | 'scanned-by-this-job' | 'attempts' | undefined {
  if (found === undefined) return undefined;
  const repeats = mode === 'from-the-beginning';
  if (kind === 'forced') return mode === 'resume' && found.isScannedByLastRun ? 'scanned-by-this-job' : undefined;
  if (kind === 'baseline' && found.isScannedByVersion && !repeats) return 'scanned-by-this-job';
  if (kind === 'incremental' && found.isScanned && !(repeats && found.isScannedByLastRun)) return 'scanned';
  return found.failedAttempts >= maxAttempts && !repeats ? 'attempts' : undefined;
}

function isForPlatform({ platform }: ResolvedImage, wanted: readonly Platform[]): boolean {
  return platform === undefined || wanted.some(one => platformMatch(one, platform) > 0);
}
