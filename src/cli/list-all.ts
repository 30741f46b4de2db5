/** Lists of a server, page by page. */
import { z } from 'zod';
import type { ServerApi } from './server-api.ts';

const PAGE = 100;

/** All items of a list, or the first `limit`. `path` may have a query. @throws {PlimsollError} what the server says. */
export async function listAll<T>(
  server: ServerApi,
  {
    path,
    task,
    item,
    limit = Number.POSITIVE_INFINITY,
  }: { readonly path: string; readonly task: string; readonly item: z.ZodType<T>; readonly limit?: number },
  signal: AbortSignal,
): Promise<readonly T[]> {
  const answer = z.object({ items: z.array(item), nextCursor: z.string().nullable() });
  const items: T[] = [];
  for (let cursor: string | null = ''; cursor !== null && items.length < limit; ) {
    const query = [
      `limit=${Math.min(PAGE, limit - items.length)}`,
      ...(cursor === '' ? [] : [`cursor=${encodeURIComponent(cursor)}`]),
    ].join('&');
    const page: z.output<typeof answer> = await server.ask(
      { method: 'GET', path: `${path}${path.includes('?') ? '&' : '?'}${query}`, task, answer },
      signal,
    );
    items.push(...page.items);
    cursor = page.nextCursor;
  }
  return items;
}
