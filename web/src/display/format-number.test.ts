import { expect, test } from 'vitest';
import { formatBytes, formatThings } from './format-number.ts';

test.each([
  { bytes: 0, text: '0 B' },
  { bytes: 999, text: '999 B' },
  { bytes: 28_345_000, text: '28.3 MB' },
  { bytes: 280_345_000, text: '280 MB' },
  { bytes: 5e15, text: '5000 TB' },
])('$bytes bytes are $text', ({ bytes, text }) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  { count: 0, text: '0 images' },
  { count: 1, text: '1 image' },
  { count: 12, text: '12 images' },
])('$count of a thing is "$text"', ({ count, text }) => {
  expect(formatThings(count, 'image')).toBe(text);
});
