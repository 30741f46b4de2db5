/**
 * SUSE's feeds: its advisories go by product, and one image takes packages from a dozen of them.
 *
 * Source: ecosystems of the OSV export of SUSE, August 2026: `SUSE:Linux Enterprise Module for Basesystem 15 SP5`, `openSUSE:Leap 15.6`.
 */
import type { DistroName, Feed } from './feed.ts';

/** Modules of Linux Enterprise 15 that the registry's base images have repositories of. */
const MODULES = [
  'Basesystem',
  'Server Applications',
  'Web and Scripting',
  'Development Tools',
  'Containers',
  'Public Cloud',
  'Python 3',
  'Desktop Applications',
  'Legacy',
  'Certifications',
];

const PRODUCTS: Readonly<Record<string, string>> = {
  sles: 'Linux Enterprise Server',
  sled: 'Linux Enterprise Desktop',
  sles_sap: 'Linux Enterprise Server for SAP Applications',
  sle_hpc: 'Linux Enterprise High Performance Computing',
};

/** The products whose packages an image of SUSE Linux Enterprise or SUSE Linux Micro may have. */
export function suseFeeds({ id, versionId }: DistroName): readonly Feed[] {
  const [release = '', level = '0'] = versionId?.split('.') ?? [];
  if (release === '') return [];
  if (id === 'sle-micro') return [toFeed(`SUSE:Linux Enterprise Micro ${versionId}`)];
  if (id === 'sl-micro') return [toFeed(`SUSE:Linux Micro ${versionId}`)];
  const product = PRODUCTS[id] ?? 'Linux Enterprise Server';
  // Since 16 there are no service packs, and no modules.
  if (Number(release) >= 16) return [toFeed(`SUSE:${product} ${versionId}`)];
  const name = level === '0' ? release : `${release} SP${level}`;
  return [
    toFeed(`SUSE:${product} ${name}`),
    ...(product === PRODUCTS['sles'] ? [] : [toFeed(`SUSE:${PRODUCTS['sles']} ${name}`)]),
    ...MODULES.map(module => toFeed(`SUSE:Linux Enterprise Module for ${module} ${name}`)),
    toFeed(`SUSE:Package Hub ${name}`),
    { ...toFeed(`SUSE:Linux Enterprise Server ${name}-LTSS`), rank: 1, subscription: 'SUSE LTSS' },
  ];
}

/** Leap has its own product, and takes some packages from the Package Hub as they are. */
export function leapFeeds({ versionId }: DistroName): readonly Feed[] {
  if (versionId === undefined) return [];
  const [release = '', level = ''] = versionId.split('.');
  const hub = release === '15' && level !== '' ? [toFeed(`SUSE:Package Hub 15 SP${level}`)] : [];
  return [toFeed(`openSUSE:Leap ${versionId}`), ...hub];
}

function toFeed(ecosystem: string): Feed {
  return { kind: 'distribution', ecosystem, names: 'both', rank: 0 };
}
