import { expect, test } from 'vitest';
import { formatAgo, formatSpan, formatUtc } from './format-time.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');

test.each([
  { at: '2026-11-21T11:59:30Z', text: 'just now' },
  { at: '2026-11-21T11:57:00Z', text: '3 minutes ago' },
  { at: '2026-11-21T14:10:00Z', text: 'in 2 hours' },
  { at: '2026-11-20T11:00:00Z', text: 'yesterday' },
  { at: '2024-01-01T00:00:00Z', text: '2 years ago' },
])('$at is $text', ({ at, text }) => {
  expect(formatAgo(at, NOW)).toBe(text);
});

test.each([
  { ms: 850, text: '850 ms' },
  { ms: 12_400, text: '12 s' },
  { ms: 250_000, text: '4 min 10 s' },
  { ms: 3_900_000, text: '1 h 05 min' },
])('$ms ms are $text', ({ ms, text }) => {
  expect(formatSpan(ms)).toBe(text);
});

test('UTC says that it is UTC', () => {
  expect(formatUtc('2026-11-21T12:00:00Z')).toBe('21 Nov 2026, 12:00:00 UTC');
});
