/** Images and findings as the API shows them. */
import { z } from 'zod';
import type { Distro } from '#inventory/inventory.ts';
import { tellEndOfLife } from '#matching/surroundings.ts';
import type { FindingDetail } from '#scan/content/judge-packages.ts';
import { type FindingCounts, SEVERITY_OF_RANK } from '#store/counts.ts';
import type { LayerSummary, ListedFinding } from '#store/finding-list.ts';
import type { ListedImage } from '#store/image-list.ts';
import type { ChildView, ManifestScan, ManifestView } from '#store/manifest-view.ts';
import type { ListedPackage } from '#store/package-list.ts';
import type { ListedVulnerability } from '#store/vulnerability-list.ts';
import type { StoredWaiver } from '#store/waiver.ts';
import { presentScope, waiverScopeSchema } from '../waiver/waiver-schema.ts';

const count = z.number().int();
const time = z.iso.datetime().nullable();

/** Severities, the worst first. */
export const SEVERITIES = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'NEGLIGIBLE', 'UNKNOWN'] as const;
export type SeverityName = (typeof SEVERITIES)[number];
export const severitySchema = z.enum(SEVERITIES);

/** States of an image's scan. */
export const SCAN_STATES = ['not-scanned', 'queued', 'scanned', 'failed', 'unsupported', 'layer-too-large'] as const;

export const countsSchema = z
  .object({
    critical: count,
    high: count,
    medium: count,
    low: count,
    negligible: count,
    unknown: count,
    fixable: count,
    knownExploited: count,
    undetermined: count.describe('Packages of which nobody can say whether they are affected'),
  })
  .meta({ id: 'FindingCounts' });

/** Counts of what waivers set aside. */
const waivedCountsSchema = countsSchema.omit({ undetermined: true }).meta({ id: 'WaivedCounts' });

const placeSchema = z.object({
  registryId: z.uuid(),
  registryName: z.string(),
  host: z.string(),
  repository: z.string(),
  tags: z.array(z.string()),
});

/** The release that a report is of, when it is past its end: then nothing found means little. */
export const endOfLifeSchema = z
  .object({ release: z.string(), since: z.iso.date().describe('The last day of its standard support') })
  .nullable()
  .describe('When its release is no longer supported: advisories and fixes may be missing');

const scanSchema = z
  .object({
    state: z.enum(SCAN_STATES),
    errorCode: z.string().nullable(),
    errorMessage: z.string().nullable(),
    scannedAt: time.describe('When its layers were read'),
    judgedAt: time.describe('When anything about its findings last changed'),
    packageCount: count.nullable(),
    worst: severitySchema.nullable().describe('Highest severity among its findings'),
    counts: countsSchema.describe('Without what is set aside'),
    waived: waivedCountsSchema.describe('What waivers set aside, where you look'),
    endOfLife: endOfLifeSchema,
  })
  .meta({ id: 'ImageScan' });

const platformSchema = z.object({
  os: z.string().nullable(),
  architecture: z.string().nullable(),
  variant: z.string().nullable(),
});

export const imageSchema = z
  .object({
    digest: z.string(),
    mediaType: z.string(),
    platform: platformSchema,
    sizeBytes: count.nullable().describe('Stored bytes of all layers'),
    builtAt: time,
    firstSeenAt: z.iso.datetime(),
    scan: scanSchema,
    places: z.array(placeSchema).describe('Where it is, at most twenty'),
  })
  .meta({ id: 'Image' });

export const childSchema = z
  .object({
    digest: z.string(),
    mediaType: z.string(),
    kind: z.enum(['image', 'index', 'attestation', 'artifact']),
    platform: platformSchema,
    sizeBytes: count.nullable(),
    scan: scanSchema.nullable().describe('Missing for what is not known or not scanned'),
  })
  .meta({ id: 'ChildManifest' });

export const manifestSchema = z
  .object({
    digest: z.string(),
    kind: z.enum(['image', 'index', 'artifact', 'unsupported']),
    mediaType: z.string(),
    artifactType: z.string().nullable(),
    platform: platformSchema,
    sizeBytes: count.nullable(),
    builtAt: time,
    firstSeenAt: z.iso.datetime(),
    unsupportedReason: z.string().nullable(),
    document: z.unknown().describe('The manifest itself'),
    config: z.unknown().nullable().describe('Of an image: labels, history, user'),
    children: z.array(childSchema).describe('Of an index'),
    scan: scanSchema.nullable(),
  })
  .meta({ id: 'Manifest' });

