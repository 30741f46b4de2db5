/**
 * Looking for some tags by name where a registry can only list all of them: one HEAD each, which tells the digest as well.
 */
import { PlimsollError } from '#base/errors.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import { isTag } from '#oci/reference.ts';
import { mapConcurrently } from './concurrent.ts';
import type { Connection } from './connection.ts';
import type { CallOptions, TagEntry, TagQuery } from './connector.ts';

/** More are found faster in the whole list. */
const MAX_LOOK_UPS = 20;
const AT_A_TIME = 4;

/**
 * The tags of a repository by the distribution protocol alone: those that `query` names looked up, else all listed; without dates.
 * @throws {PlimsollError} `MANIFEST_UNKNOWN` for an unknown repository.
 */
export async function* plainTags(
  connection: Connection,
  repository: string,
  { names }: TagQuery,
  call: CallOptions,
): AsyncGenerator<TagEntry> {
  if (names !== undefined && names.length <= MAX_LOOK_UPS) {
    const found = await lookUp(connection, repository, names.filter(isTag), call);
    yield* found;
    // None at all may mean that there is no such repository, and a registry without HEAD says nothing: the list does.
    if (found.length > 0) return;
  }
  for await (const name of connection.tagNames(repository, call)) yield { name };
}

async function lookUp(
  connection: Connection,
  repository: string,
  names: readonly string[],
  call: CallOptions,
): Promise<readonly TagEntry[]> {
  const found: TagEntry[] = [];
  const look = (name: string) => headOf(connection, repository, name, call);
  for await (const head of mapConcurrently(names, AT_A_TIME, look)) {
    if (head === 'unknown') return [];
    if (head !== 'missing') found.push(head);
  }
  return found;
}

async function headOf(
  connection: Connection,
  repository: string,
  name: string,
  call: CallOptions,
): Promise<TagEntry | 'missing' | 'unknown'> {
  const reference = { transport: 'docker', registry: connection.place.host, repository, tag: name } as const;
  await using content = await openRegistryWith(connection.client, reference, call);
  try {
    const head = await content.headRoot?.(connection.until(call));
    return head === undefined
      ? 'unknown'
      : { name, digest: head.digest, ...(head.mediaType ? { mediaType: head.mediaType } : {}) };
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'MANIFEST_UNKNOWN') return 'missing';
    throw error;
  }
}
