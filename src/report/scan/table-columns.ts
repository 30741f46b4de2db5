/** The columns of findings on a terminal, and the titles of their groups. */

import type { Severity } from '#advisory/advisory.ts';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Finding } from '#matching/finding.ts';
import type { GridColumn } from '../grid.ts';
import type { Colors } from '../table.ts';
import { cutText } from '../text-columns.ts';
import { advisoryLink } from './advisory-link.ts';
import { type FindingRow, mergeBuilds } from './finding-groups.ts';
import { countsText, fixText, layerOf } from './scan-report.ts';
import type { Grouping } from './scan-report-options.ts';

/** From here on there is room for what one can also look up. */
const WIDE = 130;

interface Look {
  readonly width: number;
  readonly colors: Colors;
  readonly hasLinks: boolean;
}

/** The columns for a grouping: what the title of the group says is not said again. */
export function findingColumns(
  grouping: Grouping,
  inventory: Pick<Inventory, 'image'>,
  { width, colors, hasLinks }: Look,
): readonly GridColumn<FindingRow>[] {
  const columns: Readonly<Record<string, GridColumn<FindingRow>>> = {
    severity: {
      title: 'SEVERITY',
      cell: ({ finding }) => finding.severity,
      decorate: (text, { finding }) => severityColor(finding.severity, colors)(text),
    },
    id: {
      title: 'VULNERABILITY',
      cell: ({ finding }) => printable(finding.id),
      // `GHSA-` ids are as long.
      minimum: 19,
      decorate: (text, { finding }) => (hasLinks ? link(advisoryLink(finding.id), text) : text),
    },
    exploit: {
      title: 'EXPLOIT',
      cell: ({ finding }) => exploitCell(finding),
      decorate: (text, { finding }) => (finding.kev === undefined ? text : colors.red(text)),
    },
    package: { title: 'PACKAGE', cell: packageCell, minimum: 16, cut: 'middle' },
    installed: { title: 'INSTALLED', cell: ({ finding }) => printable(finding.package.version), minimum: 11 },
    fix: {
      title: 'FIXED IN',
      cell: ({ finding }) => printable(fixText(finding)),
      minimum: 11,
      decorate: (text, { finding: { fix } }) => (fix.kind === 'fixed' ? colors.green(text) : colors.dim(text)),
    },
    layer: {
      title: 'BROUGHT BY',
      cell: ({ finding }) => layerText(inventory, finding.package),
      minimum: 12,
      maximum: 40,
      decorate: text => colors.dim(text),
    },
    score: { title: 'CVSS', cell: ({ finding }) => scoreCell(finding), minimum: 8 },
    title: { title: 'TITLE', cell: ({ finding }) => printable(finding.title ?? '', 500), minimum: 20 },
  };
  const names = new Set([...NAMES[grouping], ...(width >= WIDE ? ['score', 'title'] : [])]);
  return [...names].flatMap(name => columns[name] ?? []);
}

const NAMES: Readonly<Record<Grouping, readonly string[]>> = {
  severity: ['id', 'exploit', 'package', 'installed', 'fix', 'layer'],
  package: ['severity', 'id', 'exploit', 'package', 'fix', 'title'],
  layer: ['severity', 'id', 'exploit', 'package', 'installed', 'fix'],
  vulnerability: ['package', 'installed', 'fix', 'layer'],
};

/** `glibc +2` for a package and two more of the same source. */
function packageCell({ finding, others }: FindingRow): string {
  const name = printable(finding.package.name);
  return others === 0 ? name : `${name} +${others}`;
}

/** Whether and how probably it is exploited: `KEV`, `KEV 94%`, `0.1%`. */
function exploitCell({ kev, epss }: Finding): string {
  const percent = epss === undefined ? '' : `${(epss.score * 100).toFixed(epss.score < 0.1 ? 1 : 0)}%`;
  return [kev === undefined ? '' : 'KEV', percent].filter(text => text !== '').join(' ');
}

function scoreCell({ cvss }: Finding): string {
  const [first] = cvss;
  return first === undefined ? '' : `${first.score.toFixed(1)} ${printable(first.origin)}`;
}

/** `2 RUN apk add curl`: the layer, counted from the lowest, and its instruction; the digest where there is none. */
export function layerText(inventory: Pick<Inventory, 'image'>, one: Pick<Package, 'layer'>): string {
  const layer = layerOf(inventory, one);
  if (layer === undefined) return '';
  const { number, digest, createdBy } = layer;
  return `${number} ${printable(shorten(createdBy) || digest.slice(digest.indexOf(':') + 1).slice(0, 12))}`;
}

/** An instruction in one line, with digests of copied folders as short as people write them. */
function shorten(createdBy: string | undefined): string {
  const line = createdBy?.slice(0, 2000).replace(/\s+/g, ' ').trim() ?? '';
  return line.replace(/\b([0-9a-f]{8})[0-9a-f]{24,120}\b/g, '$1…');
}

/** The line above a group. */
export function groupTitle(
  group: readonly [Finding, ...Finding[]],
  grouping: Grouping,
  inventory: Pick<Inventory, 'image'>,
  { width, colors }: Pick<Look, 'width' | 'colors'>,
): string {
  const [first] = group;
  const { package: one } = first;
  switch (grouping) {
    case 'severity':
      return severityColor(first.severity, colors)(colors.bold(`${first.severity} (${group.length})`));
    case 'package': {
      const layer = layerText(inventory, one);
      const where = layer === '' ? '' : `, layer ${layer}`;
      const others = [...new Set(group.map(finding => printable(finding.package.name)))].slice(1);
      const also = others.length === 0 ? '' : ` and ${others.join(', ')}`;
      const counts = countsOf(mergeBuilds(group).map(({ finding }) => finding));
      const text = `${printable(one.name)} ${printable(one.version)} (${one.type})${also}: ${counts}${where}`;
      return colors.bold(cutText(text, width));
    }
    case 'layer': {
      const layer = layerText(inventory, one);
      const text = layer === '' ? 'In no layer' : `Layer ${layer}`;
      return colors.bold(cutText(`${text}: ${countsOf(group)}`, width, 'middle'));
    }
    case 'vulnerability': {
      const title = first.title === undefined ? '' : `: ${printable(first.title, 500)}`;
      const text = `${printable(first.id)} ${first.severity}, ${countOf(group.length, 'package')}${title}`;
      return severityColor(first.severity, colors)(colors.bold(cutText(text, width)));
    }
    default:
      return grouping satisfies never;
  }
}

function countsOf(group: readonly Finding[]): string {
  const bySeverity = { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 };
  for (const { severity } of group) bySeverity[severity] += 1;
  return countsText(bySeverity);
}

function severityColor(severity: Severity, colors: Colors): (text: string) => string {
  switch (severity) {
    case 'CRITICAL':
      return text => colors.bold(colors.magenta(text));
    case 'HIGH':
      return colors.red;
    case 'MEDIUM':
      return colors.yellow;
    case 'LOW':
      return colors.cyan;
    case 'NEGLIGIBLE':
    case 'UNKNOWN':
      return colors.dim;
    default:
      return severity satisfies never;
  }
}

/** Source: "Hyperlinks in Terminal Emulators" (OSC 8). The address is ours and printable. */
function link(url: string, text: string): string {
  return `\u001b]8;;${url}\u001b\\${text}\u001b]8;;\u001b\\`;
}
