/**
 * `plimsoll scan` of real images against real advisories, through the command line: all formats, the same bytes again, and the same
 * findings from an SBOM. Which findings are right is held by `real-findings.test.ts`.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plimsoll } from '../fixtures/plimsoll.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const image = (transport: string, file: string) => `${transport}:${join(SHARED_DATA, 'images', file)}`;

const IMAGES = [
  {
    name: 'AlmaLinux 9.1',
    reference: image('oci-archive', 'almalinux-9.1-micro-20230222-arm64.oci.tar'),
    platform: 'linux/arm64',
    counts: { findings: 75, fixable: 75, knownExploited: 4 },
    why: 'three years of errata',
  },
  {
    name: 'AlmaLinux 8.8',
    reference: image('oci-archive', 'almalinux-8.8-micro-20230523-s390x-zstd.oci.tar'),
    platform: 'linux/s390x',
    counts: { findings: 62, fixable: 62, knownExploited: 4 },
    why: 'fewer errata since',
  },
  {
    name: 'Alpine 3.9.4',
    reference: image('docker-archive', 'alpine-3.9.4-amd64.docker-save.tar.gz'),
    platform: 'linux/amd64',
    counts: { findings: 8, fixable: 8, knownExploited: 0 },
    why: 'openssl and musl before their last updates',
  },
  {
    name: 'Alpine 3.9.6',
    reference: image('oci-archive', 'alpine-3.9.6-multiarch.oci.tar'),
    platform: 'linux/amd64',
    counts: { findings: 0, fixable: 0, knownExploited: 0 },
    why: 'the last update of its release, and no advisories after',
  },
  {
    name: 'the mixed application',
    reference: image('oci-archive', 'mixed-app-0.3.1-amd64.oci.tar'),
    platform: 'linux/amd64',
    counts: { findings: 234, fixable: 228, knownExploited: 0 },
    why: 'old versions in four languages',
  },
];

interface ReportJson {
  readonly summary: Readonly<Record<string, unknown>>;
  readonly findings: readonly { readonly id: string; readonly package: { readonly purl: string } }[];
}

describe.skipIf(!hasSharedData)('shared data', () => {
  let folder: ScratchFolder;
  let database: string;
  beforeAll(async () => {
    folder = await scratchFolder();
    database = folder.at('vulnerability.db');
    const result = await plimsoll(['db', 'import', join(SHARED_DATA, 'advisories'), '--db', database, '--quiet']);
    expect(result.status).toBe(0);
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  const scan = async (reference: string, args: readonly string[]) => {
    const result = await plimsoll(['scan', reference, '--db', database, '--quiet', ...args]);
    expect([result.status, result.stderr]).toEqual([0, '']);
    return result.stdout;
  };
  const names = ({ findings }: ReportJson) => findings.map(one => `${one.id} ${one.package.purl}`).sort();

  test.each(IMAGES)('$name has $counts: $why; the same bytes again, and the same from its SBOMs', async row => {
    const args = ['--format', 'json', '--platform', row.platform];
    const first = await scan(row.reference, args);
    expect(await scan(row.reference, args)).toBe(first);
    const report: ReportJson = JSON.parse(first);
    expect(report.summary).toMatchObject({ ...row.counts, hidden: 0, waived: 0 });
    for (const format of ['cyclonedx-json', 'spdx-json']) {
      const sbom = folder.at(`${format}.json`);
      const make = ['sbom', row.reference, '--platform', row.platform, '--format', format, '-q', '-o', sbom];
      expect((await plimsoll(make)).status).toBe(0);
      expect(names(JSON.parse(await scan(`sbom:${sbom}`, ['--format', 'json'])))).toEqual(names(report));
    }
  });

  test('an upgrade is advised that real advisories call for', async () => {
    const [alma] = IMAGES;
    const table = await scan(alma?.reference ?? '', ['--platform', 'linux/arm64']);
    expect(table).toMatch(/upgrade glibc to 2\.34-\S+ +fixes 22, 1 known exploited/);
    expect(table).toMatch(/CVE-2023-4911 +KEV +glibc \+2 +2\.34-40\.el9_1\.1 +2\.34-60\.el9_2\.7 +1 ADD almalinux/);
  });

  test('three platforms of one image are compared', async () => {
    const [, , , alpine] = IMAGES;
    const table = await scan(alpine?.reference ?? '', ['--all-platforms']);
    const [head, ...lines] = table.split('\n');
    expect(head).toContain('PLATFORM');
    expect(lines.slice(0, 3).map(line => /linux\/\w+/.exec(line)?.[0])).toEqual([
      'linux/amd64',
      'linux/arm64',
      'linux/s390x',
    ]);
  });
});
