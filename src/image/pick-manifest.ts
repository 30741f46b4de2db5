/**
 * Which of the images in an OCI layout's index.json a reference means.
 *
 * Source: OCI image-spec, image-layout.md, "index.json file", and annotations.md (`org.opencontainers.image.ref.name`). Docker and
 * containerd also write the full name, as `io.containerd.image.name`.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { IndexEntry } from '#oci/manifest.ts';
import { isImageConfig } from '#oci/media-type.ts';
import { formatPlatform } from '#oci/platform.ts';
import { formatReference, parseReference } from '#oci/reference.ts';

/** Names shown in a message before the rest is counted. */
const MAX_LISTED = 20;

/**
 * The entries that `name` means: one, or several that are one image for different platforms. Without a name every entry is meant.
 *
 * A name is a digest, the tag or name in the layout's annotations, or a full name that ends in `:name`; the exact one goes first.
 * Attestations and other artifacts are no images. `reference` names the layout in messages.
 *
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when there is none, or several images; the message lists their names.
 */
export function pickEntries(
  entries: readonly IndexEntry[],
  name: string | undefined,
  reference: string,
): readonly IndexEntry[] {
  const images = entries.filter(isImage);
  const matching = name === undefined ? images : matchName(images, name, entryNames);
  const distinct = distinctBy(matching, entry => entry.digest);
  if (distinct.length === 1 || isOneImage(distinct)) return distinct;
  const listed = listNames(images.map(describe));
  if (images.length === 0)
    throw new PlimsollError('MANIFEST_UNKNOWN', `Cannot open "${printable(reference)}": there is no image in it`);
  const why = distinct.length === 0 ? 'no image of that name' : `${distinct.length} images to choose from`;
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot open "${printable(reference)}": ${why}; name one of ${listed} after the path and a colon`,
  );
}

/**
 * Those of `images` that `name` means: by an exact name if there is one, else by the same name written in full
 * (`alpine:3.20` for `docker.io/library/alpine:3.20`), else by the end of a name (`3.20`).
 */
export function matchName<T>(
  images: readonly T[],
  name: string,
  namesOf: (image: T) => readonly string[],
): readonly T[] {
  const full = inFull(name);
  const levels: ((candidate: string) => boolean)[] = [
    candidate => candidate === name,
    candidate => full !== undefined && inFull(candidate) === full,
    candidate => candidate.endsWith(`:${name}`) || candidate.endsWith(`/${name}`),
  ];
  for (const matches of levels) {
    const found = images.filter(image => namesOf(image).some(matches));
    if (found.length > 0) return found;
  }
  return [];
}

/** `"a", "b" and 3 more`, for messages. */
export function listNames(names: readonly string[]): string {
  const shown = [...new Set(names)];
  const rest = shown.length - MAX_LISTED;
  const listed = shown.slice(0, MAX_LISTED).map(name => `"${printable(name, 120)}"`);
  return rest > 0 ? `${listed.join(', ')} and ${rest} more` : listed.join(', ');
}

/** Signatures lie beside images too: `cosign save` marks what each entry is, others name the artifact's type. */
function isImage(entry: IndexEntry): boolean {
  const { artifactType, isAttestation, annotations } = entry;
  const isSignature = /^dev\.cosignproject\.cosign\/(?:sigs|atts)$/.test(annotations['kind'] ?? '');
  return !isAttestation && !isSignature && (artifactType === undefined || isImageConfig(artifactType));
}

function entryNames(entry: IndexEntry): readonly string[] {
  const { annotations } = entry;
  return [annotations[REF_NAME], annotations[FULL_NAME], entry.digest].filter(name => name !== undefined);
}

/** Whether the entries are the platforms of one image: each has another platform, and no two have different names. */
function isOneImage(entries: readonly IndexEntry[]): boolean {
  const platforms = entries.map(entry => (entry.platform === undefined ? undefined : formatPlatform(entry.platform)));
  const names = new Set(entries.map(entry => entry.annotations[FULL_NAME] ?? entry.annotations[REF_NAME]));
  return entries.length > 1 && names.size === 1 && !platforms.includes(undefined) && isDistinct(platforms);
}

function describe(entry: IndexEntry): string {
  return entry.annotations[FULL_NAME] ?? entry.annotations[REF_NAME] ?? entry.digest;
}

function inFull(name: string): string | undefined {
  try {
    const reference = parseReference(name);
    return reference.transport === 'docker' ? formatReference(reference) : undefined;
  } catch {
    return undefined;
  }
}

function distinctBy<T, K>(all: readonly T[], keyOf: (one: T) => K): readonly T[] {
  return [...new Map(all.map(one => [keyOf(one), one])).values()];
}

function isDistinct(all: readonly unknown[]): boolean {
  return new Set(all).size === all.length;
}

const REF_NAME = 'org.opencontainers.image.ref.name';
const FULL_NAME = 'io.containerd.image.name';