export const findingSchema = z
  .object({
    id: z.string().describe('CVE if there is one, else GHSA, else the id of the source'),
    aliases: z.array(z.string()),
    severity: severitySchema,
    severitySource: z.string().nullable(),
    title: z.string().nullable(),
    package: z.object({
      type: z.string(),
      name: z.string(),
      version: z.string(),
      arch: z.string().nullable(),
      purl: z.string(),
      locations: z.array(z.string()),
    }),
    layer: count.describe('Position of the layer that introduced the package, from 0'),
    fix: z.object({ kind: z.string(), version: z.string().nullable() }),
    cvss: z.array(z.object({ version: z.string(), vector: z.string(), score: z.number(), origin: z.string() })),
    epss: z.object({ probability: z.number(), percentile: z.number().nullable() }).nullable(),
    isKnownExploited: z.boolean(),
    kev: z.unknown().nullable(),
    references: z.array(z.string()),
    evidence: z.unknown().nullable().describe('The record and the rule that decided'),
    isWaived: z.boolean().describe('Set aside: by a rule, `waivedBy`, or by a waiver'),
    waivedBy: z.unknown().nullable(),
    waiver: z
      .object({
        id: z.uuid(),
        namespaceId: z.uuid(),
        reason: z.string(),
        expiresOn: z.iso.date().nullable(),
        createdBy: z.string(),
        scope: waiverScopeSchema,
      })
      .nullable()
      .describe('The oldest of those that set it aside'),
  })
  .meta({ id: 'Finding' });

export const layerSchema = z
  .object({
    position: count,
    digest: z.string(),
    sizeBytes: count,
    mediaType: z.string(),
    createdBy: z.string().nullable().describe('The instruction that made it'),
    packageCount: count,
    counts: countsSchema,
  })
  .meta({ id: 'Layer' });

export const packageSchema = z
  .object({
    type: z.string(),
    name: z.string(),
    version: z.string(),
    arch: z.string().nullable(),
    purl: z.string(),
    distro: z.string().nullable(),
    isUndetermined: z.boolean(),
    images: count.describe('Images that have it, counted up to 10,000'),
    counts: countsSchema.omit({ undetermined: true }),
  })
  .meta({ id: 'Package' });

export const vulnerabilitySchema = z
  .object({
    id: z.string(),
    title: z.string().nullable(),
    aliases: z.array(z.string()),
    severity: severitySchema.describe('The highest among its findings here'),
    isFixable: z.boolean(),
    isKnownExploited: z.boolean(),
    epss: z.object({ probability: z.number(), percentile: z.number().nullable() }).nullable(),
    kev: z.unknown().nullable(),
    packages: count,
    images: count,
  })
  .meta({ id: 'Vulnerability' });

/** The name of a stored severity. */
export function severityName(rank: number): SeverityName {
  return SEVERITY_OF_RANK[rank] ?? 'UNKNOWN';
}

/** The stored number of a severity. */
export function severityRank(name: SeverityName): number {
  return SEVERITY_OF_RANK.indexOf(name);
}

/** `now`: by which a release is past its end. */
export function presentImage(image: ListedImage, now: Date): z.output<typeof imageSchema> {
  return {
    digest: image.digest,
    mediaType: image.mediaType,
    platform: platformOf(image),
    sizeBytes: image.sizeBytes,
    builtAt: image.builtAt,
    firstSeenAt: image.firstSeenAt,
    scan: presentScan(image, now),
    places: image.places.map(({ registryId, registryName, host, repository, tags }) => ({
      registryId,
      registryName,
      host,
      repository,
      tags: [...tags],
    })),
  };
}

export function presentScan(
  scan: Omit<ManifestScan, 'manifestId' | 'attempts'>,
  now: Date,
): z.output<typeof scanSchema> {
  const { state, errorCode, errorMessage, scannedAt, judgedAt, packageCount, worst } = scan;
  const isTold = scannedAt !== null;
  return {
    state,
    errorCode,
    errorMessage,
    scannedAt,
    judgedAt,
    packageCount,
    worst: !isTold || worst === 0 ? null : severityName(worst === 1 && scan.negligible === 0 ? 0 : worst),
    counts: countsOf(scan),
    waived: { ...scan.waived },
    endOfLife: endOfLifeOf(scan, now),
  };
}

/** The end of the release that a scan found, once it is past; null for what is supported, or of no known release. */
export function endOfLifeOf({ distro }: Pick<ManifestScan, 'distro'>, now: Date): z.output<typeof endOfLifeSchema> {
  const known = (distro ?? undefined) as Distro | undefined;
  const isPast = tellEndOfLife(known, now.toISOString()) !== undefined;
  return isPast && known?.endOfLife !== undefined ? { release: known.name, since: known.endOfLife } : null;
}

