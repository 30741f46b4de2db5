/**
 * OSV records: one JSON file each, in the archives of the OSV export or on their own.
 *
 * Source: OSV schema 1.7. The reader is written by hand, field by field, for the speed (see feed-json.ts). An entry of the tally is a
 * record. Records that were withdrawn are kept and say so: they end what an older edition of the record began.
 */
import { PlimsollError } from '#base/errors.ts';
import type { Advisory, AdvisoryKind, Rating } from '../advisory.ts';
import { isCve } from '../cve-id.ts';
import { asList, asRecord, isRecord, type JsonLimits, type JsonRecord, parseFeedJson } from '../feed-json.ts';
import { References, toCwes, toDetails, toId, toIds, toTime, toTitle } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { type Issuer, issuerOf } from './issuer.ts';
import { readAffected } from './read-affected.ts';
import { readSeverities } from './read-severity.ts';

/** The largest records, of the Linux kernel, are a few MB. */
const LIMITS: JsonLimits = { maxBytes: 32 * 1024 * 1024, maxValues: 2_000_000 };

const NONE: readonly never[] = Object.freeze([]);

/**
 * Reads one record from its JSON text. A record that cannot be used, whatever is wrong with it, is counted in `tally` with the reason, and
 * the answer is `undefined`. Never throws.
 */
export function parseOsvRecord(input: Uint8Array | string, tally: ReadTally): Advisory | undefined {
  let value: unknown;
  try {
    value = parseFeedJson(input, 'an OSV record', LIMITS);
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error;
    tally.skip(error.code === 'LIMIT_EXCEEDED' ? 'record over the size limit' : 'not JSON');
    return undefined;
  }
  return readOsvRecord(value, tally);
}

/** Like `parseOsvRecord`, for a record that is parsed already. Never throws. */
export function readOsvRecord(value: unknown, tally: ReadTally): Advisory | undefined {
  if (!isRecord(value)) return skipped(tally, 'record that is no object');
  const id = toId(value['id']);
  if (id === undefined) return skipped(tally, 'record without an id');
  // RustSec writes null, AlmaLinux nothing; a second major version would mean other things by the same fields.
  const version = value['schema_version'];
  if (typeof version === 'string' && !version.startsWith('1.')) return skipped(tally, 'record of an unknown schema');
  const issuer = issuerOf(id);
  if (issuer.isRepeated) return skipped(tally, 'notice of what other records tell by CVE');
  const upstream = upstreamOf(value, id, issuer);
  const aliases = aliasesOf(value, id);
  if (issuer.isBugFix && ![...upstream, ...aliases].some(isCve)) {
    return skipped(tally, 'bug fix or enhancement that names no weakness');
  }
  const title = toTitle(value['summary']);
  const affected = readAffected(value['affected'], { id, issuer, summary: title ?? '' }, tally);
  const withdrawn = withdrawnOf(value);
  if (withdrawn === 'unreadable') return skipped(tally, 'record withdrawn at no readable time');
  if (affected.length === 0 && withdrawn === undefined) return skipped(tally, 'record that names no package');
  const details = toDetails(value['details']);
  const published = toTime(value['published']);
  const modified = toTime(value['modified']);
  tally.keep();
  return {
    id,
    source: 'osv',
    kind: kindOf(value, issuer),
    aliases,
    upstream,
    ...(title !== undefined && { title }),
    ...(details !== undefined && { details }),
    ...(published !== undefined && { published }),
    ...(modified !== undefined && { modified }),
    ...(withdrawn !== undefined && { withdrawn }),
    ratings: ratingsOf(value, issuer, tally),
    references: referencesOf(value['references'], tally),
    cwes: cwesOf(value),
    affected,
  };
}

function skipped(tally: ReadTally, reason: string): undefined {
  tally.skip(reason);
  return undefined;
}

