/**
 * Whether a version lies in what an advisory calls affected.
 *
 * Source: OSV schema 1.7, "affected[].ranges[]" and "Evaluation". Everything here is pure. An advisory's bounds are read once
 * (`prepareRange`) and then asked many times, since matching has 10 µs for a package.
 */
import type { VersionScheme } from './scheme.ts';

/** One change along the line of versions. The version `0` is before all others, a `limit` of `*` beyond them. */
export interface RangeEvent {
  readonly kind: 'introduced' | 'fixed' | 'last-affected' | 'limit';
  readonly version: string;
}

/**
 * The versions that an advisory covers: those within any of the ranges, and those listed. A range is a set of events in any order; without
 * `introduced` it begins before all versions. An upper bound that is no fix (`< 2.0`) is a `limit`.
 */
export interface AffectedRange {
  readonly ranges: readonly (readonly RangeEvent[])[];
  /** Versions named one by one, for texts that no range can place. */
  readonly versions?: readonly string[];
}

/** The answer about one version; what could not be decided says why. */
export type Verdict =
  | { readonly kind: 'affected' | 'not-affected' }
  | { readonly kind: 'undetermined'; readonly why: string };

const AFFECTED: Verdict = { kind: 'affected' };
const NOT_AFFECTED: Verdict = { kind: 'not-affected' };

/** An affected range whose bounds are read: make it once, ask it often. What is inside is for this file. */
export interface PreparedRange<V = unknown> {
  readonly scheme: VersionScheme<V>;
  /** Some range has no bounds at all: every version is affected, also one that nobody can read. */
  readonly isEverything: boolean;
  readonly lines: readonly Line<V>[];
  readonly listed: ListedVersions<V> | undefined;
  /** What stands in the way of a sure "not affected". */
  readonly doubts: readonly string[];
}

/** The events of one range in the order of their versions; all of it below `limit`. */
interface Line<V> {
  readonly events: readonly PreparedEvent<V>[];
  /** Always with a bound. */
  readonly limit: PreparedEvent<V> | undefined;
}

interface PreparedEvent<V> extends RangeEvent {
  /** `undefined` is before all versions. */
  readonly bound: Bound<V> | undefined;
}

interface Bound<V> {
  readonly version: V;
  /** Lacks the part that bounds may leave out, so an installed version is compared without it too. */
  readonly isShort: boolean;
}

interface ListedVersions<V> {
  readonly texts: ReadonlySet<string>;
  /** Whether the scheme does not tell `version` from one that is listed. */
  has(version: V): boolean;
}

/** An installed version, read once for all the ranges it is held against. */
export interface InstalledVersion<V = unknown> {
  readonly text: string;
  /** `undefined` when the scheme cannot read the text. */
  readonly full: V | undefined;
  /** Without the part that bounds may leave out. */
  readonly short: V | undefined;
}

/**
 * Whether `installed` lies in `range`, by the order of `scheme`. Never throws on odd versions: what cannot be read makes the verdict
 * undetermined, unless the rest of the range decides it all the same.
 */
export function judge<V>(installed: string, range: AffectedRange, scheme: VersionScheme<V>): Verdict {
  return judgePrepared(readInstalled(installed, scheme), prepareRange(range, scheme));
}

/** `judge` with both sides read before, and by the same scheme. */
export function judgePrepared<V>(installed: InstalledVersion<V>, range: PreparedRange<V>): Verdict {
  const { scheme, lines, listed, doubts } = range;
  if (range.isEverything || listed?.texts.has(installed.text)) return AFFECTED;
  if (lines.length === 0 && listed === undefined && doubts.length === 0) return NOT_AFFECTED;
  if (installed.full === undefined) {
    return { kind: 'undetermined', why: `${scheme.id} cannot read version "${installed.text}"` };
  }
  if (lines.some(line => contains(line, installed, scheme))) return AFFECTED;
  if (listed !== undefined && isListed(installed, listed)) return AFFECTED;
  const [doubt] = doubts;
  return doubt === undefined ? NOT_AFFECTED : { kind: 'undetermined', why: doubt };
}

