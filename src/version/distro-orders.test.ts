import { describe, expect, test } from 'vitest';
import { alpm } from './alpm.ts';
import { apk } from './apk.ts';
import { deb, opam } from './deb.ts';
import { ebuild } from './ebuild.ts';
import { rpm, rpmWithoutEpoch } from './rpm.ts';
import { type OrderCase, signOf } from './testdata/order-case.ts';

const debCases: readonly OrderCase[] = [
  ['1.0', '=', '0:1.0', 'a missing epoch is 0'],
  ['1.0', '=', '1.0-0', 'a missing revision is 0'],
  ['1.0-1', '<', '1.0-1+deb12u1', 'a security upload comes after what it fixes'],
  ['1.0-1~bpo12+1', '<', '1.0-1', 'a backport comes before the original'],
  ['1.0~rc1-1', '<', '1.0-1', 'a tilde comes before the end'],
  ['1.0~~', '<', '1.0~', 'two tildes come before one'],
  ['1.0~~a', '<', '1.0~', 'also with something behind'],
  ['1.0', '<', '1.0a', 'a letter comes after the end'],
  ['1.0a', '<', '1.0+', 'letters come before other characters'],
  ['1.0+dfsg-1', '>', '1.0-9', 'the upstream part decides before the revision'],
  ['1.0.+', '>', '1.0.a', 'letters come before a plus anywhere'],
  ['1.10', '>', '1.9', 'numbers, not text'],
  ['1.09', '=', '1.9', 'leading zeros do not count'],
  ['1:0.1', '>', '9.9', 'the epoch decides first'],
  ['1.2-3-4', '>', '1.2-3', 'only the last dash begins the revision'],
  ['1.2.3-1.1', '>', '1.2.3-1', 'a non-maintainer upload comes after'],
  ['2.7.4+reloaded2-13ubuntu1', '<', '2.7.4+reloaded2-13+deb9u1', 'u is a letter, plus is not'],
  ['2.36-9+deb12u10', '>', '2.36-9+deb12u9', 'security uploads are numbered'],
  ['1.1.1w-0+deb11u1', '>', '1.1.1n-0+deb11u5', 'patch letters of OpenSSL'],
  ['3.0.15-1~deb12u1', '<', '3.0.15-1', 'an update prepared for stable comes before the one in testing'],
  ['1.18.0-6ubuntu14.4', '<', '1.18.0-6ubuntu14.10', 'Ubuntu counts behind a dot'],
  ['5.15.0-25.25~20.04.1', '<', '5.15.0-25.25', 'kernels backported to an older release'],
  ['1.0', '<', '1.99999999999999999999999999999999999', 'numbers may have any length'],
  ['v1.0', '>', '1.0', 'dpkg warns of a leading letter and goes on'],
  ['a:1.0', '?', '1.0', 'an epoch is a number'],
  ['2147483648:1.0', '?', '1.0', 'dpkg keeps epochs in 31 bits'],
  ['1.0-', '?', '1.0', 'a revision may be missing, not empty'],
  ['1:', '?', '1.0', 'nothing after the epoch'],
  ['', '?', '1.0', 'nothing at all'],
  ['1.0 beta', '?', '1.0', 'white space inside'],
  [' 1.0-1\n', '=', '1.0-1', 'white space around is not part of a version'],
  [`1.${'0'.repeat(600)}`, '?', '1.0', 'nobody names a version so'],
];

const opamCases: readonly OrderCase[] = [
  ['1.0~beta', '<', '1.0', 'a tilde comes before the end, as in Debian'],
  ['v0.16.0', '<', 'v0.16.1', 'a letter may lead'],
  ['1.0-2', '>', '1.0', 'a dash is no revision, just a character'],
];