/** `UBUNTU-CVE-2024-3094` is Ubuntu's page of that CVE, which it calls upstream only. */
function aliasesOf(record: JsonRecord, id: string): readonly string[] {
  const aliases = toIds(record['aliases'], id);
  const cve = id.slice(id.indexOf('-') + 1);
  return isCve(cve) && !aliases.includes(cve) ? [...aliases, cve] : aliases;
}

/** When the record was withdrawn; that it was counts more than when. */
function withdrawnOf(record: JsonRecord): string | undefined {
  const value = record['withdrawn'];
  if (value === undefined || value === null || value === '') return undefined;
  return toTime(value) ?? toTime(record['modified']) ?? 'unreadable';
}

/**
 * What the record derives from. Errata of before schema 1.7 list the CVEs that they fix as `related`; everywhere else that word is too weak
 * to mean anything.
 */
function upstreamOf(record: JsonRecord, id: string, issuer: Issuer): readonly string[] {
  const upstream = toIds(record['upstream'], id);
  if (!issuer.isErratum) return upstream;
  const related = toIds(record['related'], id).filter(isCve);
  if (related.length === 0) return upstream;
  return upstream.length === 0 ? related : [...new Set([...upstream, ...related])];
}

/** RustSec marks crates that are unmaintained or unsound, and those that only deserve a notice, with one word for each of their entries. */
function kindOf(record: JsonRecord, issuer: Issuer): AdvisoryKind {
  if (issuer.isMalware) return 'malware';
  const entries = asList(record['affected']);
  const isNotice =
    issuer.origin === 'rustsec' &&
    entries.length > 0 &&
    entries.every(entry => {
      const word = asRecord(asRecord(entry)['database_specific'])['informational'];
      return typeof word === 'string' && word !== '';
    });
  return isNotice ? 'notice' : 'weakness';
}

function ratingsOf(record: JsonRecord, issuer: Issuer, tally: ReadTally): readonly Rating[] {
  const ratings: Rating[] = [];
  // Whatever the vectors say, a package that attacks whoever installs it is as bad as can be.
  if (issuer.isMalware) ratings.push({ kind: 'word', severity: 'CRITICAL', origin: issuer.origin });
  const word =
    findWordRating(asRecord(record['database_specific'])['severity'], issuer.vocabulary, issuer.origin) ??
    (issuer.vocabulary === 'errata' ? summaryRating(record['summary'], issuer) : undefined);
  if (word !== undefined && !issuer.isMalware) ratings.push(word);
  readSeverities(record['severity'], issuer, tally, ratings);
  return ratings.length === 0 ? NONE : ratings;
}

/** `Moderate: cockpit security update`; one erratum of AlmaLinux has it at the end: `… php:8.0 security update (Important)`. */
function summaryRating(summary: unknown, issuer: Issuer): Rating | undefined {
  if (typeof summary !== 'string') return undefined;
  const colon = summary.indexOf(':');
  const first = colon > 0 && colon < 20 ? findWordRating(summary.slice(0, colon), 'errata', issuer.origin) : undefined;
  if (first !== undefined || !summary.endsWith(')')) return first;
  return findWordRating(summary.slice(summary.lastIndexOf('(') + 1, -1), 'errata', issuer.origin);
}

function referencesOf(value: unknown, tally: ReadTally): Advisory['references'] {
  const references = new References();
  for (const one of asList(value)) {
    const { type, url } = asRecord(one);
    if (!references.add(url, type)) tally.lose('reference that is no link');
  }
  return references.list();
}

/** GitHub has them in `cwe_ids`, OpenSSF with its entries, others in `cwes`. */
function cwesOf(record: JsonRecord): readonly string[] {
  const specific = asRecord(record['database_specific']);
  const found = [...asList(specific['cwe_ids']), ...asList(specific['cwes'])];
  for (const entry of asList(record['affected'])) {
    const cwes = asRecord(asRecord(entry)['database_specific'])['cwes'];
    if (Array.isArray(cwes)) found.push(...cwes);
  }
  return toCwes(found.map(one => (isRecord(one) ? (one['cweId'] ?? one['id']) : one)));
}
