/** Work on a list, so many entries at a time. */

/** What `work` makes of each entry, in the order of the entries. The first failure ends the rest, and is thrown when all have ended. */
export async function severalAtOnce<T, R>(
  entries: readonly T[],
  atOnce: number,
  work: (entry: T) => Promise<R>,
): Promise<readonly R[]> {
  const results = new Map<number, R>();
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    while (failure === undefined && next < entries.length) {
      const at = next;
      next += 1;
      try {
        results.set(at, await work(entries[at] as T));
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, entries.length) }, worker));
  if (failure !== undefined) throw failure.error;
  return entries.map((_, at) => results.get(at) as R);
}
