import { describe, expect, test } from 'vitest';
import { bitnami } from './bitnami.ts';
import { go } from './go.ts';
import { isInNpmRange } from './npm-range.ts';
import { nuget } from './nuget.ts';
import { hex, semver, semverWithBuild } from './semver.ts';
import { type OrderCase, signOf } from './testdata/order-case.ts';

const semverCases: readonly OrderCase[] = [
  ['1.0.0-alpha', '<', '1.0.0-alpha.1', 'of two that agree so far the shorter comes first'],
  ['1.0.0-alpha.1', '<', '1.0.0-alpha.beta', 'numbers before texts'],
  ['1.0.0-alpha.beta', '<', '1.0.0-beta', 'the first difference decides'],
  ['1.0.0-beta', '<', '1.0.0-beta.2', 'shorter first'],
  ['1.0.0-beta.2', '<', '1.0.0-beta.11', 'numbers by value'],
  ['1.0.0-beta.11', '<', '1.0.0-rc.1', 'texts by ASCII'],
  ['1.0.0-rc.1', '<', '1.0.0', 'a pre-release comes before its release'],
  ['1.0.0+a', '=', '1.0.0+b', 'build labels do not count'],
  ['1.2.3-4', '<', '1.2.3-4-foo', 'an identifier with a letter is a text'],
  ['1.2.3-5-Foo', '<', '1.2.3-5-foo', 'capitals come first in ASCII'],
  ['1.2.3-r100', '<', '1.2.3-r2', 'digits inside a text are text'],
  ['1.2.3-a.5', '<', '1.2.3-a.b', 'numbers before texts, further on'],
  ['1.2.3-0', '<', '1.2.3-a', 'zero is the lowest of all'],
  ['2.0.0-0', '<', '2.0.0-alpha', 'used as a bound just below all pre-releases'],
  ['1.10.0', '>', '1.9.9', 'numbers, not text'],
  ['0.0.0-foo', '<', '0.0.0', 'also at zero'],
  ['1.2.3-a.b.c.5.d.100', '<', '1.2.3-a.b.c.10.d.5', 'long lists'],
  ['v1.2.3', '=', '1.2.3', 'a leading v'],
  ['=v1.2.3', '=', '1.2.3', 'npm packages of the early days'],
  ['1.2.3beta', '=', '1.2.3-beta', 'and without the dash'],
  ['v4', '=', '4.0.0', 'tags of GitHub Actions'],
  ['1.2', '<', '1.2.1', 'missing parts are 0'],
  ['1.0.0-rc.018446744073709551617', '>', '1.0.0-rc.18446744073709551616', 'numbers beyond 64 bits'],
  ['1.2.3.4', '?', '1.2.3', 'a fourth number is no SemVer'],
  ['1.2.3-', '?', '1.2.3', 'an empty pre-release'],
  ['1.2.3-a..b', '?', '1.2.3', 'an empty identifier'],
  ['latest', '?', '1.2.3', 'a tag'],
  ['file:../x', '?', '1.2.3', 'a path, as in lock files'],
];

const hexCases: readonly OrderCase[] = [
  ['1.0.0-rc.10', '>', '1.0.0-rc.9', 'numbers by value'],
  ['1.0.0-Beta', '<', '1.0.0-alpha', 'capitals come first in ASCII'],
  ['1.0.0-dev', '<', '1.0.0-rc.0', 'texts by ASCII'],
  ['1.7.0-rc.0', '>', '1.6.16', 'a candidate of the next minor'],
  ['1.0.0-alpha-1', '>', '1.0.0-alpha.1', 'a dash inside makes one text'],
  ['1.0.0+a', '=', '1.0.0+b', 'build labels do not count'],
  ['1.0', '?', '1.0.0', 'three parts are required'],
  ['v1.0.0', '?', '1.0.0', 'no leading v'],
  ['01.0.0', '?', '1.0.0', 'no leading zero'],
  ['1.0.0-01', '?', '1.0.0', 'nor in an identifier'],
  ['1.0.0rc', '?', '1.0.0', 'the dash is required'],
  ['1.0.0+', '?', '1.0.0', 'a build label may not be empty'],
];

