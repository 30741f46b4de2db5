import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseEpss } from './parse-epss.ts';

const HEAD = '#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z\ncve,epss,percentile\n';
const read = (text: string) => {
  const tally = new ReadTally();
  const { scores, ...head } = parseEpss(text, tally);
  return { head, scores: [...scores], counts: tally.counts() };
};

test('a file has a model, a date, and a row for each CVE', () => {
  const { head, scores, counts } = read(
    `${HEAD}CVE-1999-0001,0.01345,0.86\r\nCVE-2021-44228,0.94,1\nCVE-2024-1234,9.7e-05,0\n`,
  );
  expect(head).toEqual({ model: 'v2025.03.14', date: '2026-11-20T12:55:00Z' });
  expect(scores).toEqual([
    { cve: 'CVE-1999-0001', score: 0.01345, percentile: 0.86 },
    { cve: 'CVE-2021-44228', score: 0.94, percentile: 1 },
    { cve: 'CVE-2024-1234', score: 0.000097, percentile: 0 },
  ]);
  expect(counts).toEqual({ read: 3, kept: 3, skipped: {}, lost: {} });
});

test.each([
  { row: 'CVE-2024-1234,1.2,0.5', why: 'no probability' },
  { row: 'CVE-2024-1234,,0.5', why: 'unknown is not zero' },
  { row: 'CVE-2024-1234,0.5', why: 'no percentile' },
  { row: 'CVE-2024-1234,0x1,0.5', why: 'JavaScript would read it' },
  { row: 'GHSA-1,0.5,0.5', why: 'no CVE' },
  { row: 'x'.repeat(5000), why: 'a long line' },
])('a row is counted and left out: $why', ({ row }) => {
  const { scores, counts } = read(`${HEAD}${row}\nCVE-2024-0001,0.1,0.2`);
  expect([scores.length, counts.kept, counts.read]).toEqual([1, 1, 2]);
});

test('files without a comment, or with a byte order mark, are read', () => {
  expect(read('\ufeffcve,epss,percentile\nCVE-2024-0001,0.1,0.2').scores).toHaveLength(1);
});

test.each(['', 'cve,score\n', '<html>', '#model_version:v1'])('another header is refused: "%s"', text => {
  expect(() => read(text)).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
