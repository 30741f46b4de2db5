/**
 * Findings as Markdown for the comment of a pull request: short enough for one, and with the details folded away.
 *
 * Source: GitHub Flavored Markdown; a comment has at most 65,536 characters. Everything from outside is made of entities where a character
 * could mean something: no link, mention, image or line of a table can be smuggled in.
 */

import type { Severity } from '#advisory/advisory.ts';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Finding } from '#matching/finding.ts';
import type { UpgradeAdvice } from '#matching/upgrade-advice.ts';
import { formatPlatform } from '#oci/platform.ts';

import { advisoryLink } from './advisory-link.ts';
import { ageLines } from './data-age.ts';
import { type FindingRow, groupFindings, mergeBuilds, waivedByReason } from './finding-groups.ts';
import { countsText, fixText, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';
import { layerText } from './table-columns.ts';

/** Rows in all; an ordinary row is some 250 characters. */
const MAX_ROWS = 150;
const MAX_UPGRADES = 10;
const MAX_REASONS = 20;

/** One comment for all images. */
export function renderMarkdown(reports: readonly ScanReport[], options: ScanReportOptions): string {
  const rowsEach = Math.max(5, Math.floor(MAX_ROWS / Math.max(1, reports.length)));
  const lines = reports.flatMap(report => [...imageLines(report, options, rowsEach), '']);
  return `${lines.join('\n').trimEnd()}\n`;
}

function imageLines(report: ScanReport, options: ScanReportOptions, maxRows: number): string[] {
  const { inventory, summary, gaps, undetermined } = report;
  const { image, distro } = inventory;
  const platform = image.platform === undefined ? '' : ` (${text(formatPlatform(image.platform))})`;
  const facts = [
    `${countOf(summary.packages, 'package')}`,
    distro === undefined ? 'distribution not known' : text(distro.name),
    ...(summary.fixable > 0 ? [`${summary.fixable} with a fix`] : []),
    ...(summary.knownExploited > 0 ? [`**${summary.knownExploited} known exploited**`] : []),
    ...(summary.waived > 0 ? [`${summary.waived} set aside`] : []),
    ...(summary.hidden > 0 ? [`${summary.hidden} not shown, as asked`] : []),
  ];
  const isSure = undetermined.length === 0 && gaps.length === 0;
  const verdict =
    summary.findings > 0
      ? `**${countOf(summary.findings, 'finding')}**: ${countsText(summary.bySeverity)}`
      : `**No known weaknesses found**${isSure ? '' : ' in what could be judged'}`;
  return [
    `### Plimsoll: ${text(image.reference, 4096)}${platform}`,
    '',
    `${verdict}. ${facts.join(', ')}.`,
    ...upgradeLines(report.upgrades),
    ...findingLines(report, options, maxRows),
    ...doubtLines(report),
    ...waivedLines(report),
    '',
    ...ageLines(report.database, options).map(line => `<sub>${text(line, 1000)}</sub>`),
  ];
}

function upgradeLines(upgrades: readonly UpgradeAdvice[]): string[] {
  if (upgrades.length === 0) return [];
  const shown = upgrades
    .slice(0, MAX_UPGRADES)
    .map(({ name, version, fixedCount, knownExploitedCount, bySeverity }) => {
      const exploited = knownExploitedCount > 0 ? `, **${knownExploitedCount} known exploited**` : '';
      return `- upgrade **${text(name)}** to **${text(version)}** fixes ${fixedCount}${exploited} (${countsText(bySeverity)})`;
    });
  const rest = upgrades.length - shown.length;
  return ['', '#### Do first', '', ...shown, ...(rest > 0 ? [`- … and ${countOf(rest, 'more upgrade')}`] : [])];
}

function findingLines(report: ScanReport, options: ScanReportOptions, maxRows: number): string[] {
  const { findings, inventory } = report;
  const groups = groupFindings(findings, options.groupBy ?? 'severity', inventory);
  const rows = groups.flatMap(group => mergeBuilds(group));
  if (rows.length === 0) return [];
  const rest = rows.length - maxRows;
  return [
    '',
    '<details>',
    `<summary>${countOf(findings.length, 'finding')}</summary>`,
    '',
    '| severity | weakness | package | installed | fixed in | brought by |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.slice(0, maxRows).map(row => toRow(row, report)),
    ...(rest > 0 ? ['', `… and ${rest} more, which the other formats have.`] : []),
    '',
    '</details>',
  ];
}

function toRow({ finding, others }: FindingRow, { inventory }: ScanReport): string {
  const { severity, id, kev, package: one } = finding;
  const exploited = kev === undefined ? '' : ' **KEV**';
  const more = others === 0 ? '' : ` +${others}`;
  const cells = [
    SIGNS[severity],
    `[${text(id)}](${advisoryLink(id)})${exploited}`,
    `${text(one.name)}${more}`,
    text(one.version),
    fixCell(finding),
    text(layerText(inventory, one), 60),
  ];
  return `| ${cells.join(' | ')} |`;
}

const SIGNS: Readonly<Record<Severity, string>> = {
  CRITICAL: '🟣 critical',
  HIGH: '🔴 high',
  MEDIUM: '🟠 medium',
  LOW: '🔵 low',
  NEGLIGIBLE: '⚪ negligible',
  UNKNOWN: '⚪ unknown',
};

function fixCell(finding: Finding): string {
  const fix = text(fixText(finding), 120);
  return finding.fix.kind === 'fixed' ? `**${fix}**` : fix;
}

function doubtLines({ gaps, undetermined }: ScanReport): string[] {
  const lines = [
    ...gaps.map(({ path, layer, reason }) => `- not read: ${text(path ?? layer ?? 'the image')}: ${text(reason)}`),
    ...undetermined.map(
      ({ why, packages }) => `- not determined, ${countOf(packages.length, 'package')}: ${text(why)}`,
    ),
  ];
  if (lines.length === 0) return [];
  const rest = lines.length - MAX_REASONS;
  return ['', '#### Not known', '', ...lines.slice(0, MAX_REASONS), ...(rest > 0 ? [`- … and ${rest} more`] : [])];
}

function waivedLines({ waived }: ScanReport): string[] {
  const groups = waivedByReason(waived);
  if (groups.length === 0) return [];
  const lines = groups.map(
    ({ by, findings }) => `- ${findings.length} ${text(by.status)}: ${text(by.reason)} (${text(by.source)})`,
  );
  const rest = lines.length - MAX_REASONS;
  return ['', '#### Set aside', '', ...lines.slice(0, MAX_REASONS), ...(rest > 0 ? [`- … and ${rest} more`] : [])];
}

/** Text in which no character means anything to Markdown, to HTML, or to whoever turns names and numbers into links. */
function text(from: string, maxLength = 300): string {
  return printable(from, maxLength)
    .toWellFormed()
    .replace(/[^\p{L}\p{N} ,;…+/-]/gu, character =>
      MEANINGLESS.has(character) ? character : `&#${character.codePointAt(0)};`,
    )
    .replace(/www\./gi, 'www&#46;');
}

/** Signs that versions and sentences are full of. A dot makes no link without `www.`, nor a slash without a colon before it. */
const MEANINGLESS: ReadonlySet<string> = new Set(['.', "'", '%', '=', '?']);
