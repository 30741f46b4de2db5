import { expect, test } from 'vitest';
import { findCvssRating } from './cvss-rating.ts';
import { findSeverity } from './severity-word.ts';

test.each([
  { word: 'Important', vocabulary: 'errata', want: 'HIGH', why: 'Red Hat and those who follow it' },
  { word: 'medium', vocabulary: 'errata', want: 'MEDIUM', why: 'Amazon’s word for moderate' },
  { word: 'MODERATE', vocabulary: 'plain', want: 'MEDIUM', why: 'GitHub' },
  { word: 'negligible', vocabulary: 'plain', want: 'NEGLIGIBLE', why: 'Ubuntu' },
  { word: 'unimportant', vocabulary: 'debian', want: 'NEGLIGIBLE', why: 'Debian' },
  { word: 'critical', vocabulary: 'debian', want: undefined, why: 'Debian has no such urgency' },
  { word: 'none', vocabulary: 'errata', want: undefined, why: 'no rating' },
  { word: 'untriaged', vocabulary: 'plain', want: undefined, why: 'no rating' },
  { word: 7, vocabulary: 'plain', want: undefined, why: 'no word' },
] as const)('$word of $vocabulary is $want: $why', ({ word, vocabulary, want }) => {
  expect(findSeverity(word, vocabulary)).toBe(want);
});

test.each([
  { text: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H', version: '3.1', why: 'says so itself' },
  { text: ' CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H ', version: '3.0', why: 'space around it' },
  {
    text: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N/U:Clear',
    version: '4.0',
    why: 'words as values',
  },
  { text: 'AV:N/AC:L/Au:N/C:P/I:P/A:P/E:POC/RL:OF/RC:C', version: '2', why: 'temporal metrics' },
  { text: '(AV:N/AC:L/Au:N/C:P/I:P/A:P)', version: '2', why: 'in brackets, as NVD once wrote it' },
  { text: 'CVSS:5.0/AV:N', version: undefined, why: 'the future' },
  { text: '9.8', version: undefined, why: 'a score alone' },
  { text: 'CVSS:3.1/AV:N<script>', version: undefined, why: 'something else in it' },
  { text: `CVSS:3.1/${'AV:N/'.repeat(100)}`, version: undefined, why: 'too long' },
  { text: 9.8, version: undefined, why: 'a number' },
])('vector $text is CVSS $version: $why', ({ text, version }) => {
  const rating = findCvssRating(text, 'x');
  expect(rating?.kind === 'cvss' ? rating.version : undefined).toBe(version);
});
