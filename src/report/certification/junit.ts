/**
 * Certificates as JUnit XML: a suite for each image, a test for each check, one for the gate and one for the rest of what was asked.
 */
import { countOf } from '#base/count-of.ts';
import type { Certificate } from '#certification/certificate.ts';
import type { CheckResult } from '#certification/check.ts';
import { formatPlatform } from '#oci/platform.ts';
import { attribute, escapeXml } from '../xml-text.ts';
import { factText } from './fact-text.ts';

interface Case {
  readonly name: string;
  readonly kind: 'passed' | 'failed' | 'error' | 'not-applicable';
  readonly message: string;
  readonly lines: readonly string[];
}

/** One document for all images. */
export function renderCertificateJunit(certificates: readonly Certificate[]): string {
  const suites = certificates.map(certificate => ({ certificate, cases: casesOf(certificate) }));
  const all = suites.flatMap(({ cases }) => cases);
  return `${[
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="plimsoll certify" ${countsOf(all)}>`,
    ...suites.flatMap(({ certificate, cases }) => suiteLines(certificate, cases)),
    '</testsuites>',
  ].join('\n')}\n`;
}

function suiteLines({ image, name, policy }: Certificate, cases: readonly Case[]): string[] {
  const platform = image.platform === undefined ? '' : ` (${formatPlatform(image.platform)})`;
  return [
    `  <testsuite name=${attribute(`${name}${platform}`)} ${countsOf(cases)}>`,
    ...cases.map(one => caseText(one, policy)),
    '  </testsuite>',
  ];
}

function countsOf(cases: readonly Case[]): string {
  const count = (kind: Case['kind']) => cases.filter(one => one.kind === kind).length;
  return `tests="${cases.length}" failures="${count('failed')}" errors="${count('error')}" skipped="${count('not-applicable')}"`;
}

function casesOf({ results, gate, objections }: Certificate): Case[] {
  const breaches = gate?.breaches.map(
    ({ finding, ageDays }) =>
      `${finding.severity} ${finding.id} ${finding.package.purl}${ageDays === undefined ? '' : `, fixed ${countOf(ageDays, 'day')} ago`}`,
  );
  return [
    ...results.map(toCase),
    ...(gate === undefined
      ? []
      : [{ name: 'VulnerabilityGate', kind: gate.outcome, message: gate.summary, lines: breaches ?? [] } as const]),
    ...objections.map(objection => ({ name: 'AsAsked', kind: 'failed', message: objection, lines: [] }) as const),
  ];
}

function toCase({ name, outcome, summary, found, why, fix, differsFromPreflight }: CheckResult): Case {
  const lines = [
    ...found.map(factText),
    `why: ${why}`,
    `fix: ${fix}`,
    ...(differsFromPreflight === undefined ? [] : [differsFromPreflight]),
  ];
  return { name, kind: outcome, message: summary, lines };
}

function caseText({ name, kind, message, lines }: Case, policy: string): string {
  const open = `    <testcase classname=${attribute(`plimsoll.${policy}`)} name=${attribute(name)}`;
  if (kind === 'passed') return `${open}/>`;
  if (kind === 'not-applicable') return `${open}><skipped message=${attribute(message)}/></testcase>`;
  const element = kind === 'failed' ? 'failure' : 'error';
  return [
    `${open}>`,
    `      <${element} message=${attribute(message)}>${lines.map(escapeXml).join('\n')}</${element}>`,
    '    </testcase>',
  ].join('\n');
}
