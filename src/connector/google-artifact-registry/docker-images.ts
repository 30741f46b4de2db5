/**
 * The images of one repository of Artifact Registry. Its API lists digests, of all image paths together, and cannot be asked for one path:
 * so what was listed is kept for a minute, and answers for each path once, for the paths are asked for one after the other.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { LIST_LIMITS } from '#image/registry/listing.ts';
import type { ApiClient } from '../api-client.ts';
import type { CallOptions, TagEntry } from '../connector.ts';
import { byToken, pagesOf } from '../paging.ts';
import { toTagEntry } from '../tag-facts.ts';
import { imagesPage } from './schema.ts';

/** Where a repository is, as the API and as names of images write it. */
export interface GarRepository {
  /** `projects/p/locations/l/repositories/r` */
  readonly resource: string;
  /** `host/project/repository/` */
  readonly uriPrefix: string;
}

/** Tags by the path of their image, below the repository; a path without tags has an empty list. */
export type ImagesByPath = ReadonlyMap<string, readonly TagEntry[]>;

const PAGE_SIZE = 1000;
const KEPT_MS = 60_000;

export const READER =
  'the role Artifact Registry Reader (roles/artifactregistry.reader) on the project or the repository; Google says the same when there is no such repository';

interface KeptImages {
  readonly resource: string;
  readonly images: ImagesByPath;
  readonly untilMs: number;
  /** Paths that were asked for since. */
  readonly answered: Set<string>;
}

/** Lists repositories of Artifact Registry, and keeps the last list. */
export class DockerImages {
  readonly #api: ApiClient;
  readonly #now: () => number;
  #kept: KeptImages | undefined;

  constructor(api: ApiClient, now: () => number) {
    this.#api = api;
    this.#now = now;
  }

  /** All images of `repository`, listed now. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, `LIMIT_EXCEEDED`, … */
  async of(repository: GarRepository, call: CallOptions): Promise<ImagesByPath> {
    const images = await this.#list(repository, call);
    this.#kept = { resource: repository.resource, images, untilMs: this.#now() + KEPT_MS, answered: new Set() };
    return images;
  }

  /** Tags of the image at `path`; `undefined` when there is no such image. Whoever asks for a path again gets what is there now. */
  async tagsOf(repository: GarRepository, path: string, call: CallOptions): Promise<readonly TagEntry[] | undefined> {
    const kept = this.#kept;
    const isKept = kept?.resource === repository.resource && kept.untilMs > this.#now() && !kept.answered.has(path);
    const images = isKept ? kept.images : await this.of(repository, call);
    this.#kept?.answered.add(path);
    return images.get(path);
  }

  async #list({ resource, uriPrefix }: GarRepository, call: CallOptions): Promise<ImagesByPath> {
    const where = printable(uriPrefix.replace(/\/$/, ''));
    const first = {
      path: `${resource}/dockerImages`,
      query: { pageSize: PAGE_SIZE },
      schema: imagesPage,
      task: `Cannot list the images of "${where}"`,
      missing: `repository "${where}"`,
      right: READER,
    };
    const images = new Map<string, TagEntry[]>();
    let count = 0;
    const pages = pagesOf(
      this.#api,
      first,
      byToken('pageToken', page => page.nextPageToken),
      call,
    );
    for await (const { body } of pages) {
      for (const { uri, tags, uploadTime, imageSizeBytes, mediaType } of body.dockerImages ?? []) {
        const [name = '', digest] = uri.split('@');
        if (!name.startsWith(uriPrefix)) continue;
        const path = name.slice(uriPrefix.length);
        const entries = images.get(path) ?? [];
        images.set(path, entries);
        for (const tag of tags ?? []) {
          entries.push(toTagEntry(tag, { digest, pushedAt: uploadTime, sizeBytes: imageSizeBytes, mediaType }));
        }
        count += 1 + (tags ?? []).length;
        if (count > LIST_LIMITS.maxNames) {
          throw new PlimsollError('LIMIT_EXCEEDED', `${first.task}: over ${LIST_LIMITS.maxNames} images and tags`);
        }
      }
    }
    return images;
  }
}
