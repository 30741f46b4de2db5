/**
 * Findings for people at a terminal: what the image is, what to do first, the findings, and what is not known.
 *
 * Nothing that an image or an advisory says is printed raw: all of it goes through `printable`.
 */

import picocolors from 'picocolors';
import type { Severity } from '#advisory/advisory.ts';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Undetermined } from '#matching/finding.ts';
import type { UpgradeAdvice } from '#matching/upgrade-advice.ts';
import { formatPlatform } from '#oci/platform.ts';
import { layOut } from '../grid.ts';
import { type Colors, gapLines, headingLines } from '../table.ts';
import { cutText } from '../text-columns.ts';
import { ageLines } from './data-age.ts';
import { groupFindings, mergeBuilds, waivedByReason } from './finding-groups.ts';
import { countsText, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';
import { findingColumns, groupTitle } from './table-columns.ts';

const MAX_UPGRADES = 8;
const MAX_NAMES = 12;
const MAX_REASONS = 40;

/** The tables of all images, after a comparison when there are several. Without `columns` nothing is cut. */
export function renderScanTable(reports: readonly ScanReport[], options: ScanReportOptions): string {
  const colors = picocolors.createColors(options.hasColors ?? false);
  const sections = reports.map(report => imageLines(report, options, colors));
  const compared = reports.length > 1 ? [comparisonLines(reports, options, colors)] : [];
  const texts = [...compared, ...sections].map(lines => lines.join('\n'));
  return `${texts.join('\n\n')}\n`.toWellFormed();
}

/** Some terminals do not know their size and say 0. */
function widthOf({ columns = 0 }: ScanReportOptions): number {
  return columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

function imageLines(report: ScanReport, options: ScanReportOptions, colors: Colors): string[] {
  const width = widthOf(options);
  return [
    ...headingLines(report.inventory, options.createdAt, width, colors),
    '',
    ...summaryLines(report, width, colors),
    ...upgradeLines(report.upgrades, width, colors),
    ...findingLines(report, options, colors),
    ...gapLines(report.gaps, width, colors),
    ...undeterminedLines(report.undetermined, width, colors),
    ...waivedLines(report, width, colors),
    '',
    colors.dim('DATA'),
    ...ageLines(report.database, options).map(line => `  ${colors.dim(cutText(printable(line, 1000), width - 2))}`),
  ];
}

function summaryLines({ summary, undetermined, gaps }: ScanReport, width: number, colors: Colors): string[] {
  const { findings, bySeverity, fixable, knownExploited, waived, hidden } = summary;
  const extras = [
    ...(fixable > 0 ? [`${fixable} with a fix`] : []),
    ...(knownExploited > 0 ? [`${knownExploited} known exploited`] : []),
    ...(waived > 0 ? [`${waived} set aside`] : []),
    ...(hidden > 0 ? [`${hidden} not shown, as asked`] : []),
  ];
  const rest = extras.length === 0 ? [] : [cutText(extras.join(', '), width)];
  if (findings > 0) {
    return [colors.bold(cutText(`${countOf(findings, 'finding')}: ${countsText(bySeverity)}`, width)), ...rest];
  }
  const isSure = undetermined.length === 0 && gaps.length === 0;
  const line = `No known weaknesses found${isSure ? '' : ' in what could be judged'}`;
  return [(isSure ? colors.green : colors.yellow)(cutText(line, width)), ...rest];
}

function upgradeLines(upgrades: readonly UpgradeAdvice[], width: number, colors: Colors): string[] {
  if (upgrades.length === 0) return [];
  const shown = upgrades.slice(0, MAX_UPGRADES);
  const { lines } = layOut(
    [
      {
        title: '',
        cell: ({ name, version }: UpgradeAdvice) => `upgrade ${printable(name)} to ${printable(version)}`,
        minimum: 30,
        cut: 'middle',
      },
      {
        title: '',
        cell: ({ fixedCount, knownExploitedCount }) =>
          `fixes ${fixedCount}${knownExploitedCount > 0 ? `, ${knownExploitedCount} known exploited` : ''}`,
        decorate: (text, { knownExploitedCount }) => (knownExploitedCount > 0 ? colors.red(text) : text),
      },
      { title: '', cell: ({ bySeverity }) => countsText(bySeverity), minimum: 12 },
    ],
    shown,
    width - 2,
  );
  const rest = upgrades.length - shown.length;
  return [
    '',
    colors.bold('DO FIRST'),
    ...lines.map(line => `  ${line}`),
    ...(rest > 0 ? [`  … and ${countOf(rest, 'more upgrade')}; the format json lists them all`] : []),
  ];
}

function findingLines(report: ScanReport, options: ScanReportOptions, colors: Colors): string[] {
  const { findings, inventory } = report;
  const width = widthOf(options);
  const grouping = options.groupBy ?? 'severity';
  const columns = findingColumns(grouping, inventory, { width, colors, hasLinks: options.hasLinks ?? false });
  const groups = groupFindings(findings, grouping, inventory).map(group => ({ group, rows: mergeBuilds(group) }));
  // One layout for all groups, so that columns line up.
  const { head, lines } = layOut(
    columns,
    groups.flatMap(({ rows }) => rows),
    width - 2,
  );
  let next = 0;
  return groups.flatMap(({ group, rows }, at) => [
    '',
    groupTitle(group, grouping, inventory, { width, colors }),
    ...(at === 0 ? [`  ${colors.dim(head)}`] : []),
    ...rows.map(() => {
      next += 1;
      return `  ${lines[next - 1] ?? ''}`;
    }),
  ]);
}

function undeterminedLines(undetermined: readonly Undetermined[], width: number, colors: Colors): string[] {
  if (undetermined.length === 0) return [];
  const shown = undetermined
    .slice(0, MAX_REASONS)
    .flatMap(({ why, packages, ids }) => [
      `  ${cutText(`${countOf(packages.length, 'package')}: ${printable(why, 1000)}`, width - 2)}`,
      `    ${cutText(listed(packages.map(({ name, version }) => `${printable(name)} ${printable(version)}`)), width - 4)}`,
      ...(ids.length === 0 ? [] : [`    ${cutText(listed(ids.map(id => printable(id))), width - 4)}`]),
    ]);
  const rest = undetermined.length - MAX_REASONS;
  return [
    '',
    colors.yellow(colors.bold('NOT DETERMINED')),
    ...shown,
    ...(rest > 0 ? [`  … and ${countOf(rest, 'more reason')}; the format json lists them all`] : []),
  ];
}

function waivedLines({ waived }: ScanReport, width: number, colors: Colors): string[] {
  if (waived.length === 0) return [];
  const groups = waivedByReason(waived);
  const shown = groups.slice(0, MAX_REASONS).flatMap(({ by, findings }) => {
    const until = by.expires === undefined ? '' : `, until ${printable(by.expires)}`;
    const origin = by.kind === 'rule' ? '' : ` (${printable(by.source)}${until})`;
    const names = findings.map(({ id, package: one }) => `${printable(id)} in ${printable(one.name)}`);
    return [
      `  ${cutText(`${findings.length} ${printable(by.status)}: ${printable(by.reason, 1000)}${origin}`, width - 2)}`,
      `    ${cutText(listed(names), width - 4)}`,
    ];
  });
  const rest = groups.length - MAX_REASONS;
  return [
    '',
    colors.bold('SET ASIDE'),
    ...shown,
    ...(rest > 0 ? [`  … and ${countOf(rest, 'more reason')}; the format json lists them all`] : []),
  ];
}

function listed(names: readonly string[]): string {
  const rest = names.length - MAX_NAMES;
  return rest > 0 ? `${names.slice(0, MAX_NAMES).join(', ')} and ${rest} more` : names.join(', ');
}

/** One line for each image, side by side. */
function comparisonLines(reports: readonly ScanReport[], options: ScanReportOptions, colors: Colors): string[] {
  const count = (title: string, value: (report: ScanReport) => number) =>
    ({ title, cell: (report: ScanReport) => String(value(report)), align: 'right' }) as const;
  const severity = (name: Severity) => count(name, ({ summary }) => summary.bySeverity[name]);
  const { head, lines } = layOut(
    [
      {
        title: 'IMAGE',
        cell: ({ inventory }: ScanReport) => printable(inventory.image.reference, 4096),
        minimum: 20,
        cut: 'middle',
      },
      {
        title: 'PLATFORM',
        cell: ({ inventory: { image } }) =>
          image.platform === undefined ? '' : printable(formatPlatform(image.platform)),
      },
      severity('CRITICAL'),
      severity('HIGH'),
      severity('MEDIUM'),
      severity('LOW'),
      count('OTHER', ({ summary: { bySeverity } }) => bySeverity.NEGLIGIBLE + bySeverity.UNKNOWN),
      count('FIXABLE', ({ summary }) => summary.fixable),
      count('KEV', ({ summary }) => summary.knownExploited),
    ],
    reports,
    widthOf(options),
  );
  return [colors.bold(head), ...lines];
}
