/**
 * The fix of a weakness in a package: the lowest version that no record of the weakness calls affected, or why there is none.
 */
import type { FixState } from '#advisory/advisory.ts';
import { fixesFor, type InstalledVersion, readInstalled } from '#version/range.ts';
import { type Candidate, isInRange, preparedRange } from './candidate.ts';
import { isFixedInMinorRelease } from './minor-release.ts';

/** Branches fixed one after the other; more rounds than this mean a record that nobody could follow. */
const MAX_ROUNDS = 8;

/**
 * The fix for `primary`, which is affected. `candidates` are all that is said of the weakness. A fix that only a subscription gives is no
 * fix for who has none.
 */
export function findFixState(primary: Candidate, candidates: readonly Candidate[]): FixState {
  const reachable = candidates.filter(({ question }) => question.feed.subscription === undefined);
  const fix = reachable.includes(primary) ? findFix(primary, reachable) : undefined;
  if (fix !== undefined) return { kind: 'fixed', version: fix };
  const sold = candidates.filter(({ question }) => question.feed.subscription !== undefined);
  for (const candidate of sold) {
    const version = findFix(candidate, sold);
    const { subscription } = candidate.question.feed;
    if (version !== undefined)
      return { kind: 'will-not-fix', reason: `${version} is only for those with ${subscription}` };
  }
  const states = [primary, ...candidates].map(({ affected, verdict }) =>
    verdict.kind === 'affected' ? affected.state : undefined,
  );
  const told = states.find(state => state !== undefined);
  if (told !== undefined) return told;
  // Where the range ends without a fix, later versions are free of it, and nobody says from which one on.
  return endsWithoutFix(primary) ? { kind: 'unknown' } : { kind: 'not-fixed' };
}

function endsWithoutFix({ affected: { range } }: Candidate): boolean {
  if (range.ranges.length === 0) return true;
  return range.ranges.some(events => events.some(({ kind, version }) => kind !== 'introduced' && version !== '*'));
}

/** The fix for the versions that `primary` is about, from any of the affected candidates of the same kind of name. */
function findFix(primary: Candidate, candidates: readonly Candidate[]): string | undefined {
  const { question } = primary;
  // A binary package with versions of its own cannot be held against its source's fixes.
  const peers = candidates.filter(({ question: { nameKind, scheme } }) => {
    return nameKind === question.nameKind && scheme === question.scheme;
  });
  const affected = peers.filter(({ verdict }) => verdict.kind === 'affected');
  let ends = affected.flatMap(candidate => endsOf(candidate, candidate.installed));
  const [fallback] = endsOf(primary, primary.installed);
  for (let round = 0; round < MAX_ROUNDS && ends.length > 0; round += 1) {
    const versions = sortVersions(ends, primary);
    const next: string[] = [];
    for (const version of versions) {
      const at = readInstalled(version, question.scheme);
      const still = peers.filter(candidate => isAffectedAt(candidate, at));
      if (still.length === 0 || isFixedInMinorRelease(version, peers)) return version;
      // Its branch has a weakness of its own, and perhaps a fix further on.
      for (const candidate of still) next.push(...endsOf(candidate, at));
    }
    ends = next;
  }
  return (
    fallback ??
    sortVersions(
      affected.flatMap(candidate => endsOf(candidate, candidate.installed)),
      primary,
    )[0]
  );
}

function endsOf({ affected, question }: Candidate, installed: InstalledVersion): readonly string[] {
  return fixesFor(installed, preparedRange(affected.range, question.scheme));
}

function isAffectedAt({ affected, question }: Candidate, at: InstalledVersion): boolean {
  return affected.isNotAffected !== true && isInRange(affected, at, question.scheme);
}

function sortVersions(texts: readonly string[], { question: { scheme } }: Candidate): readonly string[] {
  return [...new Set(texts)]
    .map(text => ({ text, version: scheme.parse(text) }))
    .sort((a, b) => (a.version === undefined || b.version === undefined ? 0 : scheme.compare(a.version, b.version)))
    .map(({ text }) => text);
}