export function presentManifest(
  view: ManifestView,
  scan: ManifestScan | undefined,
  children: readonly (ChildView & { readonly scan: ManifestScan | undefined })[],
  now: Date,
): z.output<typeof manifestSchema> {
  return {
    digest: view.digest,
    kind: view.kind,
    mediaType: view.mediaType,
    artifactType: view.artifactType,
    platform: platformOf(view),
    sizeBytes: view.layersSizeBytes,
    builtAt: view.builtAt,
    firstSeenAt: view.firstSeenAt,
    unsupportedReason: view.unsupportedReason,
    document: JSON.parse(Buffer.from(view.document).toString('utf8')),
    config: view.config ?? null,
    children: children.map(child => presentChild(child, now)),
    scan: scan === undefined || view.kind === 'index' ? null : presentScan(scan, now),
  };
}

export function presentChild(
  child: ChildView & { readonly scan: ManifestScan | undefined },
  now: Date,
): z.output<typeof childSchema> {
  return {
    digest: child.digest,
    mediaType: child.mediaType,
    kind: child.kind as z.output<typeof childSchema>['kind'],
    platform: platformOf(child),
    sizeBytes: child.layersSizeBytes,
    scan: child.scan === undefined ? null : presentScan(child.scan, now),
  };
}

export function presentFinding(finding: ListedFinding): z.output<typeof findingSchema> {
  const detail = finding.detail as Partial<FindingDetail>;
  return {
    id: finding.name,
    aliases: [...(detail.aliases ?? [])],
    severity: severityName(finding.severity),
    severitySource: detail.severitySource ?? null,
    title: detail.title ?? null,
    package: {
      type: finding.type,
      name: finding.packageName,
      version: finding.version,
      arch: finding.arch,
      purl: finding.purl,
      locations: pathsOf(finding.locations),
    },
    layer: finding.layer,
    fix: { kind: finding.fixKind, version: finding.fixedVersion },
    cvss: (detail.cvss ?? []).map(({ version, vector, score, origin }) => ({ version, vector, score, origin })),
    epss: epssOf(finding),
    isKnownExploited: finding.isKnownExploited,
    kev: finding.kev ?? null,
    references: [...(detail.references ?? [])],
    evidence: detail.evidence ?? null,
    isWaived: finding.isWaived,
    waivedBy: detail.waivedBy ?? null,
    waiver: finding.waiver === undefined ? null : presentReason(finding.waiver),
  };
}

function presentReason({ id, namespaceId, reason, expiresOn, createdBy, scope }: StoredWaiver) {
  return { id, namespaceId, reason, expiresOn: expiresOn ?? null, createdBy, scope: presentScope(scope) };
}

export function presentLayer(layer: LayerSummary): z.output<typeof layerSchema> {
  const { position, digest, sizeBytes, mediaType, createdBy, packageCount } = layer;
  return { position, digest, sizeBytes, mediaType, createdBy, packageCount, counts: countsOf(layer) };
}

export function presentPackage(one: ListedPackage): z.output<typeof packageSchema> {
  const { type, name, version, arch, purl, distro, isUndetermined, images } = one;
  const { undetermined: _, ...counts } = countsOf({ ...one, undetermined: 0 });
  return { type, name, version, arch, purl, distro, isUndetermined, images, counts };
}

export function presentVulnerability(one: ListedVulnerability): z.output<typeof vulnerabilitySchema> {
  const { name, title, aliases, severity, isFixable, isKnownExploited, kev, packages, images } = one;
  return {
    id: name,
    title,
    aliases: [...aliases],
    severity: severityName(severity),
    isFixable,
    isKnownExploited,
    epss: epssOf(one),
    kev: kev ?? null,
    packages,
    images,
  };
}

function platformOf({
  os,
  architecture,
  variant,
}: {
  os: string | null;
  architecture: string | null;
  variant: string | null;
}) {
  return { os, architecture, variant };
}

/** Counts alone. */
export function countsOf(of: FindingCounts): z.output<typeof countsSchema> {
  const { critical, high, medium, low, negligible, unknown, fixable, knownExploited, undetermined } = of;
  return { critical, high, medium, low, negligible, unknown, fixable, knownExploited, undetermined };
}

function epssOf({ epss, percentile }: { epss: number | null; percentile: number | null }) {
  return epss === null ? null : { probability: epss, percentile };
}

/** Paths of stored locations. */
export function pathsOf(locations: unknown): string[] {
  if (!Array.isArray(locations)) return [];
  return locations.flatMap(one => (typeof one === 'string' ? [one] : typeof one?.path === 'string' ? [one.path] : []));
}
