import { expect, test } from 'vitest';
import { schemeFor, schemeForRange } from './schemes.ts';

const ecosystems: readonly (readonly [string, string | undefined, string])[] = [
  ['deb', 'deb', 'a purl type'],
  ['golang', 'go', 'a purl type with a name of its own'],
  ['gem', 'rubygems', 'another'],
  ['Debian:12', 'deb', 'an OSV ecosystem with its release'],
  ['Debian', 'deb', 'or without'],
  ['Ubuntu:22.04:LTS', 'deb', 'two suffixes'],
  ['Ubuntu:Pro:FIPS:20.04:LTS', 'deb', 'many suffixes'],
  ['Alpine:v3.19', 'apk', 'Alpine with its v'],
  ['Wolfi', 'apk', 'a rolling distribution'],
  ['Rocky Linux:9', 'rpm', 'a space in the name'],
  ['Red Hat:enterprise_linux:9::baseos', 'rpm', 'a CPE for a suffix'],
  ['SUSE:Linux Enterprise Server 15 SP5', 'rpm', 'a product name for a suffix'],
  ['openSUSE:Leap 15.6', 'rpm', 'mixed capitals'],
  ['Amazon Linux:2023', 'rpm', 'not of OSV, a feed of our own'],
  ['Arch Linux', 'alpm', 'likewise'],
  ['Go', 'go', 'capitals do not matter'],
  ['crates.io', 'semver', 'a name with a dot'],
  ['GitHub Actions', 'semver', 'tags'],
  ['Packagist', 'composer', 'Composer by the name of its registry'],
  ['Packagist:https://packages.drupal.org/8', 'composer', 'an address for a suffix'],
  ['Maven:https://maven.google.com', 'maven', 'likewise'],
  ['Pub', 'semver with build', 'build labels count'],
  ['Julia', 'semver with build', 'here too'],
  ['GHC', 'hackage', 'the compiler counts as its packages do'],
  ['Root:Alpine:3.18', 'apk', 'a rebuild of Alpine'],
  ['Root:Python', 'pep440', 'a vendor’s own word'],
  ['Echo', 'deb', 'Echo alone rebuilds Debian'],
  ['Echo:PyPI', 'pep440', 'and more with a suffix'],
  ['Echo:npm', 'semver with build', 'an npm rebuild differs only in its build label'],
  ['Docker Hardened Images:Debian:trixie', 'deb', 'a rebuild of Debian'],
  ['TuxCare', undefined, 'a rebuild of what?'],
  ['TuxCare:TuxCare:PyPI', undefined, 'malformed'],
  ['huggingface', undefined, 'commits have no order'],
  ['toString', undefined, 'not a property of some object'],
  ['', undefined, 'nothing'],
];

test.each(ecosystems)('versions of "%s" are ordered by %s: %s', (ecosystem, id) => {
  expect(schemeFor(ecosystem)?.id).toBe(id);
});

const ranges: readonly (readonly [string, 'SEMVER' | 'ECOSYSTEM' | 'GIT', string | undefined, string])[] = [
  ['npm', 'SEMVER', 'semver', 'SemVer is SemVer'],
  ['PyPI', 'SEMVER', 'semver', 'the type rules, whatever the ecosystem'],
  ['PyPI', 'ECOSYSTEM', 'pep440', 'the ecosystem’s own'],
  ['Go', 'SEMVER', 'go', 'reads what SemVer does not'],
  ['Bitnami', 'SEMVER', 'bitnami', 'its revisions are no pre-releases'],
  ['Pub', 'SEMVER', 'semver with build', 'knows build labels'],
  ['Nowhere', 'SEMVER', 'semver', 'an unknown ecosystem may still use SemVer'],
  ['Nowhere', 'ECOSYSTEM', undefined, 'but has no order of its own'],
  ['Go', 'GIT', undefined, 'commits have no order'],
];

test.each(ranges)('ranges of %s of type %s go by %s: %s', (ecosystem, type, id) => {
  expect(schemeForRange(ecosystem, type)?.id).toBe(id);
});
