/**
 * A tar as a tree of files: its headers are read once, bodies are read in place when asked for.
 *
 * The order of entries does not matter. A gzip or zstd archive is inflated once into a nameless temporary file. Nothing is ever
 * unpacked: names in the archive are keys of a map, never paths of this machine.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { compressionOf, inflated } from '#oci/inflate.ts';
import { linkTarget, normalisePath } from '#oci/layer-path.ts';
import { type TarEntry, TarReader } from '#oci/tar-reader.ts';
import type { WaitOptions } from './content.ts';
import type { FileTree } from './file-tree.ts';
import { type FileSlice, openPlainFile, readSlice, streamSlice } from './local-file.ts';
import { type ScratchOptions, toScratchFile } from './scratch-file.ts';

/** Entries an archive may have: a hundred images of a hundred layers take 40,000. */
const MAX_ENTRIES = 100_000;
/** Sum of the lengths of their names, so that few long names cost no more memory than many short ones. */
const MAX_NAME_CHARACTERS = 32 * 1024 * 1024;
/** Links that lead to links; Linux follows 40. */
const MAX_LINKS = 40;
const BLOCK = 512;
/** Headers of small neighbours come in one read; a header before a large body costs no more than this. */
const WINDOW_BYTES = 16 * 1024;

/** What stands under a name: a body, or a link to another name. */
type Node = { readonly body: ByteSpan } | { readonly link: string } | { readonly odd: string };

interface ByteSpan {
  readonly offset: number;
  readonly sizeBytes: number;
}

/**
 * Opens the archive at `path` and reads its headers. It may be compressed with gzip or zstd.
 *
 * @throws {PlimsollError} `FILE_UNKNOWN`, `FILE_DENIED`; `ARCHIVE_INVALID` when it is no plain file, no tar, or damaged;
 * `LIMIT_EXCEEDED` when it has too many entries or inflates to too much.
 */
export async function openArchive(path: string, options: ScratchOptions): Promise<FileTree> {
  const stored = await openPlainFile(path, { followLink: true });
  return await archiveTree(stored, path, options);
}

/** Like `openArchive` for an open file, which the tree takes over; it is closed also when this fails. */
export async function archiveTree(stored: FileSlice, what: string, options: ScratchOptions): Promise<FileTree> {
  let tar = stored;
  try {
    tar = await inflatedSlice(stored, what, options);
    if (tar !== stored) await stored.file.close();
    const nodes = await readNodes(tar, what, options);
    return {
      open: async name => toOpened(tar, find(nodes, name, what)),
      [Symbol.asyncDispose]: () => tar.file.close(),
    };
  } catch (error) {
    await tar.file.close();
    if (tar !== stored) await stored.file.close();
    throw error;
  }
}

async function inflatedSlice(stored: FileSlice, what: string, options: ScratchOptions): Promise<FileSlice> {
  const head = await readSlice(stored, { offset: 0, length: Math.min(8, stored.sizeBytes) }, what);
  if (isPlain(head, what)) return stored;
  return await toScratchFile(inflatedArchive(stored, what, options), `"${printable(what)}"`, options);
}

function isPlain(head: Buffer, what: string): boolean {
  try {
    return compressionOf(head) === 'none';
  } catch (cause) {
    const text = `Cannot read "${printable(what)}": it is compressed, but not with gzip or zstd; decompress it first`;
    throw new PlimsollError('ARCHIVE_INVALID', text, { cause });
  }
}

async function* inflatedArchive(stored: FileSlice, what: string, options: WaitOptions): AsyncGenerator<Buffer> {
  try {
    yield* inflated(streamSlice(stored, options));
  } catch (error) {
    throw aboutArchive(error, what);
  }
}