const rpmCases: readonly OrderCase[] = [
  ['1.0.0', '>', '1.0', 'more segments are newer'],
  ['1.0~rc1', '<', '1.0', 'a tilde comes before the end'],
  ['1.0~~', '<', '1.0~', 'two tildes come before one'],
  ['1.0^', '>', '1.0', 'a caret comes after the end'],
  ['1.0^git1', '>', '1.0', 'a snapshot after the release'],
  ['1.0^git1', '<', '1.0.1', 'but before the next release'],
  ['1.0^20210101', '<', '1.0.1', 'also when it is a number'],
  ['1.0~rc1^git1', '>', '1.0~rc1', 'a snapshot after a candidate'],
  ['1.0^git1~pre', '<', '1.0^git1', 'marks combine'],
  ['1.0^git1', '<', '1.01', 'a caret is older than digits'],
  ['2.0.1a', '>', '2.0.1', 'letters after the end'],
  ['10.0001', '=', '10.1', 'leading zeros do not count'],
  ['2_0', '=', '2.0', 'separators are all alike'],
  ['1.0..1', '=', '1.0.1', 'and their number does not count'],
  ['a', '<', '1', 'letters before digits'],
  ['1.0a', '<', '1.0.1', 'also further on'],
  ['xyz.4', '<', '8', 'also at the beginning'],
  ['6.0.rc1', '>', '6.0', 'without a tilde a candidate is newer: packagers beware'],
  ['1:1.0-1', '>', '2.0-1', 'the epoch decides first'],
  ['0:1.0-1', '=', '1.0-1', 'a missing epoch is 0'],
  ['1.0-1.el9', '<', '1.0-1.el9_2', 'a rebuild for a minor release'],
  ['3.10.0-229.el7', '<', '3.10.0-229.1.2.el7', 'digits in the release are newer than letters'],
  ['1.0-10.el8', '>', '1.0-9.el8', 'releases are numbers'],
  ['1.0-1.module+el8.5.0+1', '>', '1.0-1.el8', 'module builds: m comes after e'],
  ['1.0', '<', '1.0-1', 'no release comes before any'],
  ['-1', '?', '1', 'a release of nothing'],
  ['', '?', '1', 'nothing at all'],
];

const apkCases: readonly OrderCase[] = [
  ['1.2.3-r0', '<', '1.2.3-r1', 'the package revision counts'],
  ['1.2.3-r9', '<', '1.2.3-r10', 'as a number'],
  ['1.2.3', '<', '1.2.3-r0', 'and no revision comes before 0'],
  ['1.2', '<', '1.2.0', 'more digits are newer'],
  ['1.2.3', '<', '1.2.3a', 'a letter comes after the end'],
  ['1.2.3a', '<', '1.2.3b', 'letters in order'],
  ['1.2.3a', '<', '1.2.3.1', 'more digits are newer than a letter'],
  ['1.0_alpha', '<', '1.0_beta', 'suffixes in order: alpha, beta'],
  ['1.0_beta', '<', '1.0_pre', 'beta, pre'],
  ['1.0_pre', '<', '1.0_rc', 'pre, rc'],
  ['1.0_rc1', '<', '1.0', 'rc, the release'],
  ['1.0', '<', '1.0_cvs', 'the release, cvs'],
  ['1.0_cvs', '<', '1.0_svn', 'cvs, svn'],
  ['1.0_svn', '<', '1.0_git', 'svn, git'],
  ['1.0_git', '<', '1.0_hg', 'git, hg'],
  ['1.0_hg', '<', '1.0_p', 'hg, p'],
  ['1.0_p10-r0', '>', '1.0_p9-r0', 'a number after a suffix'],
  ['0.1.0_alpha_pre2', '<', '0.1.0_alpha', 'a pre-release of a pre-release'],
  ['8.2.0', '<', '8.2.001', 'with a leading zero digits are a fraction: .0 < .001'],
  ['8.2.0015', '<', '8.2.002', '.0015 < .002'],
  ['1.02', '<', '1.1', 'one zero is enough'],
  ['6.5_p20250503-r0', '>', '6.5-r5', 'a patch level comes after all revisions of the release'],
  ['1.0~1234-r1', '<', '1.0~2345-r0', 'commits by text, before the revision'],
  ['20190808-r0', '>', '3.9-r0', 'dates are numbers'],
  ['2.39.0_beta', '<', '2.39.0', 'some comparators have this the other way round'],
  ['1.2.3-r0', '>', '0', 'secdb says 0 for never'],
  ['v1.2', '?', '1.2', 'no leading letter'],
  ['1.0_foo', '?', '1.0', 'unknown suffix'],
  ['1.0-1', '?', '1.0', 'a revision needs its r'],
  ['1.0.', '?', '1.0', 'a dot needs digits'],
  ['1.0ab', '?', '1.0', 'one letter only'],
  ['1.0~XYZ', '?', '1.0', 'a commit is small hex digits'],
];

