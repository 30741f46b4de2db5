/**
 * Every real image and package database of the shared data, through the command line: what the package managers themselves list.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type InventoryJson, inventoryOf } from '../fixtures/plimsoll.ts';
import { type ExpectedPackage, hasSharedData, readExpectedPackages, SHARED_DATA } from '../fixtures/shared-data.ts';

const images = join(SHARED_DATA, 'images');
const databases = join(SHARED_DATA, 'package-dbs');

const IMAGES = [
  {
    reference: 'oci-archive:alpine-3.9.6-multiarch.oci.tar',
    platform: 'linux/amd64',
    list: 'alpine-3.9.6-multiarch.amd64',
  },
  {
    reference: 'oci-archive:alpine-3.9.6-multiarch.oci.tar:3.9.6',
    platform: 'linux/arm64',
    list: 'alpine-3.9.6-multiarch.arm64',
  },
  {
    reference: 'oci-archive:alpine-3.9.6-multiarch.oci.tar',
    platform: 'linux/s390x',
    list: 'alpine-3.9.6-multiarch.s390x',
  },
  {
    reference: 'docker-archive:alpine-3.9.4-amd64.docker-save.tar.gz',
    platform: 'linux/amd64',
    list: 'alpine-3.9.4-amd64',
  },
  {
    reference: 'oci-archive:almalinux-9.1-micro-20230222-arm64.oci.tar',
    platform: 'linux/arm64',
    list: 'almalinux-9.1-micro-20230222-arm64',
  },
  {
    reference: 'oci-archive:almalinux-8.8-micro-20230523-s390x-zstd.oci.tar',
    platform: 'linux/s390x',
    list: 'almalinux-8.8-micro-20230523-s390x-zstd',
  },
  { reference: 'oci-archive:mixed-app-0.3.1-amd64.oci.tar', platform: 'linux/amd64', list: 'mixed-app-0.3.1-amd64' },
];

/** Types whose lists have architecture and source. */
const OS_TYPES: ReadonlySet<string> = new Set(['deb', 'rpm', 'apk']);

const fromList = (row: ExpectedPackage) => {
  const os = OS_TYPES.has(row.type) ? ` ${row.arch} ${row.sourceName} ${row.sourceVersion}` : '';
  return `${row.type} ${row.name} ${row.version}${os}`.trimEnd();
};
const fromInventory = (row: InventoryJson['packages'][number]) => {
  const os = OS_TYPES.has(row.type) ? ` ${row.arch ?? ''} ${row.source?.name ?? ''} ${row.source?.version ?? ''}` : '';
  return `${row.type} ${row.name} ${row.version}${os}`.trimEnd();
};

describe.skipIf(!hasSharedData)('shared data', () => {
  test.each(IMAGES)(
    'the image $reference for $platform holds what its package managers list',
    async ({ reference, platform, list }) => {
      const [transport, rest] = [
        reference.slice(0, reference.indexOf(':')),
        reference.slice(reference.indexOf(':') + 1),
      ];
      const inventory = await inventoryOf(`${transport}:${join(images, rest)}`, ['--platform', platform]);
      const expected = readExpectedPackages(join(images, `${list}.packages.tsv`)).map(fromList);
      expect(inventory.packages.map(fromInventory).sort()).toEqual(expected.sort());
      expect(inventory.gaps).toEqual([]);
      expect(inventory.distro?.id).toBe(/^[a-z]+/.exec(list === 'mixed-app-0.3.1-amd64' ? 'alpine' : list)?.[0]);
    },
  );

  const folders = hasSharedData ? readdirSync(databases) : [];
  test.each(folders)('the database %s holds what its package manager lists', async folder => {
    const inventory = await inventoryOf(`dir:${join(databases, folder)}`);
    const expected = readExpectedPackages(join(databases, folder, 'packages.tsv')).map(fromList);
    expect(inventory.packages.map(fromInventory).sort()).toEqual(expected.sort());
    expect(inventory.gaps).toEqual([]);
  });
});
