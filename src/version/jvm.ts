/**
 * Java runtimes in both their ways of counting: `1.8.0_302-b08` and `8u302` are `8.0.302`; `17.0.8+7` is itself.
 *
 * Source: JEP 223 and JEP 322. Builds (`+7`, `-b08`) and vendors' marks do not count; early access (`22-ea`) comes before the release.
 */
import { versionScheme } from './scheme.ts';
import { order, toWhole, type Whole } from './version-reader.ts';

interface JvmVersion {
  /** Without trailing zeros. */
  readonly numbers: readonly Whole[];
  readonly isEarly: boolean;
}

/** Orders versions of Java runtimes. */
export const jvm = versionScheme<JvmVersion>({
  id: 'jvm',
  parse(text) {
    const [, counted, rest = ''] = /^(\d+(?:[._u]\d+)*)(?:[-+](.*))?$/.exec(text.toLowerCase()) ?? [];
    if (counted === undefined) return undefined;
    // In the old count the third number was never used; `8u302` leaves it out.
    const written = counted
      .replace(/^(\d+)u/, '$1.0.')
      .split(/[._]/)
      .map(toWhole);
    const numbers = Number(written[0]) === 1 && written.length > 1 ? written.slice(1) : written;
    while (numbers.length > 0 && Number(numbers.at(-1)) === 0) numbers.pop();
    return { numbers, isEarly: /^(?:ea|internal|beta|alpha|rc)\b/.test(rest) };
  },
  compare(a, b) {
    for (let at = 0; at < a.numbers.length && at < b.numbers.length; at += 1) {
      const difference = order(a.numbers[at] ?? 0, b.numbers[at] ?? 0);
      if (difference !== 0) return difference;
    }
    return a.numbers.length - b.numbers.length || Number(b.isEarly) - Number(a.isEarly);
  },
});
