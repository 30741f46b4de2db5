/** Findings put together for people, and what was set aside by its reason. */
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Finding, Waived } from '#matching/finding.ts';
import { layerOf } from './scan-report.ts';
import type { Grouping } from './scan-report-options.ts';

/** Groups of at least one; each group, and all of them, in the order of `findings`: the group with the worst finding first. */
export function groupFindings(
  findings: readonly Finding[],
  grouping: Grouping,
  inventory: Pick<Inventory, 'image'>,
): readonly (readonly [Finding, ...Finding[]])[] {
  const groups = new Map<string, [Finding, ...Finding[]]>();
  for (const finding of findings) {
    const key = keyOf(finding, grouping, inventory);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  return [...groups.values()];
}

function keyOf(finding: Finding, grouping: Grouping, inventory: Pick<Inventory, 'image'>): string {
  const { id, severity, package: one } = finding;
  switch (grouping) {
    case 'severity':
      return severity;
    case 'package':
      return buildOf(one);
    case 'layer':
      return layerOf(inventory, one)?.digest ?? '';
    case 'vulnerability':
      return id;
    default:
      return grouping satisfies never;
  }
}

/** A finding, and how many packages of the same source it stands for besides its own. */
export interface FindingRow {
  readonly finding: Finding;
  readonly others: number;
}

/**
 * One row for a weakness in all that one source package built: a dozen binary packages are upgraded in one go, and twelve rows that differ in
 * a name only hide what else there is. The first of them stands for all.
 */
export function mergeBuilds(findings: readonly Finding[]): readonly FindingRow[] {
  const rows = new Map<string, { finding: Finding; others: number }>();
  for (const finding of findings) {
    const { id, severity, fix, package: one } = finding;
    const fixed = fix.kind === 'fixed' ? fix.version : fix.kind;
    const key = [id, severity, fixed, buildOf(one)].join('\0');
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { finding, others: 0 });
    else row.others += 1;
  }
  return [...rows.values()];
}

/** What was built together, and came with one layer. */
function buildOf({ type, name, version, source, layer, root }: Package): string {
  return [type, (source ?? { name }).name, version, layer ?? '', root ?? ''].join('\0');
}

/** What was set aside for one reason. */
export interface WaivedGroup {
  readonly by: Waived['by'];
  readonly findings: readonly Finding[];
}

/** By who set it aside and why, in the order of `waived`. */
export function waivedByReason(waived: readonly Waived[]): readonly WaivedGroup[] {
  const groups = new Map<string, { by: Waived['by']; findings: Finding[] }>();
  for (const { finding, by } of waived) {
    const key = [by.kind, by.source, by.status, by.reason, by.expires ?? ''].join('\0');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { by, findings: [finding] });
    else group.findings.push(finding);
  }
  return [...groups.values()];
}
