import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBody } from './file-body.ts';
import { asList, asRecord, isRecord, parseJsonFile, parseJsonText } from './json-file.ts';

const parse = (text: string, limitBytes = 1 << 24) => parseJsonFile(toBody(Buffer.from(text)), limitBytes);

test.each([
  { text: '{"a":1', code: 'FILE_INVALID', why: 'cut off' },
  { text: 'version https://git-lfs', code: 'FILE_INVALID', why: 'something else' },
  { text: `${'['.repeat(201)}${']'.repeat(201)}`, code: 'LIMIT_EXCEEDED', why: 'too deep' },
  { text: `[${'{},'.repeat(500_000)}{}]`, code: 'LIMIT_EXCEEDED', why: 'too many objects' },
])('$code: $why', ({ text, code }) => {
  expect(() => parse(text)).toThrow(expect.objectContaining({ code }));
});

test('a file over the limit is refused unread', () => {
  expect(() => parse('[1,2,3]', 6)).toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED' }));
});

test('depth is what is open at once, not what was ever opened', () => {
  expect(parse(`[${'[[]],'.repeat(1000)}0]`)).toHaveLength(1001);
});

test('brackets and escaped quotes inside strings do not count', () => {
  expect(parse(JSON.stringify(`\\"${'['.repeat(5000)}"\\`))).toBe(`\\"${'['.repeat(5000)}"\\`);
});

test('what JSON can say is read as it is', () => {
  fc.assert(
    fc.property(fc.json(), text => {
      expect(parseJsonText(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('a value of another shape counts as an empty one', () => {
  for (const value of [null, undefined, 1, 'a', true]) {
    expect([asRecord(value), asList(value)]).toEqual([{}, []]);
  }
  expect([asRecord([1]), asList({ a: 1 }), isRecord([])]).toEqual([{}, [], false]);
});
