/**
 * Versions that are nothing but lists of numbers: R packages (CRAN, Bioconductor) and Haskell (Hackage, GHC).
 *
 * Source: R, `?numeric_version`; Haskell PVP and `Data.Version`. In both a list is older than its continuation: `1.0` < `1.0.0`.
 */
import { type VersionScheme, versionScheme } from './scheme.ts';
import { order, toWhole, VersionReader, type Whole } from './version-reader.ts';

/** Orders R packages; `-` separates as `.` does. */
export const cran = numberList('cran', '.-');

/** Orders Haskell packages and compilers. */
export const hackage = numberList('hackage', '.');

function numberList(id: string, separators: string): VersionScheme<readonly Whole[]> {
  return versionScheme<readonly Whole[]>({
    id,
    parse(text) {
      const reader = new VersionReader(text);
      const numbers: Whole[] = [];
      let next: string | undefined = reader.digits();
      for (; next !== undefined && next !== ''; next = reader.digitsAfter(separators)) numbers.push(toWhole(next));
      return numbers.length > 0 && reader.isDone ? numbers : undefined;
    },
    compare(a, b) {
      for (let at = 0; at < a.length && at < b.length; at += 1) {
        const difference = order(a[at] ?? 0, b[at] ?? 0);
        if (difference !== 0) return difference;
      }
      return a.length - b.length;
    },
  });
}
