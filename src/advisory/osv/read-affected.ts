/**
 * The `affected` entries of one OSV record as affected packages: the part that differs from ecosystem to ecosystem.
 *
 * Source: OSV schema 1.7, "affected[]", and what each database really writes there (its traps are told where they are handled).
 */
import { withoutPlaced } from '#version/placed-versions.ts';
import type { AffectedRange } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import type { AffectedPackage, FixState, Rating } from '../advisory.ts';
import { asList, asRecord, asText, isRecord, type JsonRecord } from '../feed-json.ts';
import { isModularVersion } from '../modular-version.ts';
import { normaliseName } from '../normalise-name.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { ALL_VERSIONS } from '../version-bounds.ts';
import { readBinaries } from './binaries.ts';
import { readImports, systemsOf } from './imports.ts';
import type { Issuer } from './issuer.ts';
import { lowestBuilds } from './lowest-build.ts';
import { streamsOf } from './module-stream.ts';
import { readRange } from './read-range.ts';
import { readSeverities } from './read-severity.ts';

/** A name no registry or distribution reaches. */
const MAX_NAME_LENGTH = 512;
/** A kernel erratum of SUSE has about 3,000 entries. */
const MAX_AFFECTED = 50_000;

/** What the entries of a record share. */
interface RecordFacts {
  readonly id: string;
  readonly issuer: Issuer;
  readonly summary: string;
}

/** The affected packages of a record; entries without a package (commits of C programs) are left out and told. */
export function readAffected(values: unknown, record: RecordFacts, tally: ReadTally): readonly AffectedPackage[] {
  const packages: AffectedPackage[] = [];
  let streams: readonly string[] | undefined;
  for (const value of asList(values)) {
    const entry = asRecord(value);
    const named = asRecord(entry['package']);
    const ecosystem = asText(named['ecosystem']);
    const name = asText(named['name']);
    if (ecosystem === undefined || name === undefined || ecosystem.length + name.length > MAX_NAME_LENGTH) {
      tally.lose('affected entry without a package');
      continue;
    }
    if (packages.length >= MAX_AFFECTED) {
      tally.lose('affected entries beyond the limit');
      break;
    }
    const one = readOne(entry, { ecosystem, name, purl: named['purl'] }, record, tally);
    const modules = one.module !== undefined ? [one.module] : undefined;
    if (modules === undefined && one.nameKind !== undefined && isModular(one)) {
      streams ??= streamsOf(record.summary);
      // Of several streams nothing says which build is of which: each build is held against both.
      for (const module of streams) packages.push({ ...one, module });
    } else packages.push(one);
    packages.push(...readBinaries(entry, one, tally), ...otherSpellings(one));
  }
  return record.issuer.isErratum ? lowestBuilds(packages) : packages;
}

function readOne(
  entry: JsonRecord,
  named: { readonly ecosystem: string; readonly name: string; readonly purl: unknown },
  record: RecordFacts,
  tally: ReadTally,
): AffectedPackage {
  const { ecosystem } = named;
  const range = readRange(entry, tally);
  const isUnbounded = range.ranges.length === 0 && range.versions === undefined;
  const ownSpecific = asRecord(entry['ecosystem_specific']);
  const nameKind = nameKindOf(ecosystem);
  const ratings = ratingsOf(entry, record, tally);
  const state = stateOf(ecosystem, ownSpecific, range.ranges);
  const module = nameKind === undefined ? undefined : moduleOf(named.purl);
  const repository = nameKind === undefined ? undefined : repositoryOf(entry);
  return {
    ecosystem,
    name: normaliseName(ecosystem, named.name),
    ...(nameKind && { nameKind }),
    // A malicious package without versions is malicious in all of them.
    range: isUnbounded && record.issuer.isMalware ? ALL_VERSIONS : shortened(range, ecosystem),
    ...(state && { state }),
    ...(module && { module }),
    ...(ratings.length > 0 && { ratings }),
    ...(repository && { repository }),
    ...readImports(ecosystem, ownSpecific),
    ...systemsOf(ownSpecific),
  };
}

/** Lists take half of some feeds, and matching would read them for each package. */
function shortened(range: AffectedRange, ecosystem: string): AffectedRange {
  const scheme = range.versions === undefined ? undefined : schemeFor(ecosystem);
  return scheme === undefined ? range : withoutPlaced(range, scheme);
}

/**
 * Whether names are of source or binary packages. The specification says source for all distributions; AlmaLinux lists binaries, Red Hat
 * and Rocky whatever was built.
 */