const alpmCases: readonly OrderCase[] = [
  ['1.5.0-1', '<', '1.5.0-2', 'the release counts'],
  ['1.5.0-1', '=', '1.5.0', 'when both have one'],
  ['1.5-1', '<', '1.5.1-1', 'the version decides before it'],
  ['1.5b', '<', '1.5', 'letters at the end are a pre-release'],
  ['1.0a', '<', '1.0alpha', 'by text'],
  ['1.0alpha', '<', '1.0b', 'alpha before b'],
  ['1.0beta', '<', '1.0rc', 'beta before rc'],
  ['1.0rc', '<', '1.0', 'and rc before the release'],
  ['1.5.a', '>', '1.5', 'but not behind a dot'],
  ['1..0', '>', '1.0.1', 'more separators are newer'],
  ['1.0.', '>', '1.0', 'also at the end'],
  ['1.0+1', '>', '1.0', 'plus is a separator'],
  ['1.0~rc', '>', '1.0', 'so is the tilde: it means nothing here'],
  ['0:1.0', '=', '1.0', 'a missing epoch is 0'],
  ['1:1.0', '>', '2.0', 'the epoch decides first'],
  ['1.0_1', '=', '1.0.1', 'separators are all alike'],
  ['1.1.0.r10.gabc-1', '>', '1.1.0.r9.gabc-1', 'versions of development packages'],
];

const ebuildCases: readonly OrderCase[] = [
  ['1.2.3-r1', '>', '1.2.3', 'a revision is newer'],
  ['1.2.3-r0', '=', '1.2.3', 'and 0 is none'],
  ['1.2b', '<', '1.2.1', 'all numbers come before the letter'],
  ['1.2b', '>', '1.2a', 'letters in order'],
  ['1.0_alpha', '<', '1.0_beta1', 'alpha before beta'],
  ['1.0_rc10', '>', '1.0_rc9', 'suffix numbers'],
  ['1.0_rc', '<', '1.0', 'a candidate comes before the release'],
  ['1.0_p1', '>', '1.0', 'a patch after it'],
  ['1.0_alpha_p1', '>', '1.0_alpha', 'a patch of an alpha'],
  ['1.0_alpha_beta', '<', '1.0_alpha', 'a beta of an alpha'],
  ['1.01', '<', '1.1', 'a leading zero makes it a fraction'],
  ['1.010', '=', '1.01', 'whose trailing zeros do not count'],
  ['1.0.0', '>', '1.0', 'more numbers are newer'],
  ['1.0_git', '?', '1.0', 'not a suffix of Gentoo'],
];

describe.each([
  { scheme: deb, cases: debCases },
  { scheme: opam, cases: opamCases },
  { scheme: rpm, cases: rpmCases },
  { scheme: apk, cases: apkCases },
  { scheme: alpm, cases: alpmCases },
  { scheme: ebuild, cases: ebuildCases },
])('$scheme.id', ({ scheme, cases }) => {
  test.each(cases)('%s %s %s: %s', (a, sign, b) => {
    expect(signOf(scheme, a, b)).toBe(sign);
  });
});

test('A version from a source rpm name, which has no epoch, is compared without it', () => {
  expect(signOf(rpm, '1:1.0-1', '1.0-2')).toBe('>');
  expect(signOf(rpmWithoutEpoch, '1:1.0-1', '1.0-2')).toBe('<');
});
