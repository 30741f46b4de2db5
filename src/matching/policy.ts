/**
 * `--fail-on`: which findings an image may not have.
 *
 * Source: docs of the command; `high,fixable` are findings that are high or worse *and* have a fix.
 */

import type { Severity } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Finding, Undetermined } from './finding.ts';
import { compareSeverity } from './severity.ts';

/** What fails. Every condition that is set must hold of one and the same finding. */
export interface Policy {
  /** The mildest severity that fails; missing: any. `UNKNOWN` is milder than all others, so that it takes everything in. */
  readonly severity?: Severity;
  readonly needsFix: boolean;
  readonly needsKnownExploited: boolean;
  /** The lowest EPSS score that fails, 0 to 1. */
  readonly minEpss?: number;
  /** Whether anything that could not be determined fails as well, whatever the other conditions. */
  readonly includesUndetermined: boolean;
}

/** What came of a policy: the image passes when both lists are empty. */
export interface PolicyOutcome {
  /** Worst first. */
  readonly failing: readonly Finding[];
  readonly undetermined: readonly Undetermined[];
}

const SEVERITY_WORDS: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['medium', 'MEDIUM'],
  ['low', 'LOW'],
  ['negligible', 'NEGLIGIBLE'],
  ['unknown', 'UNKNOWN'],
  ['any', 'UNKNOWN'],
]);

const WORDS = 'a severity, fixable, kev, epss=0.5, undetermined';

/**
 * Reads conditions separated by commas: `high`, `medium,fixable`, `kev`, `low,epss=0.5`, `high,undetermined`.
 * @throws {PlimsollError} `USAGE`.
 */
export function parsePolicy(text: string): Policy {
  const policy: { -readonly [K in keyof Policy]: Policy[K] } = {
    needsFix: false,
    needsKnownExploited: false,
    includesUndetermined: false,
  };
  for (const written of text.split(',', 16)) {
    const word = written.trim().toLowerCase();
    const severity = SEVERITY_WORDS.get(word);
    const [, epss] = /^epss(?:>=|=)(0|1|0?\.\d{1,6}|1\.0)$/.exec(word) ?? [];
    if (severity !== undefined && policy.severity === undefined) policy.severity = severity;
    else if (epss !== undefined && policy.minEpss === undefined) policy.minEpss = Number(epss);
    else if (word === 'fixable') policy.needsFix = true;
    else if (word === 'kev') policy.needsKnownExploited = true;
    else if (word === 'undetermined') policy.includesUndetermined = true;
    else {
      const why = severity === undefined && epss === undefined ? `it knows ${WORDS}` : 'it says that twice';
      throw new PlimsollError(
        'USAGE',
        `Cannot fail on "${printable(text)}": "${printable(written.trim())}" is wrong, ${why}`,
      );
    }
  }
  return policy;
}

/** Holds findings against a policy. Notices never fail; neither does what was set aside, for it is not among `findings`. */
export function evaluatePolicy(
  { findings, undetermined }: { readonly findings: readonly Finding[]; readonly undetermined: readonly Undetermined[] },
  policy: Policy,
): PolicyOutcome {
  const hasCondition =
    policy.severity !== undefined || policy.needsFix || policy.needsKnownExploited || policy.minEpss !== undefined;
  const failing = hasCondition ? findings.filter(finding => fails(finding, policy)) : [];
  return {
    failing: failing.sort((a, b) => compareSeverity(a.severity, b.severity)),
    undetermined: policy.includesUndetermined ? undetermined : [],
  };
}

function fails(finding: Finding, { severity, needsFix, needsKnownExploited, minEpss }: Policy): boolean {
  if (finding.kind === 'notice') return false;
  if (severity !== undefined && compareSeverity(finding.severity, severity) > 0) return false;
  if (needsFix && finding.fix.kind !== 'fixed') return false;
  if (needsKnownExploited && finding.kev === undefined) return false;
  return minEpss === undefined || (finding.epss?.score ?? 0) >= minEpss;
}
