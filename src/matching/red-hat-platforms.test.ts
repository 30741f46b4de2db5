/** Red Hat fixes a flaw stream by stream: an image is judged by those that its packages come from. */
import { expect, test } from 'vitest';
import type { RedHatBuild } from '#inventory/inventory.ts';
import { matchInventory } from './match-inventory.ts';
import { type MemoryFacts, memoryLookup } from './testing/memory-lookup.ts';
import { advisory, affects, distro, inShort, inventoryOf, rpmOf } from './testing/sample.ts';

const RHEL = distro('rhel', '9.2');
const BASEOS = 'Red Hat:enterprise_linux:9::baseos';
const EUS = 'Red Hat:rhel_eus:9.2::baseos';
const OTHER_EUS = 'Red Hat:rhel_eus:9.0::baseos';
const MAPS: MemoryFacts = {
  redHatEcosystems: {
    'rhel-9-for-x86_64-baseos-rpms': [BASEOS],
    'rhel-9-for-x86_64-baseos-eus-rpms': [OTHER_EUS, EUS],
    'rhel-9-for-x86_64-baseos-e4s-rpms__9_DOT_2': ['Red Hat:rhel_e4s:9.2::baseos'],
  },
  redHatRepositories: { 'ubi9/ubi-eus': ['rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2'] },
};
const ADVISORIES = [
  advisory({ id: 'CVE-2024-0001', affected: [affects(BASEOS, 'bash', '<0:5.1.8-9.el9')] }),
  advisory({ id: 'CVE-2024-0002', affected: [affects(EUS, 'bash', '<0:5.1.8-6.el9_2.1')] }),
  advisory({ id: 'CVE-2024-0003', affected: [affects(OTHER_EUS, 'bash', '<0:5.1.8-6.el9_0.1')] }),
  advisory({ id: 'CVE-2024-0004', affected: [affects('Red Hat:rhel_e4s:9.2::baseos', 'bash', '*')] }),
  advisory({ id: 'CVE-2024-0005', affected: [affects('Red Hat:enterprise_linux:9', 'bash', '*')] }),
];

test.each<{ redHat: RedHatBuild | undefined; ids: readonly string[]; why: string }>([
  { redHat: undefined, ids: ['0001', '0005'], why: 'an image that says nothing is of the main stream' },
  {
    redHat: { repositories: ['rhel-9-for-x86_64-baseos-rpms'] },
    ids: ['0001', '0005'],
    why: 'it says the main stream',
  },
  {
    redHat: { repositories: ['rhel-9-for-x86_64-baseos-eus-rpms__9_DOT_2'] },
    ids: ['0002', '0005'],
    why: 'of extended support, that of its own minor release',
  },
  {
    redHat: { repositories: ['rhel-9-for-x86_64-baseos-e4s-rpms__9_DOT_2'] },
    ids: ['0004', '0005'],
    why: 'the map may have the whole id',
  },
  {
    redHat: { repositories: ['rhel-9-for-x86_64-baseos-rpms__9'] },
    ids: ['0001', '0005'],
    why: 'a release is no part',
  },
  {
    redHat: { repositories: [], image: 'ubi9/ubi-eus' },
    ids: ['0002', '0005'],
    why: 'its name says of which it is built',
  },
  {
    redHat: { repositories: ['rhel-9-for-x86_64-baseos-rpms'], image: 'ubi9/ubi-eus' },
    ids: ['0001', '0005'],
    why: 'what it says itself counts more',
  },
  { redHat: { repositories: ['private-rpms'], image: 'x' }, ids: ['0001', '0005'], why: 'nobody knows these' },
])('$redHat: $ids, $why', ({ redHat, ids }) => {
  const packages = [rpmOf({ name: 'bash', version: '5.1.8-6.el9' }, RHEL)];
  const inventory = { ...inventoryOf(packages, RHEL), ...(redHat === undefined ? {} : { redHat }) };
  const result = matchInventory(inventory, memoryLookup(ADVISORIES, MAPS), { today: '2026-11-21' });
  expect(inShort(result).map(text => /^CVE-2024-(\d+)/.exec(text)?.[1] ?? text)).toEqual(ids);
});
