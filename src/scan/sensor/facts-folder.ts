/**
 * Facts of layers on the sensor's own disk, up to so many bytes; the least recently used go first. Everything in it can be had again.
 */
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Digest } from '#oci/digest.ts';
import { type FolderLock, takeFolderLock } from '#store/folder-lock.ts';
import { entryPath } from '../layer-cache.ts';

/** An entry that some process is writing, or was when it was killed. */
const TEMPORARY = /\.json\.gz\.[0-9]+-[a-z0-9]+$/;
const ENTRY = /^sha(?:256|512)-[0-9a-f]+\.json\.gz$/;

/** See above. Held with `using` until nobody reads or writes any more. */
export class FactsFolder implements Disposable {
  readonly path: string;
  readonly #version: string;
  readonly #lock: FolderLock | undefined;
  /** Sizes by path below the folder, least recently used first. */
  readonly #entries = new Map<string, number>();
  #maxBytes: number;
  #usedBytes = 0;
  #counter = 0;

  private constructor(path: string, version: string, maxBytes: number, lock: FolderLock | undefined) {
    this.path = path;
    this.#version = version;
    this.#maxBytes = maxBytes;
    this.#lock = lock;
  }

  /**
   * Opens the folder, which is made when it is missing. What a killed process left half written is removed, and what other versions of the
   * cataloguers read, unless another process uses the folder at the same time.
   * @throws {PlimsollError} `FILE_DENIED` when it cannot be written.
   */
  static async open(
    path: string,
    options: { readonly version: string; readonly maxBytes: number },
  ): Promise<FactsFolder> {
    const { version, maxBytes } = options;
    await mkdir(path, { recursive: true, mode: 0o700 }).catch(cause => {
      throw denied(path, cause);
    });
    let lock: FolderLock | undefined;
    try {
      lock = takeFolderLock(path);
    } catch (error) {
      if (!(error instanceof PlimsollError) || error.code !== 'CONFLICT') throw error;
    }
    const folder = new FactsFolder(path, version, maxBytes, lock);
    try {
      if (lock !== undefined) await folder.#sweep();
      await folder.#index();
      await folder.#shrink();
    } catch (cause) {
      lock?.[Symbol.dispose]();
      throw denied(path, cause);
    }
    return folder;
  }

  /** Bytes that entries take. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The bytes of an entry; undefined when there is none. */
  async find(layer: Digest): Promise<Buffer | undefined> {
    const name = entryPath(this.#version, layer);
    try {
      const bytes = await readFile(join(this.path, name));
      this.#touch(name, bytes.length);
      const now = new Date();
      // The order has to outlive this process.
      await utimes(join(this.path, name), now, now).catch(() => undefined);
      return bytes;
    } catch {
      this.#forget(name);
      return undefined;
    }
  }

  /** Keeps an entry: whole or not at all. One that is larger than the whole cache is not kept. @throws what the file system says. */
  async keep(layer: Digest, bytes: Uint8Array): Promise<void> {
    if (bytes.length > this.#maxBytes) return;
    const name = entryPath(this.#version, layer);
    const path = join(this.path, name);
    this.#counter += 1;
    const temporary = `${path}.${process.pid}-${this.#counter}`;
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const file = await open(temporary, 'w', 0o600);
      try {
        await file.writeFile(bytes);
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    this.#touch(name, bytes.length);
    await this.#shrink();
  }

  /** Sets another limit; what is over it goes. */
  async setMaxBytes(maxBytes: number): Promise<void> {
    this.#maxBytes = maxBytes;
    await this.#shrink();
  }

  [Symbol.dispose](): void {
    this.#lock?.[Symbol.dispose]();
  }

  #touch(name: string, bytes: number): void {
    this.#forget(name);
    this.#entries.set(name, bytes);
    this.#usedBytes += bytes;
  }

  #forget(name: string): void {
    this.#usedBytes -= this.#entries.get(name) ?? 0;
    this.#entries.delete(name);
  }

  async #shrink(): Promise<void> {
    for (const name of this.#entries.keys()) {
      if (this.#usedBytes <= this.#maxBytes) return;
      this.#forget(name);
      await rm(join(this.path, name), { force: true });
    }
  }

  async #sweep(): Promise<void> {
    for (const name of await readdir(this.path)) {
      if (!/^v\d+-[0-9a-f]+$/.test(name)) continue;
      if (name !== this.#version) await rm(join(this.path, name), { recursive: true, force: true });
    }
    for (const name of await this.#list(TEMPORARY)) await rm(join(this.path, name), { force: true });
  }

  async #index(): Promise<void> {
    const found: { name: string; bytes: number; usedAt: number }[] = [];
    for (const name of await this.#list(ENTRY)) {
      const { size, mtimeMs } = await stat(join(this.path, name));
      found.push({ name, bytes: size, usedAt: mtimeMs });
    }
    found.sort((a, b) => a.usedAt - b.usedAt);
    for (const { name, bytes } of found) this.#touch(name, bytes);
  }

  async #list(pattern: RegExp): Promise<readonly string[]> {
    const names = await readdir(join(this.path, this.#version)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    return names.filter(name => pattern.test(name)).map(name => join(this.#version, name));
  }
}

function denied(path: string, cause: unknown): PlimsollError {
  if (cause instanceof PlimsollError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PlimsollError('FILE_DENIED', `Cannot use the cache folder "${printable(path)}": ${printable(why)}`, {
    cause,
  });
}
