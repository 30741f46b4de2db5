/** Packages, inventories and advisories for tests: plain ones, of which a test says only what matters to it. */
import type { Advisory, AffectedPackage } from '#advisory/advisory.ts';
import type { Distro, Inventory, Package } from '#inventory/inventory.ts';
import type { FoundPackage } from '#inventory/package.ts';
import { toPurl } from '#purl/purl.ts';
import type { RangeEvent } from '#version/range.ts';
import { type MatchOptions, matchInventory } from '../match-inventory.ts';
import type { MatchResult } from '../surroundings.ts';
import { type MemoryFacts, memoryLookup } from './memory-lookup.ts';

/** A release, by what os-release says of it. */
export function distro(id: string, versionId?: string, more: Partial<Distro> = {}): Distro {
  const name = `${id} ${versionId ?? ''}`.trim();
  return { id, idLike: [], name, ...(versionId === undefined ? {} : { versionId }), ...more };
}

type Found = Partial<FoundPackage & Package> & Pick<FoundPackage, 'type' | 'name' | 'version'>;

/** A package of that release, or of none. */
export function packageOf(found: Found, release?: Distro): Package {
  return { purl: toPurl(found, release), locations: [{ path: 'some/file' }], ...found };
}

/** An rpm as the distribution's own, unless `found` has another vendor. */
export function rpmOf(
  found: Omit<Found, 'type'>,
  release: Distro,
  vendor = VENDORS[release.id] ?? release.id,
): Package {
  return packageOf({ type: 'rpm', arch: 'x86_64', vendor, ...found }, release);
}

const VENDORS: Readonly<Record<string, string>> = {
  almalinux: 'AlmaLinux',
  rocky: 'Rocky Enterprise Software Foundation',
  rhel: 'Red Hat, Inc.',
  ol: 'Oracle America',
  amzn: 'Amazon Linux',
  fedora: 'Fedora Project',
  sles: 'SUSE LLC <https://www.suse.com/>',
  'opensuse-leap': 'openSUSE',
  azurelinux: 'Microsoft Corporation',
  photon: 'VMware, Inc.',
};

/** An inventory of one image. */
export function inventoryOf(packages: readonly Package[], release?: Distro): Inventory {
  return {
    image: { reference: 'docker.io/library/app:1', platform: { os: 'linux', architecture: 'amd64' }, layers: [] },
    ...(release === undefined ? {} : { distro: release }),
    packages,
    gaps: [],
  };
}

/** An advisory of OSV's that says little; `fields` say the rest. */
export function advisory(fields: Partial<Advisory> & Pick<Advisory, 'id'>): Advisory {
  return {
    source: 'osv',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    ratings: [],
    references: [],
    cwes: [],
    affected: [],
    ...fields,
  };
}

/** A package in an advisory. `range` is `<2`, `>=1 <2`, `<=1.9`, several of them joined by ` | `, or `*` for every version. */
export function affects(
  ecosystem: string,
  name: string,
  range: string,
  more: Partial<AffectedPackage> = {},
): AffectedPackage {
  return { ecosystem, name, range: { ranges: range.split(' | ').map(eventsOf) }, ...more };
}

function eventsOf(range: string): readonly RangeEvent[] {
  const events: RangeEvent[] = range.includes('>=') ? [] : [{ kind: 'introduced', version: '0' }];
  for (const part of range === '*' ? [] : range.split(' ')) {
    const [, operator = '', version = ''] = /^(>=|<=|<)(.+)$/.exec(part) ?? [];
    const kind = operator === '>=' ? 'introduced' : operator === '<' ? 'fixed' : 'last-affected';
    events.push({ kind, version });
  }
  return events;
}

/** Matches one release's packages against advisories in memory. */
export function match(
  { packages, release }: { readonly packages: readonly Package[]; readonly release?: Distro },
  advisories: readonly Advisory[],
  { facts, ...options }: Partial<MatchOptions> & { readonly facts?: MemoryFacts } = {},
): MatchResult {
  return matchInventory(inventoryOf(packages, release), memoryLookup(advisories, facts), {
    today: '2026-11-21',
    ...options,
  });
}

/** The result in short: `CVE-2024-0001 openssl-libs (3.0.7-2)`, `? reason` for what is undetermined. */
export function inShort({ findings, waived, undetermined }: MatchResult): readonly string[] {
  const fix = (state: MatchResult['findings'][number]['fix']) => (state.kind === 'fixed' ? state.version : state.kind);
  return [
    ...findings.map(finding => `${finding.id} ${finding.package.name} (${fix(finding.fix)})`),
    ...waived.map(({ finding, by }) => `- ${finding.id} ${finding.package.name}: ${by.reason}`),
    ...undetermined.map(({ packages, ids, why }) => {
      const names = packages.map(({ name }) => name).join(' ');
      return `? ${names}${ids.length === 0 ? '' : ` [${ids.join(' ')}]`}: ${why}`;
    }),
  ];
}