const builtCases: readonly OrderCase[] = [
  ['1.0.0-pre', '<', '1.0.0-pre+build', 'no build label before some'],
  ['1.0.0-pre+build', '<', '1.0.0', 'the pre-release decides first'],
  ['1.0.0', '<', '1.0.0+build', 'also for releases'],
  ['1.2.3+9', '<', '1.2.3+10', 'numbers by value'],
  ['1.2.3+900', '<', '1.2.3+a', 'numbers before texts'],
  ['1.2.3+a', '<', '1.2.3+a1', 'texts by ASCII'],
  ['1.2.3+a9', '<', '1.2.3+b2', 'texts by ASCII'],
  ['0.13.3+1', '>', '0.13.3', "Pub's way of patching old versions"],
  ['0.13.3+1', '<', '0.13.4', 'a build never reaches the next patch'],
  ['2.0.0-nullsafety.0', '<', '2.0.0', 'a pre-release of Dart'],
  ['2.12.0-0.dev', '<', '2.12.0', 'another'],
  ['3.0.15+1', '<', '3.0.15+2', 'rebuilds of Julia binaries'],
  ['1.2.3+echo.1', '<', '1.2.3+echo.2', 'rebuilds with a fix'],
];

const goCases: readonly OrderCase[] = [
  ['v1.10.0', '>', 'v1.9.0', 'numbers, not text'],
  ['1.9.0', '=', 'v1.9.0', 'advisories leave the v out'],
  ['v1.2.3-rc.1', '<', 'v1.2.3', 'a pre-release comes before its release'],
  ['v1.22.0-rc.2', '<', 'v1.22.0-rc.10', 'numbers by value'],
  ['v0.0.0-20190101000000-aaaaaaaaaaaa', '<', 'v0.0.0-20200101000000-000000000000', 'by time'],
  ['v0.0.0-20200101000000-aaaaaaaaaaaa', '<', 'v0.0.1', 'no tag yet: before the first'],
  ['v1.2.4-0.20220101000000-abcdefabcdef', '>', 'v1.2.3', 'after the tag it was made from'],
  ['v1.2.4-0.20220101000000-abcdefabcdef', '<', 'v1.2.4', 'before the next tag'],
  ['v1.2.4-0.20220101000000-abcdefabcdef', '<', 'v1.2.4-rc.1', 'and before its candidates'],
  ['v1.2.4-rc.1', '<', 'v1.2.4-rc.1.0.20220101000000-abcdefabcdef', 'after the candidate it was made from'],
  ['v1.2.4-rc.1.0.20220101000000-abcdefabcdef', '<', 'v1.2.4-rc.2', 'before the next candidate'],
  ['v2.0.0+incompatible', '=', 'v2.0.0', 'build labels do not count'],
  ['v20.10.7+incompatible', '<', 'v24.0.0+incompatible', 'Docker, famously'],
  ['v2.0.0-rc.1+incompatible', '<', 'v2.0.0+incompatible', 'a candidate with a label'],
  ['v1.4.0+dirty', '=', 'v1.4.0', 'built from changed sources'],
  ['v0.0.0-20220101000000-abcdefabcdef', '<', 'v0.0.0-20220315160706-3147a52a75dd', 'by time'],
  ['v1.4.0+incompatible+dirty', '=', 'v1.4.0', 'two labels'],
  ['go1.22rc1', '=', '1.22.0-rc.1', 'a toolchain is the standard library'],
  ['go1.22beta1', '<', 'go1.22rc1', 'beta before rc'],
  ['go1.22rc1', '<', 'go1.22.0', 'rc before the release'],
  ['go1.21', '=', '1.21.0', 'missing parts are 0'],
  ['go1.21.13', '>', 'go1.21.5', 'numbers, not text'],
  ['go1.21.5 X:boringcrypto', '=', '1.21.5', 'experiments behind the version'],
  ['go1.20.12-vendor1', '=', '1.20.12', 'a vendor’s name behind it'],
  ['1.22rc1', '=', '1.22.0-rc.1', 'without its go'],
  ['(devel)', '?', 'v1.0.0', 'the main module, built without a version'],
  ['devel go1.23-abcdef', '?', 'go1.22', 'a toolchain built from a branch'],
];

