/**
 * Every advisory of the shared data, read by the parsers: the numbers of its README, and a few records field by field.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Advisory, ReadCounts } from '#advisory/advisory.ts';
import { parseSecdb } from '#advisory/alpine-secdb/parse-secdb.ts';
import { parseDebianList } from '#advisory/debian-tracker/parse-list.ts';
import { parseKev } from '#advisory/kev/parse-kev.ts';
import { parseOsvRecord } from '#advisory/osv/parse-record.ts';
import { ReadTally } from '#advisory/read-tally.ts';
import { toBody } from '#inventory/file-body.ts';
import { openZip } from '#inventory/zip/zip.ts';
import { type AffectedRange, prepareRange } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import { SHARED_DATA } from './fixtures/shared-data.ts';

const ADVISORIES = join(SHARED_DATA, 'advisories');
const hasAdvisories = existsSync(ADVISORIES);

interface Read {
  readonly byId: ReadonlyMap<string, Advisory>;
  readonly counts: ReadCounts;
}

const archives = new Map<string, Read>();
/** An archive of the OSV export, read once for all tests. */
function readOsv(ecosystem: string): Read {
  const known = archives.get(ecosystem);
  if (known !== undefined) return known;
  const zip = openZip(toBody(readFileSync(join(ADVISORIES, 'osv', ecosystem, 'all.zip'))));
  const tally = new ReadTally();
  const byId = new Map<string, Advisory>();
  for (const entry of zip.entries) {
    const advisory = parseOsvRecord(zip.read(entry, 32 * 1024 * 1024), tally);
    if (advisory !== undefined) byId.set(advisory.id, advisory);
  }
  const read = { byId, counts: tally.counts() };
  archives.set(ecosystem, read);
  return read;
}

const fixes = (range: AffectedRange | undefined) =>
  range?.ranges.flatMap(events => events.flatMap(event => (event.kind === 'fixed' ? [event.version] : [])));

test.skipIf(!hasAdvisories).each([
  {
    ecosystem: 'AlmaLinux',
    read: 5637,
    skipped: { 'bug fix or enhancement that names no weakness': 1197 },
    lost: {},
    withdrawn: 0,
    kinds: { weakness: 4440 },
  },
  { ecosystem: 'Go', read: 4291, skipped: {}, lost: {}, withdrawn: 17, kinds: { weakness: 4291 } },
  {
    ecosystem: 'PyPI',
    read: 2661,
    skipped: {},
    lost: { 'range of commits': 1391, 'reference that is no link': 1 },
    withdrawn: 10,
    kinds: { weakness: 2661 },
  },
  { ecosystem: 'crates.io', read: 714, skipped: {}, lost: {}, withdrawn: 9, kinds: { weakness: 438, notice: 276 } },
  { ecosystem: 'Hackage', read: 35, skipped: {}, lost: {}, withdrawn: 0, kinds: { weakness: 35 } },
  { ecosystem: 'npm', read: 217, skipped: {}, lost: {}, withdrawn: 0, kinds: { weakness: 207, malware: 10 } },
  {
    ecosystem: 'Maven',
    read: 443,
    skipped: {},
    lost: { 'reference that is no link': 1 },
    withdrawn: 0,
    kinds: { weakness: 443 },
  },
])('shared data: all $read records of $ecosystem are kept, or skipped for a named reason', row => {
  const { byId, counts } = readOsv(row.ecosystem);
  const skippedCount = Object.values(row.skipped).reduce((sum, count) => sum + count, 0);
  expect(counts).toEqual({ read: row.read, kept: row.read - skippedCount, skipped: row.skipped, lost: row.lost });
  const all = [...byId.values()];
  expect(all.filter(one => one.withdrawn !== undefined)).toHaveLength(row.withdrawn);
  const kinds = Object.fromEntries(
    Object.entries(Object.groupBy(all, one => one.kind)).map(([key, of]) => [key, of?.length]),
  );
  expect(kinds).toEqual(row.kinds);
});

