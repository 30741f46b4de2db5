import { expect, test } from 'vitest';
import type { Rating } from '#advisory/advisory.ts';
import { rate } from './severity.ts';
import { advisory } from './testing/sample.ts';

const CRITICAL_3 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const MEDIUM_3 = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N';
const HIGH_4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N';

const word = (severity: Extract<Rating, { kind: 'word' }>['severity'], origin: string): Rating => ({
  kind: 'word',
  severity,
  origin,
});
const cvss = (vector: string, origin: string): Rating => {
  const version = vector.startsWith('CVSS:4.0') ? '4.0' : vector.startsWith('CVSS:3.1') ? '3.1' : '2';
  return { kind: 'cvss', version, vector, origin };
};

test.each([
  {
    own: [[word('MEDIUM', 'redhat'), cvss(CRITICAL_3, 'redhat')]],
    others: [],
    severity: 'MEDIUM',
    source: 'redhat',
    why: 'the vendor rates its own build (grype#2718, #3208)',
  },
  {
    own: [[cvss(CRITICAL_3, 'ghsa'), cvss(HIGH_4, 'ghsa')]],
    others: [],
    severity: 'HIGH',
    source: 'cvss:4.0 ghsa',
    why: 'of one record’s vectors the newest version counts',
  },
  {
    own: [[word('UNKNOWN', 'debian'), cvss(MEDIUM_3, 'nvd')]],
    others: [],
    severity: 'MEDIUM',
    source: 'cvss:3.1 nvd',
    why: 'a word that says nothing is passed over',
  },
  {
    own: [[], [word('LOW', 'ghsa')]],
    others: [cvss(CRITICAL_3, 'nvd')],
    severity: 'LOW',
    source: 'ghsa',
    why: 'a record that agrees comes before those of elsewhere',
  },
  {
    own: [[]],
    others: [cvss(CRITICAL_3, 'nvd'), cvss(MEDIUM_3, 'chainguard')],
    severity: 'MEDIUM',
    source: 'cvss:3.1 chainguard',
    why: 'NVD rates the worst configuration, so it comes last (grype#717)',
  },
  {
    own: [[]],
    others: [word('CRITICAL', 'ubuntu'), cvss(MEDIUM_3, 'nvd')],
    severity: 'MEDIUM',
    source: 'cvss:3.1 nvd',
    why: 'a word from elsewhere is about another build',
  },
  { own: [[]], others: [], severity: 'UNKNOWN', source: 'none', why: 'nobody said anything, which is not low' },
  {
    own: [[cvss('CVSS:3.1/AV:N', 'ghsa')]],
    others: [],
    severity: 'UNKNOWN',
    source: 'none',
    why: 'half a vector is none, where some would read 0',
  },
] as const)('$source says $severity: $why', ({ own, others, severity, source }) => {
  const rated = rate('weakness', own, [advisory({ id: 'CVE-2024-0001', ratings: others })]);
  expect(rated).toMatchObject({ severity, severitySource: source });
});

test('a malicious package is critical whatever its vectors say', () => {
  expect(rate('malware', [[cvss(MEDIUM_3, 'ghsa'), word('LOW', 'ghsa')]], [])).toMatchObject({
    severity: 'CRITICAL',
    severitySource: 'malware',
  });
});

test('every vector is kept with its score and origin, the newest version first and each once', () => {
  const own = [[cvss(CRITICAL_3, 'ghsa')], [cvss(HIGH_4, 'ghsa'), cvss(CRITICAL_3, 'ghsa')]];
  const nvd = advisory({ id: 'CVE-2024-0001', ratings: [cvss('AV:N/AC:L/Au:N/C:P/I:P/A:P', 'nvd')] });
  expect(rate('weakness', own, [nvd]).cvss).toEqual([
    { version: '4.0', vector: HIGH_4, score: 8.7, origin: 'ghsa' },
    { version: '3.1', vector: CRITICAL_3, score: 9.8, origin: 'ghsa' },
    { version: '2', vector: 'AV:N/AC:L/Au:N/C:P/I:P/A:P', score: 7.5, origin: 'nvd' },
  ]);
});
