/**
 * Binary packages that Ubuntu's, SUSE's and Rocky's records list beside the source package.
 *
 * A binary is built from the source and is judged by the source's version, so the list adds nothing but bulk - except where a binary has
 * a version of its own (`perl-Errno` 1.30 of perl 5.32): that one must be compared with its own fix.
 * Two forms are in use: `{ "binary_name": …, "binary_version": … }` and `{ "name": "version", … }`.
 */
import { schemeFor } from '#version/schemes.ts';
import type { AffectedPackage } from '../advisory.ts';
import { asList, asRecord, asText, type JsonRecord } from '../feed-json.ts';
import type { ReadTally } from '../read-tally.ts';
import { below, toVersion } from '../version-bounds.ts';

const MAX_BINARIES = 5000;

/** Affected packages for the binaries of an entry whose version is not the one that fixes the source. */
export function readBinaries(entry: JsonRecord, source: AffectedPackage, tally: ReadTally): readonly AffectedPackage[] {
  const list = asList(asRecord(entry['ecosystem_specific'])['binaries']);
  if (list.length === 0 || source.nameKind === undefined) return [];
  const fixes = fixedVersions(source);
  if (fixes.length === 0) return [];
  const own = new Map<string, string>();
  for (const one of list) {
    for (const [name, version] of namesAndVersions(asRecord(one))) {
      if (own.size >= MAX_BINARIES) {
        tally.lose('binary packages beyond the limit');
        break;
      }
      if (!fixes.includes(version) && !isSameVersion(version, fixes, source.ecosystem)) own.set(name, version);
    }
  }
  return Array.from(own, ([name, version]) => ({
    ...source,
    name,
    nameKind: 'binary' as const,
    range: below(version),
  }));
}

function namesAndVersions(binary: JsonRecord): readonly (readonly [string, string])[] {
  const name = asText(binary['binary_name']);
  const pairs = name === undefined ? Object.entries(binary) : [[name, binary['binary_version']] as const];
  return pairs.flatMap(([key, value]) => {
    const version = toVersion(value);
    return version === undefined || key.length > 200 ? [] : [[key, version] as const];
  });
}

function fixedVersions(source: AffectedPackage): readonly string[] {
  return source.range.ranges.flatMap(events =>
    events.flatMap(event => (event.kind === 'fixed' ? [event.version] : [])),
  );
}

/** `0:1.2-3` beside `1.2-3`. */
function isSameVersion(version: string, fixes: readonly string[], ecosystem: string): boolean {
  const scheme = schemeFor(ecosystem);
  const read = scheme?.parse(version);
  if (scheme === undefined || read === undefined) return false;
  return fixes.some(fix => {
    const other = scheme.parse(fix);
    return other !== undefined && scheme.compare(read, other) === 0;
  });
}
