/**
 * Lists of versions say mostly what the ranges beside them say already: PyPI's records name forty versions each, all within their ranges.
 */
import { type AffectedRange, type InstalledVersion, judgePrepared, prepareRange, readInstalled } from './range.ts';
import { rpm } from './rpm.ts';
import type { VersionScheme } from './scheme.ts';

/** The records about one package list the same versions again and again. */
const MAX_REMEMBERED = 20_000;
const REMEMBERED = new WeakMap<VersionScheme, Map<string, InstalledVersion>>();

/**
 * The same range without the listed versions that its ranges cover, so that what is left says something that they do not. For every version
 * that `judge` is asked about, its answer is the same.
 */
export function withoutPlaced(range: AffectedRange, scheme: VersionScheme): AffectedRange {
  const { ranges, versions } = range;
  // An rpm's source is held against bounds by another order, which knows no epochs.
  if (versions === undefined || scheme === rpm || !ranges.every(events => hasShortBounds(events, scheme))) return range;
  const prepared = prepareRange({ ranges }, scheme);
  if (prepared.lines.length === 0 && !prepared.isEverything) return range;
  const left = versions.filter(text => judgePrepared(read(text, scheme), prepared).kind !== 'affected');
  return left.length === 0 ? { ranges } : { ranges, versions: left };
}

/** A version is compared without its local part only against bounds without one, and a list is asked both ways. */
function hasShortBounds(events: AffectedRange['ranges'][number], scheme: VersionScheme): boolean {
  if (scheme.shorten === undefined) return true;
  return events.every(({ version }) => {
    const { full, short } = read(version, scheme);
    return full === short;
  });
}

function read(text: string, scheme: VersionScheme): InstalledVersion {
  let known = REMEMBERED.get(scheme);
  if (known === undefined || known.size >= MAX_REMEMBERED) {
    known = new Map();
    REMEMBERED.set(scheme, known);
  }
  let version = known.get(text);
  if (version === undefined) {
    version = readInstalled(text, scheme);
    known.set(text, version);
  }
  return version;
}
