import { describe, expect, test } from 'vitest';
import { composer } from './composer.ts';
import { conda } from './conda.ts';
import { cpan } from './cpan.ts';
import { generic } from './generic.ts';
import { jvm } from './jvm.ts';
import { maven } from './maven.ts';
import { cran, hackage } from './number-list.ts';
import { pep440 } from './pep440.ts';
import { php } from './php.ts';
import { rubygems } from './rubygems.ts';
import { type OrderCase, signOf } from './testdata/order-case.ts';

const pep440Cases: readonly OrderCase[] = [
  ['1.0.dev1', '<', '1.0a1', 'a dev release comes before all else'],
  ['1.0.dev1', '<', '1.0a1.dev1', 'also before the dev release of an alpha'],
  ['1.0a1.dev1', '<', '1.0a1', 'a dev release comes before what it leads to'],
  ['1.0a1', '<', '1.0a1.post1', 'an alpha can be repaired'],
  ['1.0a1.post1', '<', '1.0b1', 'and stays an alpha'],
  ['1.0b2', '<', '1.0rc1', 'beta before candidate'],
  ['1.0rc1', '<', '1.0', 'candidate before release'],
  ['1.0', '<', '1.0+local', 'a local build comes after'],
  ['1.0+local', '<', '1.0.post1', 'and before a post release'],
  ['1.0+abc', '<', '1.0+5', 'local texts before numbers'],
  ['1.0+abc.5', '<', '1.0+abc.10', 'local numbers by value'],
  ['1.0+abc', '<', '1.0+abc.5', 'shorter first'],
  ['1.0.post1.dev1', '<', '1.0.post1', 'the dev release of a post release'],
  ['1.0.post1', '<', '1.0.1', 'a post release comes before the next'],
  ['1.0', '=', '1.0.0', 'trailing zeros do not count'],
  ['1.0', '=', 'v1.0', 'nor does a v'],
  ['1.0-1', '=', '1.0.post1', 'the old way of writing post releases'],
  ['1.0.c1', '=', '1.0rc1', 'c is rc'],
  ['1.0alpha', '=', '1.0a0', 'a missing number is 0'],
  ['1.0_preview-2', '=', '1.0rc2', 'separators and words of choice'],
  ['1.0.0.rev3', '=', '1.0.post3', 'rev is post'],
  ['1!0.1', '>', '2024.1', 'the epoch decides first'],
  ['1.2.post3.dev4', '>', '1.2b3.dev4', 'a post release after any beta'],
  ['1.0RC1', '=', '1.0rc1', 'case does not count'],
  ['1.0+ubuntu-1', '=', '1.0+ubuntu.1', 'separators of local labels are alike'],
  ['1.0.dev20240101123456789', '<', '1.0.dev20240101123456790', 'numbers beyond 2^53'],
  ['0', '=', '0.0', 'zero is zero'],
  ['2004d', '?', '2005', 'older than the rules'],
  ['1.0-foo', '?', '1.0', 'an unknown word'],
  ['1.0+', '?', '1.0', 'an empty local label'],
];

