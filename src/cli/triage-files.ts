/** Files in which people say what they think of findings: VEX documents and waivers. */
import { access } from 'node:fs/promises';
import { parseVex } from '#matching/vex/parse-vex.ts';
import type { VexDocument } from '#matching/vex/statement.ts';
import { parseWaivers } from '#matching/waiver/parse-waivers.ts';
import type { WaiverFile } from '#scan/judge-image.ts';
import { readInput } from './read-input.ts';

/** Looked for in the working folder when no file is named. */
const DEFAULT_WAIVERS = '.plimsollignore.yaml';
const MAX_VEX_BYTES = 64 * 1024 * 1024;
const MAX_WAIVER_BYTES = 1024 * 1024;

/** The documents at `paths`, in that order. @throws {PlimsollError} `FILE_UNKNOWN`, `VEX_INVALID`, … */
export async function readVexFiles(paths: readonly string[], signal: AbortSignal): Promise<readonly VexDocument[]> {
  const documents: VexDocument[] = [];
  for (const path of paths) {
    documents.push(parseVex(await readInput(path, { what: 'VEX document', maxBytes: MAX_VEX_BYTES, signal }), path));
  }
  return documents;
}

/** The waivers of the file named, which must be there, else of the one in the working folder, which need not be. */
export async function readWaivers(path: string | undefined, signal: AbortSignal): Promise<WaiverFile | undefined> {
  const isThere = async () =>
    await access(DEFAULT_WAIVERS).then(
      () => true,
      () => false,
    );
  if (path === undefined && !(await isThere())) return undefined;
  const source = path ?? DEFAULT_WAIVERS;
  const bytes = await readInput(source, { what: 'waivers', maxBytes: MAX_WAIVER_BYTES, signal });
  return { source, waivers: parseWaivers(bytes, source) };
}
