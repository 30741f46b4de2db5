/**
 * Real images against real advisories, through the real database. Each row was held against the text of its advisory by hand; the laws
 * below hold all other findings against the records themselves, read anew and judged by other code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import semver from 'semver';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openReferencedImages } from '#image/open-reference.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { toBody } from '#inventory/file-body.ts';
import type { Inventory } from '#inventory/inventory.ts';
import { openZip } from '#inventory/zip/zip.ts';
import type { Finding } from '#matching/finding.ts';
import { matchInventory } from '#matching/match-inventory.ts';
import { parseReference } from '#oci/reference.ts';
import { scanImage } from '#scan/scan-image.ts';
import { startBuild } from '#vulndb/database-build.ts';
import { importPath } from '#vulndb/import/import-paths.ts';
import { openDatabase, type VulnerabilityDatabase } from '#vulndb/vulnerability-database.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const advisories = join(SHARED_DATA, 'advisories');
const SOURCES = [
  'osv/AlmaLinux',
  'osv/Go',
  'osv/PyPI',
  'osv/npm',
  'osv/Maven',
  'alpine-secdb/v3.6',
  'alpine-secdb/v3.9',
  'kev',
];

const IMAGES = {
  alma9: 'oci-archive:almalinux-9.1-micro-20230222-arm64.oci.tar',
  alma8: 'oci-archive:almalinux-8.8-micro-20230523-s390x-zstd.oci.tar',
  'alpine3.9.4': 'docker-archive:alpine-3.9.4-amd64.docker-save.tar.gz',
  'alpine3.9.6': 'oci-archive:alpine-3.9.6-multiarch.oci.tar',
  mixed: 'oci-archive:mixed-app-0.3.1-amd64.oci.tar',
} as const;
type ImageName = keyof typeof IMAGES;

interface Row {
  readonly image: ImageName;
  readonly id: string;
  /** `name version`. */
  readonly of: string;
  readonly fix: string;
  /** By which advisory. */
  readonly by: string;
  readonly why: string;
}

