import { expect, test } from 'vitest';
import { providerFailureOf } from './provider-failure.ts';

const cases: readonly { query: string; told: string | undefined; why: string }[] = [
  { query: '', told: undefined, why: 'nothing failed' },
  { query: 'error=FORBIDDEN&request=abc-1', told: 'no account here for you', why: 'somebody whom nobody knows here' },
  { query: 'error=FORBIDDEN&request=abc-1', told: '(Request abc-1)', why: 'to be found in the log' },
  { query: 'error=SIGN_IN_PROVIDER_FAILED', told: 'cannot be reached', why: 'the provider is away' },
  { query: 'error=INTERNAL', told: 'The server failed', why: 'a code without a sentence' },
];

test.each(cases)('a sign-in that ended with "$query" tells "$told": $why', ({ query, told }) => {
  const text = providerFailureOf(new URLSearchParams(query));
  if (told === undefined) expect(text).toBeUndefined();
  else expect(text).toContain(told);
});

test('text from the address is never shown: anybody can write an address', () => {
  const query = new URLSearchParams({ error: 'Call 555-0100 at once', request: 'Call 555-0100 at once' });
  expect(providerFailureOf(query)).not.toContain('555');
});
