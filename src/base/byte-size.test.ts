import { expect, test } from 'vitest';
import { formatBytes, parseByteSize } from './byte-size.ts';

test.each([
  { bytes: 0, text: '0 B', why: 'nothing' },
  { bytes: 812, text: '812 B', why: 'bytes have no fraction' },
  { bytes: 999, text: '999 B', why: 'the last size in bytes' },
  { bytes: 999.96, text: '1.0 kB', why: 'rounding may carry into the next unit' },
  { bytes: 51_234_567, text: '51.2 MB', why: 'powers of 1000, as registries count' },
  { bytes: 999_960_000, text: '1.0 GB', why: 'never 1000.0 MB' },
  { bytes: 5e18, text: '5000.0 PB', why: 'the last unit grows' },
  { bytes: -1, text: '0 B', why: 'a size is never negative' },
])('$bytes is $text: $why', ({ bytes, text }) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  { text: '1024', bytes: 1024, why: 'a number is bytes' },
  { text: '500 MB', bytes: 500_000_000, why: 'powers of 1000' },
  { text: '2GiB', bytes: 2_147_483_648, why: 'powers of 1024 have an i' },
  { text: '1.5g', bytes: 1_500_000_000, why: 'one letter, fractions' },
  { text: '', bytes: undefined, why: 'nothing is no size' },
  { text: '-1', bytes: undefined, why: 'sizes are not negative' },
  { text: '5 parsecs', bytes: undefined, why: 'an unknown unit' },
  { text: '99999999999999 TB', bytes: undefined, why: 'more than a number can hold' },
])('the size "$text" is $bytes bytes: $why', ({ text, bytes }) => {
  expect(parseByteSize(text)).toBe(bytes);
});
