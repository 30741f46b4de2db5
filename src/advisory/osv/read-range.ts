/**
 * The ranges and lists of versions of one `affected` entry of an OSV record.
 *
 * Source: OSV schema 1.7, "affected[].ranges[]". Events stay in the order of the file: `range.ts` sorts them by version.
 */
import type { AffectedRange, RangeEvent } from '#version/range.ts';
import { asList, asRecord, isRecord, type JsonRecord } from '../feed-json.ts';
import type { ReadTally } from '../read-tally.ts';
import { toVersion } from '../version-bounds.ts';

/** A kernel record lists about 4,000 versions; a record with more than this means to fill the disk. */
const MAX_VERSIONS = 50_000;
const MAX_EVENTS = 20_000;

const EVENT_KINDS = ['introduced', 'fixed', 'last_affected', 'limit'] as const;

/**
 * What versions an `affected` entry covers. Ranges of commits are left out, since no inventory knows commits; an entry without any other
 * range and without a list covers an empty range, of which `range.ts` says that nobody knows.
 */
export function readRange(affected: JsonRecord, tally: ReadTally): AffectedRange {
  const ranges: RangeEvent[][] = [];
  const bound = readLastKnown(asRecord(affected['database_specific'])['last_known_affected_version_range'], tally);
  for (const range of asList(affected['ranges'])) {
    if (!isRecord(range)) tally.lose('range that is no object');
    else if (range['type'] === 'GIT') tally.lose('range of commits');
    else if (range['type'] !== 'SEMVER' && range['type'] !== 'ECOSYSTEM') tally.lose('range of an unknown type');
    else {
      const events = readEvents(asList(range['events']), tally);
      // GitHub knows how far a flaw without a fix goes; without this every newer version would be flagged.
      if (bound !== undefined && !events.some(hasEnd)) events.push(bound);
      ranges.push(events);
    }
  }
  const versions = readVersions(affected['versions'], tally);
  return versions === undefined ? { ranges } : { ranges, versions };
}

function hasEnd(event: RangeEvent): boolean {
  return event.kind !== 'introduced';
}

function readEvents(values: readonly unknown[], tally: ReadTally): RangeEvent[] {
  const events: RangeEvent[] = [];
  let hasBeginning = false;
  for (const value of values) {
    let isUsed = false;
    for (const key of EVENT_KINDS) {
      // One key to an event by the specification; records of before 2021 have `introduced` and `fixed` in one.
      const version = toVersion(asRecord(value)[key]);
      if (version === undefined) continue;
      events.push({ kind: key === 'last_affected' ? 'last-affected' : key, version });
      isUsed = true;
      hasBeginning ||= key === 'introduced';
    }
    if (!isUsed) tally.lose('event without a version');
    if (events.length >= MAX_EVENTS) {
      tally.lose('events beyond the limit');
      break;
    }
  }
  if (!hasBeginning && events.length > 0) tally.lose('range without a beginning, taken to begin before all versions');
  return events;
}

const LAST_KNOWN = /^(<=|<|=)\s*(\S+)$/;

function readLastKnown(value: unknown, tally: ReadTally): RangeEvent | undefined {
  if (value === undefined || value === null) return undefined;
  const [, operator, version] = (typeof value === 'string' && LAST_KNOWN.exec(value.trim())) || [];
  const bound = toVersion(version);
  if (bound === undefined) {
    tally.lose('last known affected range that cannot be read');
    return undefined;
  }
  return operator === '<' ? { kind: 'limit', version: bound } : { kind: 'last-affected', version: bound };
}

function readVersions(value: unknown, tally: ReadTally): readonly string[] | undefined {
  const list = asList(value);
  if (list.length === 0) return undefined;
  const versions: string[] = [];
  for (const one of list) {
    const version = toVersion(one);
    if (version === undefined) tally.lose('listed version that is none');
    else if (versions.length < MAX_VERSIONS) versions.push(version);
    else tally.lose('listed version beyond the limit');
  }
  return versions.length === 0 ? undefined : versions;
}
