/**
 * Walks an archive and all archives in it, without recursion, on one budget.
 *
 * A jar of 1.4 MB can nest 4,000 deep, and each level can be in there a thousand times; so depth, bytes, entries and the memory
 * held at one moment are bounded, and what is left out is told.
 */
import { PlimsollError } from '#base/errors.ts';
import type { FileBody } from '../file-body.ts';
import { ZipBudget } from '../zip/budget.ts';
import type { ZipEntry } from '../zip/parse-directory.ts';
import { extensionOf, SHARED_EXTENSIONS } from './file-name.ts';
import { type Archive, openArchive } from './open-archive.ts';

/** Real ones: a war in an ear with jars in it is 3. */
const MAX_DEPTH = 32;
/** Inflated archives held at one moment, all levels together. Stored ones are windows and cost nothing. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
const BASE_BUDGET_BYTES = 1024 * 1024 * 1024;
const MAX_INSIDE_LENGTH = 4096;

/** What is told of each archive: itself, where it is (`''` for the outermost, else entry names joined by `!/`), and the budget. Answers whether to go on. */
export type Visit = (archive: Archive, inside: string, budget: ZipBudget) => boolean;

interface Level {
  readonly archive: Archive;
  readonly inside: string;
  readonly heldBytes: number;
  next: number;
}

/**
 * Calls `visit` for the archive and every archive in it, outer before inner, and `tell` with what could not be read: where it is
 * and a sentence.
 *
 * @throws {PlimsollError} when the outermost archive cannot be opened; trouble inside it is told.
 */
export function walkArchives(
  body: FileBody,
  { visit, tell }: { visit: Visit; tell: (inside: string, gap: string) => void },
): void {
  // What is in a large file may be large, too.
  const budget = new ZipBudget({ bytes: BASE_BUDGET_BYTES + 4 * body.sizeBytes });
  const levels: Level[] = [];
  let heldBytes = 0;
  const enter = (archive: Archive, inside: string, held: number) => {
    heldBytes += held;
    levels.push({ archive, inside, heldBytes: held, next: 0 });
    return visit(archive, inside, budget);
  };
  let goesOn = enter(openArchive(body, budget), '', 0);

  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { archive, inside: outer } = level;
    const entry = archive.nested[level.next];
    if (entry === undefined) {
      for (const gap of archive.zip.gaps) tell(outer, gap);
      heldBytes -= level.heldBytes;
      levels.pop();
      continue;
    }
    level.next += 1;
    if (entry.storedBytes === 0) continue;
    const inside = outer === '' ? entry.name : `${outer}!/${entry.name}`;
    if (levels.length > MAX_DEPTH || inside.length > MAX_INSIDE_LENGTH) {
      tell(inside, `Archives nested deeper than ${MAX_DEPTH} levels are not read`);
      continue;
    }
    try {
      const isStored = entry.method === 0;
      const nested = archive.zip.open(entry, isStored ? entry.storedBytes : MAX_HELD_BYTES - heldBytes);
      goesOn = enter(openArchive(nested, budget), inside, isStored ? 0 : nested.sizeBytes);
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
      if (!isOfAnotherFormat(entry, error)) tell(inside, error.message);
    }
    if (budget.isUsedUp || !goesOn) {
      tell('', 'The rest of the archive is not read');
      return;
    }
  }
}

/** A `.rar` or `.par` that is no zip is nothing of Java's. */
function isOfAnotherFormat(entry: ZipEntry, error: PlimsollError): boolean {
  return error.code === 'FILE_INVALID' && SHARED_EXTENSIONS.has(extensionOf(entry.name));
}
