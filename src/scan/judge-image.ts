/**
 * Judges the inventory of one image by the vulnerability database, then by what others (VEX) and the user (waivers) say of the findings.
 */
import type { Severity } from '#advisory/advisory.ts';
import type { Inventory } from '#inventory/inventory.ts';
import type { AdvisoryLookup, Finding } from '#matching/finding.ts';
import { matchInventory } from '#matching/match-inventory.ts';
import { adviseUpgrades } from '#matching/upgrade-advice.ts';
import { applyVex } from '#matching/vex/apply-vex.ts';
import type { VexDocument } from '#matching/vex/statement.ts';
import { applyWaivers } from '#matching/waiver/apply-waivers.ts';
import type { Waiver } from '#matching/waiver/parse-waivers.ts';
import { type ReportDatabase, type ScanReport, toScanReport } from '#report/scan/scan-report.ts';
import type { DatabaseStatus } from '#vulndb/database-status.ts';

/** A file of waivers. */
export interface WaiverFile {
  /** As people know it. */
  readonly source: string;
  readonly waivers: readonly Waiver[];
}

export interface JudgeOptions {
  readonly lookup: AdvisoryLookup;
  readonly database: ReportDatabase;
  /** By which a release is past its end and a waiver over. */
  readonly today: Date;
  readonly vex?: readonly VexDocument[] | undefined;
  readonly waivers?: WaiverFile | undefined;
  /** What the user wants to see; missing: everything. What is left out is counted. */
  readonly severities?: ReadonlySet<Severity> | undefined;
  readonly onlyFixable?: boolean | undefined;
}

/** A report, and what to tell the user besides: waivers that do nothing, parts of VEX documents that could not be used. */
export interface Judged {
  readonly report: ScanReport;
  /** Each a sentence without full stop. What came from outside is not made safe. */
  readonly warnings: readonly string[];
}

/**
 * The report on one inventory. The same inventory, database and documents give the same report on the same day.
 * @throws {PlimsollError} `DATABASE_INVALID` when the database turns out to be damaged or cannot be read any more.
 */
export function judgeImage(inventory: Inventory, options: JudgeOptions): Judged {
  const { lookup, database, vex = [], waivers, severities, onlyFixable = false } = options;
  const today = options.today.toISOString().slice(0, 10);
  const { undetermined, ...matched } = matchInventory(inventory, lookup, { today });
  const afterVex = vex.length === 0 ? matched : applyVex(matched, vex, inventory);
  const { source = '', waivers: entries = [] } = waivers ?? {};
  const { findings, waived, warnings } = applyWaivers(afterVex, entries, { source, today });
  const isWanted = ({ severity, fix }: Finding) =>
    (severities?.has(severity) ?? true) && (!onlyFixable || fix.kind === 'fixed');
  const shown = findings.filter(isWanted);
  const report = toScanReport({
    inventory,
    database,
    findings: shown,
    upgrades: adviseUpgrades(shown, lookup),
    undetermined,
    waived,
    gaps: inventory.gaps,
    hidden: findings.length - shown.length,
  });
  const lost = vex.flatMap(document => document.gaps.map(gap => `${document.source}: ${gap}`));
  return { report, warnings: [...lost, ...warnings] };
}

/** What a report says of the database. */
export function describeDatabase({ schemaVersion, builtAt, parts }: DatabaseStatus): ReportDatabase {
  return {
    version: schemaVersion,
    builtAt,
    sources: parts.map(({ source, name, asOf, advisories }) => ({ source, name, asOf, advisories })),
  };
}