/** Findings that must be there. */
const FOUND: readonly Row[] = [
  {
    image: 'alma9',
    id: 'CVE-2023-4911',
    of: 'glibc 2.34-40.el9_1.1',
    fix: '2.34-60.el9_2.7',
    by: 'ALSA-2023:5453',
    why: 'Looney Tunables; the erratum lists glibc below 2.34-60.el9_2.7',
  },
  {
    image: 'alma9',
    id: 'CVE-2024-33599',
    of: 'glibc-common 2.34-40.el9_1.1',
    fix: '2.34-100.el9_4.2',
    by: 'ALSA-2024:3339',
    why: 'every binary of glibc is listed by its own name',
  },
  {
    image: 'alma9',
    id: 'CVE-2025-5278',
    of: 'coreutils-single 8.32-32.el9',
    fix: '8.32-41.el9_8',
    by: 'ALSA-2026:28911',
    why: 'coreutils-single is a binary of coreutils, listed beside it',
  },
  {
    image: 'alma9',
    id: 'CVE-2025-0395',
    of: 'glibc 2.34-40.el9_1.1',
    fix: '2.34-125.el9_5.8.alma.1',
    by: 'ALSA-2025:4244',
    why: 'AlmaLinux’s own rebuild, with .alma in its release',
  },
  {
    image: 'alma9',
    id: 'CVE-2024-2961',
    of: 'glibc-minimal-langpack 2.34-40.el9_1.1',
    fix: '2.34-100.el9_4.2',
    by: 'ALSA-2024:3339',
    why: 'one erratum, five weaknesses, each its own finding',
  },
  {
    image: 'alma8',
    id: 'CVE-2023-4911',
    of: 'glibc 2.28-225.el8',
    fix: '2.28-225.el8_8.6',
    by: 'ALSA-2023:5455',
    why: 'the erratum of release 8, not the one of release 9',
  },
  {
    image: 'alma8',
    id: 'CVE-2023-2602',
    of: 'libcap 2.48-4.el8',
    fix: '2.48-5.el8_8',
    by: 'ALSA-2023:4524',
    why: 'the release alone differs',
  },
  {
    image: 'alma8',
    id: 'CVE-2023-29491',
    of: 'ncurses-libs 6.1-9.20180224.el8',
    fix: '6.1-9.20180224.el8_8.1',
    by: 'ALSA-2023:5249',
    why: '.el8 is older than .el8_8.1',
  },
  {
    image: 'alma8',
    id: 'CVE-2024-2961',
    of: 'glibc 2.28-225.el8',
    fix: '2.28-236.el8_9.13',
    by: 'ALSA-2024:2722',
    why: 'fixed for 8.9 first and for 8.10 again (ALSA-2024:3269)',
  },
  {
    image: 'alma8',
    id: 'CVE-2020-11023',
    of: 'libgcc 8.5.0-18.el8.alma',
    fix: '8.5.0-23.el8_10.alma.1',
    by: 'ALSA-2025:1301',
    why: 'a flaw of jQuery in the documentation of gcc: the distribution’s word is followed all the same',
  },
  {
    image: 'alpine3.9.4',
    id: 'CVE-2019-1547',
    of: 'libcrypto1.1 1.1.1b-r1',
    fix: '1.1.1d-r0',
    by: 'CVE-2019-1547',
    why: 'openssl is the origin of libcrypto1.1',
  },
  {
    image: 'alpine3.9.4',
    id: 'CVE-2019-1549',
    of: 'libssl1.1 1.1.1b-r1',
    fix: '1.1.1d-r0',
    by: 'CVE-2019-1549',
    why: 'and of libssl1.1',
  },
  {
    image: 'alpine3.9.4',
    id: 'CVE-2019-1563',
    of: 'libssl1.1 1.1.1b-r1',
    fix: '1.1.1d-r0',
    by: 'CVE-2019-1563',
    why: 'letters of openssl are ordered',
  },
  {
    image: 'alpine3.9.4',
    id: 'CVE-2019-14697',
    of: 'musl 1.1.20-r4',
    fix: '1.1.20-r5',
    by: 'CVE-2019-14697',
    why: 'the revision alone differs',
  },
  {
    image: 'alpine3.9.4',
    id: 'CVE-2019-14697',
    of: 'musl-utils 1.1.20-r4',
    fix: '1.1.20-r5',
    by: 'CVE-2019-14697',
    why: 'musl-utils comes from musl',
  },
  {
    image: 'mixed',
    id: 'CVE-2022-32149',
    of: 'golang.org/x/text v0.3.7',
    fix: '0.3.8',
    by: 'GO-2022-1059',
    why: 'below 0.3.8, with the v that advisories leave out',
  },
  {
    image: 'mixed',
    id: 'CVE-2023-45288',
    of: 'stdlib 1.19',
    fix: '1.21.9',
    by: 'GO-2024-2687',
    why: 'go1.19 is in the first range, whose fix is 1.21.9 and not 1.22.2',
  },
  {
    image: 'mixed',
    id: 'CVE-2022-41723',
    of: 'stdlib 1.19',
    fix: '1.19.6',
    by: 'GO-2023-1571',
    why: 'go1.19 is 1.19.0',
  },
  {
    image: 'mixed',
    id: 'CVE-2023-24538',
    of: 'stdlib 1.19',
    fix: '1.19.8',
    by: 'GO-2023-1703',
    why: 'the fix of its own branch',
  },
  {
    image: 'mixed',
    id: 'CVE-2023-29403',
    of: 'stdlib 1.19',
    fix: '1.19.10',
    by: 'GO-2023-1840',
    why: '10 is more than 8',
  },
  {
    image: 'mixed',
    id: 'CVE-2021-44906',
    of: 'minimist 0.0.10',
    fix: '0.2.4',
    by: 'GHSA-xvch-5gv4-984h',
    why: 'the branch before 1.0',
  },
  {
    image: 'mixed',
    id: 'CVE-2021-44906',
    of: 'minimist 1.2.0',
    fix: '1.2.6',
    by: 'GHSA-xvch-5gv4-984h',
    why: 'the branch since 1.0',
  },
  {
    image: 'mixed',
    id: 'CVE-2022-24999',
    of: 'qs 6.5.1',
    fix: '6.5.3',
    by: 'GHSA-hrpp-h998-j3pp',
    why: 'the sixth of nine entries about the package',
  },
  {
    image: 'mixed',
    id: 'CVE-2021-32803',
    of: 'tar 4.4.8',
    fix: '4.4.15',
    by: 'GHSA-r628-mhmh-qjhw',
    why: 'the branch of 4',
  },
  {
    image: 'mixed',
    id: 'CVE-2020-15168',
    of: 'node-fetch 2.6.0',
    fix: '2.6.1',
    by: 'GHSA-w7rc-rwvf-8q5r',
    why: 'the entry about the betas of 3 is another',
  },
  {
    image: 'mixed',
    id: 'CVE-2023-42282',
    of: 'ip 1.1.5',
    fix: 'unknown',
    by: 'GHSA-78xj-cgh5-2h22',
    why: 'up to 1.1.8, and this state of the record names no fix',
  },
  {
    image: 'mixed',
    id: 'CVE-2021-23437',
    of: 'Pillow 8.1.2',
    fix: '8.3.2',
    by: 'PYSEC-2021-317',
    why: 'the index says pillow',
  },
  { image: 'mixed', id: 'CVE-2022-22817', of: 'Pillow 8.1.2', fix: '9.0.0', by: 'PYSEC-2022-10', why: 'below 9.0.0' },
  { image: 'mixed', id: 'CVE-2020-14343', of: 'PyYAML 5.3.1', fix: '5.4', by: 'PYSEC-2021-142', why: 'below 5.4' },
  {
    image: 'mixed',
    id: 'CVE-2023-32681',
    of: 'requests 2.25.1',
    fix: '2.31.0',
    by: 'PYSEC-2023-74',
    why: 'since 2.3.0, which is older than 2.25.1',
  },
  {
    image: 'mixed',
    id: 'CVE-2023-43804',
    of: 'urllib3 1.26.5',
    fix: '1.26.17',
    by: 'PYSEC-2023-192',
    why: 'the second of two ranges in one',
  },
  {
    image: 'mixed',
    id: 'CVE-2020-36518',
    of: 'com.fasterxml.jackson.core:jackson-databind 2.9.6',
    fix: '2.12.6.1',
    by: 'GHSA-57j2-w4cx-62h2',
    why: 'the branch before 2.13',
  },
  {
    image: 'mixed',
    id: 'CVE-2019-17571',
    of: 'log4j:log4j 1.2.17',
    fix: 'unknown',
    by: 'GHSA-2qrg-x229-3v8q',
    why: 'up to 1.2.17 itself; log4j 1 has no fix',
  },
  {
    image: 'mixed',
    id: 'CVE-2022-2047',
    of: 'org.eclipse.jetty:jetty-http 9.4.11.v20180605',
    fix: '9.4.47',
    by: 'GHSA-cj7v-27pg-wf7q',
    why: 'Maven orders 9.4.11.v20180605 below 9.4.47',
  },
];