const mavenCases: readonly OrderCase[] = [
  ['1', '=', '1.0.0', 'trailing zeros do not count'],
  ['1', '=', '1.ga', 'nor do words for the release'],
  ['1', '=', '1.final', 'such as final'],
  ['1.0.RELEASE', '=', '1.0', 'or release, as Spring writes'],
  ['1-alpha-1', '=', '1a1', 'a before a digit is alpha'],
  ['1-alpha', '<', '1-beta', 'alpha, beta'],
  ['1-beta', '<', '1-milestone', 'beta, milestone'],
  ['1-milestone', '<', '1-rc', 'milestone, rc'],
  ['1-rc', '=', '1-cr', 'cr is rc'],
  ['1-rc', '<', '1-SNAPSHOT', 'rc, snapshot'],
  ['1-SNAPSHOT', '<', '1', 'snapshot, the release'],
  ['1', '<', '1-sp', 'the release, sp'],
  ['1-sp', '<', '1-xyz', 'sp, other words'],
  ['1.0-1', '<', '1.0.1', 'a number after a dash comes before one after a dot'],
  ['2.0.1', '<', '2.0.1-xyz', 'other words come after the release'],
  ['2.0.1-xyz', '<', '2.0.1-123', 'and before numbers'],
  ['1.0.Final-redhat-1', '>', '1.0.Final', 'a rebuild is newer'],
  ['31.1-jre', '>', '31.1', 'a flavour is newer than none'],
  ['31.1-android', '<', '31.1-jre', 'flavours by text'],
  ['12.10.2.jre11', '>', '12.10.2', 'also behind a dot'],
  ['6.1.0rc3', '<', '6.1.0', 'without any separator'],
  ['1.0-20210101.120000-1', '>', '1.0', 'a deployed snapshot is newer than the release'],
  ['1.2.3.pre1', '>', '1.2.3', 'pre is not a word Maven knows'],
  ['1x', '=', '1-x', 'a change from digits to letters is a dash'],
  ['1.0.RC1', '=', '1.0-RC1', 'a word with a number is as good behind a dot'],
  ['4.1.100.Final', '>', '4.1.99.Final', 'numbers, not text'],
  ['2.9.10.8', '>', '2.9.10', 'a fourth number'],
  ['1.0-M2', '<', '1.0-M10', 'm before a digit is milestone'],
  ['1-1.foo-bar1baz-.1', '=', '1-1.foo-bar-1-baz-0.1', 'nobody writes this, Maven reads it'],
  ['20230101123456789012', '>', '20230101123456789011', 'numbers beyond 2^53'],
];

const rubygemsCases: readonly OrderCase[] = [
  ['1', '=', '1.0.0', 'trailing zeros do not count'],
  ['1.0.a', '<', '1.0', 'letters make a pre-release'],
  ['1.0.a10', '>', '1.0.a9', 'numbers behind letters by value'],
  ['1.0.a2', '=', '1.0.a.2', 'a change from letters to digits is a dot'],
  ['1.0.b1', '>', '1.0.a.2', 'letters by ASCII'],
  ['1.0.0-1', '=', '1.0.0.pre.1', 'a dash is .pre.'],
  ['1.0.0-1', '<', '1.0.0', 'so it makes a pre-release'],
  ['3.10', '>', '3.2', 'numbers, not text'],
  ['1.9.3.p194', '<', '1.9.3', 'p is a letter like any other here'],
  ['5.a', '<', '5.0.0.rc2', 'zeros before the first letters do not count'],
  ['5.0.0.rc2', '<', '5.0', 'a candidate'],
  ['1.0.0.b', '<', '1.0.0.beta', 'shorter texts first'],
  ['7.0.8.7', '>', '7.0.8', 'a fourth number'],
  ['1.0.0.pre.1', '<', '1.0.0.rc1', 'pre before rc by ASCII'],
  ['2.0.0.rc10', '>', '2.0.0.rc9', 'numbers by value'],
  ['1.0.', '?', '1.0', 'a dot needs something behind it'],
  ['v1.0', '?', '1.0', 'no leading letter'],
];

const phpCases: readonly OrderCase[] = [
  ['1.0-dev', '<', '1.0-alpha', 'dev, alpha'],
  ['1.0a', '=', '1.0-alpha', 'a is alpha'],
  ['1.0-beta', '<', '1.0RC1', 'beta, RC'],
  ['1.0RC1', '<', '1.0', 'RC, the release'],
  ['1.0', '<', '1.0pl1', 'the release, pl'],
  ['1.0-foo', '<', '1.0-dev', 'unknown words come first of all'],
  ['1.0', '<', '1.0.0', 'more numbers are newer'],
];

