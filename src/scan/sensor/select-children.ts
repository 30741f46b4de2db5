/**
 * Which entries of an index are images for the platforms wanted.
 *
 * Source: OCI image-spec, image-index.md; BuildKit's attestations, which are no images.
 */
import type { Index, IndexEntry } from '#oci/manifest.ts';
import { isImageConfig, manifestKindOf } from '#oci/media-type.ts';
import { parsePlatform, platformMatch } from '#oci/platform.ts';

/** Indexes within indexes, the first included. */
export const MAX_INDEX_DEPTH = 3;

/** The entries, each digest once, in the order of the index. An entry that does not say its platform may be for any. */
export function selectChildren(index: Index, platforms: readonly string[]): readonly IndexEntry[] {
  const isAny = platforms.includes('all');
  const wanted = isAny ? [] : platforms.map(parsePlatform);
  const chosen = new Map<string, IndexEntry>();
  for (const entry of index.manifests) {
    const kind = kindOf(entry);
    if (kind === 'other') continue;
    const { platform } = entry;
    const fits = isAny || platform === undefined || wanted.some(one => platformMatch(one, platform) > 0);
    // What is in a nested index its own entries say.
    if (fits || kind === 'index') chosen.set(entry.digest, chosen.get(entry.digest) ?? entry);
  }
  return [...chosen.values()];
}

function kindOf(entry: IndexEntry): 'image' | 'index' | 'other' {
  if (entry.isAttestation) return 'other';
  if (entry.artifactType !== undefined && !isImageConfig(entry.artifactType)) return 'other';
  const kind = entry.mediaType === '' ? 'manifest' : manifestKindOf(entry.mediaType);
  if (kind === 'index') return 'index';
  return kind === 'other' ? 'other' : 'image';
}
