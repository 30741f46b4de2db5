import { describe, expect, test } from 'vitest';
import type { Advisory, AffectedPackage } from '#advisory/advisory.ts';
import type { PackageType } from '#inventory/package.ts';
import type { Finding } from '#matching/finding.ts';
import { memoryLookup } from '../matching/testing/memory-lookup.ts';
import { findFixDate } from './fix-date.ts';
import { formatGate, judgeGate, parseGate } from './gate.ts';
import { toGradedImage } from './graded-errata.ts';
import { gradeOf } from './health-grade.ts';

const NOW = new Date('2025-03-01T00:00:00Z');
const ECOSYSTEM = 'Red Hat:enterprise_linux:9::baseos';

function advisory(facts: Partial<Omit<Advisory, 'affected'>> = {}, affected: Partial<AffectedPackage> = {}): Advisory {
  const events = [
    { kind: 'introduced', version: '0' },
    { kind: 'fixed', version: '2-1.el9' },
  ] as const;
  return {
    id: 'CVE-2025-1',
    source: 'redhat-vex',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ratings: [],
    references: [],
    cwes: [],
    ...facts,
    affected: [{ ecosystem: ECOSYSTEM, name: 'openssl', range: { ranges: [events] }, ...affected }],
  };
}

function finding(facts: Partial<Finding> = {}, type: PackageType = 'rpm'): Finding {
  return {
    id: 'CVE-2025-1',
    aliases: [],
    package: { type, name: 'openssl', version: '1-1.el9', purl: 'pkg:rpm/redhat/openssl@1-1.el9', locations: [] },
    kind: 'weakness',
    severity: 'CRITICAL',
    severitySource: 'redhat',
    cvss: [],
    fix: { kind: 'fixed', version: '2-1.el9' },
    references: [],
    evidence: { advisory: 'CVE-2025-1', source: 'redhat-vex', ecosystem: ECOSYSTEM, name: 'openssl', why: 'older' },
    ...facts,
  };
}

const erratumOf = (id: string, source = 'osv') => ({
  record: advisory({ id, source, published: '2025-02-20T00:00:00Z' }),
  found: finding({ evidence: { advisory: id, source, ecosystem: ECOSYSTEM, name: 'openssl', why: 'older' } }),
});

describe('the day of a fix', () => {
  test('is that of the erratum which the source names for it', () => {
    const lookup = memoryLookup([advisory({ published: '2024-12-01T00:00:00Z' }, { fixedOn: '2025-02-01' })]);
    expect(findFixDate(finding(), lookup)).toEqual({ at: '2025-02-01', basis: 'fix' });
  });

  test.each([
    { id: 'ALSA-2025:100', source: 'osv', basis: 'fix', why: 'an erratum of AlmaLinux' },
    { id: 'DSA-5417-1', source: 'debian-lists', basis: 'fix', why: 'an advisory of Debian' },
    { id: 'ALAS2023-2025-1', source: 'amazon', basis: 'fix', why: 'a bulletin of Amazon' },
    { id: 'GHSA-aaaa-bbbb-cccc', source: 'osv', basis: 'disclosure', why: 'GitHub tells when it became known' },
    { id: 'CVE-2025-1', source: 'redhat-vex', basis: 'disclosure', why: 'a weakness, not an erratum' },
  ])('$id is dated by its $basis: $why', ({ id, source, basis }) => {
    const { record, found } = erratumOf(id, source);
    expect(findFixDate(found, memoryLookup([record]))).toEqual({ at: '2025-02-20T00:00:00Z', basis });
  });

  test('is the day of disclosure by anybody when the deciding source says none', () => {
    const other = advisory({ id: 'CVE-2025-1', source: 'nvd', published: '2025-01-05T00:00:00Z' }, { name: 'x' });
    expect(findFixDate(finding(), memoryLookup([advisory(), other]))?.at).toBe('2025-01-05T00:00:00Z');
  });

  test('is not known when nobody says one, and there is none without a fix', () => {
    expect(findFixDate(finding(), memoryLookup([advisory()]))).toBeUndefined();
    expect(findFixDate(finding({ fix: { kind: 'not-fixed' } }), memoryLookup([advisory()]))).toBeUndefined();
  });
});

test.each([
  { text: 'high', same: 'high' },
  { text: ' Critical=7 , important=30', same: 'critical=7,high=30' },
  { text: 'moderate=0', same: 'medium' },
])('the gate "$text" is $same', ({ text, same }) => {
  expect(formatGate(parseGate(text))).toBe(same);
  expect(parseGate(same)).toEqual(parseGate(text));
});