function nameKindOf(ecosystem: string): AffectedPackage['nameKind'] {
  const colon = ecosystem.indexOf(':');
  if (colon === -1) return NAME_KINDS.get(ecosystem);
  // `Root:Alpine:3.18` is a rebuild of Alpine.
  return NAME_KINDS.get(ecosystem.slice(0, colon)) ?? NAME_KINDS.get(ecosystem.slice(colon + 1).split(':', 1)[0] ?? '');
}

const NAME_KINDS: ReadonlyMap<string, 'source' | 'binary' | 'either'> = new Map([
  ['AlmaLinux', 'binary'],
  ['Rocky Linux', 'either'],
  ['Red Hat', 'either'],
  ['Mageia', 'either'],
  ['openEuler', 'either'],
  ['Azure Linux', 'either'],
  ['Photon OS', 'either'],
  ['Alpaquita', 'either'],
  ['Chainguard', 'either'],
  ['Wolfi', 'either'],
  ['MinimOS', 'either'],
  ['Echo', 'either'],
  ['CleanStart', 'either'],
  ['Docker Hardened Images', 'either'],
  ['BellSoft Hardened Containers', 'either'],
  ['Alpine', 'source'],
  ['Debian', 'source'],
  ['Ubuntu', 'source'],
  ['SUSE', 'source'],
  ['openSUSE', 'source'],
]);

/** Ratings for this entry alone: its own vectors, and a vendor's word in its details. */
function ratingsOf(entry: JsonRecord, record: RecordFacts, tally: ReadTally): readonly Rating[] {
  const { issuer } = record;
  const ratings: Rating[] = [];
  const databaseSpecific = asRecord(entry['database_specific']);
  const ownSpecific = asRecord(entry['ecosystem_specific']);
  const word =
    findWordRating(databaseSpecific['severity'], issuer.vocabulary, issuer.origin) ??
    findWordRating(ownSpecific['severity'], issuer.vocabulary, issuer.origin) ??
    findWordRating(ownSpecific['ubuntu_priority'], 'plain', 'ubuntu') ??
    findWordRating(ownSpecific['urgency'], 'debian', 'debian');
  if (word !== undefined) ratings.push(word);
  return readSeverities(entry['severity'], issuer, tally, ratings);
}

/**
 * What is known of a fix beyond the range. OSV drops the Debian tracker's own words: an entry without a fix may be ignored, postponed or
 * never have been looked at there. And Go modules whose releases are not versions of Go have their fixes in ranges that Go cannot order.
 */
function stateOf(
  ecosystem: string,
  ownSpecific: JsonRecord,
  ranges: AffectedPackage['range']['ranges'],
): Exclude<FixState, { kind: 'fixed' }> | undefined {
  const hasFix = ranges.some(events => events.some(event => event.kind === 'fixed'));
  if (hasFix) return undefined;
  if (ecosystem.startsWith('Debian')) {
    return ownSpecific['urgency'] === 'end-of-life' ? { kind: 'end-of-life' } : { kind: 'unknown' };
  }
  const hasCustomRanges = asList(ownSpecific['custom_ranges']).length > 0;
  return hasCustomRanges ? { kind: 'unknown' } : undefined;
}

/** `pkg:rpm/redhat/nodejs?rpmmod=nodejs:18:8080020231012` says `nodejs:18`. */
function moduleOf(purl: unknown): string | undefined {
  if (typeof purl !== 'string' || !purl.includes('rpmmod=')) return undefined;
  const [, label = ''] = /[?&]rpmmod=([^&#]{1,200})/.exec(purl) ?? [];
  const [name = '', stream = ''] = label.replace(/%3a/gi, ':').split(':');
  return name !== '' && stream !== '' ? `${name}:${stream}` : undefined;
}

/** Rocky says of each range which repository the build is in. */
function repositoryOf(entry: JsonRecord): string | undefined {
  for (const range of asList(entry['ranges'])) {
    if (!isRecord(range)) continue;
    const repository = asText(asRecord(range['database_specific'])['yum_repository']);
    if (repository !== undefined && repository.length <= 100) return repository;
  }
  return undefined;
}

function isModular(one: AffectedPackage): boolean {
  return one.range.ranges.some(events =>
    events.some(event => event.kind === 'fixed' && isModularVersion(event.version)),
  );
}

/**
 * npm has had no capitals since 2014, yet a revision of GHSA-8hc4-vh64-cxmj says `Axios`. The few older packages that do have capitals keep
 * their own name too.
 */
function otherSpellings(one: AffectedPackage): readonly AffectedPackage[] {
  if (one.ecosystem !== 'npm') return [];
  const name = one.name.toLowerCase();
  return name === one.name ? [] : [{ ...one, name }];
}