/** The fixes that end the ranges `installed` lies in, lowest first; empty when it lies in none, or none of them has a fix. */
export function fixesFor<V>(installed: InstalledVersion<V>, range: PreparedRange<V>): readonly string[] {
  const fixes: { readonly version: string; readonly at: V }[] = [];
  for (const line of range.lines) {
    if (!contains(line, installed, range.scheme)) continue;
    const fix = line.events.find(
      event => event.kind === 'fixed' && compareTo(event.bound, installed, range.scheme) < 0,
    );
    if (fix?.bound !== undefined) fixes.push({ version: fix.version, at: fix.bound.version });
  }
  return fixes.sort((a, b) => range.scheme.compare(a.at, b.at)).map(fix => fix.version);
}

/** Reads an installed version for `judgePrepared`. */
export function readInstalled<V>(text: string, scheme: VersionScheme<V>): InstalledVersion<V> {
  const full = scheme.parse(text);
  return { text, full, short: full === undefined ? undefined : (scheme.shorten?.(full) ?? full) };
}

/** Reads the bounds of a range. A range that names no version at all casts doubt rather than meaning "none". */
export function prepareRange<V>(range: AffectedRange, scheme: VersionScheme<V>): PreparedRange<V> {
  const versions = range.versions ?? [];
  const lines: Line<V>[] = [];
  const doubts: string[] = [];
  let isEverything = false;
  for (const events of range.ranges) {
    const prepared = prepareLine(events, scheme);
    if (prepared.kind === 'line') lines.push(prepared.line);
    else if (prepared.kind === 'everything') isEverything = true;
    else if (prepared.kind === 'unreadable') {
      doubts.push(`${scheme.id} cannot read bound "${prepared.text}" of the affected range`);
    }
  }
  if (versions.length === 0 && range.ranges.every(events => events.length === 0)) {
    doubts.push('the advisory does not say which versions are affected');
  }
  return { scheme, isEverything, lines, listed: versions.length === 0 ? undefined : list(versions, scheme), doubts };
}

/** Goes through the events below the version: the last of them says how things stand. */
function contains<V>(line: Line<V>, installed: InstalledVersion<V>, scheme: VersionScheme<V>): boolean {
  if (line.limit !== undefined && compareTo(line.limit.bound, installed, scheme) >= 0) return false;
  let isAffected = false;
  for (const event of line.events) {
    const difference = compareTo(event.bound, installed, scheme);
    if (difference < 0) break;
    if (event.kind === 'introduced') isAffected = true;
    // The last affected version is itself still affected.
    else if (event.kind === 'fixed' || difference > 0) isAffected = false;
  }
  return isAffected;
}

/** Positive when `installed` is newer than the bound. Only for readable versions. */
function compareTo<V>(bound: Bound<V> | undefined, installed: InstalledVersion<V>, scheme: VersionScheme<V>): number {
  const version = bound?.isShort ? installed.short : installed.full;
  if (bound === undefined || version === undefined) return 1;
  return scheme.compare(version, bound.version);
}

/** What a set of events comes to. */
type Prepared<V> =
  | { readonly kind: 'line'; readonly line: Line<V> }
  | { readonly kind: 'everything' | 'nothing' }
  | { readonly kind: 'unreadable'; readonly text: string };

function prepareLine<V>(events: readonly RangeEvent[], scheme: VersionScheme<V>): Prepared<V> {
  const read: PreparedEvent<V>[] = [];
  for (const event of events) {
    if (event.kind === 'limit' && event.version === '*') continue;
    const bound = readBound(event.version, scheme);
    if (bound === 'unreadable') return { kind: 'unreadable', text: event.version };
    read.push({ ...event, bound });
  }
  if (read.length === 0) return { kind: 'nothing' };
  if (!read.some(event => event.kind === 'introduced'))
    read.push({ kind: 'introduced', version: '0', bound: undefined });
  const sorted = read.sort((a, b) => compareEvents(a, b, scheme));
  // With several limits the highest counts: to be below one of them is enough.
  const limit = sorted.findLast(event => event.kind === 'limit');
  const steps = sorted.filter(event => event.kind !== 'limit').filter(isNotBelied);
  if (limit === undefined && steps.every(event => event.bound === undefined)) {
    return { kind: steps.at(-1)?.kind === 'introduced' ? 'everything' : 'nothing' };
  }
  return { kind: 'line', line: { events: steps, limit } };
}

