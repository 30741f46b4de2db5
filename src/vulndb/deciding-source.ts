/**
 * Which source is asked about the packages of an ecosystem, where several speak about it: one, for they disagree.
 *
 * Source: docs/adr/0010-which-source-decides.md. Records of the others stay in the database, for their ids, vectors and texts.
 */

/** Sources by what an ecosystem is called before its colon, the deciding one first. */
const RANKS: ReadonlyMap<string, readonly string[]> = new Map([
  ['Debian', ['debian-tracker', 'debian-lists', 'osv']],
  ['Alpine', ['alpine-secdb', 'osv']],
  ['Wolfi', ['alpine-secdb', 'osv']],
  ['Chainguard', ['alpine-secdb', 'osv']],
  ['Red Hat', ['redhat-vex', 'osv']],
  ['Amazon Linux', ['amazon', 'osv']],
  ['Oracle Linux', ['oracle', 'osv']],
]);

/**
 * The one of `sources` that decides about `ecosystem`; `undefined` when all of them count, because nobody has a better word. Decided for each
 * release: where the better source does not speak of an old release, the other one is better than nothing.
 */
export function findDecidingSource(ecosystem: string, sources: readonly string[]): string | undefined {
  const [only] = sources;
  if (sources.length <= 1) return only;
  const ranks = RANKS.get(ecosystem.split(':', 1)[0] ?? '');
  return ranks?.find(source => sources.includes(source));
}
