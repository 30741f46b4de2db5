import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, padText, textWidth, wrapText } from './text-columns.ts';

test.each([
  { text: 'openssl', width: 7, why: 'a letter is a column' },
  { text: '表計算', width: 6, why: 'ideographs are two' },
  { text: '한글', width: 4, why: 'so are Hangul syllables' },
  { text: 'ｆｕｌｌ', width: 8, why: 'and fullwidth letters' },
  { text: 'e\u0301', width: 1, why: 'an accent sits on its letter' },
  { text: '💥', width: 2, why: 'emoji are wide' },
  { text: '👩‍👩‍👧', width: 2, why: 'a family is one emoji' },
  { text: '🇨🇭', width: 2, why: 'so is a flag' },
  { text: '✔️', width: 2, why: 'a sign asked to be an emoji' },
  { text: 'a\u200bb', width: 2, why: 'a zero-width space' },
  { text: '…é', width: 2, why: 'not ASCII, and narrow' },
])('"$text" is $width wide: $why', ({ text, width }) => {
  expect(textWidth(text)).toBe(width);
});

test.each([
  { text: 'openssl', columns: 7, where: 'end', cut: 'openssl', why: 'it fits' },
  { text: 'openssl', columns: 5, where: 'end', cut: 'open…', why: 'the end goes' },
  { text: 'a/long/path', columns: 7, where: 'middle', cut: 'a/l…ath', why: 'the middle goes' },
  { text: '表計算', columns: 4, where: 'end', cut: '表…', why: 'no half characters' },
  { text: 'abc', columns: 1, where: 'end', cut: '…', why: 'the least there can be' },
  { text: 'abc', columns: 2, where: 'middle', cut: 'a…', why: 'no room for a tail' },
] as const)('"$text" in $columns columns is "$cut": $why', ({ text, columns, where, cut }) => {
  expect(cutText(text, columns, where)).toBe(cut);
});

test('cut and padded text is exactly as wide as its column, or one less before a wide character', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '表', '💥', 'e\u0301', ' '), maxLength: 20 });
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 30 }), fc.constantFrom('end', 'middle'), (one, columns, where) => {
      expect(textWidth(cutText(one, columns, where))).toBeLessThanOrEqual(columns);
      expect(textWidth(padText(cutText(one, columns, where), columns))).toBe(columns);
    }),
  );
});

test('wrapped text fits, and loses no word that could be shown', () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '表'), minLength: 1, maxLength: 6 }), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 12, max: 30 }), (list, columns) => {
      const lines = wrapText(list.join(' '), columns);
      expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(columns);
      expect(lines.join(' ')).toBe(list.join(' '));
    }),
  );
  expect(wrapText('one verylongword two', 8)).toEqual(['one', 'very…ord', 'two']);
});
