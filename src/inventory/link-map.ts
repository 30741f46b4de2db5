/**
 * The symlinks of a tree and what paths mean through them, as a kernel would resolve them inside the image.
 */
import { linkTarget } from '#oci/layer-path.ts';

/** Hops before a chain of links counts as a loop (Linux: 40). */
const MAX_HOPS = 40;

export class LinkMap {
  readonly #targets = new Map<string, string>();
  /** Real path of a folder, by its path as written; dropped whenever a link changes. */
  #folders = new Map<string, string | undefined>();

  get size(): number {
    return this.#targets.size;
  }

  set(path: string, target: string): void {
    this.#targets.set(path, target);
    this.#folders.clear();
  }

  delete(path: string): void {
    if (this.#targets.delete(path)) this.#folders.clear();
  }

  paths(): IterableIterator<string> {
    return this.#targets.keys();
  }

  /** The path with every folder on the way resolved, its last component not. `undefined` when links loop. */
  realFolderPath(path: string): string | undefined {
    if (this.#targets.size === 0) return path;
    const slash = path.lastIndexOf('/');
    if (slash === -1) return path;
    const folder = this.#realFolder(path.slice(0, slash), 0);
    if (folder === undefined) return undefined;
    const name = path.slice(slash + 1);
    return folder === '' ? name : `${folder}/${name}`;
  }

  /** The path with every link resolved, the last one too. `undefined` when links loop. */
  realPath(path: string): string | undefined {
    return this.#realFolder(path, 0);
  }

  #realFolder(path: string, hops: number): string | undefined {
    if (path === '') return '';
    const known = this.#folders.get(path);
    if (known !== undefined || this.#folders.has(path)) return known;
    const real = this.#resolve(path, hops);
    // A loop found at the end of many hops says nothing about a path met in the middle of it.
    if (hops === 0 || real !== undefined) this.#folders.set(path, real);
    return real;
  }

  #resolve(path: string, hops: number): string | undefined {
    if (hops > MAX_HOPS) return undefined;
    const slash = path.lastIndexOf('/');
    const folder = slash === -1 ? '' : this.#realFolder(path.slice(0, slash), hops);
    if (folder === undefined) return undefined;
    const name = path.slice(slash + 1);
    const here = folder === '' ? name : `${folder}/${name}`;
    const target = this.#targets.get(here);
    if (target === undefined) return here;
    const next = linkTarget(here, target);
    return next === undefined ? undefined : this.#realFolder(next, hops + 1);
  }
}