const composerCases: readonly OrderCase[] = [
  ['1.0', '=', '1.0.0', 'missing numbers are 0'],
  ['v1.0.0', '=', '1.0.0', 'a v does not count'],
  ['1.0-dev', '<', '1.0-alpha1', 'dev, alpha'],
  ['1.0-alpha1', '<', '1.0-beta1', 'alpha, beta'],
  ['1.0-beta1', '<', '1.0-RC1', 'beta, RC'],
  ['1.0-RC1', '<', '1.0', 'RC, the release'],
  ['1.0', '<', '1.0-p1', 'the release, patch'],
  ['1.0-patch1', '=', '1.0-pl1', 'one word for another'],
  ['1.0.0-beta.2', '<', '1.0.0-beta.11', 'numbers by value'],
  ['1.0.0.1', '>', '1.0.0', 'a fourth number'],
  ['1.0.0+build', '=', '1.0.0', 'build labels do not count'],
  ['1.0-a1', '=', '1.0-alpha1', 'a is alpha'],
  ['1.0-stable', '=', '1.0', 'stable is the release'],
  ['1.0RC2', '=', '1.0-rc2', 'case and dash do not count'],
  ['2.x-dev', '>', '2.5.0', 'a branch is newer than its releases'],
  ['2.x-dev', '<', '3.0.0', 'and older than the next'],
  ['1.10.0', '>', '1.9.0', 'numbers, not text'],
  ['2010.01.02', '<', '2010.01.03', 'dates'],
  ['dev-main', '?', '1.0', 'a branch without number is neither older nor newer'],
  ['1.0.0.0.0', '?', '1.0', 'five numbers'],
  ['1.0-foo', '?', '1.0', 'an unknown word'],
];

const condaCases: readonly OrderCase[] = [
  ['0.4', '=', '0.4.0', 'missing parts are 0'],
  ['0.4.1.rc', '=', '0.4.1.RC', 'case does not count'],
  ['0.4.1.rc', '<', '0.4.1', 'texts before numbers'],
  ['0.5a1', '<', '0.5b3', 'texts by ASCII'],
  ['0.5C1', '<', '0.5', 'any letter makes it older'],
  ['0.9.6', '<', '0.960923', 'numbers, not text'],
  ['1.1dev1', '<', '1.1_', 'dev, underscore'],
  ['1.1_', '<', '1.1a1', 'underscore, letters'],
  ['1.1.0dev1', '=', '1.1.dev1', 'a part that begins with letters has a 0 in front'],
  ['1.1.a1', '<', '1.1.0rc1', 'in front of the letters'],
  ['1.1.0rc1', '<', '1.1', 'a candidate'],
  ['1.1', '<', '1.1.post1', 'post comes after'],
  ['1.1.0post1', '=', '1.1.post1', 'also with the 0'],
  ['1.1.post1', '<', '1.1post1', 'and after that without the dot'],
  ['1996.07.12', '<', '1!0.4.1', 'the epoch decides first'],
  ['1.0.1a', '<', '1.0.1', 'OpenSSL letters come out wrong'],
  ['1.0.1_', '<', '1.0.1a', 'hence the underscore'],
  ['1.0', '<', '1.0+1', 'a local label is newer'],
  ['1.2.3-1', '=', '1.2.3_1', 'a dash is an underscore'],
  ['1..0', '?', '1.0', 'an empty part'],
  ['x!1.0', '?', '1.0', 'an epoch is a number'],
];

const cranCases: readonly OrderCase[] = [
  ['1.2-3', '=', '1.2.3', 'dash and dot are alike'],
  ['1.0', '<', '1.0.0', 'a list is older than its continuation'],
  ['1.10', '>', '1.9', 'numbers, not text'],
  ['1.0a', '?', '1.0', 'no letters'],
];

const hackageCases: readonly OrderCase[] = [
  ['1.0', '<', '1.0.0', 'a list is older than its continuation'],
  ['2.1.0.1', '>', '2.1.0', 'a fourth number'],
  ['1.0-1', '?', '1.0', 'dots only'],
];