test.skipIf(!hasAdvisories)('shared data: every range can be read in the order of its ecosystem', () => {
  const doubts: string[] = [];
  for (const ecosystem of ['AlmaLinux', 'Go', 'crates.io', 'Hackage', 'npm', 'Maven', 'PyPI']) {
    for (const [id, { affected }] of readOsv(ecosystem).byId) {
      for (const one of affected) {
        const scheme = schemeFor(one.ecosystem);
        for (const doubt of scheme === undefined ? ['no order'] : prepareRange(one.range, scheme).doubts) {
          doubts.push(`${id}: ${doubt}`);
        }
      }
    }
  }
  // Three records of PyPI are as odd as that: a date, an unknown letter, nothing. They make a verdict undetermined, never "not affected".
  expect(doubts.sort()).toEqual([
    'PYSEC-2019-125: pep440 cannot read bound "2019-09-12" of the affected range',
    'PYSEC-2021-371: pep440 cannot read bound "0.2.0-n653" of the affected range',
    'PYSEC-2022-15: the advisory does not say which versions are affected',
  ]);
});

test.skipIf(!hasAdvisories)('shared data: AlmaLinux has the severities and modules that its README counts', () => {
  const all = [...readOsv('AlmaLinux').byId.values()];
  const rated = all.filter(one => one.id.startsWith('ALSA')).map(one => one.ratings[0]);
  const words = Object.groupBy(rated, one => (one?.kind === 'word' ? one.severity : 'none'));
  expect(Object.fromEntries(Object.entries(words).map(([word, of]) => [word, of?.length]))).toEqual({
    // One more than the first words: ALSA-2022:5468 has its word at the end.
    HIGH: 2361,
    MEDIUM: 1888,
    LOW: 154,
    CRITICAL: 34,
  });
  const squid = readOsv('AlmaLinux').byId.get('ALSA-2023:7668');
  expect([...new Set(squid?.affected.map(one => one.module))]).toEqual(['squid:4']);
});

test.skipIf(!hasAdvisories)('shared data: an erratum of AlmaLinux, field by field', () => {
  const advisory = readOsv('AlmaLinux').byId.get('ALSA-2024:3843');
  expect(advisory).toMatchObject({
    id: 'ALSA-2024:3843',
    source: 'osv',
    kind: 'weakness',
    aliases: [],
    upstream: ['CVE-2024-2947'],
    title: 'Moderate: cockpit security update',
    ratings: [{ kind: 'word', severity: 'MEDIUM', origin: 'almalinux' }],
  });
  expect(advisory?.affected).toHaveLength(8);
  expect(advisory?.affected[0]).toEqual({
    ecosystem: 'AlmaLinux:9',
    name: 'cockpit',
    nameKind: 'binary',
    range: {
      ranges: [
        [
          { kind: 'introduced', version: '0' },
          { kind: 'fixed', version: '311.2-1.el9_4' },
        ],
      ],
    },
  });
});

test.skipIf(!hasAdvisories)('shared data: names, bounds and symbols that databases write oddly', () => {
  const axios = readOsv('npm').byId.get('GHSA-8hc4-vh64-cxmj');
  expect(axios?.affected.map(one => one.name)).toContain('axios');
  const goSymbols = readOsv('Go')
    .byId.get('GO-2022-0236')
    ?.affected.find(one => one.name === 'stdlib');
  expect(goSymbols?.symbols).toHaveProperty('net/http');
  const malware = readOsv('npm').byId.get('MAL-2023-462');
  expect(malware).toMatchObject({ kind: 'malware', ratings: [{ severity: 'CRITICAL' }] });
  const lock = readOsv('crates.io').byId.get('RUSTSEC-2020-0070');
  expect([lock?.kind, lock?.affected[0]?.name, fixes(lock?.affected[0]?.range)]).toEqual([
    'notice',
    'lock-api',
    ['0.4.2'],
  ]);
  const rocksdb = readOsv('crates.io').byId.get('RUSTSEC-2022-0046');
  expect([rocksdb?.kind, fixes(rocksdb?.affected[0]?.range)]).toEqual(['weakness', ['0.19.0']]);
});

