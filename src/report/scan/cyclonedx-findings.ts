/**
 * An inventory with its findings as a CycloneDX 1.6 document: `vulnerabilities`, and an analysis for each that was set aside (VEX).
 *
 * Source: CycloneDX 1.6, "Vulnerability". Findings that differ in severity or fix are entries of their own, since both belong to the entry.
 */
import type { Package } from '#inventory/inventory.ts';
import type { Finding, Waived } from '#matching/finding.ts';
import { uuidOfContent } from '../content-uuid.ts';
import { type CyclonedxDocument, toCyclonedx } from '../cyclonedx.ts';
import { toJsonText } from '../json-text.ts';
import { advisoryLink, safeLink } from './advisory-link.ts';
import { renderReportJson } from './report-json.ts';
import { fixText, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';

/** The document, or a list of them for several images. */
export function renderCyclonedxFindings(reports: readonly ScanReport[], options: ScanReportOptions): string {
  const documents = reports.map(report => toDocument(report, options));
  return toJsonText(documents.length === 1 ? documents[0] : documents);
}

function toDocument(report: ScanReport, options: ScanReportOptions) {
  const { document, refs } = toCyclonedx(report.inventory, options, [renderReportJson([report])]);
  const open = report.findings.map(finding => ({ finding }));
  return { ...document, vulnerabilities: toVulnerabilities([...open, ...report.waived], refs) };
}

interface Entry {
  readonly finding: Finding;
  readonly by?: Waived['by'];
}

/** One entry for all packages of which the same is said, in the order of the first. */
function toVulnerabilities(entries: readonly Entry[], refs: CyclonedxDocument['refs']) {
  const groups = new Map<string, { readonly entry: Entry; readonly packages: Package[] }>();
  for (const entry of entries) {
    const { package: one, ...facts } = entry.finding;
    // Two packages may have the same evidence but for its text, which names the version.
    const { evidence: _, ...said } = facts;
    const key = JSON.stringify([said, entry.by]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { entry, packages: [one] });
    else group.packages.push(one);
  }
  return [...groups].map(([key, { entry, packages }]) => toVulnerability(entry, packages, key, refs));
}

function toVulnerability(
  { finding, by }: Entry,
  packages: readonly Package[],
  key: string,
  refs: CyclonedxDocument['refs'],
) {
  const { id, aliases, title, cvss, severity, severitySource, fix, kev, epss, references, evidence } = finding;
  const advisories = [...new Set(references.flatMap(url => safeLink(url) ?? []))];
  return {
    'bom-ref': `plimsoll:vulnerability:${uuidOfContent([key])}`,
    id,
    source: { name: evidence.source, url: advisoryLink(id) },
    ...(aliases.length > 0 && {
      references: aliases.map(alias => ({ id: alias, source: { url: advisoryLink(alias) } })),
    }),
    ratings: [
      { source: { name: severitySource }, severity: SEVERITIES[severity], method: 'other' },
      ...cvss.map(({ version, vector, score, origin }) => ({
        source: { name: origin },
        score,
        method: METHODS[version] ?? 'other',
        vector,
      })),
    ],
    ...(title !== undefined && { description: title }),
    ...(fix.kind === 'fixed' && { recommendation: `Upgrade to ${fix.version}` }),
    ...(advisories.length > 0 && { advisories: advisories.map(url => ({ url })) }),
    ...(by !== undefined && { analysis: toAnalysis(by) }),
    affects: packages.flatMap(one => toAffected(one, refs)),
    properties: [
      { name: 'plimsoll:fix', value: fixText(finding) },
      { name: 'plimsoll:advisory', value: evidence.advisory },
      ...(kev === undefined ? [] : [{ name: 'plimsoll:known-exploited-since', value: kev.added }]),
      ...(epss === undefined ? [] : [{ name: 'plimsoll:epss', value: String(epss.score) }]),
    ],
  };
}

function toAffected(one: Package, refs: CyclonedxDocument['refs']) {
  const ref = refs.get(one);
  return ref === undefined ? [] : [{ ref, versions: [{ version: one.version, status: 'affected' }] }];
}

/** CycloneDX has no word for "accepted": a waiver is an exploitable weakness that will not be fixed. */
function toAnalysis({ kind, source, status, reason }: Waived['by']) {
  const detail = kind === 'rule' ? reason : `${reason} (${source})`;
  if (kind === 'waiver') return { state: 'exploitable', response: ['will_not_fix'], detail };
  return { state: status === 'fixed' ? 'resolved' : 'not_affected', detail };
}

const SEVERITIES = {
  CRITICAL: 'critical',
  HIGH: 'high',
  MEDIUM: 'medium',
  LOW: 'low',
  NEGLIGIBLE: 'info',
  UNKNOWN: 'unknown',
} as const;

const METHODS: Readonly<Record<string, string>> = { 2: 'CVSSv2', '3.0': 'CVSSv3', '3.1': 'CVSSv31', '4.0': 'CVSSv4' };
