/**
 * Certificates for people at a terminal: the verdict, every check in a line, and what to do about those that do not pass.
 *
 * Nothing that an image or an advisory says is printed raw: all of it goes through `printable`.
 */

import picocolors from 'picocolors';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Certificate } from '#certification/certificate.ts';
import type { CheckOutcome, CheckResult } from '#certification/check.ts';
import type { GateResult } from '#certification/gate.ts';
import type { HealthGrade } from '#certification/health-grade.ts';
import { formatPlatform } from '#oci/platform.ts';
import { layOut } from '../grid.ts';
import type { ReportOptions } from '../report-options.ts';
import type { Colors } from '../table.ts';
import { cutText, wrapText } from '../text-columns.ts';
import { factText } from './fact-text.ts';

const MAX_BREACHES = 20;
/** How much further in a text goes on than it began. */
const HANGING = 2;
const WORDS: Readonly<Record<CheckOutcome, string>> = {
  passed: 'passed',
  failed: 'FAILED',
  error: 'NOT JUDGED',
  'not-applicable': 'not applicable',
};

/** The tables of all images. Without `columns` nothing is cut. */
export function renderCertificateTable(certificates: readonly Certificate[], options: ReportOptions): string {
  const colors = picocolors.createColors(options.hasColors ?? false);
  const width = options.columns !== undefined && options.columns > 0 ? options.columns : Number.POSITIVE_INFINITY;
  return `${certificates.map(one => imageLines(one, width, colors).join('\n')).join('\n\n')}\n`.toWellFormed();
}

function imageLines(certificate: Certificate, width: number, colors: Colors): string[] {
  const { image, name, policy, policyWhy, results, gate, grade, objections, isPassed } = certificate;
  const platform = image.platform === undefined ? '' : `  ${printable(formatPlatform(image.platform))}`;
  const { head, lines } = layOut(
    [
      { title: 'CHECK', cell: (result: CheckResult) => result.name },
      {
        title: 'RESULT',
        cell: ({ outcome }) => WORDS[outcome],
        decorate: (text, { outcome }) => painted(text, outcome, colors),
      },
      { title: 'FOUND', cell: ({ summary }) => printable(summary, 1000), minimum: 30 },
    ],
    results,
    width - 2,
  );
  const say: Say = (text, indent = 2) =>
    wrapText(printable(text, 2000), width - indent - HANGING).map(
      (one, at) => `${' '.repeat(at === 0 ? indent : indent + HANGING)}${one}`,
    );
  return [
    colors.bold(cutText(`${printable(name, 4096)}${platform}`, width)),
    ...(image.digest === undefined ? [] : [cutText(printable(image.digest), width)]),
    cutText(`Policy ${policy}: ${printable(policyWhy, 1000)}`, width),
    '',
    isPassed ? colors.green(colors.bold('PASSED')) : colors.red(colors.bold('NOT PASSED')),
    '',
    `  ${colors.dim(head)}`,
    ...lines.map(one => `  ${one}`),
    ...results
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'error')
      .flatMap(result => remedyLines(result, say, colors)),
    ...notedLines(results, say, colors),
    ...(gate === undefined ? [] : gateLines(gate, say, colors)),
    ...(grade === undefined ? [] : gradeLines(grade, say, colors)),
    ...(objections.length === 0 ? [] : ['', colors.bold('AS ASKED'), ...objections.flatMap(one => say(one))]),
  ];
}

/** A text in lines that fit, from the second on a little further in. */
type Say = (text: string, indent?: number) => readonly string[];

function painted(text: string, outcome: CheckOutcome, colors: Colors): string {
  if (outcome === 'passed') return colors.green(text);
  return outcome === 'not-applicable' ? colors.dim(text) : colors.red(text);
}

function remedyLines(result: CheckResult, say: Say, colors: Colors): string[] {
  const { name, found, why, fix, differsFromPreflight } = result;
  return [
    '',
    colors.bold(name),
    ...found.flatMap(fact => say(factText(fact), 4)),
    ...say(`Why it matters: ${why}`),
    ...say(`What to do: ${fix}`),
    ...(differsFromPreflight === undefined ? [] : say(`Otherwise in preflight: ${differsFromPreflight}`)),
  ];
}

/** What passed and is worth a look all the same. */
function notedLines(results: readonly CheckResult[], say: Say, colors: Colors): string[] {
  const noted = results.filter(
    ({ outcome, differsFromPreflight }) => outcome === 'passed' && differsFromPreflight !== undefined,
  );
  if (noted.length === 0) return [];
  return [
    '',
    colors.bold('OTHERWISE IN PREFLIGHT'),
    ...noted.flatMap(({ name, differsFromPreflight }) => say(`${name}: ${differsFromPreflight ?? ''}`)),
  ];
}

function gateLines({ outcome, summary, breaches, unknown }: GateResult, say: Say, colors: Colors): string[] {
  const shown = breaches.slice(0, MAX_BREACHES).flatMap(({ finding, fixed, ageDays }) => {
    const version = finding.fix.kind === 'fixed' ? finding.fix.version : '';
    const since =
      ageDays === undefined
        ? 'nobody says since when'
        : `${fixed?.basis === 'fix' ? 'out' : 'known'} for ${countOf(ageDays, 'day')}`;
    return say(
      `${finding.severity} ${finding.id} in ${finding.package.name} ${finding.package.version}: fixed in ${version}, ${since}`,
      4,
    );
  });
  const rest = breaches.length - MAX_BREACHES;
  return [
    '',
    colors.bold(`VULNERABILITY GATE: ${painted(WORDS[outcome], outcome, colors)}`),
    ...say(summary),
    ...shown,
    ...(rest > 0 ? say(`… and ${rest} more; the format json lists them all`, 4) : []),
    ...unknown.slice(0, MAX_BREACHES).flatMap(one => say(`not known: ${one}`, 4)),
  ];
}

function gradeLines({ grade, schedule, nextDrop, unknown }: HealthGrade, say: Say, colors: Colors): string[] {
  const day = (date: Date) => date.toISOString().slice(0, 10);
  return [
    '',
    colors.bold(`HEALTH GRADE: ${grade}`),
    ...schedule.flatMap(({ grade: letter, start, end, because }) =>
      say(
        `${letter}  from ${day(start)}${end === undefined ? '' : ` to ${day(end)}`}${because === undefined ? '' : `: ${because}`}`,
        4,
      ),
    ),
    ...(nextDrop === undefined
      ? []
      : say(`Falls to ${nextDrop.grade} on ${day(nextDrop.at)}; a new build with the fixes keeps it up`)),
    ...(grade === 'unknown' ? unknown.slice(0, MAX_BREACHES).flatMap(one => say(`not known: ${one}`, 4)) : []),
  ];
}