/** Every name of the archive; where one comes twice the later counts, as when it is unpacked. */
async function readNodes(tar: FileSlice, what: string, { signal }: WaitOptions): Promise<Map<string, Node>> {
  const nodes = new Map<string, Node>();
  const blocks = blockReader(tar);
  let nameCharacters = 0;
  for (let position = 0; ; ) {
    signal.throwIfAborted();
    const next = await readEntry(blocks, position).catch(error => {
      throw aboutArchive(error, what);
    });
    if (next === undefined) return nodes;
    const { entry, bodyOffset } = next;
    const bodyEnd = bodyOffset + entry.sizeBytes;
    if (bodyEnd > tar.sizeBytes) {
      throw new PlimsollError(
        'ARCHIVE_INVALID',
        `Cannot read "${printable(what)}": it breaks off in "${printable(entry.name)}", after ${tar.sizeBytes} of ${bodyEnd} bytes`,
      );
    }
    position = bodyEnd + ((BLOCK - (entry.sizeBytes % BLOCK)) % BLOCK);
    const name = normalisePath(entry.name);
    const node = name === undefined ? undefined : toNode(name, entry, bodyOffset);
    if (name === undefined || node === undefined) continue;
    nodes.set(name, node);
    nameCharacters += name.length + ('link' in node ? node.link.length : 0);
    if (nodes.size > MAX_ENTRIES || nameCharacters > MAX_NAME_CHARACTERS) {
      throw new PlimsollError(
        'LIMIT_EXCEEDED',
        `Cannot read "${printable(what)}": over ${MAX_ENTRIES} entries, or names of over ${MAX_NAME_CHARACTERS} characters`,
      );
    }
  }
}

/** The entry whose headers begin at `position`; `undefined` at the end of the archive. */
async function readEntry(
  blocks: BlockReader,
  position: number,
): Promise<{ readonly entry: TarEntry; readonly bodyOffset: number } | undefined> {
  const found: TarEntry[] = [];
  const reader = new TarReader(entry => {
    found.push(entry);
    return undefined;
  });
  for (let at = position; !reader.isOver; at += BLOCK) {
    const block = await blocks(at);
    if (block === undefined) reader.end();
    else reader.push(block);
    const [entry] = found;
    if (entry !== undefined) return { entry, bodyOffset: position + entry.bodyOffset };
  }
  return undefined;
}

/** The 512 bytes at a position, fewer at the end of the file, `undefined` behind it. */
type BlockReader = (position: number) => Promise<Buffer | undefined>;

function blockReader(tar: FileSlice): BlockReader {
  let start = 0;
  let window: Buffer = Buffer.alloc(0);
  return async position => {
    if (position >= tar.sizeBytes) return undefined;
    if (position < start || position + BLOCK > start + window.length) {
      start = position;
      const length = Math.min(WINDOW_BYTES, tar.sizeBytes - position);
      window = await readSlice(tar, { offset: position, length }, 'an archive');
    }
    return window.subarray(position - start, position - start + BLOCK);
  };
}

function toNode(name: string, entry: TarEntry, bodyOffset: number): Node | undefined {
  switch (entry.type) {
    case 'file':
      if (entry.sparse !== undefined) return { odd: 'stored as a sparse file' };
      return { body: { offset: bodyOffset, sizeBytes: entry.sizeBytes } };
    case 'symlink':
      return { link: linkTarget(name, entry.linkName) ?? '' };
    case 'hardlink':
      return { link: normalisePath(entry.linkName) ?? '' };
    case 'folder':
      return undefined;
    default:
      return { odd: 'a device or pipe' };
  }
}

function find(nodes: ReadonlyMap<string, Node>, path: string, what: string): ByteSpan | undefined {
  let name = normalisePath(path) ?? '';
  for (let links = 0; links <= MAX_LINKS; links++) {
    const node = nodes.get(name);
    if (node === undefined) return undefined;
    if ('body' in node) return node.body;
    if ('odd' in node) {
      throw new PlimsollError(
        'ARCHIVE_INVALID',
        `Cannot read "${printable(name)}" of "${printable(what)}": it is ${node.odd}`,
      );
    }
    name = node.link;
  }
  throw new PlimsollError(
    'ARCHIVE_INVALID',
    `Cannot read "${printable(path)}" of "${printable(what)}": its links lead nowhere`,
  );
}

function toOpened(tar: FileSlice, span: ByteSpan | undefined): (FileSlice & AsyncDisposable) | undefined {
  // The file stays open for the next entry; the tree closes it.
  return span && { file: tar.file, ...span, [Symbol.asyncDispose]: async () => {} };
}

/** What the readers of tar and compression say of a layer, said of the archive. */
function aboutArchive(error: unknown, what: string): unknown {
  if (!(error instanceof PlimsollError)) return error;
  const { code, message } = error;
  if (code === 'LIMIT_EXCEEDED') {
    return new PlimsollError(code, `Cannot read "${printable(what)}": ${message}`, { cause: error });
  }
  if (code !== 'LAYER_INVALID') return error;
  const text = `Cannot read "${printable(what)}": it is not a tar, or it is damaged (${message})`;
  return new PlimsollError('ARCHIVE_INVALID', text, { cause: error });
}
