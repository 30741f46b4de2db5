/**
 * NuGet versions: one to four numbers, then a pre-release as in SemVer but with case ignored.
 *
 * Source: the comparer of NuGet.Versioning (NuGet.Client, 2026-08). No .NET is at hand to run it in tests, so its published cases and the
 * table stand in.
 */
import { versionScheme } from './scheme.ts';
import { comparePreReleases, parseIdentifiers } from './semver.ts';
import { order, VersionReader } from './version-reader.ts';

interface NugetVersion {
  /** Always four, missing ones 0. */
  readonly numbers: readonly number[];
  readonly pre: readonly (number | bigint | string)[] | undefined;
}

// .NET keeps each number in an Int32: longer version numbers are refused, longer identifiers count as text.
const MAX_INT32 = 2 ** 31 - 1;

/** Orders NuGet versions. Build labels do not count. */
export const nuget = versionScheme<NugetVersion>({
  id: 'nuget',
  parse(text) {
    const reader = new VersionReader(text);
    reader.takeAnyOf('vV');
    const numbers = [Number(reader.digits() || 'none')];
    for (let next = reader.digitsAfter('.'); next !== undefined; next = reader.digitsAfter('.'))
      numbers.push(Number(next));
    // Also refuses NaN, which is what a text without a first number gives.
    if (numbers.length > 4 || !numbers.every(number => number <= MAX_INT32)) return undefined;
    while (numbers.length < 4) numbers.push(0);
    const hasPre = reader.take('-');
    const [preText = ''] = reader.rest.split('+', 1);
    if (!hasPre) return preText === '' ? { numbers, pre: undefined } : undefined;
    const pre = parseIdentifiers(preText.toLowerCase());
    return pre && { numbers, pre: pre.map(asInt32) };
  },
  compare(a, b) {
    for (let at = 0; at < 4; at += 1) {
      const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return comparePreReleases(a.pre, b.pre);
  },
});

function asInt32(identifier: number | bigint | string): number | bigint | string {
  return typeof identifier !== 'string' && order<number | bigint>(identifier, MAX_INT32) > 0
    ? String(identifier)
    : identifier;
}
