/** Which credentials a request shows. */
import { expect, test } from 'vitest';
import { readCredentials } from './credentials.ts';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  { why: 'none', headers: {}, credentials: undefined },
  {
    why: 'a key as bearer',
    headers: { authorization: 'Bearer plk_a' },
    credentials: { kind: 'api-key', key: 'plk_a' },
  },
  {
    why: 'schemes have no case',
    headers: { authorization: 'bearer plk_a' },
    credentials: { kind: 'api-key', key: 'plk_a' },
  },
  {
    why: 'bearer tokens of others are not ours',
    headers: { authorization: 'Bearer eyJhbGciOi' },
    credentials: undefined,
  },
  { why: 'a key in its own header', headers: { apiKey: 'plk_b' }, credentials: { kind: 'api-key', key: 'plk_b' } },
  { why: 'something else in that header', headers: { apiKey: 'abc' }, credentials: undefined },
  {
    why: 'a key as password, any user',
    headers: { authorization: basic('x:plk_c') },
    credentials: { kind: 'api-key', key: 'plk_c' },
  },
  {
    why: 'passwords have colons',
    headers: { authorization: basic('jane:a:b') },
    credentials: { kind: 'password', name: 'jane', password: 'a:b' },
  },
  { why: 'basic without a colon', headers: { authorization: basic('jane') }, credentials: undefined },
  { why: 'a scheme of others', headers: { authorization: 'Digest username=x' }, credentials: undefined },
  { why: 'endless headers', headers: { authorization: `Bearer plk_${'a'.repeat(5000)}` }, credentials: undefined },
  { why: 'a session', headers: { session: 'abc' }, credentials: { kind: 'session', token: 'abc' } },
  {
    why: 'a key wins over a session',
    headers: { session: 'abc', authorization: 'Bearer plk_a' },
    credentials: { kind: 'api-key', key: 'plk_a' },
  },
  {
    why: 'a wrong key does not fall back to the session: who sends one means it',
    headers: { session: 'abc', apiKey: 'wrong' },
    credentials: undefined,
  },
])('credentials: $why', ({ headers, credentials }) => {
  expect(readCredentials(headers)).toEqual(credentials);
});
