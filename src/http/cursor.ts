/**
 * Pages of lists: an opaque cursor that says after which row to go on. It is checked when it comes back, like anything from outside.
 */
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';

/** Query parameters of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(500).default(50).describe('Rows of a page'),
  cursor: z.string().max(2000).optional().describe('`nextCursor` of the page before'),
};

/** Query parameter of lists of what belongs to a namespace. */
export const namespaceQuery = {
  namespace: z.uuid().optional().describe('Only what is in this namespace; nothing, when you may not look into it'),
};

/** The schema of a page of `item`. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe('Missing pages follow while this is not null'),
  });
}

/** The text of a cursor. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** The position that a cursor says. @throws {PlimsollError} `REQUEST_INVALID` for one that is not ours. */
export function decodeCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | undefined {
  if (cursor === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch (cause) {
    throw foreignCursor(cause);
  }
}

/** That a cursor is not one of the list that it came to. */
export function foreignCursor(cause: unknown): PlimsollError {
  return new PlimsollError('REQUEST_INVALID', 'Cannot go on with the list: the cursor is not one of this list', {
    cause,
  });
}

/** A page of the rows that were asked for with one more than `limit`, which tells whether there are more. */
export function toPage<T>(
  rows: readonly T[],
  limit: number,
  positionOf: (row: T) => unknown,
): { items: T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last !== undefined ? encodeCursor(positionOf(last)) : null };
}