test.each(['', 'hihg', 'high=', 'high=-1', 'high,', 'high=999999'])('"%s" is no gate', text => {
  expect(() => parseGate(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

describe('the gate', () => {
  const dated = memoryLookup([advisory({}, { fixedOn: '2025-02-19' })]);
  const undated = memoryLookup([advisory()]);
  const judge = (gate: string, found: Finding, lookup = dated, unknown: readonly string[] = []) =>
    judgeGate([found], parseGate(gate), { lookup, now: NOW, unknown });

  test.each([
    { gate: 'high', found: finding(), outcome: 'failed', why: 'critical is worse than high' },
    { gate: 'critical', found: finding({ severity: 'HIGH' }), outcome: 'passed', why: 'high is not critical' },
    { gate: 'critical=10', found: finding(), outcome: 'passed', why: 'out for exactly ten days' },
    { gate: 'critical=9', found: finding(), outcome: 'failed', why: 'out for more than nine' },
    { gate: 'critical=30,high=5', found: finding(), outcome: 'failed', why: 'every rule must hold' },
    { gate: 'high', found: finding({ fix: { kind: 'not-fixed' } }), outcome: 'passed', why: 'there is no fix to take' },
    {
      gate: 'critical=30',
      found: finding({ kind: 'malware', severity: 'UNKNOWN', fix: { kind: 'unknown' } }),
      outcome: 'failed',
      why: 'malware is to be taken out',
    },
    { gate: 'high', found: finding({ kind: 'notice' }), outcome: 'passed', why: 'a notice is no weakness' },
  ])('$gate: $outcome ($why)', ({ gate, found, outcome }) => {
    expect(judge(gate, found).outcome).toBe(outcome);
  });

  test('a fix without a day counts as old', () => {
    expect(judge('critical=3650', finding(), undated)).toMatchObject({
      outcome: 'failed',
      breaches: [{ finding: { id: 'CVE-2025-1' } }],
    });
  });

  test('names what breaks it, with its age', () => {
    const { summary, breaches } = judge('high', finding());
    expect(summary).toBe('Fixes are out and not in the image: CVE-2025-1');
    expect(breaches[0]).toMatchObject({
      ageDays: 10,
      fixed: { at: '2025-02-19', basis: 'fix' },
      rule: { severity: 'HIGH' },
    });
  });

  test('what is not known is no pass, and no excuse either', () => {
    expect(judge('critical', finding({ severity: 'LOW' }), dated, ['Layer 1 was not read']).outcome).toBe('error');
    expect(judge('critical', finding(), dated, ['Layer 1 was not read']).outcome).toBe('failed');
  });
});

describe('what is graded', () => {
  const lookup = memoryLookup([advisory({}, { fixedOn: '2025-02-19' })]);
  const gradeWith = (found: Finding, more: Partial<Parameters<typeof toGradedImage>[1]> = {}) =>
    gradeOf(
      toGradedImage([found], {
        inventory: {},
        lookup,
        now: NOW,
        created: '2025-01-01T00:00:00Z',
        unknown: [],
        ...more,
      }),
    );

  test.each([
    { found: finding(), grade: 'C', why: 'critical, for ten days' },
    { found: finding({ severity: 'HIGH' }), grade: 'B', why: 'important, for ten days' },
    { found: finding({ severity: 'MEDIUM' }), grade: 'A', why: 'moderate ones never count' },
    { found: finding({ fix: { kind: 'will-not-fix', reason: '' } }), grade: 'A', why: 'no fix is missing' },
    { found: finding({}, 'npm'), grade: 'A', why: 'not of the distribution' },
  ])('$grade: $why', ({ found, grade }) => {
    expect(gradeWith(found).grade).toBe(grade);
  });

  test('everything, when asked for', () => {
    expect(gradeWith(finding({}, 'npm'), { scope: 'everything' }).grade).toBe('C');
  });

  test('a fix without a day makes the grade unknown', () => {
    const { grade, unknown } = gradeWith(finding(), { lookup: memoryLookup([advisory()]) });
    expect([grade, unknown]).toEqual(['unknown', ['CVE-2025-1 in openssl has a fix, and nobody says since when']]);
  });

  test.each([
    { created: '2025-01-01T00:00:00Z', since: '2025-01-01', why: 'when it was made' },
    { created: '1970-01-01T00:00:00Z', since: '2025-03-01', why: 'a made-up moment is none' },
    { created: '2031-01-01T00:00:00Z', since: '2025-03-01', why: 'nor is one to come' },
    { created: undefined, since: '2025-03-01', why: 'it does not say' },
  ])('the schedule begins on $since: $why', ({ created, since }) => {
    expect(gradeWith(finding(), { created }).schedule[0]?.start.toISOString().slice(0, 10)).toBe(since);
  });

  test('support ends with its last day', () => {
    const inventory = (endOfLife: string) => ({
      inventory: { distro: { id: 'rhel', idLike: [], name: 'RHEL', endOfLife } },
    });
    expect(gradeWith(finding({ severity: 'LOW' }), inventory('2025-02-28')).grade).toBe('F');
    expect(gradeWith(finding({ severity: 'LOW' }), inventory('2025-03-01')).grade).toBe('A');
  });
});
