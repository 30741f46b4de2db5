/**
 * manifest.json of a `docker save` archive: which images it holds, and where their configs and layers are in the tar.
 *
 * Source: Docker image-spec v1.2, "Combined Image JSON + Filesystem Changeset Format". podman, skopeo, kaniko, Bazel and Nix write it too.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { parseJsonDocument } from '#oci/json-document.ts';
import { listNames, matchName } from './pick-manifest.ts';

/** An image in the archive; paths are those of the tar. */
export interface DockerImage {
  readonly configPath: string;
  /** Names such as `alpine:3.20` or `docker.io/library/alpine:3.20`; often none. */
  readonly tags: readonly string[];
  /** Lowest layer first. */
  readonly layerPaths: readonly string[];
}

const MAX_IMAGES = 10_000;
const MAX_LAYERS = 1000;
/** Fewest digits of an image id taken as one: what `docker images` shows is 12. */
const MIN_ID_LENGTH = 4;

const listSchema = z
  .array(
    z.object({
      Config: z.string().min(1),
      RepoTags: z.array(z.string()).nullish(),
      Layers: z.array(z.string()).max(MAX_LAYERS).nullish(),
    }),
  )
  .max(MAX_IMAGES);

/** Reads the list. @throws {PlimsollError} `ARCHIVE_INVALID`; `MANIFEST_INVALID` when it is not JSON, `LIMIT_EXCEEDED`. */
export function parseDockerManifest(bytes: Uint8Array, reference: string): readonly DockerImage[] {
  const result = listSchema.safeParse(parseJsonDocument(bytes, `manifest.json of ${reference}`));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(reference, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
  }
  return result.data.map(image => ({
    configPath: image.Config,
    tags: image.RepoTags ?? [],
    layerPaths: image.Layers ?? [],
  }));
}

/**
 * The one image that `name` means: a tag as in `pickEntries`, or an image id or its first digits. Without a name, the only one.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` when there is none, or several; the message lists them.
 */
export function pickDockerImage(
  images: readonly DockerImage[],
  name: string | undefined,
  reference: string,
): DockerImage {
  const matching = name === undefined ? images : byNameOrId(images, name);
  // One image listed under several names is still one image.
  const distinct = [...new Map(matching.map(image => [image.configPath, image])).values()];
  const [only] = distinct;
  if (only !== undefined && distinct.length === 1) return only;
  if (images.length === 0) {
    throw new PlimsollError('MANIFEST_UNKNOWN', `Cannot open "${printable(reference)}": there is no image in it`);
  }
  const ambiguous = distinct.length === 0 ? images : distinct;
  const why = distinct.length === 0 ? 'no image of that name or id' : `${distinct.length} images to choose from`;
  const isTagEnough = name === undefined || distinct.length === 0;
  const listed = listNames(ambiguous.flatMap(image => (isTagEnough ? namesOf(image) : [idOf(image) ?? ''])));
  throw new PlimsollError(
    'MANIFEST_UNKNOWN',
    `Cannot open "${printable(reference)}": ${why}; name one of ${listed} after the path and a colon`,
  );
}

function byNameOrId(images: readonly DockerImage[], name: string): readonly DockerImage[] {
  const tagged = matchName(images, name, image => image.tags);
  if (tagged.length > 0) return tagged;
  const [, prefix = ''] = /^(?:sha256:)?([0-9a-f]{1,64})$/.exec(name) ?? [];
  if (prefix.length < MIN_ID_LENGTH) return [];
  return images.filter(image => idOf(image)?.startsWith(prefix));
}

function namesOf(image: DockerImage): readonly string[] {
  return image.tags.length > 0 ? image.tags : [idOf(image)?.slice(0, 12) ?? image.configPath];
}

/** The image id, which is the hex of the config's digest: every writer puts it into the name of the config's file. */
function idOf(image: DockerImage): string | undefined {
  return /(?:^|[/:])([0-9a-f]{64})(?:\.json)?$/.exec(image.configPath)?.[1];
}

function invalid(reference: string, why: string): PlimsollError {
  return new PlimsollError(
    'ARCHIVE_INVALID',
    `Cannot open "${printable(reference)}": its manifest.json is not a list of images: ${printable(why)}`,
  );
}
