import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChange, readChanges } from './change-list.ts';

async function* pieces(text: string, sizeBytes = 7) {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += sizeBytes) yield bytes.subarray(at, at + sizeBytes);
}

test.each([
  { line: '2026-11-20T10:00:00Z,GHSA-1', what: 'GHSA-1', why: 'OSV, one ecosystem' },
  { line: '2026-11-20T10:00:00.123456Z,npm/GHSA-1', what: 'npm/GHSA-1', why: 'OSV, all ecosystems' },
  { line: '"2024/cve-2024-1.json","2026-11-20T10:00:00+00:00"', what: '2024/cve-2024-1.json', why: 'Red Hat' },
  { line: 'x.json,2026-11-20T12:00:00+02:00\r', what: 'x.json', why: 'Windows line ends' },
])('a line is read: $why', ({ line, what }) => {
  expect(parseChange(line)).toMatchObject({ what, at: expect.stringMatching(/^2026-11-20T10:00:00/) });
});

test.each([
  { line: '', why: 'nothing' },
  { line: 'timestamp,id', why: 'a heading' },
  { line: '2026-11-20T10:00:00Z,../../etc/passwd', why: 'a path that leads elsewhere' },
  { line: '2026-11-20T10:00:00Z,https://example.org/?x', why: 'a question' },
  { line: '2026-99-99T10:00:00Z,GHSA-1', why: 'no date' },
])('a line is passed over: $why', ({ line }) => {
  expect(parseChange(line)).toBeUndefined();
});

test('a list is read as far back as is needed, each thing once', async () => {
  const list = [
    '2026-11-20T10:00:00Z,C',
    '2026-11-19T10:00:00Z,B',
    '2026-11-19T09:00:00Z,C',
    '2026-11-18T10:00:00Z,A',
  ].join('\n');
  const { changes } = await readChanges(pieces(list), '2026-11-19T00:00:00Z');
  expect(changes.map(({ what }) => what)).toEqual(['C', 'B']);
  expect((await readChanges(pieces(list), '2020-01-01T00:00:00Z')).changes.map(({ what }) => what)).toEqual([
    'C',
    'B',
    'A',
  ]);
});

test('no bytes make it fail', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async text => {
      const { changes } = await readChanges(pieces(text), '2026-01-01T00:00:00Z');
      expect(changes).toEqual([]);
    }),
  );
});
