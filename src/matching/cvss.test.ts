import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CvssVersion, scoreOf, severityOfScore } from './cvss.ts';

const FOUR = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N';

describe('scores are those of the specifications', () => {
  test.each([
    ['AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 10],
    ['AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', 9.8],
    ['AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N', 6.1],
    ['AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H', 7.8],
    ['AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:N/A:N', 5.9],
    ['AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', 7.5],
    ['AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H', 9.9],
    ['AV:P/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N', 1.6],
    ['AV:A/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H', 9.6],
    ['AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L', 7.3],
    ['AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H', 8.1],
    ['AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N', 0],
  ])('3.1: %s is %d', (vector, score) => {
    expect(scoreOf('3.1', `CVSS:3.1/${vector}`)).toBe(score);
    expect(scoreOf('3.0', `CVSS:3.0/${vector}`)).toBe(score);
  });

  test.each([
    ['AV:N/AC:L/Au:N/C:C/I:C/A:C', 10],
    ['AV:N/AC:L/Au:N/C:P/I:P/A:P', 7.5],
    ['AV:N/AC:M/Au:N/C:N/I:P/A:N', 4.3],
    ['AV:L/AC:L/Au:N/C:C/I:C/A:C', 7.2],
    ['AV:L/AC:H/Au:M/C:P/I:N/A:N', 0.8],
  ])('2.0: %s is %d', (vector, score) => {
    expect(scoreOf('2', vector)).toBe(score);
  });

  test.each([
    [`${FOUR}/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H`, 10],
    [`${FOUR}/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N`, 9.3],
    [`${FOUR}/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/E:U`, 8.1],
    [`${FOUR}/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N`, 8.7],
    [`${FOUR}/VC:L/VI:L/VA:L/SC:N/SI:N/SA:N`, 6.9],
    [`${FOUR}/VC:N/VI:N/VA:N/SC:N/SI:N/SA:N`, 0],
    ['CVSS:4.0/AV:L/AC:L/AT:N/PR:L/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 8.5],
    ['CVSS:4.0/AV:N/AC:L/AT:P/PR:N/UI:P/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N', 7.7],
    ['CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:L', 5.1],
    ['CVSS:4.0/AV:P/AC:H/AT:P/PR:H/UI:A/VC:L/VI:L/VA:L/SC:L/SI:L/SA:L', 1.0],
    ['CVSS:4.0/AV:A/AC:L/AT:N/PR:L/UI:P/VC:H/VI:L/VA:N/SC:N/SI:N/SA:N', 5.2],
  ])('4.0: %s is %d', (vector, score) => {
    expect(scoreOf('4.0', vector)).toBe(score);
  });
});

test.each([
  { version: '3.1', vector: 'CVSS:3.1/AV:N', why: 'metrics are missing, which the library scores as 0' },
  { version: '3.1', vector: 'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', why: 'it says it is of another version' },
  { version: '3.1', vector: 'CVSS:3.1/AV:Z/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', why: 'there is no such value' },
  { version: '3.1', vector: 'CVSS:3.1/AV:N/AV:P/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', why: 'a metric is there twice' },
  { version: '2', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', why: 'it is no vector of version 2' },
  { version: '4.0', vector: '', why: 'nothing is no vector' },
  { version: '4.0', vector: `${FOUR}/${'x'.repeat(1000)}`, why: 'no vector is that long' },
] as const)('$vector has no score: $why', ({ version, vector }) => {
  expect(scoreOf(version, vector)).toBeUndefined();
});

test('no text makes it throw, and every score is from 0 to 10', () => {
  const metric = fc.constantFrom('AV:N', 'AC:L', 'Au:N', 'PR:N', 'UI:N', 'S:C', 'C:H', 'I:C', 'A:P', 'VC:H', 'x:y', '');
  const vector = fc
    .tuple(fc.constantFrom('CVSS:3.1/', 'CVSS:4.0/', ''), fc.array(metric, { maxLength: 14 }), fc.string())
    .map(([prefix, metrics, rest]) => `${prefix}${metrics.join('/')}${rest}`);
  const version = fc.constantFrom<CvssVersion>('2', '3.0', '3.1', '4.0');
  fc.assert(
    fc.property(version, vector, (one, text) => {
      const score = scoreOf(one, text);
      expect(score === undefined || (score >= 0 && score <= 10)).toBe(true);
    }),
  );
});

test.each([
  { version: '3.1', score: 9, severity: 'CRITICAL', why: 'the lowest critical score' },
  { version: '4.0', score: 8.9, severity: 'HIGH', why: 'just below it' },
  { version: '3.1', score: 4, severity: 'MEDIUM', why: 'the lowest medium score' },
  { version: '3.1', score: 0.1, severity: 'LOW', why: 'any impact at all' },
  { version: '3.1', score: 0, severity: 'NEGLIGIBLE', why: 'no impact' },
  { version: '2', score: 10, severity: 'HIGH', why: 'version 2 has nothing above high' },
] as const)('CVSS $version $score is $severity: $why', ({ version, score, severity }) => {
  expect(severityOfScore(version, score)).toBe(severity);
});
