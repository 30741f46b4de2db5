import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseChallenges } from './challenge.ts';

test.each([
  {
    header: 'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    challenges: [
      [
        'bearer',
        { realm: 'https://auth.docker.io/token', service: 'registry.docker.io', scope: 'repository:a/b:pull,push' },
      ],
    ],
    why: 'a comma inside quotes separates nothing',
  },
  {
    header: 'Basic realm="a", Bearer realm="b", service=c',
    challenges: [
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b', service: 'c' }],
    ],
    why: 'several challenges in one header, as Gitea sends them',
  },
  {
    header: 'Negotiate, NTLM, Basic realm="x"',
    challenges: [
      ['negotiate', {}],
      ['ntlm', {}],
      ['basic', { realm: 'x' }],
    ],
    why: 'schemes without parameters',
  },
  {
    header: 'Negotiate YWJjZA==, Bearer realm="x"',
    challenges: [
      ['negotiate', {}],
      ['bearer', { realm: 'x' }],
    ],
    why: 'a bare word with padding is no parameter',
  },
  {
    header: 'BEARER Realm = "x" , Service = "y"',
    challenges: [['bearer', { realm: 'x', service: 'y' }]],
    why: 'names know no case, and space is allowed around the equals sign',
  },
  {
    header: 'Bearer realm=https://r.example/token,service=r.example',
    challenges: [['bearer', { realm: 'https://r.example/token', service: 'r.example' }]],
    why: 'some leave the quotes out',
  },
  {
    header: 'Bearer realm="a \\"quoted\\" word",error="insufficient_scope"',
    challenges: [['bearer', { realm: 'a "quoted" word', error: 'insufficient_scope' }]],
    why: 'quotes inside quotes are escaped',
  },
  {
    header: 'Bearer realm="first",realm="second"',
    challenges: [['bearer', { realm: 'first' }]],
    why: 'a second value does not override the first',
  },
  { header: 'Bearer realm="never closed', challenges: [['bearer', { realm: 'never closed' }]], why: 'cut short' },
  { header: 'Bearer', challenges: [['bearer', {}]], why: 'a scheme alone' },
  { header: '', challenges: [], why: 'nothing asked for' },
  { header: ',,= "', challenges: [], why: 'noise' },
])('$header is read: $why', ({ header, challenges }) => {
  const read = parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);
  expect(read).toEqual(challenges);
});

test('no header makes reading it fail or take long', () => {
  const part = fc.constantFrom('Bearer', 'Basic', ' ', ',', '=', '"', '\\', 'realm', 'x', '__proto__', '/', '==');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 60 }), parts => {
      for (const { scheme } of parseChallenges(parts.join(''))) expect(scheme).not.toBe('');
    }),
  );
  expect(parseChallenges('"'.repeat(1_000_000))).toEqual([]);
  expect(parseChallenges('a '.repeat(100_000)).length).toBeLessThanOrEqual(20);
});
