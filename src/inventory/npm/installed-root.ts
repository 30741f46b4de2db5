/**
 * Which `package.json` is the root of an installed package: the rest are helpers, fixtures and applications.
 *
 * An application's own manifest is beside a `node_modules`, never inside one; its name is private and may be a stranger's on the
 * public registry, so it is not a package.
 */

const FOLDER = 'node_modules/';

/**
 * Whether the manifest at `path` is one that npm, pnpm, Yarn, bun or Deno put there: after the last `node_modules` exactly one more
 * folder, or two when the first is a scope.
 *
 * Yarn's pnpm linker keeps packages themselves in `node_modules/.store/SLUG/package` or `node_modules/.store/SLUG/[@scope/]name`.
 */
export function isInstalledRoot(path: string): boolean {
  const at = path.lastIndexOf(`/${FOLDER}`);
  const start = at === -1 ? (path.startsWith(FOLDER) ? FOLDER.length : -1) : at + 1 + FOLDER.length;
  if (start === -1) return false;
  const folders = path.slice(start).split('/');
  folders.pop();
  if (folders[0] === '.store') return isPackageFolder(folders.slice(2));
  return isPackageFolder(folders);
}

/** `name` or `@scope/name`; no package can be named with a leading dot, npm's leftovers and caches are. */
function isPackageFolder(folders: readonly string[]): boolean {
  const [first = ''] = folders;
  if (first === '' || first.startsWith('.')) return false;
  return folders.length === (first.startsWith('@') ? 2 : 1);
}
