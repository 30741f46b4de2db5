/**
 * The Debian security tracker: what Debian says of every CVE in every source package and release, also of those not fixed.
 *
 * Source: security-tracker.debian.org/tracker/data/json: package -> CVE -> releases. An entry of the tally is one statement about a package,
 * a CVE and a release. The document is read whole, 70 MB of text and some 400 MB of values while it is read: it is sorted by package, and
 * one weakness should become one advisory, whose packages are all over it.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Advisory, AffectedPackage, FixState } from '../advisory.ts';
import { asRecord, asText, isRecord, type JsonLimits, type JsonRecord, parseFeedJson } from '../feed-json.ts';
import { References, toDetails, toId } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { ALL_VERSIONS, below, toVersion } from '../version-bounds.ts';
import { findDebianEcosystem } from './release.ts';

/** Three times what it was in 2026. */
const LIMITS: JsonLimits = { maxBytes: 256 * 1024 * 1024, maxValues: 40_000_000 };
const MAX_NAME_LENGTH = 200;
const MAX_REASON_LENGTH = 300;

/**
 * The advisories of the tracker, one for each CVE or `TEMP-` id, in the order in which the document first names them.
 * @throws {PlimsollError} while iterated: `ADVISORY_INVALID` when it is not the tracker's JSON, `LIMIT_EXCEEDED` over 256 MiB.
 */
export function* parseDebianTracker(input: Uint8Array | string, tally: ReadTally): Generator<Advisory> {
  for (const [id, entries] of byWeakness(input, tally)) {
    const affected = entries.flatMap(({ name, entry }) => readReleases(name, entry, tally));
    const [first] = entries;
    if (affected.length === 0 || first === undefined) continue;
    const details = toDetails(entries.map(({ entry }) => entry['description']).find(text => asText(text)));
    yield {
      id,
      source: 'debian-tracker',
      kind: 'weakness',
      aliases: [],
      upstream: [],
      ...(details !== undefined && { details }),
      ratings: [],
      references: referencesOf(id, entries),
      cwes: [],
      affected,
    };
  }
}

interface PackageEntry {
  readonly name: string;
  readonly entry: JsonRecord;
}

function byWeakness(input: Uint8Array | string, tally: ReadTally): ReadonlyMap<string, readonly PackageEntry[]> {
  const document = parseFeedJson(input, 'the Debian security tracker', LIMITS);
  if (!isRecord(document)) throw notTheTracker();
  const weaknesses = new Map<string, PackageEntry[]>();
  let isTracker = false;
  for (const [name, entries] of Object.entries(document)) {
    if (!isRecord(entries) || name === '' || name.length > MAX_NAME_LENGTH) {
      tally.skip('package whose entry is no object');
      continue;
    }
    for (const [id, entry] of Object.entries(entries)) {
      if (!isRecord(entry) || !isRecord(entry['releases']) || toId(id) === undefined) {
        tally.skip('weakness without releases');
        continue;
      }
      isTracker = true;
      const known = weaknesses.get(id);
      if (known === undefined) weaknesses.set(id, [{ name, entry }]);
      else known.push({ name, entry });
    }
  }
  if (!isTracker) throw notTheTracker();
  return weaknesses;
}

function notTheTracker(): PlimsollError {
  return new PlimsollError(
    'ADVISORY_INVALID',
    'Cannot read the Debian security tracker: it names no package with releases',
  );
}

function readReleases(name: string, entry: JsonRecord, tally: ReadTally): readonly AffectedPackage[] {
  const affected: AffectedPackage[] = [];
  for (const [codename, value] of Object.entries(asRecord(entry['releases']))) {
    const ecosystem = findDebianEcosystem(codename);
    if (ecosystem === undefined) {
      tally.skip('release that has no number yet');
      continue;
    }
    const statement = readStatement(asRecord(value), tally);
    if (statement === undefined) continue;
    tally.keep();
    const rating = findWordRating(asRecord(value)['urgency'], 'debian', 'debian');
    affected.push({ ecosystem, name, nameKind: 'source', ...statement, ...(rating && { ratings: [rating] }) });
  }
  return affected;
}

type Statement = Pick<AffectedPackage, 'range' | 'state' | 'isNotAffected'>;

function readStatement(release: JsonRecord, tally: ReadTally): Statement | undefined {
  switch (release['status']) {
    case 'resolved': {
      const fixed = toVersion(release['fixed_version']);
      // 0 is how the tracker writes that the release never had the flaw.
      if (fixed === '0') return { range: ALL_VERSIONS, isNotAffected: true };
      if (fixed !== undefined) return { range: below(fixed) };
      tally.lose('resolved in a version that is not told');
      return { range: ALL_VERSIONS, state: { kind: 'under-investigation' } };
    }
    case 'open':
      return { range: ALL_VERSIONS, state: stateOfOpen(release) };
    // The security team could not find out. The OSV export calls these affected.
    case 'undetermined':
      return { range: ALL_VERSIONS, state: { kind: 'under-investigation' } };
    default:
      tally.skip('status of an unknown kind');
      return undefined;
  }
}

/**
 * Why an open issue is open. `ignored` is for good, `postponed` until the next update of the package; a mere `nodsa` leaves it to a point
 * release, which may or may not come.
 */
function stateOfOpen(release: JsonRecord): Exclude<FixState, { kind: 'fixed' }> {
  if (release['urgency'] === 'end-of-life') return { kind: 'end-of-life' };
  const text = asText(release['nodsa'])?.slice(0, MAX_REASON_LENGTH);
  switch (release['nodsa_reason']) {
    case 'ignored':
      return { kind: 'will-not-fix', reason: text ?? 'ignored' };
    case 'postponed':
      return { kind: 'deferred', reason: text ?? 'postponed' };
    default:
      return text === undefined ? { kind: 'not-fixed' } : { kind: 'deferred', reason: text };
  }
}

function referencesOf(id: string, entries: readonly PackageEntry[]): Advisory['references'] {
  const references = new References();
  references.add(`https://security-tracker.debian.org/tracker/${id}`, 'ADVISORY');
  for (const { entry } of entries) {
    const bug = entry['debianbug'];
    if (typeof bug === 'number' && Number.isSafeInteger(bug) && bug > 0) {
      references.add(`https://bugs.debian.org/${bug}`, 'REPORT');
    }
  }
  return references.list();
}
