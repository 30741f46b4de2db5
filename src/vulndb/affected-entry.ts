/**
 * What an advisory says of one package, as an entry of the package's row: JSON that matching reads without touching the advisory itself.
 *
 * An entry is `[place, range, flags, rest]`, trailing parts left out where they say nothing. `place` is the advisory's in its part. A range
 * is the fixed version alone when everything before it is affected, which most are; else a list of events such as `"i1.0"`, with `0`
 * between ranges; `null` when there is none.
 */
import type { Advisory, AdvisoryKind, AffectedPackage, Rating } from '#advisory/advisory.ts';
import type { AffectedRange, RangeEvent } from '#version/range.ts';
import { compressText, inflateText } from './body-code.ts';
import { decodeRatings, encodeRatings, type StoredRating } from './rating-code.ts';

/** An entry as it is read back: whose it is, what can be said of that advisory without looking it up, and the package. */
export interface AffectedEntry {
  readonly place: number;
  readonly kind: AdvisoryKind;
  readonly isWithdrawn: boolean;
  readonly affected: AffectedPackage;
}

type StoredRange = string | null | readonly (string | 0)[];

/** The parts of `AffectedPackage` that few entries have, under short names. */
interface StoredRest {
  /** Listed versions. */
  readonly v?: readonly string[];
  /** Reason of the state. */
  readonly w?: string;
  readonly m?: string;
  readonly a?: readonly string[];
  readonly o?: readonly string[];
  readonly r?: readonly StoredRating[];
  readonly p?: string;
  readonly f?: string;
  readonly d?: string;
  readonly s?: Readonly<Record<string, readonly string[]>>;
}

type StoredEntry = readonly [place: number, range: StoredRange, flags?: number, rest?: StoredRest];

const NAME_KINDS = [undefined, 'source', 'binary', 'either'] as const;
const STATES = [
  undefined,
  'not-fixed',
  'will-not-fix',
  'deferred',
  'end-of-life',
  'under-investigation',
  'unknown',
] as const;
/** In the order of their numbers in the file. */
export const KINDS: readonly AdvisoryKind[] = ['weakness', 'malware', 'notice'];

// Bits of `flags`: two for the kind of name, three for the state, two for the kind of advisory, one each for the rest.
const STATE_SHIFT = 2;
const KIND_SHIFT = 5;
const NOT_AFFECTED = 1 << 7;
const WITHDRAWN = 1 << 8;

const EVENT_LETTERS = { introduced: 'i', fixed: 'f', 'last-affected': 'a', limit: 'l' } as const;
const EVENT_KINDS: Readonly<Record<string, RangeEvent['kind']>> = {
  i: 'introduced',
  f: 'fixed',
  a: 'last-affected',
  l: 'limit',
};

/** Entries of a package are compressed from this many characters on; below, zstd gains little and matching pays for it. */
const COMPRESS_FROM = 1024;

/** Entries joined by commas as a row has them: compressed where that is worth it. */
export function storeEntries(text: string): string | Buffer {
  if (text.length < COMPRESS_FROM) return text;
  const compressed = compressText(text);
  return compressed.length < text.length * 0.75 ? compressed : text;
}

/** The text of entries as a row has them. @throws {Error} when they are damaged. */
export function entriesText(stored: unknown): string {
  return typeof stored === 'string' ? stored : inflateText(stored as Uint8Array);
}

/** The text of an entry. */
export function encodeEntry(place: number, advisory: Advisory, affected: AffectedPackage): string {
  const rest = encodeRest(affected);
  const flags = encodeFlags(advisory, affected);
  const range = encodeRange(affected.range);
  const parts = rest !== undefined ? [place, range, flags, rest] : flags !== 0 ? [place, range, flags] : [place, range];
  return JSON.stringify(parts);
}

/** The entries of a row, whose text is entries joined by commas. @throws {SyntaxError} when it is none. */
export function decodeEntries(text: string, ecosystem: string, name: string): AffectedEntry[] {
  const stored: readonly StoredEntry[] = JSON.parse(`[${text}]`);
  return stored.map(entry => decodeEntry(entry, ecosystem, name));
}

/** The text of a row without the entries of the advisories at `places`; empty when none is left. @throws as `decodeEntries`. */
export function withoutPlaces(text: string, places: ReadonlySet<number>): { text: string; records: number } {
  const stored: readonly StoredEntry[] = JSON.parse(`[${text}]`);
  const left = stored.filter(([place]) => !places.has(place));
  return { text: left.map(entry => JSON.stringify(entry)).join(','), records: left.length };
}

