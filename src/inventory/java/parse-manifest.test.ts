import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseManifest } from './parse-manifest.ts';

const parse = (text: string | Buffer) => Object.fromEntries(parseManifest(Buffer.from(text as string)));

test.each([
  { why: 'Windows line ends', text: 'A: 1\r\nB: 2\r\n\r\nName: x\r\nC: 3\r\n', want: { a: '1', b: '2' } },
  { why: 'Unix line ends', text: 'A: 1\nB: 2\n\nC: 3\n', want: { a: '1', b: '2' } },
  { why: 'old Mac line ends', text: 'A: 1\rB: 2\r\rC: 3\r', want: { a: '1', b: '2' } },
  { why: 'a value over several lines', text: 'A: one\r\n  two\r\n three\r\n', want: { a: 'one twothree' } },
  { why: 'no line end at the end', text: 'A: 1', want: { a: '1' } },
  { why: 'a value with colons', text: 'A: b:c:d\n', want: { a: 'b:c:d' } },
  { why: 'lines that are none', text: 'junk\nA: 1\n', want: { a: '1' } },
  { why: 'byte order mark', text: '\ufeffA: 1\n', want: { a: '1' } },
  { why: 'nothing', text: '', want: {} },
])('the main section is read: $why', ({ text, want }) => {
  expect(parse(text)).toEqual(want);
});

test('a character that is cut by a line end is joined again', () => {
  const bytes = Buffer.from('A: Grüße\n');
  const cut = bytes.indexOf('ü') + 1;
  expect(parse(Buffer.concat([bytes.subarray(0, cut), Buffer.from('\r\n '), bytes.subarray(cut)]))).toEqual({
    a: 'Grüße',
  });
});

test('endless values are cut', () => {
  expect(parse(`A: ${'x'.repeat(100_000)}\n`)['a']?.length).toBe(4096);
  expect(parse(`A: ${'x\n '.repeat(100_000)}\n`)['a']?.length).toBeLessThanOrEqual(4096);
});

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array(), bytes => void parseManifest(Buffer.from(bytes))));
});
