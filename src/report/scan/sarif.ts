/**
 * Findings as SARIF 2.1.0, for code scanning: a run for each image, a rule for each weakness, a result for each package it is in.
 *
 * Source: SARIF 2.1.0 (OASIS); what GitHub reads of it: "SARIF support for code scanning" (`security-severity`, `partialFingerprints`).
 */
import { hash } from 'node:crypto';
import type { Severity } from '#advisory/advisory.ts';
import { printable } from '#base/text.ts';
import type { Finding, Waived } from '#matching/finding.ts';
import { compareSeverity } from '#matching/severity.ts';
import { formatPlatform } from '#oci/platform.ts';
import { toJsonText } from '../json-text.ts';
import { advisoryLink } from './advisory-link.ts';
import { fixText, layerOf, type ScanReport } from './scan-report.ts';
import type { ScanReportOptions } from './scan-report-options.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
/** Found in more places than these, the rest is not told: readers cut such lists. */
const MAX_LOCATIONS = 10;

/** One log for all images. */
export function renderSarif(reports: readonly ScanReport[], { toolVersion }: ScanReportOptions): string {
  return toJsonText({
    $schema: SCHEMA,
    version: '2.1.0',
    runs: reports.map(report => toRun(report, toolVersion)),
  });
}

type Entry = { readonly finding: Finding; readonly by?: Waived['by'] };

function toRun(report: ScanReport, toolVersion: string) {
  const { inventory, findings, waived, gaps, undetermined, database } = report;
  const { image } = inventory;
  const entries: readonly Entry[] = [...findings.map(finding => ({ finding })), ...waived];
  const byId = Map.groupBy(entries, ({ finding }) => finding.id);
  const ids = [...byId.keys()].sort();
  const indexes = new Map(ids.map((id, at) => [id, at]));
  const platform = image.platform === undefined ? '' : ` ${formatPlatform(image.platform)}`;
  const notes = [
    ...gaps.map(({ path, layer, reason }) => `Not read: ${path ?? layer ?? 'the image'}: ${reason}`),
    ...undetermined.map(({ why, packages }) => `Not determined: ${why} (${packages.length} package(s))`),
  ];
  return {
    tool: {
      driver: {
        name: 'Plimsoll',
        version: toolVersion,
        rules: ids.map(id => toRule(byId.get(id)?.map(({ finding }) => finding) ?? [])),
      },
    },
    automationDetails: { id: `plimsoll/${printable(image.reference, 1000)}${platform}/` },
    invocations: [
      {
        executionSuccessful: true,
        ...(notes.length > 0 && {
          toolExecutionNotifications: notes.map(text => ({
            level: 'warning',
            message: { text: printable(text, 1000) },
          })),
        }),
      },
    ],
    results: entries.map(entry => toResult(entry, indexes.get(entry.finding.id) ?? 0, report)),
    columnKind: 'utf16CodeUnits',
    properties: {
      image: image.reference,
      imageDigest: image.digest ?? null,
      platform: image.platform === undefined ? null : formatPlatform(image.platform),
      databaseBuiltAt: database.builtAt,
    },
  };
}

/** The rule of a weakness, as bad as in the package it is worst in. */
function toRule(findings: readonly Finding[]) {
  const [worst] = findings.toSorted((a, b) => compareSeverity(a.severity, b.severity));
  if (worst === undefined) return { id: '' };
  const { id, severity, aliases, references } = worst;
  const title = printable(worst.title ?? `${id} in ${worst.package.name}`, 1000);
  const lines = [
    title,
    `Severity: ${severity} (${printable(worst.severitySource)})`,
    ...(aliases.length > 0 ? [`Also known as: ${printable(aliases.join(', '), 1000)}`] : []),
    ...(worst.kev === undefined ? [] : [`Known to be exploited since ${printable(worst.kev.added)}`]),
    ...references.slice(0, 10).map(url => printable(url, 2048)),
  ];
  return {
    id: printable(id),
    name: 'KnownWeakness',
    shortDescription: { text: title },
    fullDescription: { text: title },
    help: { text: lines.join('\n') },
    helpUri: advisoryLink(id),
    defaultConfiguration: { level: LEVELS[severity] },
    properties: {
      tags: ['security', 'vulnerability', severity],
      precision: 'very-high',
      'security-severity': scoreText(worst),
    },
  };
}