function readBound<V>(text: string, scheme: VersionScheme<V>): Bound<V> | undefined | 'unreadable' {
  if (text === '0') return undefined;
  const version = scheme.parse(text);
  if (version === undefined) return 'unreadable';
  return { version, isShort: scheme.shorten?.(version) === version };
}

/**
 * At one version the order of the file holds, which tells `fixed 2, introduced 2` (two ranges that touch) from `introduced 2, fixed 2` (none).
 * But nothing begins after `0`, and what ends after a last affected version ends last.
 */
function compareEvents<V>(a: PreparedEvent<V>, b: PreparedEvent<V>, scheme: VersionScheme<V>): number {
  if (a.bound !== undefined && b.bound !== undefined) {
    const rank = (event: PreparedEvent<V>) => Number(event.kind === 'last-affected');
    return scheme.compare(a.bound.version, b.bound.version) || rank(a) - rank(b);
  }
  const rank = (event: PreparedEvent<V>) => (event.bound !== undefined ? 2 : event.kind === 'introduced' ? 0 : 1);
  return rank(a) - rank(b);
}

/** The wild has both ends for one beginning, against the specification: then the fix knows better than the last affected version. */
function isNotBelied<V>(event: PreparedEvent<V>, at: number, sorted: readonly PreparedEvent<V>[]): boolean {
  if (event.kind !== 'last-affected') return true;
  return sorted.slice(at + 1).find(later => later.kind !== 'last-affected')?.kind !== 'fixed';
}

/** Asks after which sorting a list has paid for itself. */
const MANY_ASKS = 8;

function list<V>(texts: readonly string[], scheme: VersionScheme<V>): ListedVersions<V> {
  // Read on first use, for lists run to hundreds and are seldom reached.
  let versions: readonly V[] | undefined;
  let asks = 0;
  return {
    texts: new Set(texts),
    has(version) {
      versions ??= texts.map(text => parseOnce(text, scheme)).filter(one => one !== undefined);
      asks += 1;
      if (asks < MANY_ASKS) return versions.some(one => scheme.compare(one, version) === 0);
      if (asks === MANY_ASKS) versions = versions.toSorted((a, b) => scheme.compare(a, b));
      return hasSorted(versions, version, scheme);
    },
  };
}

/** The fifteen advisories about a package list the same hundred versions. */
const MAX_REMEMBERED = 50_000;
const REMEMBERED = new WeakMap<VersionScheme, Map<string, unknown>>();

function parseOnce<V>(text: string, scheme: VersionScheme<V>): V | undefined {
  let known = REMEMBERED.get(scheme as VersionScheme) as Map<string, V | undefined> | undefined;
  if (known === undefined || known.size >= MAX_REMEMBERED) {
    known = new Map();
    REMEMBERED.set(scheme as VersionScheme, known);
  }
  const version = known.get(text) ?? scheme.parse(text);
  known.set(text, version);
  return version;
}

/** Whether the list has the version, or one that the scheme does not tell from it, with or without the part that bounds may leave out. */
function isListed<V>({ full, short }: InstalledVersion<V>, listed: ListedVersions<V>): boolean {
  if (full === undefined || short === undefined) return false;
  return listed.has(full) || (short !== full && listed.has(short));
}

function hasSorted<V>(sorted: readonly V[], wanted: V, scheme: VersionScheme<V>): boolean {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const candidate = sorted[middle];
    if (candidate === undefined) return false;
    const difference = scheme.compare(wanted, candidate);
    if (difference === 0) return true;
    if (difference < 0) high = middle;
    else low = middle + 1;
  }
  return false;
}
