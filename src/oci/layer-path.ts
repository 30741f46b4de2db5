/**
 * Paths inside layers: normalised names, and the marks by which a layer deletes what lower layers hold.
 *
 * Source: OCI image-spec, layer.md, "Whiteouts"; AUFS leftovers as Docker skips them.
 */

/** Longest path and deepest folder we keep (Linux: PATH_MAX). */
const MAX_PATH_LENGTH = 4096;
const MAX_DEPTH = 256;

/**
 * The name without leading and trailing slashes, `.` and `..` resolved; `''` is the root itself. `undefined` for a name that climbs
 * out of the root, or is longer or deeper than any file system allows: such an entry is never applied.
 */
export function normalisePath(name: string): string | undefined {
  if (isPlain(name)) return name;
  if (name.length > 2 * MAX_PATH_LENGTH) return undefined;
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  const path = parts.join('/');
  return path.length > MAX_PATH_LENGTH || parts.length > MAX_DEPTH ? undefined : path;
}

/** Where a symlink at `path` leads, lexically: a path from the root, `undefined` when it climbs out. */
export function linkTarget(path: string, target: string): string | undefined {
  if (target.startsWith('/')) return normaliseClimbing(target);
  const slash = path.lastIndexOf('/');
  return normaliseClimbing(slash === -1 ? target : `${path.slice(0, slash)}/${target}`);
}

/** What a name in a layer stands for. */
export type LayerMark =
  | { readonly kind: 'whiteout'; readonly path: string }
  | { readonly kind: 'opaque'; readonly folder: string }
  | { readonly kind: 'reserved' };

/** The mark that `path` is, if it is one: `a/.wh.b` deletes `a/b`, `a/.wh..wh..opq` everything lower in `a`. */
export function markOf(path: string): LayerMark | undefined {
  const slash = path.lastIndexOf('/');
  if (!path.startsWith('.wh.', slash + 1)) return undefined;
  const folder = slash === -1 ? '' : path.slice(0, slash);
  const name = path.slice(slash + 1);
  if (name === '.wh..wh..opq') return { kind: 'opaque', folder };
  if (name.startsWith('.wh..wh.') || name === '.wh.') return { kind: 'reserved' };
  const hidden = name.slice('.wh.'.length);
  return { kind: 'whiteout', path: folder === '' ? hidden : `${folder}/${hidden}` };
}

/** Most names need no work: that is worth finding out without splitting them. */
function isPlain(name: string): boolean {
  if (name.length === 0 || name.length > 1000 || name.charCodeAt(0) === 0x2f) return false;
  let depth = 0;
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at);
    if (code === 0x2e && (at === 0 || name.charCodeAt(at - 1) === 0x2f)) {
      const next = name.charCodeAt(at + 1);
      // A component of one or two dots, or one that starts with two: leave those to the slow path.
      if (at + 1 === name.length || next === 0x2f || next === 0x2e) return false;
    }
    if (code === 0x2f) {
      depth += 1;
      const next = name.charCodeAt(at + 1);
      if (at + 1 === name.length || next === 0x2f) return false;
    }
  }
  return depth < MAX_DEPTH;
}

/** Like `normalisePath`, but `..` at the root stays at the root, as when a kernel resolves a link. */
function normaliseClimbing(name: string): string | undefined {
  const parts: string[] = [];
  if (name.length > 2 * MAX_PATH_LENGTH) return undefined;
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return parts.length > MAX_DEPTH ? undefined : parts.join('/');
}
