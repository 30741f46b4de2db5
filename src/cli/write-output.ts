/**
 * Writes what a command made: to standard output, to a file, or for several images into a folder.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Writable } from 'node:stream';
import { PlimsollError } from '#base/errors.ts';

/** One report. */
export interface OutputDocument {
  /** File name without extension, used when there are several. */
  readonly name: string;
  readonly text: () => string;
}

/**
 * Writes the documents: each to a file of its own in the folder `output`, or all of them as one text, which `join` makes. A file is whole
 * or not there: it is written beside its place and renamed.
 * @throws {PlimsollError} `FILE_UNKNOWN` when it cannot be written.
 */
export async function writeDocuments(
  documents: readonly OutputDocument[],
  to: {
    readonly join: () => string;
    readonly extension: string;
    readonly output: string | undefined;
    readonly stdout: Writable;
  },
): Promise<void> {
  const { join: joined, extension, output, stdout } = to;
  if (output !== undefined && (documents.length > 1 || (await isFolder(output)))) {
    await attempt(output, () => mkdir(output, { recursive: true }));
    const taken = new Map<string, number>();
    for (const { name, text } of documents) {
      const count = taken.get(name) ?? 0;
      taken.set(name, count + 1);
      await writeWhole(join(output, `${name}${count === 0 ? '' : `-${count + 1}`}${extension}`), text());
    }
    return;
  }
  const text = joined();
  if (output === undefined) await print(stdout, text);
  else await writeWhole(output, text);
}

/** Several texts of one format as one: JSON documents become an array, others follow each other. */
export function joinTexts(texts: readonly string[], format: string): string {
  if (!format.includes('json') || texts.length === 1) return texts.join(format === 'table' ? '\n' : '');
  return `[\n${texts.map(text => text.trimEnd()).join(',\n')}\n]\n`;
}

async function writeWhole(path: string, text: string): Promise<void> {
  // A device or a pipe (/dev/stdout, a fifo) takes the text itself.
  if (await isSpecial(path)) return void (await attempt(path, () => writeFile(path, text)));
  const temporary = join(dirname(path), `.${process.pid}-${Math.random().toString(36).slice(2)}.partial`);
  try {
    await attempt(path, async () => {
      await writeFile(temporary, text);
      await rename(temporary, path);
    });
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

async function attempt(path: string, write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    throw new PlimsollError('FILE_UNKNOWN', `Cannot write "${path}": ${(cause as Error).message}`, { cause });
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function isSpecial(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function print(stdout: Writable, text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => stdout.write(text, error => (error ? reject(error) : resolve())));
}
