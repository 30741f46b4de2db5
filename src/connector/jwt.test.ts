import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jwtExpiresAtMs, jwtSubject } from './jwt.ts';

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown) => `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;

test('a token says when it ends and whose it is', () => {
  const token = jwt({ exp: 1_800_000_000, sub: 'jfac@01/users/scanner' });
  expect(jwtExpiresAtMs(token)).toBe(1_800_000_000_000);
  expect(jwtSubject(token)).toBe('jfac@01/users/scanner');
});

test.each(['', 'a.b', 'opaque-token', `${part({})}.e30.x`, jwt([1]), jwt({ exp: 'soon', sub: 7 })])(
  'a token that does not say leaves it open: %s',
  token => {
    expect(jwtExpiresAtMs(token)).toBeUndefined();
    expect(jwtSubject(token)).toBeUndefined();
  },
);

test('no text makes it fail', () => {
  fc.assert(fc.property(fc.string(), text => jwtExpiresAtMs(`a.${text}.b`) === undefined || true));
});
