/**
 * Lists of what has changed, newest first: OSV's `modified_id.csv` (`2026-11-20T10:00:00Z,GHSA-…`) and Red Hat's `changes.csv`
 * (`"2024/cve-2024-1234.json","2026-11-20T10:00:00+00:00"`). Read only as far back as is needed.
 */

/** One line. */
export interface Change {
  /** Id or path. */
  readonly what: string;
  /** ISO 8601, in UTC. */
  readonly at: string;
}

/** Lines of more than this are none. */
const MAX_LINE = 1000;
/** More changes than this mean that everything is to be fetched. */
const MAX_CHANGES = 200_000;

/**
 * The changes since `since` (ISO 8601), newest first, each thing once. Reading stops at the first older line. `isTooMany` when there are more
 * than `MAX_CHANGES`.
 */
export async function readChanges(
  chunks: AsyncIterable<Uint8Array>,
  since: string,
): Promise<{ readonly changes: readonly Change[]; readonly isTooMany: boolean }> {
  const changes = new Map<string, Change>();
  const from = Date.parse(since);
  for await (const line of linesOf(chunks)) {
    const change = parseChange(line);
    if (change === undefined) continue;
    if (Date.parse(change.at) < from) break;
    if (!changes.has(change.what)) changes.set(change.what, change);
    if (changes.size > MAX_CHANGES) return { changes: [], isTooMany: true };
  }
  return { changes: [...changes.values()], isTooMany: false };
}

/** A line of either list; `undefined` when it is none, as a heading is. */
export function parseChange(line: string): Change | undefined {
  const [first = '', second = ''] = line.split(',', 2).map(cell => cell.trim().replace(/^"|"$/g, ''));
  const [time, what] = isTime(first) ? [first, second] : [second, first];
  // Ids and paths become parts of addresses.
  if (!isTime(time) || !/^[A-Za-z0-9][A-Za-z0-9._/+:-]{0,200}$/.test(what) || what.includes('..')) return undefined;
  return { what, at: new Date(time).toISOString() };
}

function isTime(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d)?$/.test(text) && !Number.isNaN(Date.parse(text));
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()?.slice(0, MAX_LINE) ?? '';
    for (const line of lines) if (line.length <= MAX_LINE) yield line;
  }
  yield rest;
}
