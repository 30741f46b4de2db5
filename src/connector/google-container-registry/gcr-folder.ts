/**
 * One folder of Google's registries: `tags/list` tells tags with their dates, and the folders below. It is not paged, so a folder of many
 * thousand images is one large answer.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { readJson } from '#image/registry/listing.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions, TagEntry } from '../connector.ts';
import { toTagEntry } from '../tag-facts.ts';
import { type GcrFolder, gcrFolder } from './schema.ts';

/** An image takes some 300 bytes; a quarter of a million of them are read. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const RIGHT =
  'the role Artifact Registry Reader (roles/artifactregistry.reader) on the project, or Storage Object Viewer on the bucket of an old registry; Google says the same when there is no such project or repository';

/** What is in the folder `path`. @throws {PlimsollError} `MANIFEST_UNKNOWN`, `REGISTRY_DENIED`, `LIMIT_EXCEEDED`, … */
export async function readGcrFolder(
  connection: Connection,
  path: string,
  options: CallOptions & { readonly task: string },
): Promise<GcrFolder> {
  const { task } = options;
  const registry = await connection.registry(options);
  return await registry.ask(
    {
      method: 'GET',
      repository: path,
      wanted: 'tags',
      name: '',
      headers: { accept: 'application/json' },
      task,
      right: RIGHT,
    },
    async open => {
      const document = await readJson(open, { ...options, limitBytes: MAX_ANSWER_BYTES });
      const result = gcrFolder.safeParse(document);
      if (result.success) return result.data;
      throw new PlimsollError(
        'REGISTRY_INVALID',
        `${task}: ${registry.host} answers with something that is no list of tags`,
      );
    },
    connection.until(options),
  );
}

/** The tags of a repository, with the dates of their manifests. @throws {PlimsollError} `MANIFEST_UNKNOWN` for an empty answer. */
export async function* listGcrTags(
  connection: Connection,
  repository: string,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  const where = `${connection.place.host}/${repository}`;
  const task = `Cannot list the tags of "${printable(where)}"`;
  const folder = await readGcrFolder(connection, repository, { ...call, task });
  // Of a folder that does not exist Google may say that it is empty.
  if (isEmpty(folder)) throw new PlimsollError('MANIFEST_UNKNOWN', `${task}: there is no such repository`);
  yield* toTags(folder);
}

/** Whether images are in the folder itself. */
export function hasImages({ tags, manifest }: GcrFolder): boolean {
  return (tags ?? []).length > 0 || Object.keys(manifest ?? {}).length > 0;
}

/** Each tag once; tags that no manifest names have no date. */
function* toTags({ tags, manifest }: GcrFolder): Generator<TagEntry> {
  const rest = new Set(tags ?? []);
  for (const [digest, facts] of Object.entries(manifest ?? {})) {
    for (const name of facts.tag ?? []) {
      rest.delete(name);
      const { timeUploadedMs: pushedAt, imageSizeBytes: sizeBytes, mediaType } = facts;
      yield toTagEntry(name, { digest, pushedAt, sizeBytes, mediaType });
    }
  }
  for (const name of rest) yield { name };
}

function isEmpty(folder: GcrFolder): boolean {
  return !hasImages(folder) && (folder.child ?? []).length === 0;
}
