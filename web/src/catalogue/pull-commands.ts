/** How to pull a published image. Its places and tags were checked by the server: nothing in them means anything to a shell. */
import type { CatalogImage } from '../api/model.ts';

/** By digest, which stays what it is; and by its newest tag, where it has one. */
export function pullCommands({
  registry,
  repository,
  tags,
  pull,
}: Pick<CatalogImage, 'registry' | 'repository' | 'tags' | 'pull'>): string {
  const tag = tags.at(-1);
  return [
    `podman pull ${pull}`,
    ...(tag === undefined ? [] : [`podman pull ${registry}/${repository}:${tag}`]),
    `docker pull ${pull}`,
  ].join('\n');
}
