import fc from 'fast-check';
import { expect, test } from 'vitest';
import { normaliseName } from './normalise-name.ts';

test.each([
  { ecosystem: 'PyPI', name: 'Zope.Interface__x', want: 'zope-interface-x', why: 'PEP 503' },
  { ecosystem: 'pypi', name: 'A_B', want: 'a-b', why: 'the purl type does as well' },
  { ecosystem: 'NuGet', name: 'Newtonsoft.Json', want: 'newtonsoft.json', why: 'case-insensitive' },
  { ecosystem: 'Packagist', name: 'Symfony/HTTP-kernel', want: 'symfony/http-kernel', why: 'case-insensitive' },
  {
    ecosystem: 'Packagist:https://packages.drupal.org/8',
    name: 'Drupal/Core',
    want: 'drupal/core',
    why: 'of another registry',
  },
  { ecosystem: 'crates.io', name: 'lock_api', want: 'lock-api', why: 'the registry takes both for one' },
  {
    ecosystem: 'SwiftURL',
    name: 'https://github.com/Apple/swift-nio.git',
    want: 'github.com/apple/swift-nio',
    why: 'a URL',
  },
  {
    ecosystem: 'swift',
    name: 'github.com/apple/swift-nio',
    want: 'github.com/apple/swift-nio',
    why: 'as purls have it',
  },
  { ecosystem: 'GitHub Actions', name: 'Actions/Checkout', want: 'actions/checkout', why: 'GitHub has no case' },
  { ecosystem: 'npm', name: 'JSONStream', want: 'JSONStream', why: 'jsonstream is another package' },
  { ecosystem: 'Maven', name: 'org.Demo:Demo_Core', want: 'org.Demo:Demo_Core', why: 'case-sensitive' },
  {
    ecosystem: 'Go',
    name: 'github.com/Masterminds/semver',
    want: 'github.com/Masterminds/semver',
    why: 'case-sensitive',
  },
  { ecosystem: 'RubyGems', name: 'RedCloth', want: 'RedCloth', why: 'case-sensitive' },
  { ecosystem: 'Debian:12', name: 'libstdc++', want: 'libstdc++', why: 'distributions have one spelling' },
  { ecosystem: 'Root:PyPI', name: 'A_B', want: 'a-b', why: 'a rebuild of PyPI' },
  { ecosystem: '', name: 'A', want: 'A', why: 'no ecosystem' },
])('$ecosystem: $name is looked up as $want ($why)', ({ ecosystem, name, want }) => {
  expect(normaliseName(ecosystem, name)).toBe(want);
});

test('normalising twice changes nothing more', () => {
  const ecosystem = fc.constantFrom('PyPI', 'NuGet', 'crates.io', 'npm', 'Go', 'Debian:12', 'Packagist');
  fc.assert(
    fc.property(ecosystem, fc.string(), (of, name) => {
      const once = normaliseName(of, name);
      return normaliseName(of, once) === once;
    }),
  );
});
