/**
 * The verdict about one weakness in one package, from all records that speak of it.
 *
 * Records disagree. A distribution is the authority on its own builds, so its best record decides, and what it calls not affected is evidence
 * against all others. Of databases about a registry the curated one knows better, but what only another one says is not hidden.
 */
import type { Advisory, FixState } from '#advisory/advisory.ts';
import type { Candidate } from './candidate.ts';
import { type Cluster, isErratum } from './cluster.ts';
import { findFixState } from './find-fix.ts';
import { isFixedInMinorRelease } from './minor-release.ts';

/** The verdict about one weakness; nothing when the package does not have it. */
export type Decision =
  | {
      readonly kind: 'affected';
      /** As in `Cluster.ids`. */
      readonly ids: readonly string[];
      /** Errata that fix it, whose ids are nobody else's name for it. */
      readonly errata: readonly string[];
      /** Best first; the first one decides. */
      readonly candidates: readonly [Candidate, ...Candidate[]];
      /** Records of the same weakness that decide nothing here. */
      readonly others: readonly Advisory[];
      readonly fix: FixState;
      /** The id of the better record that says otherwise. */
      readonly disputedBy?: string;
    }
  | { readonly kind: 'undetermined'; readonly ids: readonly string[]; readonly why: string };

/** Decides a cluster. */
export function decide({ ids, candidates }: Cluster): Decision | undefined {
  const best = Math.min(...candidates.map(({ rank }) => rank));
  const isDistribution = candidates.every(({ question }) => question.feed.kind === 'distribution');
  const judges = isDistribution ? candidates.filter(({ rank }) => rank === best) : candidates;
  const affected = judges
    .filter(one => one.verdict.kind === 'affected' && !isCleared(one, judges))
    .sort(compareCandidates);
  const [primary, ...more] = affected;
  if (primary === undefined || isBelied(primary, judges)) return findDoubt(ids, judges);
  const better = judges
    .filter(({ rank, verdict }) => rank < primary.rank && verdict.kind === 'not-affected')
    .sort(compareCandidates);
  const disputedBy = better[0]?.advisory.id;
  const deciding = new Set(affected.map(({ advisory }) => advisory));
  const errata = affected.flatMap(({ advisory, affected: { fixedBy } }) => [
    ...(isErratum(advisory) ? [advisory.id] : []),
    ...(fixedBy === undefined ? [] : [fixedBy]),
  ]);
  return {
    kind: 'affected',
    ids,
    errata: [...new Set(errata)].filter(id => !ids.includes(id)).sort(),
    candidates: [primary, ...more],
    others: [...new Set(candidates.toSorted(compareCandidates).map(({ advisory }) => advisory))].filter(
      record => !deciding.has(record),
    ),
    fix: findFixState(primary, isDistribution ? [...judges, ...soldOnly(candidates, judges)] : candidates),
    ...(disputedBy === undefined ? {} : { disputedBy }),
  };
}

/** Whether it only lacks a fix that was made for another minor release than the package's own. */
function isCleared({ installed, question }: Candidate, judges: readonly Candidate[]): boolean {
  if (question.feed.kind !== 'distribution') return false;
  return isFixedInMinorRelease(
    installed.text,
    judges.filter(one => one.question.scheme === question.scheme && one.question.nameKind === question.nameKind),
  );
}

/** Better records first; of equal ones that with a fix, then by id, so that the order of the database does not matter. */
function compareCandidates(a: Candidate, b: Candidate): number {
  return a.rank - b.rank || Number(hasFix(b)) - Number(hasFix(a)) || compareText(a, b);
}

function compareText(a: Candidate, b: Candidate): number {
  const [x, y] = [a, b].map(
    ({ advisory, question }) => `${advisory.id}\0${advisory.source}\0${question.feed.ecosystem}`,
  );
  return (x ?? '') < (y ?? '') ? -1 : x === y ? 0 : 1;
}

function hasFix({ affected: { range } }: Candidate): boolean {
  return range.ranges.some(events => events.some(event => event.kind === 'fixed'));
}

/** Whether the same source says that the package is not affected at all, and has nothing but a lack of fixes on the other side. */
function isBelied(primary: Candidate, judges: readonly Candidate[]): boolean {
  const isEqual = (one: Candidate) => one.rank === primary.rank && one.affected.isNotAffected === true;
  return primary.question.feed.kind === 'distribution' && !hasFix(primary) && judges.some(isEqual);
}

function findDoubt(ids: readonly string[], judges: readonly Candidate[]): Decision | undefined {
  let doubt: { readonly rank: number; readonly why: string } | undefined;
  let sureRank = Number.POSITIVE_INFINITY;
  for (const { verdict, rank } of [...judges].sort(compareCandidates)) {
    if (verdict.kind === 'not-affected') sureRank = Math.min(sureRank, rank);
    else if (verdict.kind === 'undetermined') doubt ??= { rank, why: verdict.why };
  }
  // Whoever knows best and is sure need not mind what others cannot tell.
  return doubt === undefined || sureRank < doubt.rank ? undefined : { kind: 'undetermined', ids, why: doubt.why };
}

function soldOnly(candidates: readonly Candidate[], judges: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(one => one.question.feed.subscription !== undefined && !judges.includes(one));
}
