/**
 * An inventory with its findings as an SPDX 2.3 JSON document: each package links to the advisories about it.
 *
 * Source: SPDX 2.3, annex F.2.4 "advisory" and annex K.1 "Including security information". SPDX 2 has no place for severities and states, so
 * the comment of the link says them.
 */
import { printable } from '#base/text.ts';
import type { Package } from '#inventory/inventory.ts';
import type { Finding, Waived } from '#matching/finding.ts';
import { toJsonText } from '../json-text.ts';
import { type SecurityReference, toSpdx } from '../spdx.ts';
import { advisoryLink } from './advisory-link.ts';
import { renderReportJson } from './report-json.ts';
import { fixText, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';

/** The document, or a list of them for several images. */
export function renderSpdxFindings(reports: readonly ScanReport[], options: ScanReportOptions): string {
  const documents = reports.map(report => toDocument(report, options));
  return toJsonText(documents.length === 1 ? documents[0] : documents);
}

function toDocument(report: ScanReport, options: ScanReportOptions) {
  const references = new Map<Package, SecurityReference[]>();
  const add = (finding: Finding, comment: string) => {
    const reference: SecurityReference = {
      referenceCategory: 'SECURITY',
      referenceType: 'advisory',
      referenceLocator: advisoryLink(finding.id),
      comment: printable(comment, 1000),
    };
    const known = references.get(finding.package);
    if (known === undefined) references.set(finding.package, [reference]);
    else known.push(reference);
  };
  for (const finding of report.findings) add(finding, describeFinding(finding));
  for (const one of report.waived) add(one.finding, describeWaived(one));
  return toSpdx(report.inventory, options, one => references.get(one) ?? [], [renderReportJson([report])]);
}

function describeFinding(finding: Finding): string {
  const { id, severity, severitySource, kev, fix } = finding;
  const exploited = kev === undefined ? '' : ', known to be exploited';
  const remedy = fix.kind === 'fixed' ? `fixed in ${fix.version}` : fixText(finding);
  return `${id}: ${severity} (${severitySource})${exploited}; ${remedy}`;
}

function describeWaived({ finding, by }: Waived): string {
  return `${finding.id}: ${by.status} (${by.source}): ${by.reason}`;
}