const LEVELS = {
  CRITICAL: 'error',
  HIGH: 'error',
  MEDIUM: 'warning',
  LOW: 'note',
  NEGLIGIBLE: 'note',
  UNKNOWN: 'note',
} as const satisfies Record<Severity, string>;

/** Scores as bad as the severity says, for those that have no vector or one that says otherwise. GitHub: over 9.0 is critical, from 7.0 high. */
const SCORE_RANGES = {
  CRITICAL: [9.1, 10],
  HIGH: [7, 8.9],
  MEDIUM: [4, 6.9],
  LOW: [0.1, 3.9],
  NEGLIGIBLE: [0, 0],
  UNKNOWN: [0, 0],
} as const satisfies Record<Severity, readonly [number, number]>;

/** The severity decides, for the distribution's word comes before a vector about upstream; the score only says where in its range. */
function scoreText({ severity, cvss }: Finding): string {
  const [lowest, highest] = SCORE_RANGES[severity];
  const score = cvss[0]?.score ?? lowest;
  return Math.min(highest, Math.max(lowest, score)).toFixed(1);
}

function toResult({ finding, by }: Entry, ruleIndex: number, { inventory }: ScanReport) {
  const { package: one, severity, evidence } = finding;
  const layer = layerOf(inventory, one);
  const remedy = finding.fix.kind === 'fixed' ? `fixed in ${finding.fix.version}` : `fix: ${fixText(finding)}`;
  const brought =
    layer === undefined ? '' : `; brought by layer ${layer.number}${layer.createdBy ? ` (${layer.createdBy})` : ''}`;
  const places = one.locations.length > 0 ? one.locations.slice(0, MAX_LOCATIONS) : [{ path: one.name }];
  return {
    ruleId: printable(finding.id),
    ruleIndex,
    level: LEVELS[severity],
    message: {
      text: printable(`${one.name} ${one.version}: ${finding.title ?? finding.id}; ${remedy}${brought}`, 2000),
    },
    locations: places.map(({ path }) => ({
      physicalLocation: {
        artifactLocation: { uri: toUri(path) },
        region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
      },
      logicalLocations: [{ fullyQualifiedName: one.purl, name: one.name, kind: 'package' }],
      message: { text: printable(`${inventory.image.reference}: ${path}`, 2000) },
    })),
    // The version is left out: the same weakness after an upgrade that did not fix it is the same alert.
    partialFingerprints: {
      'plimsoll/v1': hash('sha256', [finding.id, one.type, one.name, places[0]?.path ?? ''].join('\0')),
    },
    ...(by !== undefined && {
      suppressions: [
        {
          kind: 'external',
          status: 'accepted',
          justification: printable(`${by.status}: ${by.reason} (${by.source})`, 2000),
        },
      ],
    }),
    properties: {
      purl: one.purl,
      severity,
      severitySource: finding.severitySource,
      fix: finding.fix.kind,
      fixedVersion: finding.fix.kind === 'fixed' ? finding.fix.version : null,
      knownExploited: finding.kev !== undefined,
      epss: finding.epss?.score ?? null,
      layer: layer?.digest ?? null,
      advisory: evidence.advisory,
      why: evidence.why,
    },
  };
}

/** A relative URI: what is no letter of a path is escaped, so that no scheme, host or climb can be in it. */
function toUri(path: string): string {
  const parts = path.toWellFormed().split('/');
  const safe = parts.filter(part => part !== '' && part !== '.' && part !== '..').map(encodeURIComponent);
  return safe.join('/') || 'image';
}
