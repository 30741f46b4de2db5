/** Which weaknesses are rated otherwise by EPSS, or stand otherwise in the catalogue of exploited ones, in a newer database. */
import type { AdvisoryLookup } from '#matching/finding.ts';

/** Of a weakness whose signals differ, which do. At least one does. */
export interface SignalChange {
  readonly cve: string;
  readonly isEpssChanged: boolean;
  readonly isKevChanged: boolean;
}

type Signals = Pick<AdvisoryLookup, 'epss' | 'kev'>;

/** Those of `cves` whose signals differ, in their order: 5 µs for each asked about. A weakness that left the catalogue or the scores counts too. */
export function* changedSignals(before: Signals, after: Signals, cves: Iterable<string>): Generator<SignalChange> {
  for (const cve of cves) {
    const isEpssChanged = !isSame(before.epss(cve), after.epss(cve));
    const isKevChanged = !isSame(before.kev(cve), after.kev(cve));
    if (isEpssChanged || isKevChanged) yield { cve, isEpssChanged, isKevChanged };
  }
}

/** Both come from the same function, so their fields are in the same order. */
function isSame(a: object | undefined, b: object | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