/** Findings that must not be there. */
const NOT_FOUND: readonly Pick<Row, 'image' | 'id' | 'of' | 'why'>[] = [
  { image: 'alpine3.9.4', id: 'CVE-2019-1543', of: 'libssl1.1 1.1.1b-r1', why: 'fixed in the very version' },
  { image: 'alpine3.9.4', id: 'CVE-2018-20679', of: 'busybox 1.29.3-r10', why: 'fixed in the very version' },
  { image: 'alpine3.9.6', id: 'CVE-2019-14697', of: 'musl 1.1.20-r5', why: 'fixed in the very version' },
  { image: 'alpine3.9.6', id: 'CVE-2019-1547', of: 'libssl1.1 1.1.1g-r0', why: 'fixed three letters before' },
  { image: 'mixed', id: 'CVE-2017-15650', of: 'musl 1.1.16-r15', why: 'fixed in r14' },
  { image: 'mixed', id: 'CVE-2021-38561', of: 'golang.org/x/text v0.3.7', why: 'fixed in the very version' },
  {
    image: 'mixed',
    id: 'CVE-2022-28948',
    of: 'gopkg.in/yaml.v3 v3.0.0',
    why: 'the fix is a commit before the release 3.0.0',
  },
  {
    image: 'mixed',
    id: 'CVE-2022-29526',
    of: 'golang.org/x/sys v0.0.0-20220520151302-bc2c85ada10a',
    why: 'a later commit than that of the fix',
  },
  { image: 'mixed', id: 'CVE-2022-41722', of: 'stdlib 1.19', why: 'a weakness on Windows alone (GO-2023-1568)' },
  { image: 'mixed', id: 'CVE-2020-28493', of: 'Jinja2 2.11.3', why: 'fixed in the very version' },
  { image: 'mixed', id: 'CVE-2021-28363', of: 'urllib3 1.26.5', why: 'fixed in 1.26.4' },
];

