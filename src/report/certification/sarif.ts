/**
 * Certificates as SARIF 2.1.0: a run for each image, a rule for each check, a result for each that does not pass.
 *
 * Source: SARIF 2.1.0 (OASIS).
 */
import { hash } from 'node:crypto';
import { printable } from '#base/text.ts';
import type { Certificate } from '#certification/certificate.ts';
import type { CheckFact, CheckResult } from '#certification/check.ts';
import { formatPlatform } from '#oci/platform.ts';
import { toJsonText } from '../json-text.ts';
import type { ReportOptions } from '../report-options.ts';
import { factText } from './fact-text.ts';

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const MAX_LOCATIONS = 10;
const GATE = 'VulnerabilityGate';
const OBJECTION = 'AsAsked';

/** One log for all images. */
export function renderCertificateSarif(certificates: readonly Certificate[], { toolVersion }: ReportOptions): string {
  return toJsonText({ $schema: SCHEMA, version: '2.1.0', runs: certificates.map(one => toRun(one, toolVersion)) });
}

function toRun(certificate: Certificate, toolVersion: string) {
  const { image, name, policy, results, gate, grade, objections } = certificate;
  const platform = image.platform === undefined ? '' : ` ${formatPlatform(image.platform)}`;
  const failing = results.filter(({ outcome }) => outcome === 'failed' || outcome === 'error');
  const rules = [
    ...results.map(toRule),
    rule(GATE, 'No known weakness of which the fix is out breaks the gate'),
    rule(OBJECTION, 'The image is as the caller asked'),
  ];
  const indexes = new Map(rules.map(({ id }, at) => [id, at]));
  const result = (id: string, text: string, facts: readonly CheckFact[], level: 'error' | 'warning') => ({
    ruleId: id,
    ruleIndex: indexes.get(id) ?? 0,
    level,
    message: { text: printable(text, 2000) },
    locations: locationsOf(facts, name),
    partialFingerprints: { 'plimsoll/v1': hash('sha256', [id, name].join('\0')) },
  });
  return {
    tool: { driver: { name: 'Plimsoll', version: toolVersion, rules } },
    automationDetails: { id: `plimsoll-certify/${printable(name, 1000)}${platform}/` },
    invocations: [{ executionSuccessful: true }],
    results: [
      ...failing.map(one =>
        result(one.name, `${one.summary}. ${one.fix}`, one.found, one.outcome === 'failed' ? 'error' : 'warning'),
      ),
      ...(gate === undefined || gate.outcome === 'passed'
        ? []
        : [result(GATE, gate.summary, [], gate.outcome === 'failed' ? 'error' : 'warning')]),
      ...objections.map(objection => result(OBJECTION, objection, [], 'error')),
    ],
    columnKind: 'utf16CodeUnits',
    properties: {
      image: name,
      imageDigest: image.digest ?? null,
      platform: image.platform === undefined ? null : formatPlatform(image.platform),
      policy,
      passed: certificate.isPassed,
      grade: grade?.grade ?? null,
    },
  };
}

function toRule({ name, description, why, fix }: CheckResult) {
  return rule(name, description, `${why}. ${fix}`);
}

function rule(id: string, description: string, help = description) {
  return {
    id,
    name: id,
    shortDescription: { text: description },
    fullDescription: { text: description },
    help: { text: help },
    defaultConfiguration: { level: 'error' },
    properties: { tags: ['certification'] },
  };
}

function locationsOf(facts: readonly CheckFact[], image: string) {
  const shown = facts.slice(0, MAX_LOCATIONS);
  const places = shown.map(fact => ({
    uri: fact.kind === 'file' ? toUri(fact.subject) : 'image',
    text: factText(fact),
  }));
  return (places.length === 0 ? [{ uri: 'image', text: image }] : places).map(({ uri, text }) => ({
    physicalLocation: {
      artifactLocation: { uri },
      region: { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 },
    },
    message: { text: printable(text, 2000) },
  }));
}

/** A relative URI: what is no letter of a path is escaped, so that no scheme, host or climb can be in it. */
function toUri(path: string): string {
  const parts = path.toWellFormed().split('/');
  const safe = parts.filter(part => part !== '' && part !== '.' && part !== '..').map(encodeURIComponent);
  return safe.join('/') || 'image';
}
