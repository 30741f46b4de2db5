/**
 * Since when there is a fix for what was found: the day that gates and grades count from.
 *
 * Errata have a day of their own. Where a source tells only when the weakness became known, that day counts: the fix is no older than it,
 * so an image is never judged better than it is.
 */
import type { Advisory, AffectedPackage } from '#advisory/advisory.ts';
import type { AdvisoryLookup, Finding } from '#matching/finding.ts';

/** A day, and what happened on it. */
export interface FixDate {
  /** ISO 8601, a date or a moment. */
  readonly at: string;
  /** `fix`: it was published then. `disclosure`: the weakness was; the fix came then or later. */
  readonly basis: 'fix' | 'disclosure';
}

/** Sources whose records are errata: published with the fix. */
const ERRATA_SOURCES: ReadonlySet<string> = new Set(['amazon', 'oracle', 'debian-lists']);
/** Records of OSV that are errata of a distribution, by the beginning of their ids. */
const ERRATA_IDS =
  /^(?:ALSA|RLSA|RXSA|RHSA|ELSA|ALAS|SUSE-SU|openSUSE-SU|USN|DSA|DLA|MGASA|OESA|ASA|ROSA|TSSA|BELL-SA)[-0-9]/;

/** When the fix of a finding came out; `undefined` when it has none, or nobody says when. */
export function findFixDate(finding: Finding, lookup: AdvisoryLookup): FixDate | undefined {
  const { fix, evidence } = finding;
  if (fix.kind !== 'fixed') return undefined;
  const records = lookup
    .find(evidence.ecosystem, evidence.name)
    .filter(({ advisory }) => advisory.id === evidence.advisory && advisory.source === evidence.source);
  const dated = records.filter(({ affected }) => affected.fixedOn !== undefined);
  const fitting = dated.filter(({ affected }) => fixesIn(affected, fix.version));
  const fixedOn = earliest((fitting.length > 0 ? fitting : dated).map(({ affected }) => affected.fixedOn));
  if (fixedOn !== undefined) return { at: fixedOn, basis: 'fix' };
  const advisories = records.map(({ advisory }) => advisory);
  const erratum = earliest(advisories.filter(isErratum).map(({ published }) => published));
  if (erratum !== undefined) return { at: erratum, basis: 'fix' };
  const own = earliest(advisories.map(({ published }) => published));
  const disclosed = own ?? earliest((lookup.records?.(finding.id) ?? []).map(({ published }) => published));
  return disclosed === undefined ? undefined : { at: disclosed, basis: 'disclosure' };
}

function isErratum({ source, id }: Advisory): boolean {
  return ERRATA_SOURCES.has(source) || ERRATA_IDS.test(id);
}

function fixesIn({ range }: AffectedPackage, version: string): boolean {
  return range.ranges.some(events => events.some(event => event.kind === 'fixed' && event.version === version));
}

function earliest(dates: readonly (string | undefined)[]): string | undefined {
  return dates
    .filter(date => date !== undefined && !Number.isNaN(Date.parse(date)))
    .sort((a = '', b = '') => Date.parse(a) - Date.parse(b))[0];
}
