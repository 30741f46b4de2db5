import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { readOrGap } from './gap.ts';

test('what is wrong with one part becomes a gap', () => {
  const gaps: string[] = [];
  expect(readOrGap(gaps, () => 7)).toBe(7);
  const broken = () => {
    throw new PlimsollError('FILE_INVALID', 'It is broken');
  };
  for (let count = 0; count < 30; count += 1) expect(readOrGap(gaps, broken)).toBeUndefined();
  expect(gaps).toEqual(Array.from({ length: 20 }, () => 'It is broken'));
});

test('a bug is no gap', () => {
  const bug = () => {
    throw new TypeError('oops');
  };
  expect(() => readOrGap([], bug)).toThrow(TypeError);
});
