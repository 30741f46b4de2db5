import fc from 'fast-check';
import { expect, test } from 'vitest';
import { manifestPath, repositoryPath, vulnerabilityPath } from './addresses.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

test.each([
  { path: repositoryPath('r', 'team/app'), expected: '/repositories/r/team/app', why: 'a name with a folder' },
  { path: repositoryPath('r', 'a?b#c'), expected: '/repositories/r/a%3Fb%23c', why: 'a name that is no address' },
  { path: manifestPath(DIGEST), expected: `/images/${DIGEST}`, why: 'from nowhere' },
  {
    path: manifestPath(DIGEST, { registryId: 'r', repository: 'a/b', tag: '<b>' }, { tab: 'layers' }),
    expected: `/images/${DIGEST}?tab=layers&registry=r&repository=a%2Fb&tag=%3Cb%3E`,
    why: 'a tag that would be an element',
  },
  { path: vulnerabilityPath('A/../B'), expected: '/vulnerabilities/A%2F..%2FB', why: 'an id with slashes' },
])('$why', ({ path, expected }) => {
  expect(path).toBe(expected);
});

test('names come back out of addresses as they went in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), name => {
      const [, , , ...parts] = repositoryPath('r', name).split('/');
      expect(parts.map(decodeURIComponent).join('/')).toBe(name);
    }),
  );
});
