/** Names of accounts and namespaces. */
import { expect, test } from 'vitest';
import { parseAccountName, parseDisplayName, parseEmail, parseNamespaceName, toAccountName } from './name.ts';

test.each([
  { text: 'Jane.Doe', name: 'jane.doe', why: 'names have no case' },
  { text: ' jane@example.org ', name: 'jane@example.org', why: 'addresses may be names' },
  { text: 'ｊａｎｅ', name: 'jane', why: 'what looks the same is the same' },
])('the account name "$text" is $name: $why', ({ text, name }) => {
  expect(parseAccountName(text)).toBe(name);
});

test.each(['', '-jane', 'jane doe', 'jаne', 'x'.repeat(64), 'ja\nne', 'a/b'])(
  'the account name %j is refused',
  text => {
    expect(() => parseAccountName(text)).toThrow(/account name/);
  },
);

test.each([
  { text: 'Jane Doe', name: 'jane-doe' },
  { text: '..jane', name: 'jane' },
  { text: '漢字', name: undefined },
])('a provider’s "$text" becomes the account name $name', ({ text, name }) => {
  expect(toAccountName(text)).toBe(name);
});

test.each(['Default', '-a', 'a-', 'a_b', '', 'a'.repeat(64)])('the namespace name %j is refused', text => {
  expect(() => parseNamespaceName(text)).toThrow(/namespace name/);
});

test('names for people are one line, addresses have two parts', () => {
  expect(parseDisplayName(' Jane Doe ')).toBe('Jane Doe');
  expect(() => parseDisplayName('Jane\u202eeoD')).toThrow(/display name/);
  expect(() => parseDisplayName(' ')).toThrow(/display name/);
  expect(parseEmail('jane@example.org')).toBe('jane@example.org');
  expect(() => parseEmail('jane')).toThrow(/e-mail/);
});
