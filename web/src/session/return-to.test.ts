import { expect, test } from 'vitest';
import { safeReturnTo } from './return-to.ts';

test.each([
  { text: null, path: '/', why: 'nowhere in particular' },
  { text: '/registries?q=a', path: '/registries?q=a', why: 'a page of ours' },
  { text: 'https://elsewhere.example', path: '/', why: 'another site' },
  { text: '//elsewhere.example/x', path: '/', why: 'another site without scheme' },
  { text: '/\\elsewhere.example', path: '/', why: 'browsers read a backslash as a slash' },
  { text: '/\t/elsewhere.example', path: '/', why: 'browsers leave tabs out' },
  { text: 'javascript:alert(1)', path: '/', why: 'a script' },
])('after the sign-in $text leads to $path: $why', ({ text, path }) => {
  expect(safeReturnTo(text)).toBe(path);
});
