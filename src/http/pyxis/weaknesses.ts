/** Known vulnerabilities and RPM packages of an image, as documents of the certification API. */
import { createHash } from 'node:crypto';
import type { Severity } from '#advisory/advisory.ts';
import type { Package } from '#inventory/inventory.ts';
import type { Finding } from '#matching/finding.ts';
import type { JsonObject } from '#project/merge-deep.ts';
import type { ProjectContext } from '#project/project-context.ts';
import { inventoryOfImage, reportOfImage } from '#scan/content/report-of-image.ts';
import type { ProjectImage } from '#store/project-image.ts';
import { findRpmManifest, type RpmManifest } from '#store/project-result.ts';
import type { Wire } from './list-answer.ts';

/** Fields that lists of vulnerabilities can be filtered and sorted by. */
export const VULNERABILITY_FIELDS: ReadonlySet<string> = new Set([
  '_id',
  'cve_id',
  'severity',
  'advisory_id',
  'advisory_type',
  'creation_date',
  'public_date',
  'packages.rpm_nvra',
  'affected_packages.name',
  'affected_packages.version',
  'affected_packages.package_type',
]);

/** Red Hat's words for severities. */
const SEVERITY: Readonly<Record<Severity, string>> = {
  CRITICAL: 'Critical',
  HIGH: 'Important',
  MEDIUM: 'Moderate',
  LOW: 'Low',
  NEGLIGIBLE: 'Low',
  UNKNOWN: 'Unknown',
};

/** Weaknesses of an image, each with all packages that have it; none for an image that has not been scanned. */
export async function listVulnerabilities(
  { store, now }: ProjectContext,
  image: ProjectImage,
): Promise<readonly Wire[]> {
  const report = await reportOfImage(store.db, image.digest, { reference: image.digest, today: now() });
  if (report === undefined) return [];
  const byId = Map.groupBy(
    report.findings.filter(finding => finding.kind !== 'notice'),
    ({ id }) => id,
  );
  return [...byId].map(([id, findings]) => toVulnerability(image, id, findings, report.judgedAt));
}

/** The RPM packages of an image: as its client listed them, else as our own scan found them. */
export async function findRpms(
  { store }: ProjectContext,
  image: ProjectImage,
): Promise<Pick<RpmManifest, 'id' | 'imageId' | 'rpms' | 'createdAt'> | undefined> {
  const reported = await findRpmManifest(store.db, image.id);
  if (reported !== undefined) return reported;
  const inventory = await inventoryOfImage(store.db, image.digest, { reference: image.digest });
  if (inventory === undefined) return undefined;
  const rpms = inventory.packages.filter(({ type }) => type === 'rpm').map(toRpm);
  return { id: idOf(image.id, 'rpm-manifest'), imageId: image.id, rpms, createdAt: image.updatedAt };
}

function toVulnerability(image: ProjectImage, id: string, findings: readonly Finding[], judgedAt: string): Wire {
  const [first] = findings;
  const cve = [id, ...(first?.aliases ?? [])].find(name => name.startsWith('CVE-'));
  const advisory = first?.evidence.advisory;
  const rpms = findings.filter(finding => finding.package.type === 'rpm').map(finding => nvra(finding.package));
  return {
    _id: idOf(image.id, id),
    creation_date: judgedAt,
    cve_id: cve ?? id,
    severity: SEVERITY[first?.severity ?? 'UNKNOWN'],
    advisory_id: advisory ?? null,
    advisory_type: advisory?.startsWith('RHSA') === true ? 'RHSA' : null,
    public_date: null,
    packages: rpms.length === 0 ? [] : [{ rpm_nvra: rpms }],
    affected_packages: findings.map(finding => ({
      name: finding.package.name,
      version: finding.package.version,
      arch: finding.package.arch ?? null,
      package_type: finding.package.type,
    })),
  };
}

function toRpm(one: Package): JsonObject {
  const { version, release } = splitVersion(one.version);
  return { architecture: one.arch ?? '', name: one.name, nvra: nvra(one), release, summary: '', version };
}

function nvra({ name, version, arch }: Package): string {
  const { version: plain, release } = splitVersion(version);
  return `${name}-${plain}-${release}${arch === undefined ? '' : `.${arch}`}`;
}

/** `[epoch:]version-release`. */
function splitVersion(text: string): { readonly version: string; readonly release: string } {
  const plain = text.slice(text.indexOf(':') + 1);
  const dash = plain.lastIndexOf('-');
  return dash === -1
    ? { version: plain, release: '' }
    : { version: plain.slice(0, dash), release: plain.slice(dash + 1) };
}

/** The same id for the same thing each time. */
function idOf(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 24);
}
