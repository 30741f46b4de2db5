/**
 * Asking several things at a time without losing their order.
 */

/**
 * What `work` makes of each entry, in the order of `source`, with at most `limit` under way. Stops taking entries when the consumer stops,
 * or at the first failure, which is thrown in its place.
 */
export async function* mapConcurrently<T, R>(
  source: AsyncIterable<T> | Iterable<T>,
  limit: number,
  work: (entry: T) => Promise<R>,
): AsyncGenerator<R> {
  const pending: Promise<R>[] = [];
  try {
    for await (const entry of source) {
      const next = work(entry);
      // Whoever waits for it sees its failure; until then it must not count as unhandled.
      next.catch(() => {});
      pending.push(next);
      if (pending.length < limit) continue;
      const first = pending.shift();
      if (first !== undefined) yield await first;
    }
    for (let first = pending.shift(); first !== undefined; first = pending.shift()) yield await first;
  } finally {
    await Promise.allSettled(pending);
  }
}
