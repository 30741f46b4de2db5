/**
 * Findings as one HTML page that needs nothing else: it loads nothing, and runs nothing but its own script.
 *
 * Everything from outside is escaped; the content security policy would stop what got through.
 */

import { hash } from 'node:crypto';
import { SEVERITIES } from '#advisory/advisory.ts';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Inventory } from '#inventory/inventory.ts';
import type { Finding } from '#matching/finding.ts';
import { formatPlatform } from '#oci/platform.ts';
import { supportOf } from '../support.ts';

import { advisoryLink, safeLink } from './advisory-link.ts';
import { ageLines } from './data-age.ts';
import { groupFindings, waivedByReason } from './finding-groups.ts';
import { SCRIPT, STYLE } from './html-page.ts';
import { countsText, fixText, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';
import { layerText } from './table-columns.ts';

const MAX_LINKS = 5;
const SUPPORT_CLASSES = { supported: 'soft', 'ends-soon': 'warn', ended: 'HIGH', unknown: 'soft' } as const;
const MAX_PACKAGES = 30;

/** One page for all images. */
export function renderHtml(reports: readonly ScanReport[], options: ScanReportOptions): string {
  const [first] = reports;
  const title = first === undefined || reports.length > 1 ? 'Plimsoll' : `Plimsoll: ${first.inventory.image.reference}`;
  const policy = `default-src 'none'; style-src ${sourceOf(STYLE)}; script-src ${sourceOf(SCRIPT)}; base-uri 'none'; form-action 'none'`;
  const lines = [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(title)}</title>`,
    `<style>${STYLE}</style>`,
    '</head>',
    '<body>',
    '<h1>Known weaknesses</h1>',
    ...(reports.length > 1 ? comparison(reports) : []),
    '<div class="find"><label>Search <input type="search" placeholder="CVE, package, severity, layer …"></label> <output></output></div>',
    ...reports.flatMap(report => imageLines(report, options)),
    `<p><small>Written by Plimsoll ${escapeHtml(options.toolVersion)}</small></p>`,
    `<script>${SCRIPT}</script>`,
    '</body>',
    '</html>',
  ];
  return `${lines.join('\n')}\n`;
}

/** A source of the content security policy: CSP 3, "hash-source". */
function sourceOf(content: string): string {
  return `'sha256-${hash('sha256', content, 'base64')}'`;
}

function imageLines(report: ScanReport, options: ScanReportOptions): string[] {
  const { inventory, summary, undetermined, gaps } = report;
  const { image, distro } = inventory;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Digest', image.digest],
    ['Platform', image.platform && formatPlatform(image.platform)],
    ['Distribution', distro?.name ?? 'unknown: no file of the image names one'],
    ['Packages', String(summary.packages)],
  ];
  const support = distro && supportOf(distro.endOfLife, options.createdAt);
  const isSure = undetermined.length === 0 && gaps.length === 0;
  const verdict =
    summary.findings > 0
      ? `<strong>${countOf(summary.findings, 'finding')}</strong>: ${countsText(summary.bySeverity)}`
      : `<strong class="${isSure ? 'good' : 'warn'}">No known weaknesses found${isSure ? '' : ' in what could be judged'}</strong>`;
  const extras = [
    ...(summary.fixable > 0 ? [`${summary.fixable} with a fix`] : []),
    ...(summary.knownExploited > 0 ? [`<strong class="HIGH">${summary.knownExploited} known exploited</strong>`] : []),
    ...(summary.waived > 0 ? [`${summary.waived} set aside`] : []),
    ...(summary.hidden > 0 ? [`${summary.hidden} not shown, as asked`] : []),
  ];
  return [
    '<section>',
    `<h2>${escapeHtml(image.reference, 4096)}</h2>`,
    `<p>${[verdict, ...extras].join('; ')}</p>`,
    `<p class="soft">${facts.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${escapeHtml(value)}`])).join(' · ')}</p>`,
    ...(support === undefined
      ? []
      : [`<p class="${SUPPORT_CLASSES[support.state]}">Support ${escapeHtml(support.text)}</p>`]),
    ...upgradeLines(report),
    ...findingLines(report, options),
    ...doubtLines(report),
    ...waivedLines(report),
    ...ageLines(report.database, options).map(line => `<p><small>${escapeHtml(line, 1000)}</small></p>`),
    '</section>',
  ];
}

function upgradeLines({ upgrades }: ScanReport): string[] {
  if (upgrades.length === 0) return [];
  const items = upgrades.map(({ name, version, fixedCount, knownExploitedCount, bySeverity }) => {
    const exploited =
      knownExploitedCount > 0 ? `, <strong class="HIGH">${knownExploitedCount} known exploited</strong>` : '';
    return `<li>upgrade <strong>${escapeHtml(name)}</strong> to <strong>${escapeHtml(version)}</strong> fixes ${fixedCount}${exploited} <span class="soft">(${countsText(bySeverity)})</span></li>`;
  });
  const [shown, folded] = [items.slice(0, 8), items.slice(8)];
  const rest =
    folded.length === 0
      ? []
      : [`<details><summary>${countOf(folded.length, 'more upgrade')}</summary><ul>`, ...folded, '</ul></details>'];
  return ['<h3>Do first</h3>', '<ul>', ...shown, '</ul>', ...rest];
}

const HEADS = ['Severity', 'Weakness', 'Exploit', 'Package', 'Installed', 'Fixed in', 'Brought by', 'What and why'];

function findingLines(report: ScanReport, options: ScanReportOptions): string[] {
  const { findings, inventory } = report;
  if (findings.length === 0) return [];
  const ordered = groupFindings(findings, options.groupBy ?? 'severity', inventory).flat();
  return [
    '<div class="wide"><table>',
    `<thead><tr>${HEADS.map(head => `<th scope="col"><button type="button">${head}</button></th>`).join('')}</tr></thead>`,
    '<tbody class="found">',
    ...ordered.map(finding => toRow(finding, inventory)),
    '</tbody>',
    '</table></div>',
  ];
}

function toRow(finding: Finding, inventory: Inventory): string {
  const { id, severity, severitySource, aliases, kev, epss, package: one, title, evidence } = finding;
  const links = [...new Set(finding.references.flatMap(url => safeLink(url) ?? []))].slice(0, MAX_LINKS);
  const exploit = [
    ...(kev === undefined ? [] : [`<strong class="HIGH">known since ${escapeHtml(kev.added)}</strong>`]),
    ...(epss === undefined ? [] : [`${(epss.score * 100).toFixed(1)} %`]),
  ];
  const scores = finding.cvss.map(({ version, score, origin }) => `CVSS ${version} ${score.toFixed(1)} (${origin})`);
  const places = one.locations.slice(0, MAX_LINKS).map(({ path }) => escapeHtml(path, 1000));
  const details = [
    `${escapeHtml(evidence.why, 1000)} (${escapeHtml(evidence.advisory)}, ${escapeHtml(evidence.source)})`,
    ...(aliases.length === 0 ? [] : [`also ${escapeHtml(aliases.join(', '), 1000)}`]),
    `severity by ${escapeHtml(severitySource)}`,
    ...(scores.length === 0 ? [] : [escapeHtml(scores.join(', '), 1000)]),
    ...(places.length === 0 ? [] : [`in ${places.join(', ')}`]),
    ...links.map(url => anchor(url, url)),
  ];
  const cells = [
    cell(`<span class="tag ${severity}">${severity}</span>`, String(SEVERITIES.indexOf(severity))),
    cell(anchor(advisoryLink(id), id)),
    cell(exploit.join(', '), exploitRank(finding)),
    cell(`${escapeHtml(one.name)} <small>${escapeHtml(one.type)}</small>`),
    cell(escapeHtml(one.version)),
    cell(
      finding.fix.kind === 'fixed' ? `<strong>${escapeHtml(fixText(finding))}</strong>` : escapeHtml(fixText(finding)),
    ),
    cell(escapeHtml(layerText(inventory, one))),
    cell(
      `${escapeHtml(title ?? '', 1000)}<details><summary>more</summary>${details.map(line => `<div>${line}</div>`).join('')}</details>`,
    ),
  ];
  return `<tr>${cells.join('')}</tr>`;
}

/** Whole numbers, as the script sorts them: known exploited ones first, then the most probable. */
function exploitRank({ kev, epss }: Finding): string {
  return String((kev === undefined ? 200_000 : 100_000) - Math.round((epss?.score ?? 0) * 100_000));
}

function cell(html: string, sort?: string): string {
  return sort === undefined ? `<td>${html}</td>` : `<td data-sort="${escapeHtml(sort)}">${html}</td>`;
}

/** `url` comes from `advisoryLink` or `safeLink`. */
function anchor(url: string, label: string): string {
  return `<a href="${escapeHtml(url, 4096)}" rel="noopener noreferrer nofollow">${escapeHtml(label, 200)}</a>`;
}

function doubtLines({ gaps, undetermined }: ScanReport): string[] {
  const items = [
    ...gaps.map(
      ({ path, layer, reason }) =>
        `<li>not read: ${escapeHtml(path ?? layer ?? 'the image')}: ${escapeHtml(reason)}</li>`,
    ),
    ...undetermined.map(({ why, packages, ids }) => {
      const names = packages.slice(0, MAX_PACKAGES).map(({ name, version }) => escapeHtml(`${name} ${version}`));
      const rest = packages.length > MAX_PACKAGES ? ` and ${packages.length - MAX_PACKAGES} more` : '';
      const about = ids.length === 0 ? '' : ` <small>${escapeHtml(ids.join(', '), 1000)}</small>`;
      return `<li>not determined, ${countOf(packages.length, 'package')}: ${escapeHtml(why, 1000)}${about}<br><small>${names.join(', ')}${rest}</small></li>`;
    }),
  ];
  return items.length === 0 ? [] : ['<h3 class="warn">Not known</h3>', '<ul>', ...items, '</ul>'];
}

function waivedLines({ waived }: ScanReport): string[] {
  const items = waivedByReason(waived).map(({ by, findings }) => {
    const names = findings.map(({ id, package: one }) => escapeHtml(`${id} in ${one.name}`));
    const until = by.expires === undefined ? '' : `, until ${escapeHtml(by.expires)}`;
    return `<li>${escapeHtml(by.status)}: ${escapeHtml(by.reason, 1000)} <small>(${escapeHtml(by.source)}${until})</small><br><small>${names.join(', ')}</small></li>`;
  });
  return items.length === 0 ? [] : ['<h3>Set aside</h3>', '<ul>', ...items, '</ul>'];
}

function comparison(reports: readonly ScanReport[]): string[] {
  const heads = ['Critical', 'High', 'Medium', 'Low', 'Negligible', 'Unknown', 'With a fix', 'Known exploited'];
  const rows = reports.map(({ inventory: { image }, summary }) => {
    const counts = [
      ...SEVERITIES.map(severity => summary.bySeverity[severity]),
      summary.fixable,
      summary.knownExploited,
    ];
    const platform = image.platform === undefined ? '' : formatPlatform(image.platform);
    return `<tr><td>${escapeHtml(image.reference, 4096)}</td><td>${escapeHtml(platform)}</td>${counts.map(count => `<td class="n">${count}</td>`).join('')}</tr>`;
  });
  return [
    '<div class="wide"><table>',
    `<thead><tr><th scope="col">Image</th><th scope="col">Platform</th>${heads.map(head => `<th scope="col" class="n">${head}</th>`).join('')}</tr></thead>`,
    '<tbody>',
    ...rows,
    '</tbody>',
    '</table></div>',
  ];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Text for an element or a quoted attribute. */
function escapeHtml(from: string, maxLength = 300): string {
  return printable(from, maxLength)
    .toWellFormed()
    .replace(/[&<>"'`]/g, character => ENTITIES[character] ?? '');
}
