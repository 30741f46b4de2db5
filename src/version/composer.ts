/**
 * Composer (Packagist) versions: normalised to four numbers and a stability, then ordered as PHP does.
 *
 * Source: getcomposer.org/doc/articles/versions.md and the behaviour of composer/semver 3; checked against it in against-tools.test.ts.
 */
import { comparePhpVersions, splitPhpVersion } from './php.ts';
import { versionScheme } from './scheme.ts';

// The digits after a stability are written so that they can match in one way only: no backtracking on `1.0-a111111…x`.
const STABILITY = '[._-]?(?:(stable|beta|b|rc|alpha|a|patch|pl|p)(\\d*(?:[.-]\\d+)*))?([.-]?dev)?$';
const CLASSIC = new RegExp(`^v?(\\d{1,5})(\\.\\d+)?(\\.\\d+)?(\\.\\d+)?${STABILITY}`);
const DATE = new RegExp(`^v?(\\d{4}(?:[.:-]?\\d{2}){1,6}(?:[.:-]?\\d{1,3})?)${STABILITY}`);
const BRANCH = /^v?(\d+)(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?(\.(?:\d+|[x*]))?[.-]?dev$/;
/** What Composer puts for the open parts of a branch, so that `2.x-dev` is newer than every 2.5. */
const ANY_NUMBER = '9999999';

const STABILITIES: Readonly<Record<string, string>> = { a: 'alpha', b: 'beta', p: 'patch', pl: 'patch', rc: 'RC' };

/**
 * Orders Composer versions. Branches without a number (`dev-main`) are unreadable: Composer itself says they are neither older nor
 * newer than anything.
 */
export const composer = versionScheme<readonly string[]>({
  id: 'composer',
  parse(text) {
    const normalised = normalise(text.toLowerCase());
    return normalised === undefined ? undefined : splitPhpVersion(normalised);
  },
  compare: comparePhpVersions,
});

function normalise(text: string): string | undefined {
  const [version = ''] = text.replace(/@(?:stable|rc|beta|alpha|dev)$/, '').split('+', 1);
  const [, first, second = '.0', third = '.0', fourth = '.0', ...classic] = CLASSIC.exec(version) ?? [];
  if (first !== undefined) return withStability(first + second + third + fourth, classic);
  const [, date, ...dated] = DATE.exec(version) ?? [];
  if (date !== undefined) return withStability(date.replace(/\D/g, '.'), dated);
  const [, ...branch] = BRANCH.exec(version) ?? [];
  if (branch.length === 0) return undefined;
  return `${branch.map(part => part?.replace(/[x*]/, ANY_NUMBER) ?? `.${ANY_NUMBER}`).join('')}-dev`;
}

function withStability(version: string, [word, number = '', dev]: readonly (string | undefined)[]): string {
  if (word === 'stable') return version;
  const stability = word === undefined ? '' : `-${STABILITIES[word] ?? word}${number.replace(/^[.-]+/, '')}`;
  return version + stability + (dev === undefined ? '' : '-dev');
}
