/**
 * The vulnerability gate: which known weaknesses an image may not be published with.
 *
 * Only what has a fix counts, for the others a vendor can do nothing about; and it counts from the day the fix has been out for as long as
 * the rule allows. Source: the policy guide wants images without known critical and important flaws when they are certified.
 */
import type { Severity } from '#advisory/advisory.ts';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { AdvisoryLookup, Finding } from '#matching/finding.ts';
import { compareSeverity } from '#matching/severity.ts';
import { type FixDate, findFixDate } from './fix-date.ts';

/** No finding of that severity or a worse one may have a fix that is older than so many days. */
export interface GateRule {
  readonly severity: Severity;
  /** 0: none at all. */
  readonly maxAgeDays: number;
}

/** Rules, all of which must hold. */
export type Gate = readonly GateRule[];

/** Nothing critical or high that has a fix. */
export const DEFAULT_GATE: Gate = [{ severity: 'HIGH', maxAgeDays: 0 }];

/** A finding that breaks a rule. */
export interface GateBreach {
  readonly finding: Finding;
  /** Missing when nobody says when the fix came out; it then counts as old. */
  readonly fixed?: FixDate;
  /** Whole days since. */
  readonly ageDays?: number;
  readonly rule: GateRule;
}

/** What came of the gate. `error`: nothing breaks it, and not everything is known. */
export interface GateResult {
  readonly outcome: 'passed' | 'failed' | 'error';
  /** One sentence without full stop. */
  readonly summary: string;
  readonly gate: Gate;
  /** In the order of the findings. */
  readonly breaches: readonly GateBreach[];
  readonly unknown: readonly string[];
}

const WORDS: ReadonlyMap<string, Severity> = new Map([
  ['critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['important', 'HIGH'],
  ['medium', 'MEDIUM'],
  ['moderate', 'MEDIUM'],
  ['low', 'LOW'],
]);
const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * Reads rules separated by commas: `high` (none), `critical=7,high=30` (days that the fix may be old). Red Hat's words do too.
 * @throws {PlimsollError} `USAGE`.
 */
export function parseGate(text: string): Gate {
  return text.split(',', 8).map(written => {
    const [, word = '', days] = /^([a-z]+)(?:=([0-9]{1,5}))?$/.exec(written.trim().toLowerCase()) ?? [];
    const severity = WORDS.get(word);
    if (severity !== undefined) return { severity, maxAgeDays: Number(days ?? 0) };
    throw new PlimsollError(
      'USAGE',
      `Cannot use the gate "${printable(text)}": "${printable(written.trim())}" is no severity with days, such as critical=7 or high`,
    );
  });
}

/** The gate as `parseGate` reads it. */
export function formatGate(gate: Gate): string {
  return gate
    .map(({ severity, maxAgeDays }) => `${severity.toLowerCase()}${maxAgeDays === 0 ? '' : `=${maxAgeDays}`}`)
    .join(',');
}

/** Holds findings against the gate at `now`. `unknown` is what `tellUnknowns` tells. What was set aside is not among `findings`. */
export function judgeGate(
  findings: readonly Finding[],
  gate: Gate,
  options: { readonly lookup: AdvisoryLookup; readonly now: Date; readonly unknown: readonly string[] },
): GateResult {
  const { lookup, now, unknown } = options;
  const breaches: GateBreach[] = [];
  for (const finding of findings) {
    // Of a malicious package the fix is to take it out.
    const isMalware = finding.kind === 'malware';
    if (finding.kind === 'notice' || (finding.fix.kind !== 'fixed' && !isMalware)) continue;
    const rules = gate.filter(({ severity }) => isMalware || compareSeverity(finding.severity, severity) <= 0);
    if (rules.length === 0) continue;
    const fixed = findFixDate(finding, lookup);
    const ageMs = fixed === undefined ? undefined : Math.max(0, now.getTime() - Date.parse(fixed.at));
    const broken = rules.find(
      ({ maxAgeDays }) => isMalware || maxAgeDays === 0 || ageMs === undefined || ageMs > maxAgeDays * DAY_MS,
    );
    if (broken === undefined) continue;
    breaches.push({
      finding,
      rule: broken,
      ...(fixed === undefined ? {} : { fixed }),
      ...(ageMs === undefined ? {} : { ageDays: Math.floor(ageMs / DAY_MS) }),
    });
  }
  const shape = { gate, breaches, unknown };
  if (breaches.length > 0) return { ...shape, outcome: 'failed', summary: summaryOf(breaches) };
  const [first] = unknown;
  if (first !== undefined)
    return { ...shape, outcome: 'error', summary: `Nothing breaks the gate, and not everything is known: ${first}` };
  return { ...shape, outcome: 'passed', summary: 'Nothing breaks the gate' };
}

function summaryOf(breaches: readonly GateBreach[]): string {
  const named = (title: string, isWanted: (breach: GateBreach) => boolean) => {
    const ids = [...new Set(breaches.filter(isWanted).map(({ finding }) => finding.id))];
    const rest = ids.length > 5 ? ` and ${ids.length - 5} more` : '';
    return ids.length === 0 ? [] : [`${title}: ${ids.slice(0, 5).join(', ')}${rest}`];
  };
  return [
    ...named('Packages are malicious', ({ finding }) => finding.kind === 'malware'),
    ...named('Fixes are out and not in the image', ({ finding }) => finding.kind !== 'malware'),
  ].join('; ');
}
