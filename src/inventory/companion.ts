/**
 * Reading a file together with its companions, as `Cataloguer.companionOf` asks for.
 */
import type { ClaimedFile, ClaimedGroup } from './cataloguer.ts';
import type { FileBody } from './file-body.ts';

/** The companion of `file` at `path`; `undefined` when its layer has none, or when it was read alone. */
export function companionAt(file: ClaimedFile, path: string): FileBody | undefined {
  return isGroup(file) ? file.companions.get(path) : undefined;
}

function isGroup(file: ClaimedFile): file is ClaimedGroup {
  return 'companions' in file;
}
