import { expect, test } from 'vitest';
import { declaredLicenses, declaredProperties, declaredText } from './declared.ts';

test.each([
  { value: ' MIT ', text: 'MIT', why: 'blanks around it' },
  { value: 'GPL (>= 2)', text: 'GPL (>= 2)', why: 'blanks inside' },
  { value: 'Ægir', text: 'Ægir', why: 'letters beyond ASCII' },
  { value: '', text: undefined, why: 'empty' },
  { value: ' \t', text: undefined, why: 'only blanks' },
  { value: 'a\nb', text: undefined, why: 'a line break' },
  { value: 'a\u001b[31m', text: undefined, why: 'an escape sequence' },
  { value: 'a\u009bm', text: undefined, why: 'an eight-bit escape sequence' },
  { value: 'x'.repeat(300), text: 'x'.repeat(300), why: 'as long as allowed' },
  { value: 'x'.repeat(301), text: undefined, why: 'longer than any name' },
  { value: 7, text: undefined, why: 'no text' },
  { value: undefined, text: undefined, why: 'missing' },
])('$why', ({ value, text }) => {
  expect(declaredText(value)).toBe(text);
});

test.each([
  { values: ['MIT', 'MIT', 'ISC'], licenses: ['MIT', 'ISC'], why: 'each once' },
  { values: ['UNKNOWN', 'NOASSERTION', 'none', ''], licenses: undefined, why: 'nothing said' },
  { values: [7, null, { type: 'MIT' }], licenses: undefined, why: 'wrong types' },
  { values: ['\n\n  MIT License\n\nPermission …'], licenses: ['MIT License'], why: 'a text is told by its first line' },
  {
    values: Array.from({ length: 100 }, (_, at) => `L${at}`).slice(0, 20),
    licenses: Array.from({ length: 20 }, (_, at) => `L${at}`),
    why: 'not more than twenty',
  },
])('licences: $why', ({ values, licenses }) => {
  expect(declaredLicenses(values)).toEqual(licenses === undefined ? {} : { licenses });
});

test('properties without a value are left out, and the field when there are none', () => {
  expect(declaredProperties({ a: '1', b: undefined })).toEqual({ properties: { a: '1' } });
  expect(declaredProperties({ b: undefined })).toEqual({});
});
