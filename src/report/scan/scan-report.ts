/**
 * What a scan reports of one image: the findings with all that a reader needs to judge them, and everything that is not known.
 *
 * It is a value of its own, made once and written in many formats, so that no format can say something that another one does not.
 */
import { SEVERITIES, type Severity } from '#advisory/advisory.ts';
import { comparePackages } from '#inventory/build-inventory.ts';
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import type { Finding, Undetermined, Waived } from '#matching/finding.ts';
import { compareSeverity } from '#matching/severity.ts';
import type { UpgradeAdvice } from '#matching/upgrade-advice.ts';

/** What of one source is in the database. */
export interface ReportSource {
  /** `osv`, `debian-tracker`; as in the database. */
  readonly source: string;
  /** Which part of it: `npm`, `Alpine:v3.19/main`; empty when the source is one. */
  readonly name: string;
  /** ISO 8601: the state of the source that it shows. */
  readonly asOf: string;
  readonly advisories: number;
}

/** The database the image was judged by: the same one gives the same report. */
export interface ReportDatabase {
  /** Of its layout. */
  readonly version: number;
  /** ISO 8601. */
  readonly builtAt: string;
  readonly sources: readonly ReportSource[];
}

/** Numbers of a report. */
export interface ReportSummary {
  readonly packages: number;
  readonly findings: number;
  /** All severities are there. */
  readonly bySeverity: Readonly<Record<Severity, number>>;
  /** Findings that have a fix. */
  readonly fixable: number;
  readonly knownExploited: number;
  /** Distinct packages of which something could not be determined. */
  readonly undetermined: number;
  readonly waived: number;
  /** Findings that the user asked to leave out, by severity or for want of a fix. */
  readonly hidden: number;
}

/** The report on one image. */
export interface ScanReport {
  readonly inventory: Inventory;
  readonly database: ReportDatabase;
  readonly summary: ReportSummary;
  /** Worst first: by severity, known exploited ones first, then in the order of the inventory. */
  readonly findings: readonly Finding[];
  /** Most valuable first. */
  readonly upgrades: readonly UpgradeAdvice[];
  readonly undetermined: readonly Undetermined[];
  readonly waived: readonly Waived[];
  /** Of the image and of documents about it. */
  readonly gaps: readonly Gap[];
}

/** What a report is made of; `findings` in any order. */
export type ReportParts = Omit<ScanReport, 'summary'> & {
  /** How many findings were left out as the user asked. */
  readonly hidden: number;
};

/** The report: findings in their order, and counted. */
export function toScanReport({ hidden, ...parts }: ReportParts): ScanReport {
  const findings = [...parts.findings].sort(compareForReport);
  return { ...parts, findings, summary: summarise({ ...parts, hidden }) };
}

function summarise({ inventory, findings, undetermined, waived, hidden }: ReportParts): ReportSummary {
  const bySeverity = { CRITICAL: 0, HIGH: 0, MEDIUM: 0, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 };
  for (const { severity } of findings) bySeverity[severity] += 1;
  return {
    packages: inventory.packages.length,
    findings: findings.length,
    bySeverity,
    fixable: findings.filter(({ fix }) => fix.kind === 'fixed').length,
    knownExploited: findings.filter(({ kev }) => kev !== undefined).length,
    undetermined: new Set(undetermined.flatMap(({ packages }) => packages)).size,
    waived: waived.length,
    hidden,
  };
}

/** Worst first; of equal severity known exploited ones first, then by package and id. */
function compareForReport(a: Finding, b: Finding): number {
  return (
    compareSeverity(a.severity, b.severity) ||
    Number(b.kev !== undefined) - Number(a.kev !== undefined) ||
    comparePackages(a.package, b.package) ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  );
}

/** The layer of a package: its place from 1 (lowest), and the instruction that made it; `undefined` for a root folder. */
export function layerOf(
  { image }: Pick<Inventory, 'image'>,
  { layer }: Pick<Package, 'layer'>,
): { readonly number: number; readonly digest: string; readonly createdBy?: string } | undefined {
  const at = image.layers.findIndex(({ digest }) => digest === layer);
  const found = image.layers[at];
  if (found === undefined) return undefined;
  const { digest, createdBy } = found;
  return { number: at + 1, digest, ...(createdBy === undefined ? {} : { createdBy }) };
}

/** `2 critical, 14 high`, without what there is none of; `none` for nothing. */
export function countsText(bySeverity: Readonly<Record<Severity, number>>): string {
  const counted = SEVERITIES.filter(severity => bySeverity[severity] > 0);
  return counted.map(severity => `${bySeverity[severity]} ${severity.toLowerCase()}`).join(', ') || 'none';
}

/** The state of a fix in a few words: a version, `not fixed`, `will not be fixed: …`. What came from outside is not made safe. */
export function fixText({ fix }: Pick<Finding, 'fix'>): string {
  switch (fix.kind) {
    case 'fixed':
      return fix.version;
    case 'not-fixed':
      return 'not fixed';
    case 'will-not-fix':
      return withReason('will not be fixed', fix.reason);
    case 'deferred':
      return withReason('deferred', fix.reason);
    case 'end-of-life':
      return 'end of life';
    case 'under-investigation':
      return 'under investigation';
    case 'unknown':
      return 'unknown';
    default:
      return fix satisfies never;
  }
}

function withReason(what: string, reason: string): string {
  return reason === '' ? what : `${what}: ${reason}`;
}
