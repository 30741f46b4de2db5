/**
 * Certificates as Plimsoll's own JSON document; docs/certify.schema.json describes it to its readers.
 *
 * Every field is always there: what is not known is `null`, what there is none of is an empty list. Fields may be added under the
 * same `schema`; none is removed or changes its meaning. Several images are a list of documents.
 */
import type { Certificate } from '#certification/certificate.ts';
import type { CheckResult } from '#certification/check.ts';
import type { GateBreach, GateResult } from '#certification/gate.ts';
import type { HealthGrade } from '#certification/health-grade.ts';
import { toImageJson } from '../inventory-json.ts';
import { toJsonText } from '../json-text.ts';

/** The value of `schema` in every document. */
export const CERTIFICATE_SCHEMA = 'plimsoll/certificate/1';

/** The document, or a list of them. */
export function renderCertificateJson(certificates: readonly Certificate[]): string {
  const documents = certificates.map(toCertificateJson);
  return toJsonText(documents.length === 1 ? documents[0] : documents);
}

/** One certificate as plain JSON. */
export function toCertificateJson(certificate: Certificate) {
  const { image, name, policy, policyWhy, results, gate, grade, objections, isPassed } = certificate;
  return {
    schema: CERTIFICATE_SCHEMA,
    image: toImageJson(image),
    name,
    policy,
    policyWhy,
    passed: isPassed,
    checks: results.map(toCheck),
    gate: gate === undefined ? null : toGate(gate),
    grade: grade === undefined ? null : toGrade(grade),
    objections,
  };
}

function toCheck(result: CheckResult) {
  return {
    name: result.name,
    level: result.level,
    outcome: result.outcome,
    description: result.description,
    summary: result.summary,
    found: result.found.map(({ kind, subject, detail, layer }) => ({
      kind,
      subject,
      detail: detail ?? null,
      layer: layer ?? null,
    })),
    why: result.why,
    fix: result.fix,
    differsFromPreflight: result.differsFromPreflight ?? null,
  };
}

function toGate({ outcome, summary, gate, breaches, unknown }: GateResult) {
  return { outcome, summary, rules: gate, breaches: breaches.map(toBreach), unknown };
}

function toBreach({ finding, fixed, ageDays, rule }: GateBreach) {
  return {
    id: finding.id,
    severity: finding.severity,
    purl: finding.package.purl,
    fixedVersion: finding.fix.kind === 'fixed' ? finding.fix.version : null,
    fixedOn: fixed?.at ?? null,
    dateIsOf: fixed?.basis ?? null,
    ageDays: ageDays ?? null,
    rule,
  };
}

function toGrade({ grade, schedule, nextDrop, unknown }: HealthGrade) {
  return {
    grade,
    schedule: schedule.map(interval => ({
      grade: interval.grade,
      start: interval.start.toISOString(),
      end: interval.end?.toISOString() ?? null,
      because: interval.because ?? null,
    })),
    nextDrop: nextDrop === undefined ? null : { at: nextDrop.at.toISOString(), grade: nextDrop.grade },
    unknown,
  };
}