const cpanCases: readonly OrderCase[] = [
  ['1.10', '<', '1.9', 'decimals are decimals'],
  ['v1.10', '>', 'v1.9', 'lists are lists'],
  ['1.10.0', '>', '1.9.0', 'also without the v when there are two dots'],
  ['1.002003', '=', 'v1.2.3', 'three digits make one number'],
  ['1.20', '=', '1.2', 'trailing zeros do not count'],
  ['1.02_03', '=', '1.0203', 'an underscore does not count'],
  ['2.0-TRIAL', '?', '2.0', 'perl refuses words'],
];

const genericCases: readonly OrderCase[] = [
  ['1.25.3', '>', '1.9.15', 'nginx: numbers, not text'],
  ['1.25', '=', '1.25.0', 'missing numbers are 0'],
  ['1.1.1a', '<', '1.1.1w', 'OpenSSL: patch letters'],
  ['1.1.1', '<', '1.1.1a', 'after the release'],
  ['0.9.8z', '<', '0.9.8za', 'two letters after one'],
  ['0.9.8zh', '<', '1.0.0', 'and before the next number'],
  ['1.0.2m', '>', '1.0.2', 'm alone is a letter'],
  ['3.0.0-beta1', '<', '3.0.0', 'a beta'],
  ['3.0.0-alpha17', '<', '3.0.0-beta1', 'an alpha'],
  ['3.13.0a2', '<', '3.13.0b1', 'CPython: a and b with a number'],
  ['3.13.0b1', '<', '3.13.0rc1', 'rc'],
  ['3.13.0rc1', '<', '3.13.0', 'the release'],
  ['9.3p1', '<', '9.3p2', 'OpenSSH: p with a number'],
  ['9.3', '<', '9.3p1', 'is a patch'],
  ['7.88.1-DEV', '<', '7.88.1', 'curl: a development build'],
  ['17beta1', '<', '17', 'PostgreSQL'],
  ['7.0-rc1', '<', '7.0.0', 'Redis'],
  ['v1.27.3+k3s1', '<', 'v1.27.3+k3s2', 'k3s: rebuilds'],
  ['3.11.2+', '=', '3.11.2', 'built from changed sources'],
  ['5.0.0.Final', '=', '5.0.0', 'a word for the release'],
  ['unknown', '?', '1.0', 'no number'],
];

const jvmCases: readonly OrderCase[] = [
  ['1.8.0_302-b08', '=', '8.0.302+8', 'the old count and the new'],
  ['8u302', '=', '8.0.302', 'the name of the release'],
  ['8u302-b08', '=', '1.8.0_302', 'builds do not count'],
  ['17.0.8+7', '=', '17.0.8', 'in the new count either'],
  ['11.0.20', '<', '11.0.20.1', 'a fourth number'],
  ['1.8.0_92', '<', '1.8.0_302', 'updates are numbers'],
  ['22-ea', '<', '22', 'early access comes before the release'],
  ['17', '=', '17.0.0', 'trailing zeros do not count'],
  ['1.8.0', '<', '11.0.2', 'across the two counts'],
  ['openjdk', '?', '17', 'no number'],
];

describe.each([
  { scheme: pep440, cases: pep440Cases },
  { scheme: maven, cases: mavenCases },
  { scheme: rubygems, cases: rubygemsCases },
  { scheme: php, cases: phpCases },
  { scheme: composer, cases: composerCases },
  { scheme: conda, cases: condaCases },
  { scheme: cran, cases: cranCases },
  { scheme: hackage, cases: hackageCases },
  { scheme: cpan, cases: cpanCases },
  { scheme: generic, cases: genericCases },
  { scheme: jvm, cases: jvmCases },
])('$scheme.id', ({ scheme, cases }) => {
  test.each(cases)('%s %s %s: %s', (a, sign, b) => {
    expect(signOf(scheme, a, b)).toBe(sign);
  });
});