const nugetCases: readonly OrderCase[] = [
  ['1.0', '=', '1.0.0.0', 'missing numbers are 0'],
  ['1.0.01', '=', '1.0.1.0', 'leading zeros do not count'],
  ['1.0', '<', '1.0.0.1', 'a fourth number'],
  ['1.0.0-BETA', '=', '1.0.0-beta', 'case does not count'],
  ['1.0.0-beta', '<', '1.0.0-beta2', 'texts by ASCII'],
  ['1.0.0-beta', '<', '1.0.0-beta.1', 'shorter first'],
  ['1.0.0-beta.2', '<', '1.0.0-beta.11', 'numbers by value'],
  ['1.0.0-rc', '<', '1.0.0', 'a pre-release comes before its release'],
  ['1.0.0-1', '<', '1.0.0-a', 'numbers before texts'],
  ['1.0.0+abc', '=', '1.0.0', 'build labels do not count'],
  ['1.0.0-pre', '<', '1.0.0.1-alpha', 'the fourth number decides before the pre-release'],
  ['1.0.0.1-pre', '<', '1.0.0.1', 'a pre-release with four numbers'],
  ['0.9.9.1', '<', '1.0.0', 'numbers in order'],
  ['8.0.0-preview.7.23375.6', '<', '8.0.0-rc.1.23419.4', 'how .NET itself counts'],
  ['8.0.0-rc.2.23479.6', '<', '8.0.0', 'and releases'],
  ['13.0.1', '>', '12.0.3', 'numbers, not text'],
  ['1.0.0-99999999999', '>', '1.0.0-9', 'beyond 32 bits an identifier is text'],
  ['1.0.0-99999999999', '>', '1.0.0-100000000000', 'and ordered as such'],
  ['1.2.3.4.5', '?', '1.2.3', 'five numbers'],
  ['1.0.2147483648', '?', '1.0', 'more than 32 bits'],
  ['1.0.', '?', '1.0', 'a dot needs a number'],
];

const bitnamiCases: readonly OrderCase[] = [
  ['1.2.3-0', '=', '1.2.3', 'the revision is not upstream’s'],
  ['1.2.3-4', '=', '1.2.3-15', 'whatever it is'],
  ['1.2.4', '>', '1.2.3-99', 'the next version is newer'],
  ['1.10.0-0', '>', '1.9.9-9', 'numbers, not text'],
  ['8.0.36-5', '<', '8.0.37', 'before the fix'],
  ['1.2', '=', '1.2.0', 'missing parts are 0'],
  ['2024.1.1-2', '>', '2023.12.31', 'dates'],
  ['3.2.1-r5', '=', '3.2.1', 'old revisions with an r'],
  ['latest', '?', '1.0', 'a tag'],
];

describe.each([
  { scheme: semver, cases: semverCases },
  { scheme: hex, cases: hexCases },
  { scheme: semverWithBuild, cases: builtCases },
  { scheme: go, cases: goCases },
  { scheme: nuget, cases: nugetCases },
  { scheme: bitnami, cases: bitnamiCases },
])('$scheme.id', ({ scheme, cases }) => {
  test.each(cases)('%s %s %s: %s', (a, sign, b) => {
    expect(signOf(scheme, a, b)).toBe(sign);
  });
});

const npmRanges = [
  { range: '^1.2.3', version: '1.9.9', isIn: true, why: 'a caret keeps the major' },
  { range: '^1.2.3', version: '2.0.0', isIn: false, why: 'and ends before the next' },
  { range: '^0.2.3', version: '0.2.9', isIn: true, why: 'below 1 it keeps the minor' },
  { range: '^0.2.3', version: '0.3.0', isIn: false, why: 'and ends before the next minor' },
  { range: '^0.0.3', version: '0.0.4', isIn: false, why: 'below 0.1 nothing else' },
  { range: '~1.2.3', version: '1.2.99', isIn: true, why: 'a tilde keeps the minor' },
  { range: '~1', version: '1.9.0', isIn: true, why: 'or the major when that is all there is' },
  { range: '1.2.3 - 2.3', version: '2.3.9', isIn: true, why: 'a partial upper end takes all of it' },
  { range: '1.2.3 - 2.3.4', version: '2.3.5', isIn: false, why: 'a full one only itself' },
  { range: '<1.2.3 || >=2.0.0 <2.3.1', version: '2.3.0', isIn: true, why: 'alternatives' },
  { range: '>1.2', version: '1.2.9', isIn: false, why: 'above all of 1.2' },
  { range: '<=1.2', version: '1.2.9', isIn: true, why: 'up to all of 1.2' },
  { range: '>=1.0.0', version: '1.5.0-beta', isIn: true, why: 'betas have the bug too' },
  { range: '>=1.2.3 <2.0.0', version: '2.0.0-alpha', isIn: true, why: 'and are older than the release' },
  { range: '^1.2.3', version: '2.0.0-alpha', isIn: false, why: 'a caret ends before pre-releases' },
  { range: '*', version: '1.0.0-rc.1', isIn: true, why: 'everything is everything' },
  { range: 'not a range', version: '1.0.0', isIn: undefined, why: 'cannot be read' },
  { range: '*', version: 'latest', isIn: undefined, why: 'cannot be read' },
] as const;

test.each(npmRanges)('npm: "$version" in "$range" is $isIn: $why', ({ range, version, isIn }) => {
  expect(isInNpmRange(version, range)).toBe(isIn);
});
