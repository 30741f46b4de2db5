/**
 * An inventory for people at a terminal: what the image is, what is in it, what could not be read.
 *
 * Nothing the image says is printed raw: all of it goes through `printable`.
 */

import picocolors from 'picocolors';
import { formatBytes } from '#base/byte-size.ts';
import { countOf } from '#base/count-of.ts';
import { printable } from '#base/text.ts';
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import { formatPlatform } from '#oci/platform.ts';
import { type GridColumn, layOut } from './grid.ts';
import type { ReportOptions } from './report-options.ts';
import { supportOf } from './support.ts';
import { cutText, padText } from './text-columns.ts';

/** Those of `picocolors`. */
export type Colors = ReturnType<typeof picocolors.createColors>;

// More are a number: who wants them all takes the JSON.
const MAX_GAPS = 50;

/** The table, ended by a line break. Without `columns` nothing is cut, as wanted in a file or a pipe. */
export function renderTable(
  inventory: Inventory,
  { createdAt, columns: terminalColumns = 0, hasColors = false }: ReportOptions,
): string {
  // Some terminals do not know their size and say 0.
  const columns = terminalColumns > 0 ? terminalColumns : Number.POSITIVE_INFINITY;
  const colors = picocolors.createColors(hasColors);
  const lines = [
    ...headingLines(inventory, createdAt, columns, colors),
    '',
    ...packageLines(inventory.packages, columns, colors),
    ...gapLines(inventory.gaps, columns, colors),
  ];
  return `${lines.join('\n')}\n`.toWellFormed();
}

/** What the image is, one fact a line. */
export function headingLines({ image, distro, packages, gaps }: Inventory, now: Date, columns: number, colors: Colors) {
  const line = (label: string, text: string, color: (text: string) => string = String) =>
    `${colors.dim(padText(label, 9))}${color(cutText(text, columns - 9))}`;
  const lines = [colors.bold(printable(image.reference, 4096))];
  // Digest and reference are for copying: they are never cut.
  if (image.digest !== undefined) lines.push(`${colors.dim(padText('Digest', 9))}${image.digest}`);
  if (image.platform !== undefined) lines.push(line('Platform', printable(formatPlatform(image.platform))));
  if (distro === undefined) {
    lines.push(line('Distro', 'unknown: no file of the image names one', colors.yellow));
  } else {
    lines.push(line('Distro', printable(distro.name)));
    const { text, state } = supportOf(distro.endOfLife, now);
    const color = SUPPORT_COLORS[state];
    lines.push(line('Support', text, color === undefined ? String : colors[color]));
  }
  if (image.layers.length > 0) {
    const bytes = image.layers.reduce((sum, layer) => sum + layer.sizeBytes, 0);
    lines.push(line('Layers', `${image.layers.length}, ${formatBytes(bytes)}`));
    const unchecked = image.layers.filter(layer => layer.verifiedBy === 'toc').length;
    if (unchecked > 0) {
      const text = `${unchecked} of ${image.layers.length} layers read in part, on the word of their own index`;
      lines.push(line('Trust', text, colors.yellow));
    }
  }
  lines.push(line('Packages', countByType(packages)));
  if (gaps.length > 0) {
    lines.push(
      line('Not read', `${countOf(gaps.length, 'part')}, listed at the end: packages may be missing`, colors.red),
    );
  }
  return lines;
}

const SUPPORT_COLORS = { supported: undefined, 'ends-soon': 'yellow', ended: 'red', unknown: 'dim' } as const;

function countByType(packages: readonly Package[]): string {
  const counts = new Map<string, number>();
  for (const { type } of packages) counts.set(type, (counts.get(type) ?? 0) + 1);
  if (counts.size === 0) return 'none found';
  const most = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return `${packages.length}: ${most.map(([type, count]) => `${count} ${type}`).join(', ')}`;
}

const COLUMNS: readonly GridColumn<Package>[] = [
  { title: 'TYPE', cell: one => one.type },
  // Long names are paths, whose end tells more than their middle.
  {
    title: 'NAME',
    cell: one => `${printable(one.name)}${one.evidence === 'asserted' ? ' *' : ''}`,
    minimum: 24,
    cut: 'middle',
  },
  { title: 'VERSION', cell: one => printable(one.version), minimum: 16 },
  { title: 'SOURCE', cell: sourceCell, minimum: 10 },
  { title: 'LAYER', cell: one => (one.layer === undefined ? '' : shortDigest(one.layer)) },
];

/** The source package where it differs: its name, with the version only when that differs as well. */
function sourceCell({ name, version, source }: Package): string {
  if (source === undefined) return '';
  const hasOwnVersion = source.version !== undefined && source.version !== version;
  if (source.name === name && !hasOwnVersion) return '';
  return printable(hasOwnVersion ? `${source.name} ${source.version}` : source.name);
}

function packageLines(packages: readonly Package[], columns: number, colors: Colors): string[] {
  if (packages.length === 0) return ['No packages found.'];
  const { head, lines: rows } = layOut(COLUMNS, packages, columns);
  const lines = [colors.bold(head), ...rows];
  if (packages.some(one => one.evidence === 'asserted')) {
    lines.push('', colors.dim('* asserted by an SBOM in the image, not found installed'));
  }
  return lines;
}

/** The gaps under a title of their own, none for none. */
export function gapLines(gaps: readonly Gap[], columns: number, colors: Colors): string[] {
  if (gaps.length === 0) return [];
  const shown = gaps.slice(0, MAX_GAPS).flatMap(({ layer, path, reason }) => {
    const where = [layer && shortDigest(layer), path && printable(path)].filter(Boolean).join('  ') || 'the image';
    return [`  ${cutText(where, columns - 2, 'middle')}`, `    ${cutText(printable(reason), columns - 4)}`];
  });
  const title = `NOT READ: ${countOf(gaps.length, 'part')} of the image; packages may be missing above`;
  const rest = gaps.length > MAX_GAPS ? [`  … and ${gaps.length - MAX_GAPS} more; the format json lists them all`] : [];
  return ['', colors.red(colors.bold(cutText(title, columns))), ...shown, ...rest];
}

/** The first twelve digits, as other tools show layers. */
function shortDigest(digest: string): string {
  return printable(digest.slice(digest.indexOf(':') + 1, digest.indexOf(':') + 13));
}
