import { expect, test } from 'vitest';
import { parseHeaderBlock } from './header-block.ts';

const rows = [
  { text: 'A: 1\nB: 2', block: { a: ['1'], b: ['2'] }, why: 'the last line may lack its end' },
  { text: 'A: 1\r\nB: 2\r\n', block: { a: ['1'], b: ['2'] }, why: 'lines of Windows' },
  { text: 'A: 1\nA: 2\n', block: { a: ['1', '2'] }, why: 'a header may be repeated' },
  { text: 'A:\n    one\n\ttwo\n', block: { a: ['one\ntwo'] }, why: 'a value may begin on the next line' },
  { text: 'A: 1\n    \n  2\nB: 3', block: { a: ['1\n\n2'], b: ['3'] }, why: 'a line of blanks continues a value' },
  { text: 'A: 1\n\nB: 2', block: { a: ['1'] }, why: 'an empty line ends the block' },
  { text: '\nA: 1', block: {}, why: 'an empty first line: there is no block' },
  { text: 'no colon\nA: 1\n: 2', block: { a: ['1'] }, why: 'other lines are skipped' },
  { text: ' 1\nA: 2', block: { a: ['2'] }, why: 'nothing to continue' },
  { text: 'A: b: c', block: { a: ['b: c'] }, why: 'the first colon divides' },
  { text: '__proto__: 1', block: { ['__proto__']: ['1'] }, why: 'a name that objects have' },
];

test.each(rows)('$why', ({ text, block }) => {
  expect([...parseHeaderBlock(text)]).toEqual(Object.entries(block));
});

test('formats without prose may have empty lines', () => {
  expect([...parseHeaderBlock('A: 1\n\nB: 2', { endsAtBlank: false })]).toEqual([
    ['a', ['1']],
    ['b', ['2']],
  ]);
});
