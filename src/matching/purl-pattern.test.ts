import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findPurlPattern, PackagePurls } from './purl-pattern.ts';
import { packageOf } from './testing/sample.ts';

test.each([
  { text: 'openssl', why: 'a name' },
  { text: 'pkg:', why: 'no type' },
  { text: 'pkg:npm', why: 'no name' },
  { text: `pkg:npm/${'a'.repeat(3000)}`, why: 'longer than any name' },
  { text: 'pkg:npm/%', why: 'half an escape' },
])('$text is no purl: $why', ({ text }) => {
  expect(findPurlPattern(text)).toBeUndefined();
});

test.each([
  {
    found: { type: 'golang', name: 'github.com/Masterminds/semver', version: 'v1.5.0' },
    text: 'pkg:golang/github.com/Masterminds/semver@1.5.0',
    matches: true,
    why: 'some leave the v out',
  },
  {
    found: { type: 'golang', name: 'github.com/Masterminds/semver', version: 'v1.5.0' },
    text: 'pkg:golang/github.com/masterminds/semver',
    matches: false,
    why: 'module paths have capitals',
  },
  {
    found: { type: 'pypi', name: 'Zope.Interface', version: '5.0' },
    text: 'pkg:pypi/zope-interface@5.0',
    matches: true,
    why: 'PyPI does not tell dots and dashes apart',
  },
  {
    found: { type: 'npm', name: '@babel/core', version: '7.0.0' },
    text: 'pkg:npm/%40babel/core',
    matches: true,
    why: 'the scope is escaped',
  },
  {
    found: { type: 'maven', name: 'org.yaml:snakeyaml', version: '1.18' },
    text: 'pkg:maven/org.yaml/snakeyaml@1.18',
    matches: true,
    why: 'the group is the namespace',
  },
  {
    found: { type: 'composer', name: 'Symfony/Http-Kernel', version: '1.0' },
    text: 'pkg:composer/symfony/http-kernel',
    matches: true,
    why: 'Packagist has no capitals',
  },
] as const)('$text matches $found.name $found.version: $matches, $why', ({ found, text, matches }) => {
  const pattern = findPurlPattern(text);
  expect(pattern !== undefined && new PackagePurls(packageOf(found)).matches(pattern)).toBe(matches);
});

test('no text makes it throw, and every package matches its own purl', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(text => `pkg:${text}`),
      ),
      text => {
        findPurlPattern(text);
      },
    ),
  );
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, version) => {
      const one = packageOf({ type: 'npm', name, version });
      const pattern = findPurlPattern(one.purl);
      expect(pattern === undefined || new PackagePurls(one).matches(pattern)).toBe(true);
    }),
  );
});
