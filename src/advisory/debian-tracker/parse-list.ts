/**
 * Debian's lists of issued advisories, `data/DSA/list` and `data/DLA/list` of the security tracker's repository.
 *
 * An entry begins in the first column, what belongs to it is indented:
 *
 *     [29 Mar 2023] DSA-5380-1 xorg-server - security update
 *             {CVE-2023-1393}
 *             [bullseye] - xorg-server 2:1.20.11-1+deb11u6
 *
 * These know fixes only; the tracker's JSON knows more, and more recently, and is what an online database uses. Old entries
 * have no revision, two hyphens, spaces for tabs, no description. An entry of the tally is an advisory.
 */
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Advisory, AffectedPackage } from '../advisory.ts';
import { References, toIds, toTitle } from '../published-field.ts';
import type { ReadTally } from '../read-tally.ts';
import { findWordRating } from '../severity-word.ts';
import { ALL_VERSIONS, below, toVersion } from '../version-bounds.ts';
import { findDebianEcosystem } from './release.ts';

/** The lists are under 1 MB. */
const MAX_BYTES = 64 * 1024 * 1024;
const MAX_LINE_LENGTH = 16_384;

/**
 * The advisories of a list, newest first as in the file.
 * @throws {PlimsollError} while iterated: `ADVISORY_INVALID` when there is no entry in it, `LIMIT_EXCEEDED` over 64 MiB.
 */
export function* parseDebianList(input: Uint8Array | string, tally: ReadTally): Generator<Advisory> {
  if (input.length > MAX_BYTES) {
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot read a list of Debian advisories: it is over ${MAX_BYTES} bytes`);
  }
  const text = typeof input === 'string' ? input : Buffer.from(input).toString('utf8');
  let entry: Entry | undefined;
  let isList = false;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    if (line.length > MAX_LINE_LENGTH) tally.lose('line over the length limit');
    else if (/^\s/.test(line)) {
      if (entry === undefined) tally.lose('line that belongs to no advisory');
      else readBody(line.trim(), entry, tally);
    } else {
      if (entry !== undefined) yield* finish(entry, tally);
      entry = readHead(line.trimEnd());
      if (entry === undefined) tally.skip('advisory whose first line cannot be read');
      else isList = true;
    }
  }
  if (entry !== undefined) yield* finish(entry, tally);
  if (!isList) {
    const start = printable(text.slice(0, 60));
    throw new PlimsollError('ADVISORY_INVALID', `Cannot read a list of Debian advisories: it begins with "${start}"`);
  }
}

interface Entry {
  readonly id: string;
  readonly title: string;
  readonly published: string | undefined;
  ids: readonly string[];
  readonly affected: AffectedPackage[];
}

const HEAD = /^\[(\d{1,2}) ([A-Z][a-z]{2}) (\d{4})\]\s+(D[A-Z]{2,3}-\d{1,9}(?:-\d{1,4})?)(?:\s+(?:-\s+)?(.*))?$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function readHead(line: string): Entry | undefined {
  const [, day = '', month = '', year = '', id, title = ''] = HEAD.exec(line) ?? [];
  if (id === undefined) return undefined;
  const at = MONTHS.indexOf(month) + 1;
  const published = at === 0 ? undefined : `${year}-${String(at).padStart(2, '0')}-${day.padStart(2, '0')}`;
  return { id, title, published, ids: [], affected: [] };
}

const RELEASE = /^\[([a-z]+)\]\s+-\s+(\S+)\s+(\S+)(?:\s+\((.*)\))?$/;

function readBody(line: string, entry: Entry, tally: ReadTally): void {
  if (line.startsWith('NOTE:')) return;
  if (line.startsWith('{') && line.endsWith('}')) {
    entry.ids = toIds([...entry.ids, ...line.slice(1, -1).trim().split(/\s+/)], entry.id);
    return;
  }
  const [, codename = '', name = '', version = '', remark = ''] = RELEASE.exec(line) ?? [];
  const ecosystem = findDebianEcosystem(codename);
  const statement = ecosystem === undefined ? undefined : readVersion(version);
  if (ecosystem === undefined || statement === undefined || name.length > 200) {
    tally.lose('release line that cannot be read');
    return;
  }
  const rating = remark
    .split(';')
    .map(word => findWordRating(word, 'debian', 'debian'))
    .find(found => found !== undefined);
  entry.affected.push({ ecosystem, name, nameKind: 'source', ...statement, ...(rating && { ratings: [rating] }) });
}

/** The fixed version, or what stands in its place between angle brackets. */
function readVersion(text: string): Pick<AffectedPackage, 'range' | 'state' | 'isNotAffected'> | undefined {
  switch (text) {
    case '<not-affected>':
      return { range: ALL_VERSIONS, isNotAffected: true };
    case '<unfixed>':
      return { range: ALL_VERSIONS, state: { kind: 'not-fixed' } };
    case '<end-of-life>':
      return { range: ALL_VERSIONS, state: { kind: 'end-of-life' } };
    case '<undetermined>':
      return { range: ALL_VERSIONS, state: { kind: 'under-investigation' } };
    case '<ignored>':
      return { range: ALL_VERSIONS, state: { kind: 'will-not-fix', reason: 'ignored' } };
    case '<postponed>':
    case '<no-dsa>':
      return { range: ALL_VERSIONS, state: { kind: 'deferred', reason: text.slice(1, -1) } };
    default: {
      const version = text.startsWith('<') ? undefined : toVersion(text);
      return version === undefined ? undefined : { range: below(version) };
    }
  }
}

/**
 * Descriptions of updates that mend something other than a weakness. Only where no id says otherwise: a regression update that repeats
 * its CVEs completes the fix.
 */
const NO_WEAKNESS =
  /regression|bug ?fix|new upstream version|new timezone|new package|database update|version number|crash fix|whitelist|end[ -]of[ -](?:life|support)|^update$/i;

function* finish(entry: Entry, tally: ReadTally): Generator<Advisory> {
  const { id, title, published, ids, affected } = entry;
  const what = title.replace(/^.*? --? /, '');
  if (ids.length === 0 && NO_WEAKNESS.test(what)) tally.skip('update for another reason than a weakness');
  else if (affected.length === 0) tally.skip('advisory that names no package');
  else {
    const shown = toTitle(title);
    const references = new References();
    references.add(`https://security-tracker.debian.org/tracker/${id}`, 'ADVISORY');
    tally.keep();
    yield {
      id,
      source: 'debian-lists',
      kind: 'weakness',
      aliases: [],
      // One advisory fixes many weaknesses, and one weakness has several: a link, never an alias.
      upstream: ids,
      ...(shown !== undefined && { title: shown }),
      ...(published !== undefined && { published }),
      ratings: [],
      references: references.list(),
      cwes: [],
      affected,
    };
  }
}
