/**
 * Findings as JUnit XML, for CI systems that show test results: a suite for each image, a failed test for each finding.
 *
 * Source: the form that Jenkins and GitLab read. What was set aside or could not be determined is a skipped test: seen, and not counted.
 */
import type { Finding } from '#matching/finding.ts';
import { formatPlatform } from '#oci/platform.ts';
import { attribute, escapeXml } from '../xml-text.ts';
import { advisoryLink } from './advisory-link.ts';
import { fixText, type ScanReport } from './scan-report.ts';

/** One document for all images. */
export function renderJunit(reports: readonly ScanReport[]): string {
  const suites = reports.map(toSuite);
  const [tests, failures, skipped] = (['tests', 'failures', 'skipped'] as const).map(count =>
    suites.reduce((sum, suite) => sum + suite[count], 0),
  );
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="plimsoll scan" tests="${tests}" failures="${failures}" skipped="${skipped}" errors="0">`,
    ...suites.flatMap(({ lines: suite }) => suite),
    '</testsuites>',
  ];
  return `${lines.join('\n')}\n`;
}

interface Suite {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
  readonly lines: readonly string[];
}

function toSuite({ inventory: { image }, findings, waived, undetermined, gaps }: ScanReport): Suite {
  const platform = image.platform === undefined ? '' : ` (${formatPlatform(image.platform)})`;
  const skips = [
    ...waived.map(({ finding, by }) =>
      skippedCase(finding.package.purl, nameOf(finding), `${by.status}: ${by.reason} (${by.source})`),
    ),
    ...undetermined.map(({ why, packages }) =>
      skippedCase('not determined', why, packages.map(({ purl }) => purl).join(' ')),
    ),
    ...gaps.map(({ path, layer, reason }) => skippedCase('not read', path ?? layer ?? 'the image', reason)),
  ];
  const cases = [...findings.map(failedCase), ...skips];
  // A suite without tests counts as broken in some systems.
  const shown = cases.length > 0 ? cases : ['    <testcase classname="plimsoll" name="no known weaknesses"/>'];
  return {
    tests: shown.length,
    failures: findings.length,
    skipped: skips.length,
    lines: [
      `  <testsuite name=${attribute(`${image.reference}${platform}`)} tests="${shown.length}" failures="${findings.length}" skipped="${skips.length}" errors="0">`,
      ...shown,
      '  </testsuite>',
    ],
  };
}

function failedCase(finding: Finding): string {
  const { package: one, title, severity, evidence } = finding;
  const message = `${one.name} ${one.version}: ${title ?? finding.id}`;
  const text = [
    `${finding.id} ${severity} (${finding.severitySource})`,
    `installed: ${one.version}, fixed in: ${fixText(finding)}`,
    `why: ${evidence.why} (${evidence.advisory})`,
    ...one.locations.slice(0, 5).map(({ path }) => `found in: ${path}`),
    advisoryLink(finding.id),
  ];
  return [
    `    <testcase classname=${attribute(one.purl)} name=${attribute(nameOf(finding))}>`,
    `      <failure type=${attribute(severity)} message=${attribute(message)}>${text.map(escapeXml).join('\n')}</failure>`,
    '    </testcase>',
  ].join('\n');
}

function skippedCase(classname: string, name: string, message: string): string {
  return `    <testcase classname=${attribute(classname)} name=${attribute(name)}><skipped message=${attribute(message)}/></testcase>`;
}

function nameOf({ id, severity, package: one }: Finding): string {
  return `[${severity}] ${id} ${one.name} ${one.version}`;
}
