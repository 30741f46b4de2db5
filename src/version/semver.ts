/**
 * Semantic versions: npm, Cargo, Swift, GitHub Actions and whatever else says SemVer; the strict form for Hex; and the forms with
 * ordered build labels of Pub and Julia.
 *
 * Source: semver.org 2.0.0, section 11; leniency as in node-semver's loose mode. Checked against node-semver in against-tools.test.ts.
 * Not built on node-semver because that refuses numbers over 2^53 (Cargo's and Go's have 64 bits and more), missing parts, and needs a
 * second parser for Go, NuGet, Pub and Hex; it stays in use for npm's range language (npm-range.ts).
 */
import { versionScheme } from './scheme.ts';
import { isDigit, isLetter, order, toWhole, VersionReader, type Whole } from './version-reader.ts';

/** A dot-separated identifier of a pre-release or build: a number when it is all digits. */
type Identifier = Whole | string;

/** A semantic version, read. */
export interface SemVer {
  readonly major: Whole;
  readonly minor: Whole;
  readonly patch: Whole;
  /** `undefined` for a release; never empty. */
  readonly pre: readonly Identifier[] | undefined;
  /** Without the `+`; empty when there is none. */
  readonly build: string;
}

/**
 * Orders semantic versions. Reads what npm reads in loose mode (`v1.2.3`, `=1.2.3`, `1.2.3beta`, leading zeros) and short forms with
 * missing parts as 0 (`v4` of a GitHub Action). Build labels do not count.
 */
export const semver = versionScheme<SemVer>({ id: 'semver', parse: parseSemver, compare: compareSemver });

/**
 * Hex, where Elixir's `Version` accepts nothing but the exact form: no `v`, no missing part, no leading zero. 40,000 generated pairs were once
 * compared with Elixir 1.14 without a difference.
 */
export const hex = versionScheme<SemVer>({
  id: 'hex',
  parse: text => (isStrict(text) ? parseSemver(text) : undefined),
  compare: compareSemver,
});

interface BuiltSemVer extends SemVer {
  readonly buildIdentifiers: readonly Identifier[];
}

/**
 * SemVer with build labels ordered as well: none first, then by the rules of pre-releases. Dart's Pub and Julia order so, and npm
 * packages rebuilt by a vendor need it (`1.2.3` < `1.2.3+echo.1`: the rebuild has the fix).
 */
export const semverWithBuild = versionScheme<BuiltSemVer>({
  id: 'semver with build',
  parse(text) {
    const version = parseSemver(text);
    if (version === undefined) return undefined;
    const buildIdentifiers = version.build === '' ? [] : parseIdentifiers(version.build);
    return buildIdentifiers && { ...version, buildIdentifiers };
  },
  compare: (a, b) => compareSemver(a, b) || compareIdentifiers(a.buildIdentifiers, b.buildIdentifiers),
});

/** Reads a version leniently, see `semver`. Expects no white space. */
export function parseSemver(text: string): SemVer | undefined {
  const reader = new VersionReader(text);
  while (reader.takeAnyOf('vV='));
  const major = reader.digits();
  if (major === '') return undefined;
  const minor = reader.digitsAfter('.');
  const patch = minor === undefined ? undefined : reader.digitsAfter('.');
  const hasPre = reader.take('-') || (patch !== undefined && isLetter(reader.code));
  const rest = reader.rest;
  const plus = rest.indexOf('+');
  const preText = plus < 0 ? rest : rest.slice(0, plus);
  if (!hasPre && preText !== '') return undefined;
  const pre = hasPre ? parseIdentifiers(preText) : undefined;
  if (hasPre && pre === undefined) return undefined;
  return {
    major: toWhole(major),
    minor: toWhole(minor ?? '0'),
    patch: toWhole(patch ?? '0'),
    pre,
    build: plus < 0 ? '' : rest.slice(plus + 1),
  };
}

/** Major, minor, patch, then the pre-release; a release is newer than its pre-releases. */
export function compareSemver(a: SemVer, b: SemVer): number {
  return (
    order(a.major, b.major) || order(a.minor, b.minor) || order(a.patch, b.patch) || comparePreReleases(a.pre, b.pre)
  );
}

/** Orders pre-releases, `undefined` being the release itself. */
export function comparePreReleases(a: readonly Identifier[] | undefined, b: readonly Identifier[] | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 1;
  return b === undefined ? -1 : compareIdentifiers(a, b);
}

/** Splits at dots; `undefined` if one is empty or has other characters than letters, digits and `-`. */
export function parseIdentifiers(text: string): Identifier[] | undefined {
  const identifiers: Identifier[] = [];
  for (const part of text.split('.')) {
    if (part === '') return undefined;
    let isNumber = true;
    for (let at = 0; at < part.length; at += 1) {
      const code = part.charCodeAt(at);
      if (isDigit(code)) continue;
      if (!isLetter(code) && code !== 45) return undefined;
      isNumber = false;
    }
    identifiers.push(isNumber ? toWhole(part) : part);
  }
  return identifiers;
}

/** Numbers by value and before texts, texts by ASCII, and of two lists that agree so far the shorter one first. */
function compareIdentifiers(a: readonly Identifier[], b: readonly Identifier[]): number {
  for (let at = 0; ; at += 1) {
    const x = a[at];
    const y = b[at];
    if (x === undefined || y === undefined) return Number(x !== undefined) - Number(y !== undefined);
    const isText = typeof x === 'string';
    if (isText !== (typeof y === 'string')) return isText ? 1 : -1;
    const difference = order(x, y);
    if (difference !== 0) return difference;
  }
}

/** Three parts, none of the numbers with a leading zero, and a proper build label. */
function isStrict(text: string): boolean {
  const [release = '', ...builds] = text.split('+');
  const dash = release.indexOf('-');
  const numbers = (dash < 0 ? release : release.slice(0, dash)).split('.');
  const identifiers = dash < 0 ? [] : release.slice(dash + 1).split('.');
  const isBuildFine = builds.length === 0 || (builds.length === 1 && parseIdentifiers(builds[0] ?? '') !== undefined);
  return (
    isBuildFine &&
    numbers.length === 3 &&
    numbers.every(number => /^(?:0|[1-9]\d*)$/.test(number)) &&
    !identifiers.some(identifier => /^0\d+$/.test(identifier))
  );
}