const options = { signal: new AbortController().signal };
/** Nothing here is in a registry. */
const registry = { credentials: openCredentialStore({ env: {} }), tlsVerify: true, env: {} };

describe.skipIf(!hasSharedData)('shared data', () => {
  let folder: ScratchFolder;
  let database: VulnerabilityDatabase;
  const inventories = new Map<ImageName, Inventory>();
  const findings = new Map<ImageName, readonly Finding[]>();

  beforeAll(async () => {
    folder = await scratchFolder();
    await buildDatabase(folder.at('test.db'));
    database = openDatabase(folder.at('test.db'));
    for (const [name, reference] of Object.entries(IMAGES) as [ImageName, string][]) {
      const inventory = await inventoryOf(reference);
      inventories.set(name, inventory);
      findings.set(name, matchInventory(inventory, database, { today: '2026-11-21' }).findings);
    }
  }, 180_000);

  afterAll(async () => {
    database?.[Symbol.dispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  const find = ({ image, id, of }: Pick<Row, 'image' | 'id' | 'of'>) =>
    findings.get(image)?.find(one => one.id === id && `${one.package.name} ${one.package.version}` === of);

  test.each(FOUND)('$image: $of has $id: $why', row => {
    const finding = find(row);
    expect(finding?.evidence.advisory).toBe(row.by);
    expect(finding?.fix.kind === 'fixed' ? finding.fix.version : finding?.fix.kind).toBe(row.fix);
  });

  test.each(NOT_FOUND)('$image: $of does not have $id: $why', row => {
    const packages = inventories.get(row.image)?.packages.map(one => `${one.name} ${one.version}`);
    expect(packages).toContain(row.of);
    expect(find(row)).toBeUndefined();
  });

  test('known exploitation is told of what CISA lists', () => {
    const exploited = new Set([...findings.values()].flat().flatMap(one => (one.kev === undefined ? [] : [one.id])));
    expect([...exploited].sort()).toEqual(['CVE-2020-11023', 'CVE-2023-4911']);
  });

  test('a repaired image has nothing, and neither says that an old release is past its end', () => {
    const inventory = inventories.get('alpine3.9.6');
    if (inventory === undefined) throw new Error('the image was not read');
    const { findings: found, undetermined } = matchInventory(inventory, database, { today: '2026-11-21' });
    expect(found).toEqual([]);
    expect(undetermined.map(({ why }) => why)).toEqual([
      'Alpine Linux v3.9 has had no standard support since 2020-11-01, so advisories and fixes may be missing',
    ]);
  });

  test('the same match twice gives the same bytes', () => {
    for (const [name, inventory] of inventories) {
      const again = matchInventory(inventory, database, { today: '2026-11-21' }).findings;
      expect(JSON.stringify(again)).toBe(JSON.stringify(findings.get(name)));
    }
  });

  test.each([
    { ecosystem: 'npm', type: 'npm' },
    { ecosystem: 'Go', type: 'golang' },
  ])(
    '$ecosystem: the findings are those of a plain reading of the records with npm’s semver',
    ({ ecosystem, type }) => {
      const packages = inventories.get('mixed')?.packages.filter(one => one.type === type) ?? [];
      const expected = [...readRecords(ecosystem)].flatMap(record =>
        packages
          .filter(one => isListed(record, one.name, one.version))
          .map(one => `${one.name} ${one.version} ${record.id}`),
      );
      const found = (findings.get('mixed') ?? [])
        .filter(one => one.package.type === type)
        .flatMap(one => [one.id, ...one.aliases].map(id => `${one.package.name} ${one.package.version} ${id}`));
      expect(expected.length).toBeGreaterThan(40);
      expect(expected.filter(row => !found.includes(row))).toEqual([]);
      // The other way round every finding is by one of those records.
      const rows = new Set(expected);
      const unfounded = (findings.get('mixed') ?? []).filter(
        one =>
          one.package.type === type && !rows.has(`${one.package.name} ${one.package.version} ${one.evidence.advisory}`),
      );
      expect(unfounded.map(one => one.id)).toEqual([]);
    },
  );
});

async function buildDatabase(path: string): Promise<void> {
  const now = new Date('2026-11-21T00:00:00Z');
  using build = startBuild(path, { now, builtBy: 'test' });
  for (const source of SOURCES) {
    const { failed } = await importPath(join(advisories, source), { build, now, mayShrink: true, ...options });
    expect(failed).toEqual([]);
  }
  build.finish();
}

async function inventoryOf(reference: string): Promise<Inventory> {
  const [transport = '', file = ''] = reference.split(':');
  const parsed = parseReference(`${transport}:${join(SHARED_DATA, 'images', file)}`);
  await using opened = await openReferencedImages(parsed, { ...options, registry });
  const [image] = opened.images;
  if (image === undefined) throw new Error(`${reference} has no image`);
  return await scanImage(image, options);
}

interface RawRecord {
  readonly id: string;
  readonly withdrawn?: string;
  readonly affected: readonly {
    readonly package: { readonly ecosystem: string; readonly name: string };
    readonly ranges?: readonly { readonly type: string; readonly events: readonly Record<string, string>[] }[];
    readonly versions?: readonly string[];
    readonly ecosystem_specific?: {
      readonly imports?: readonly { readonly goos?: readonly string[]; readonly goarch?: readonly string[] }[];
    };
  }[];
}

function* readRecords(ecosystem: string): Generator<RawRecord> {
  const zip = openZip(toBody(readFileSync(join(advisories, 'osv', ecosystem, 'all.zip'))));
  for (const entry of zip.entries) yield JSON.parse(zip.read(entry, 64 * 1024 * 1024).toString('utf8'));
}

/** OSV's own pseudo-code, with nothing of ours in it. */
function isListed(record: RawRecord, name: string, version: string): boolean {
  const parsed = semver.parse(version.replace(/^v/, '').replace(/^(\d+\.\d+)$/, '$1.0'));
  if (parsed === null || record.withdrawn !== undefined) return false;
  return record.affected.some(({ package: named, ranges = [], versions = [], ecosystem_specific: specific }) => {
    if (named.name.toLowerCase() !== name.toLowerCase()) return false;
    const systems = specific?.imports?.map(({ goos }) => goos ?? ['linux']) ?? [];
    const arches = specific?.imports?.map(({ goarch }) => goarch ?? ['amd64']) ?? [];
    if (systems.length > 0 && !systems.flat().includes('linux')) return false;
    if (arches.length > 0 && !arches.flat().includes('amd64')) return false;
    if (versions.includes(version)) return true;
    return ranges.some(({ events }) => isWithin(events, parsed));
  });
}

function isWithin(events: readonly Record<string, string>[], version: semver.SemVer): boolean {
  const at = (event: Record<string, string>) => Object.values(event)[0] ?? '0';
  const order = (text: string) =>
    text === '0' ? -1 : semver.compare(semver.parse(text, { loose: true }) ?? '0.0.0', version);
  let isAffected = false;
  for (const event of events.toSorted((a, b) => compareBounds(at(a), at(b)))) {
    const difference = order(at(event));
    if ('introduced' in event && difference <= 0) isAffected = true;
    if ('fixed' in event && difference <= 0) isAffected = false;
    if ('last_affected' in event && difference < 0) isAffected = false;
  }
  return isAffected;
}

function compareBounds(a: string, b: string): number {
  if (a === '0' || b === '0') return Number(b === '0') - Number(a === '0');
  return semver.compare(semver.parse(a, { loose: true }) ?? '0.0.0', semver.parse(b, { loose: true }) ?? '0.0.0');
}
