/**
 * Pages of notifications, in Clair's form and in the one that Quay reads, which are not the same: severity and repository have two names.
 */
import { hash } from 'node:crypto';
import type { Distro } from '#inventory/inventory.ts';
import { OS_PACKAGE_TYPES, type PackageType } from '#inventory/package.ts';
import type { ClairChange, ClairNotification } from '#store/clair-notification.ts';
import { SEVERITY_OF_RANK } from '#store/counts.ts';
import { SEVERITY_WORDS } from '../severity-words.ts';
import { toClairDistribution, toClairRepository } from './package-map.ts';
import { toLinks } from './vulnerability-report.ts';

const REASONS = { new: 'added', fixed: 'removed', changed: 'changed' } as const;

/** One page; `size` as it was asked for. */
export function toNotificationPage(
  { id }: ClairNotification,
  { changes, next }: { readonly changes: readonly ClairChange[]; readonly next: string | undefined },
  size: number,
) {
  return {
    // Quay goes on for as long as there is a next, whatever it says.
    page: { size, ...(next === undefined ? {} : { next }) },
    notifications: changes.map(change => toEntry(id, change)),
  };
}

/** What is stored of a package that pages tell. */
interface Facts {
  readonly type: PackageType;
  readonly name: string;
  readonly version: string;
  readonly arch?: string;
}

function toEntry(notificationId: string, change: ClairChange) {
  const { type, name, version, arch = '' } = change.facts as Facts;
  const severity = SEVERITY_WORDS[SEVERITY_OF_RANK[change.severity] ?? 'UNKNOWN'];
  const isDistributions = OS_PACKAGE_TYPES.has(type);
  const repository = isDistributions ? {} : toClairRepository(type);
  return {
    id: toUuid(`${notificationId} ${change.indexId} ${change.kind}`),
    manifest: change.manifestHash,
    reason: REASONS[change.kind],
    vulnerability: {
      name: change.vulnerability,
      description: change.title ?? '',
      fixed_in_version: change.fixedVersion ?? '',
      links: toLinks((change.references ?? []) as readonly string[]),
      severity,
      normalized_severity: severity,
      package: { id: '', name, version, kind: 'binary', arch },
      distribution: isDistributions && change.distro !== null ? toClairDistribution(change.distro as Distro) : {},
      repo: repository,
      repository,
    },
  };
}

/** The same UUID for the same text: a page that is asked for twice has the same entries. Form: RFC 9562, version 8. */
function toUuid(text: string): string {
  const hex = hash('sha256', text);
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
