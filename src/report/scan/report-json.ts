/**
 * Findings as Plimsoll's own JSON document; docs/report.schema.json describes it to its readers.
 *
 * Every field is always there: what is not known is `null`, what there is none of is an empty list. Fields may be added under the
 * same `schema`; none is removed or changes its meaning. Several images are a list of documents.
 */
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Finding, Undetermined, Waived } from '#matching/finding.ts';
import type { UpgradeAdvice } from '#matching/upgrade-advice.ts';
import { toDistroJson, toGapJson, toImageJson } from '../inventory-json.ts';
import { toJsonText } from '../json-text.ts';
import { layerOf, type ScanReport } from './scan-report.ts';

/** The value of `schema` in every document. */
export const REPORT_SCHEMA = 'plimsoll/report/1';

/** The document, or a list of them. No time of the run is in it, so the same image and database give the same bytes. */
export function renderReportJson(reports: readonly ScanReport[]): string {
  const documents = reports.map(toDocument);
  return toJsonText(documents.length === 1 ? documents[0] : documents);
}

function toDocument(report: ScanReport) {
  const { inventory, database, summary, findings, upgrades, undetermined, waived, gaps } = report;
  return {
    schema: REPORT_SCHEMA,
    image: toImageJson(inventory.image),
    distro: inventory.distro === undefined ? null : toDistroJson(inventory.distro),
    database,
    summary,
    upgrades: upgrades.map(toUpgrade),
    findings: findings.map(finding => toFinding(finding, 'affected', inventory)),
    undetermined: undetermined.map(toUndetermined),
    waived: waived.map(one => toWaived(one, inventory)),
    gaps: gaps.map(toGapJson),
  };
}

function toFinding(finding: Finding, status: string, inventory: Inventory) {
  const { fix, kev, epss, evidence } = finding;
  const layer = layerOf(inventory, finding.package);
  return {
    id: finding.id,
    aliases: finding.aliases,
    kind: finding.kind,
    status,
    package: toPackage(finding.package),
    severity: finding.severity,
    severitySource: finding.severitySource,
    cvss: finding.cvss,
    epss: epss === undefined ? null : { score: epss.score, percentile: epss.percentile },
    kev:
      kev === undefined
        ? null
        : { added: kev.added, due: kev.due ?? null, isRansomware: kev.isRansomware, action: kev.action ?? null },
    fix: {
      kind: fix.kind,
      version: fix.kind === 'fixed' ? fix.version : null,
      reason: 'reason' in fix ? fix.reason : null,
    },
    layer: layer?.digest ?? null,
    createdBy: layer?.createdBy ?? null,
    title: finding.title ?? null,
    references: finding.references,
    evidence: {
      advisory: evidence.advisory,
      source: evidence.source,
      ecosystem: evidence.ecosystem,
      name: evidence.name,
      why: evidence.why,
      disputedBy: evidence.disputedBy ?? null,
    },
  };
}

function toPackage(one: Package) {
  return {
    type: one.type,
    name: one.name,
    version: one.version,
    arch: one.arch ?? null,
    purl: one.purl,
    source: one.source === undefined ? null : { name: one.source.name, version: one.source.version ?? null },
    locations: one.locations.map(({ path, layer }) => ({ path, layer: layer ?? null })),
    root: one.root ?? null,
  };
}

function toUpgrade({ packages, version, name, ...rest }: UpgradeAdvice) {
  return {
    name,
    version,
    purls: packages.map(({ purl }) => purl),
    fixed: rest.fixedCount,
    knownExploited: rest.knownExploitedCount,
    bySeverity: rest.bySeverity,
    unfixed: rest.unfixedCount,
  };
}

function toUndetermined({ why, packages, ids }: Undetermined) {
  return { why, ids, packages: packages.map(({ type, name, version, purl }) => ({ type, name, version, purl })) };
}

function toWaived({ finding, by }: Waived, inventory: Inventory) {
  return {
    ...toFinding(finding, by.status, inventory),
    by: { kind: by.kind, source: by.source, reason: by.reason, expires: by.expires ?? null },
  };
}