test.skipIf(!hasAdvisories)(
  'shared data: a bound that is no fix ends the ranges of Maven and npm that have no other end',
  () => {
    const limits = ['Maven', 'npm'].flatMap(ecosystem =>
      [...readOsv(ecosystem).byId.values()].flatMap(one =>
        one.affected.flatMap(({ range }) => range.ranges.flat().filter(event => event.kind === 'limit')),
      ),
    );
    expect(limits).toHaveLength(25);
  },
);

test.skipIf(!hasAdvisories)('shared data: every identifier of Alpine’s security database is kept', () => {
  const tally = new ReadTally();
  const advisories: Advisory[] = [];
  for (const release of readdirSync(join(ADVISORIES, 'alpine-secdb'))) {
    for (const repository of ['main', 'community']) {
      const path = join(ADVISORIES, 'alpine-secdb', release, `${repository}.json`);
      advisories.push(...parseSecdb(readFileSync(path), tally));
    }
  }
  expect(tally.counts()).toEqual({
    read: 12_029,
    kept: 12_028,
    skipped: { 'fix that names no weakness': 1 },
    lost: {},
  });
  const heartbeat = advisories.filter(one => one.id === 'CVE-2019-14697').flatMap(one => one.affected);
  expect(heartbeat.find(one => one.ecosystem === 'Alpine:v3.10')).toEqual({
    ecosystem: 'Alpine:v3.10',
    name: 'musl',
    nameKind: 'source',
    range: {
      ranges: [
        [
          { kind: 'introduced', version: '0' },
          { kind: 'fixed', version: '1.1.22-r3' },
        ],
      ],
    },
    repository: 'main',
  });
  const never = advisories.flatMap(one => one.affected).filter(one => one.isNotAffected);
  expect(never).toHaveLength(5);
});

test.skipIf(!hasAdvisories).each([
  {
    list: 'dsa-list',
    read: 5406,
    skipped: { 'advisory that names no package': 17, 'update for another reason than a weakness': 95 },
  },
  { list: 'dla-list', read: 3534, skipped: { 'update for another reason than a weakness': 210 } },
])('shared data: all $read advisories of Debian’s $list', ({ list, read, skipped }) => {
  const tally = new ReadTally();
  const advisories = [...parseDebianList(readFileSync(join(ADVISORIES, 'debian', list)), tally)];
  expect(tally.counts()).toMatchObject({ read, kept: advisories.length, skipped, lost: {} });
});

test.skipIf(!hasAdvisories)('shared data: an advisory of Debian, field by field', () => {
  const list = parseDebianList(readFileSync(join(ADVISORIES, 'debian/dsa-list')), new ReadTally());
  const found = [...list].find(one => one.id === 'DSA-5376-1');
  expect(found).toMatchObject({
    source: 'debian-lists',
    title: 'apache2 - security update',
    published: '2023-03-20',
    upstream: ['CVE-2006-20001', 'CVE-2022-36760', 'CVE-2022-37436', 'CVE-2023-25690', 'CVE-2023-27522'],
    affected: [{ ecosystem: 'Debian:11', name: 'apache2', nameKind: 'source' }],
  });
  expect(fixes(found?.affected[0]?.range)).toEqual(['2.4.56-1~deb11u1']);
});

test.skipIf(!hasAdvisories)('shared data: the whole catalogue of known exploited vulnerabilities', () => {
  const tally = new ReadTally();
  const catalogue = parseKev(readFileSync(join(ADVISORIES, 'kev/known_exploited_vulnerabilities.json')), tally);
  expect(tally.counts()).toEqual({ read: 1404, kept: 1404, skipped: {}, lost: {} });
  expect(catalogue.version).toBe('2025.08.25');
  expect(catalogue.exploited.filter(one => one.isRansomware)).toHaveLength(293);
  expect(catalogue.exploited[0]).toMatchObject({ cve: 'CVE-2025-48384', added: '2025-08-25', due: '2025-09-15' });
});
