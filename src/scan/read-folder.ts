/**
 * Reads a root file system that lies in a folder: the same cataloguers, no layers, nothing hashed.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { lstat, opendir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isExecutableMagic } from '#inventory/executable/open-executable.ts';
import { toBody } from '#inventory/file-body.ts';
import type { LayerFacts } from '#inventory/layer-facts.ts';
import { type CataloguerSet, type Claim, LayerCollector } from './layer-collector.ts';
import { fileBody, MEMORY_BYTES } from './spool.ts';

/** Pseudo file systems at the top of a running system; they are skipped where they are mounts of their own. */
const PSEUDO: ReadonlySet<string> = new Set(['proc', 'sys', 'dev', 'run']);
const MAX_DEPTH = 256;

/** Facts of the files below `root`. Symlinks are recorded, never followed; what may not be read is a gap. */
export async function readFolder(
  root: string,
  cataloguers: CataloguerSet,
  options: { readonly signal: AbortSignal },
): Promise<LayerFacts> {
  using collector = new LayerCollector(cataloguers);
  const rootDevice = (await lstat(root)).dev;
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    options.signal.throwIfAborted();
    try {
      for await (const entry of await opendir(join(root, folder), { bufferSize: 256 })) {
        const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
        if (!entry.isDirectory()) await takeEntry(root, path, entry, collector);
        else if (await isPseudo(root, path, rootDevice)) continue;
        else if (path.split('/').length >= MAX_DEPTH) {
          collector.addGap({ path, reason: `Folders deeper than ${MAX_DEPTH} levels are not read` });
        } else {
          collector.addFolder(path);
          pending.push(path);
        }
      }
    } catch (error) {
      if (!isSystemError(error)) throw error;
      collector.addGap({ path: folder, reason: `The folder cannot be read: ${error.code}` });
    }
  }
  return collector.finish();
}

async function takeEntry(
  root: string,
  path: string,
  entry: { name: string; isSymbolicLink(): boolean; isFile(): boolean },
  collector: LayerCollector,
): Promise<void> {
  const full = join(root, path);
  try {
    collector.addEntry(path);
    if (entry.isSymbolicLink()) collector.addSymlink(path, await readlink(full));
    if (!entry.isFile()) return;
    const { size, mode } = await lstat(full);
    collector.addFile({ path, sizeBytes: size, mode, hasCapabilities: false });
    const claim = collector.claim({ path, name: entry.name, sizeBytes: size, mode: mode & 0o7777 });
    if (claim === undefined) return;
    const isNamed = claim.claimants.length > 0 || claim.companionOf !== undefined;
    if (isNamed || mayExecute(entry.name, mode)) takeFile(full, claim, isNamed, collector);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    // A file that went away while we looked is not in the folder any more.
    if (error.code !== 'ENOENT') collector.addGap({ path, reason: `It cannot be read: ${error.code}` });
  }
}

function takeFile(full: string, claim: Claim, isNamed: boolean, collector: LayerCollector): void {
  const file = openSync(full, 'r');
  try {
    const { sizeBytes } = claim.entry;
    if (!isNamed) {
      const head = Buffer.alloc(Math.min(64, sizeBytes));
      readSync(file, head, 0, head.length, 0);
      if (!isExecutableMagic(head)) return;
    }
    const body = fileBody(file, sizeBytes);
    collector.take(claim, sizeBytes <= MEMORY_BYTES ? toBody(body.read(0, sizeBytes)) : body);
  } finally {
    closeSync(file);
  }
}

/** Opening every file of a machine to look at its magic would take minutes: only those that could run or be loaded. */
function mayExecute(name: string, mode: number): boolean {
  return (mode & 0o111) !== 0 || /\.(?:so|dll|exe|dylib|node)\b/.test(name);
}

async function isPseudo(root: string, path: string, rootDevice: number): Promise<boolean> {
  return PSEUDO.has(path) && (await lstat(join(root, path))).dev !== rootDevice;
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && 'syscall' in error;
}
