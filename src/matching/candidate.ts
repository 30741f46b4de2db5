/**
 * Candidates: records that speak of a package, each with what it says of the installed version.
 */
import type { Advisory, AffectedPackage } from '#advisory/advisory.ts';
import {
  type AffectedRange,
  type InstalledVersion,
  judgePrepared,
  type PreparedRange,
  prepareRange,
  type Verdict,
} from '#version/range.ts';
import type { VersionScheme } from '#version/scheme.ts';
import type { BuildFacts } from './fits.ts';
import type { Question } from './question.ts';

/** One entry of one record, found by one question, and the answer. */
export interface Candidate {
  readonly advisory: Advisory;
  readonly affected: AffectedPackage;
  readonly question: Question;
  readonly installed: InstalledVersion;
  readonly verdict: Verdict;
  /** Of two candidates of one weakness the one with the lower rank knows better. */
  readonly rank: number;
}

/** A record as a lookup gives it. */
export interface FoundRecord {
  readonly advisory: Advisory;
  readonly affected: AffectedPackage;
}

/** What one entry of a record that fits the package says of its version. */
export function judgeRecord(
  { advisory, affected }: FoundRecord,
  question: Question,
  installed: InstalledVersion,
  facts: BuildFacts,
): Verdict {
  if (affected.isNotAffected) return NOT_AFFECTED;
  const verdict = judgePrepared(installed, preparedRange(affected.range, question.scheme));
  return verdict.kind === 'not-affected' ? verdict : withDoubt(verdict, { advisory, affected, question, facts });
}

/** The record with its verdict. */
export function toCandidate(
  { advisory, affected }: FoundRecord,
  question: Question,
  installed: InstalledVersion,
  verdict: Verdict,
): Candidate {
  return { advisory, affected, question, installed, verdict, rank: rankOf(advisory, affected, question) };
}

/** Whether `installed` lies in the range of the entry, all doubts aside. */
export function isInRange(affected: AffectedPackage, installed: InstalledVersion, scheme: VersionScheme): boolean {
  return judgePrepared(installed, preparedRange(affected.range, scheme)).kind === 'affected';
}

const NOT_AFFECTED: Verdict = { kind: 'not-affected' };

/** Reading the bounds of a range costs more than asking it, and a lookup may answer with the same object again. */
const PREPARED = new Map<VersionScheme, WeakMap<AffectedRange, PreparedRange>>();

/** The range, read for `scheme`. */
export function preparedRange(range: AffectedRange, scheme: VersionScheme): PreparedRange {
  let known = PREPARED.get(scheme);
  if (known === undefined) {
    known = new WeakMap();
    PREPARED.set(scheme, known);
  }
  let prepared = known.get(range);
  if (prepared === undefined) {
    prepared = prepareRange(range, scheme);
    known.set(range, prepared);
  }
  return prepared;
}

function withDoubt(
  verdict: Verdict,
  about: { advisory: Advisory; affected: AffectedPackage; question: Question; facts: BuildFacts },
): Verdict {
  const { advisory, affected, question, facts } = about;
  if (verdict.kind === 'undetermined' && question.noVersion !== undefined) {
    return { kind: 'undetermined', why: question.noVersion };
  }
  if (verdict.kind !== 'affected') return verdict;
  const why = question.doubt ?? streamDoubt(affected, facts) ?? sourceDoubt(advisory, affected);
  return why === undefined ? verdict : { kind: 'undetermined', why };
}

function streamDoubt({ module, ecosystem }: AffectedPackage, facts: BuildFacts): string | undefined {
  if (module === undefined) return undefined;
  if (module.endsWith(':*')) {
    const name = module.slice(0, -2);
    return `the advisory does not say which stream${name === '*' ? '' : ` of ${name}`} it is about`;
  }
  // What Oracle does not label is of the default stream.
  if (facts.module !== undefined || ecosystem.startsWith('Oracle Linux')) return undefined;
  return 'it is a build for a module, and nothing says of which stream';
}

function sourceDoubt({ source }: Advisory, { state }: AffectedPackage): string | undefined {
  if (state?.kind !== 'under-investigation') return undefined;
  return `${source} is still investigating whether it is affected`;
}

/** Databases that people keep for one ecosystem, who know better than those for all of them (osv-scanner#1754). */
const CURATED = /^(?:GO|PYSEC|PSF|RUSTSEC|HSEC|RSEC|OSEC|JLSEC|EEF|DRUPAL|BIT|MAL)-/;

function rankOf({ id, source }: Advisory, affected: AffectedPackage, { feed, nameKind }: Question): number {
  const isSecondHand = feed.kind === 'distribution' ? source === 'osv' : !CURATED.test(id);
  // What is said of the binary package itself is more exact than what is said of all that its source builds.
  const isBySource = feed.names === 'both' && (nameKind === 'source' || affected.nameKind === 'source');
  return feed.rank * 4 + (isSecondHand ? 2 : 0) + (isBySource ? 1 : 0);
}