function decodeEntry([place, range, flags = 0, rest]: StoredEntry, ecosystem: string, name: string): AffectedEntry {
  const nameKind = NAME_KINDS[flags & 3];
  const state = decodeState((flags >> STATE_SHIFT) & 7, rest?.w);
  const affected: AffectedPackage = {
    ecosystem,
    name,
    range: decodeRange(range, rest?.v),
    ...(nameKind === undefined ? {} : { nameKind }),
    ...(state === undefined ? {} : { state }),
    ...((flags & NOT_AFFECTED) === 0 ? {} : { isNotAffected: true }),
    ...(rest === undefined ? {} : decodeRest(rest)),
  };
  return {
    place,
    kind: KINDS[(flags >> KIND_SHIFT) & 3] ?? 'weakness',
    isWithdrawn: (flags & WITHDRAWN) !== 0,
    affected,
  };
}

function encodeFlags(advisory: Advisory, affected: AffectedPackage): number {
  return (
    NAME_KINDS.indexOf(affected.nameKind) |
    (STATES.indexOf(affected.state?.kind) << STATE_SHIFT) |
    (KINDS.indexOf(advisory.kind) << KIND_SHIFT) |
    (affected.isNotAffected ? NOT_AFFECTED : 0) |
    (advisory.withdrawn === undefined ? 0 : WITHDRAWN)
  );
}

function decodeState(number: number, reason = ''): AffectedPackage['state'] {
  const kind = STATES[number];
  if (kind === undefined) return undefined;
  return kind === 'will-not-fix' || kind === 'deferred' ? { kind, reason } : { kind };
}

function encodeRest(affected: AffectedPackage): StoredRest | undefined {
  const { range, state, module, arches, operatingSystems, ratings, repository, fixedBy, fixedOn, symbols } = affected;
  const reason = state !== undefined && 'reason' in state && state.reason !== '' ? state.reason : undefined;
  const rest: StoredRest = {
    ...(range.versions === undefined ? {} : { v: range.versions }),
    ...(reason === undefined ? {} : { w: reason }),
    ...(module === undefined ? {} : { m: module }),
    ...(arches === undefined ? {} : { a: arches }),
    ...(operatingSystems === undefined ? {} : { o: operatingSystems }),
    ...(ratings === undefined ? {} : { r: encodeRatings(ratings) }),
    ...(repository === undefined ? {} : { p: repository }),
    ...(fixedBy === undefined ? {} : { f: fixedBy }),
    ...(fixedOn === undefined ? {} : { d: fixedOn }),
    ...(symbols === undefined ? {} : { s: symbols }),
  };
  for (const _ in rest) return rest;
  return undefined;
}

function decodeRest(rest: StoredRest): Partial<AffectedPackage> {
  const ratings: readonly Rating[] | undefined = rest.r && decodeRatings(rest.r);
  return {
    ...(rest.m === undefined ? {} : { module: rest.m }),
    ...(rest.a === undefined ? {} : { arches: rest.a }),
    ...(rest.o === undefined ? {} : { operatingSystems: rest.o }),
    ...(ratings === undefined ? {} : { ratings }),
    ...(rest.p === undefined ? {} : { repository: rest.p }),
    ...(rest.f === undefined ? {} : { fixedBy: rest.f }),
    ...(rest.d === undefined ? {} : { fixedOn: rest.d }),
    ...(rest.s === undefined ? {} : { symbols: rest.s }),
  };
}

function encodeRange({ ranges }: AffectedRange): StoredRange {
  const [only] = ranges;
  if (only === undefined) return null;
  if (ranges.length === 1 && only.length === 2) {
    const [first, second] = only;
    if (first?.kind === 'introduced' && first.version === '0' && second?.kind === 'fixed') return second.version;
  }
  const events: (string | 0)[] = [];
  for (const [at, range] of ranges.entries()) {
    if (at > 0) events.push(0);
    for (const event of range) events.push(`${EVENT_LETTERS[event.kind]}${event.version}`);
  }
  return events;
}

function decodeRange(stored: StoredRange, versions: readonly string[] | undefined): AffectedRange {
  const ranges = decodeEvents(stored);
  return versions === undefined ? { ranges } : { ranges, versions };
}

function decodeEvents(stored: StoredRange): AffectedRange['ranges'] {
  if (stored === null) return [];
  if (typeof stored === 'string') {
    return [
      [
        { kind: 'introduced', version: '0' },
        { kind: 'fixed', version: stored },
      ],
    ];
  }
  const ranges: RangeEvent[][] = [[]];
  for (const event of stored) {
    if (event === 0) ranges.push([]);
    else ranges.at(-1)?.push({ kind: EVENT_KINDS[event.charAt(0)] ?? 'introduced', version: event.slice(1) });
  }
  return ranges;
}
