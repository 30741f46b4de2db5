import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readApiDate } from './api-date.ts';

test.each([
  { text: '2026-03-10T08:00:00Z', date: '2026-03-10T08:00:00.000Z', why: 'ISO 8601' },
  { text: '2026-03-10T08:00:00.123456789Z', date: '2026-03-10T08:00:00.123Z', why: 'nine digits' },
  { text: '2026-03-10T10:00:00+02:00', date: '2026-03-10T08:00:00.000Z', why: 'another zone' },
  { text: '2026-03-10T10:00:00.5+0200', date: '2026-03-10T08:00:00.500Z', why: 'a zone without colon' },
  { text: '2026-03-10 08:00:00', date: '2026-03-10T08:00:00.000Z', why: 'without a zone it is UTC' },
  { text: '2026-03-10', date: '2026-03-10T00:00:00.000Z', why: 'a day alone' },
  { text: '0001-01-01T00:00:00Z', date: undefined, why: 'Go has no other way to say nothing' },
  { text: '1970-01-01T00:00:00Z', date: undefined, why: 'a date that fills the field' },
  { text: '2026-13-40T08:00:00Z', date: undefined, why: 'no such day' },
  { text: 'yesterday', date: undefined, why: 'no date' },
  { text: '2026', date: undefined, why: 'too little' },
])('"$text" is $date: $why', ({ text, date }) => {
  expect(readApiDate(text)).toBe(date);
});

test('every moment since 2000 is read as itself', () => {
  const min = new Date('2000-01-01T00:00:00Z');
  fc.assert(
    fc.property(fc.date({ min, max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true }), date => {
      return readApiDate(date.toISOString()) === date.toISOString();
    }),
  );
});
