/**
 * Debian versions: `[epoch:]upstream[-revision]`, as dpkg orders them. Also Ubuntu, opkg, and opam, whose order is Debian's.
 *
 * Source: deb-version(7), "Sorting algorithm". Checked against dpkg in against-tools.test.ts. As in `dpkg --compare-versions`, an
 * upstream part need not begin with a digit: dpkg warns about such versions, and orders them all the same.
 */
import { versionScheme } from './scheme.ts';
import { isDigit, isLetter } from './version-reader.ts';

interface DebVersion {
  readonly epoch: number;
  readonly upstream: string;
  readonly revision: string;
}

// dpkg keeps the epoch in a C int and refuses more.
const MAX_EPOCH = 2 ** 31 - 1;

/** Orders Debian versions; `~` sorts before the end of the text, so `1.0~rc1` < `1.0`, and a missing revision is `0`. */
export const deb = versionScheme<DebVersion>({
  id: 'deb',
  parse(text) {
    const colon = text.indexOf(':');
    const epochDigits = colon < 0 ? '0' : text.slice(0, colon);
    if (!/^\d{1,10}$/.test(epochDigits) || Number(epochDigits) > MAX_EPOCH) return undefined;
    const dash = text.lastIndexOf('-');
    const hasRevision = dash > colon;
    const upstream = text.slice(colon + 1, hasRevision ? dash : undefined);
    const revision = hasRevision ? text.slice(dash + 1) : '';
    if (upstream === '' || (hasRevision && revision === '')) return undefined;
    return { epoch: Number(epochDigits), upstream, revision };
  },
  compare(a, b) {
    return a.epoch - b.epoch || compareParts(a.upstream, b.upstream) || compareParts(a.revision, b.revision);
  },
});

/** Orders OCaml packages: Debian's order without epoch and revision. Source: opam manual, "Package formulas", version ordering. */
export const opam = versionScheme<string>({ id: 'opam', parse: text => text, compare: compareParts });

/** Compares by turns a run of other characters and a run of digits. */
function compareParts(a: string, b: string): number {
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    while ((i < a.length && !isDigit(a.charCodeAt(i))) || (j < b.length && !isDigit(b.charCodeAt(j)))) {
      const difference = weight(a.charCodeAt(i)) - weight(b.charCodeAt(j));
      if (difference !== 0) return difference;
      i += 1;
      j += 1;
    }
    while (a.charCodeAt(i) === 48) i += 1;
    while (b.charCodeAt(j) === 48) j += 1;
    let firstDifference = 0;
    while (isDigit(a.charCodeAt(i)) && isDigit(b.charCodeAt(j))) {
      if (firstDifference === 0) firstDifference = a.charCodeAt(i) - b.charCodeAt(j);
      i += 1;
      j += 1;
    }
    // Without leading zeros the longer number is the greater one, whatever its digits.
    if (isDigit(a.charCodeAt(i))) return 1;
    if (isDigit(b.charCodeAt(j))) return -1;
    if (firstDifference !== 0) return firstDifference;
  }
  return 0;
}

/** `~` before the end and digits, these before letters, letters before all else. */
function weight(code: number): number {
  if (Number.isNaN(code) || isDigit(code)) return 0;
  if (code === 126) return -1;
  return isLetter(code) ? code : code + 256;
}
