/**
 * How bad a finding is, and who says so.
 *
 * The word of whoever speaks for the package comes first: a distribution rates its own build, NVD the upstream product in its worst
 * configuration. People compare with sites they know (grype#717, #2718, #3208, #2850, #1970), so every vector is kept and the origin named.
 */
import { type Advisory, type AdvisoryKind, type Rating, SEVERITIES, type Severity } from '#advisory/advisory.ts';
import { type CvssVersion, scoreOf, severityOfScore } from './cvss.ts';
import type { Finding } from './finding.ts';

/** What a finding says of its severity. */
export type SeverityFacts = Pick<Finding, 'severity' | 'severitySource' | 'cvss'>;

const MAX_VECTORS = 20;
/** Of one record's vectors the newest version counts. */
const NEWEST_FIRST: readonly CvssVersion[] = ['4.0', '3.1', '3.0', '2'];

/**
 * The severity. `own` are the ratings by records that decided or agree, best first; `others` are records of the same weakness from elsewhere,
 * whose words are about other builds, so that only their vectors count: NVD's last.
 */
export function rate(
  kind: AdvisoryKind,
  own: readonly (readonly Rating[])[],
  others: readonly Pick<Advisory, 'ratings'>[],
): SeverityFacts {
  const cvss = listVectors([...own.flat(), ...others.flatMap(({ ratings }) => ratings)]);
  // Whatever the vectors say, a package that attacks whoever installs it is as bad as can be.
  if (kind === 'malware') return { severity: 'CRITICAL', severitySource: 'malware', cvss };
  for (const ratings of own) {
    const found = findWord(ratings) ?? findScored(ratings);
    if (found !== undefined) return { ...found, cvss };
  }
  const foreign = others.flatMap(({ ratings }) => ratings);
  const found =
    findScored(foreign.filter(({ origin }) => origin !== 'nvd')) ??
    findScored(foreign.filter(({ origin }) => origin === 'nvd'));
  return { ...(found ?? { severity: 'UNKNOWN', severitySource: 'none' }), cvss };
}

type Rated = Pick<Finding, 'severity' | 'severitySource'>;

function findWord(ratings: readonly Rating[]): Rated | undefined {
  for (const rating of ratings) {
    if (rating.kind === 'word' && rating.severity !== 'UNKNOWN') {
      return { severity: rating.severity, severitySource: rating.origin };
    }
  }
  return undefined;
}

function findScored(ratings: readonly Rating[]): Rated | undefined {
  for (const version of NEWEST_FIRST) {
    for (const rating of ratings) {
      if (rating.kind !== 'cvss' || rating.version !== version) continue;
      const score = scoreOf(version, rating.vector);
      if (score === undefined) continue;
      return { severity: severityOfScore(version, score), severitySource: `cvss:${version} ${rating.origin}` };
    }
  }
  return undefined;
}

/** Every readable vector once, newest version first. */
function listVectors(ratings: readonly Rating[]): Finding['cvss'] {
  const byKey = new Map<string, { readonly rank: number; readonly entry: Finding['cvss'][number] }>();
  for (const rating of ratings) {
    if (rating.kind !== 'cvss') continue;
    const { version, vector, origin } = rating;
    const score = scoreOf(version, vector);
    const rank = NEWEST_FIRST.indexOf(version);
    if (score !== undefined) byKey.set(`${vector} ${origin}`, { rank, entry: { version, vector, score, origin } });
  }
  return [...byKey]
    .sort(
      ([keyA, a], [keyB, b]) =>
        a.rank - b.rank || compareText(a.entry.origin, b.entry.origin) || compareText(keyA, keyB),
    )
    .slice(0, MAX_VECTORS)
    .map(([, { entry }]) => entry);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Worst first: negative when `a` is worse than `b`. */
export function compareSeverity(a: Severity, b: Severity): number {
  return SEVERITIES.indexOf(a) - SEVERITIES.indexOf(b);
}
