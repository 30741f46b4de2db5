/**
 * Sets aside the findings that waivers accept, and tells of waivers that do nothing.
 */
import type { Finding, Waived } from '../finding.ts';
import { PackagePurls } from '../purl-pattern.ts';
import { sortWaived, type Triage } from '../triage.ts';
import type { Waiver } from './parse-waivers.ts';

/** What came of the waivers of one file. */
export interface WaiverOutcome extends Triage {
  /** Each a sentence without full stop, in the order of the file. */
  readonly warnings: readonly string[];
}

export interface WaiverOptions {
  /** The file, as people know it. */
  readonly source: string;
  /** ISO date. */
  readonly today: string;
}

/** Applies waivers that are not over yet; of several that fit the first one counts. */
export function applyWaivers(
  { findings, waived }: Triage,
  waivers: readonly Waiver[],
  { source, today }: WaiverOptions,
): WaiverOutcome {
  const used = new Set<Waiver>();
  const byId = new Map<string, Waiver[]>();
  for (const waiver of waivers) {
    const key = waiver.id.toUpperCase();
    byId.set(key, [...(byId.get(key) ?? []), waiver]);
  }
  const open: Finding[] = [];
  const aside: Waived[] = [...waived];
  for (const finding of findings) {
    const fitting = findFitting(finding, byId);
    for (const waiver of fitting) used.add(waiver);
    const waiver = fitting.find(one => !isExpired(one, today));
    if (waiver === undefined) open.push(finding);
    else aside.push({ finding, by: byWaiver(waiver, source) });
  }
  // A rule or a statement may have been faster; the waiver is not to blame.
  for (const { finding } of waived) for (const waiver of findFitting(finding, byId)) used.add(waiver);
  return {
    findings: open,
    waived: sortWaived(aside),
    warnings: waivers.flatMap(waiver => warningOf(waiver, { isUsed: used.has(waiver), source, today }) ?? []),
  };
}

function findFitting(finding: Finding, byId: ReadonlyMap<string, readonly Waiver[]>): readonly Waiver[] {
  const ids = [finding.id, ...finding.aliases];
  const candidates = ids.flatMap(id => byId.get(id.toUpperCase()) ?? []);
  if (candidates.length === 0) return candidates;
  const { package: one } = finding;
  const purls = new PackagePurls(one);
  return candidates.filter(
    ({ package: name, purl }) =>
      (name === undefined || name === one.name || name === one.source?.name) &&
      (purl === undefined || purls.matches(purl)),
  );
}

function isExpired({ expires }: Waiver, today: string): boolean {
  return expires !== undefined && expires < today.slice(0, 10);
}

function byWaiver({ reason, expires }: Waiver, source: string): Waived['by'] {
  const by = { kind: 'waiver', source, status: 'accepted', reason } as const;
  return expires === undefined ? by : { ...by, expires };
}

function warningOf(
  waiver: Waiver,
  { isUsed, source, today }: { readonly isUsed: boolean } & WaiverOptions,
): string | undefined {
  const name = `waiver of ${waiver.id}${waiver.package === undefined ? '' : ` in ${waiver.package}`} (${source})`;
  if (isExpired(waiver, today)) return `the ${name} ended on ${waiver.expires}`;
  return isUsed ? undefined : `the ${name} fits no finding`;
}
