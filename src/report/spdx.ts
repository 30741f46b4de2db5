/**
 * An inventory as an SPDX 2.3 JSON document, for tools that read SBOMs.
 *
 * Source: SPDX 2.3, chapters 6, 7, 10 and 11. Written by us: the document is plain data, and the library for it covers less than the
 * schema. What is declared is passed on; nothing is concluded, and `NOASSERTION` says so.
 */
import { printable } from '#base/text.ts';
import type { Distro, Inventory, InventoryImage, Package, RedHatBuild } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import { formatPlatform } from '#oci/platform.ts';
import { uuidOfContent } from './content-uuid.ts';
import { purlOfImage } from './image-identity.ts';
import { renderInventoryJson } from './inventory-json.ts';
import { toJsonText } from './json-text.ts';
import type { ReportOptions } from './report-options.ts';
import { type ExtractedLicense, LicenseCollector } from './spdx-license.ts';

const DOCUMENT_ID = 'SPDXRef-DOCUMENT';
const IMAGE_ID = 'SPDXRef-Image';
const DISTRO_ID = 'SPDXRef-Distro';
const NO_ASSERTION = 'NOASSERTION';
// Names are single lines in SPDX, and long enough for any that is one; the purl has every name in full.
const MAX_LINE = 1000;
// Found in more places than these, the rest is a number: a comment is for people.
const MAX_LOCATIONS = 20;

/** A package as the document has it; field order is that of the specification. */
interface SpdxPackage {
  readonly name: string;
  readonly SPDXID: string;
  readonly versionInfo?: string;
  readonly supplier?: string;
  readonly downloadLocation: string;
  readonly filesAnalyzed: false;
  readonly checksums?: readonly { readonly algorithm: string; readonly checksumValue: string }[];
  readonly sourceInfo?: string;
  readonly licenseConcluded: string;
  readonly licenseDeclared: string;
  readonly copyrightText: string;
  readonly comment?: string;
  readonly externalRefs?: readonly {
    readonly referenceCategory: 'PACKAGE-MANAGER' | 'SECURITY';
    readonly referenceType: string;
    readonly referenceLocator: string;
    readonly comment?: string;
  }[];
  readonly annotations?: readonly Annotation[];
  readonly primaryPackagePurpose?: string;
}

interface Annotation {
  readonly annotationDate: string;
  readonly annotationType: 'OTHER';
  readonly annotator: string;
  readonly comment: string;
}

interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: 'DESCRIBES' | 'CONTAINS';
  readonly relatedSpdxElement: string;
}

/** The document. The same inventory and options give the same bytes. */
export function renderSpdx(inventory: Inventory, options: ReportOptions): string {
  return toJsonText(toSpdx(inventory, options));
}

/** A link from a package to what is known of its security: SPDX 2.3, annex F.2. */
export interface SecurityReference {
  readonly referenceCategory: 'SECURITY';
  readonly referenceType: 'advisory';
  readonly referenceLocator: string;
  readonly comment: string;
}

/** The document as a value, with what `referencesOf` says of each package; `content` is what else its name is made of. */
export function toSpdx(
  inventory: Inventory,
  { createdAt, toolVersion }: ReportOptions,
  referencesOf: (one: Package) => readonly SecurityReference[] = () => [],
  content: readonly string[] = [],
): Readonly<Record<string, unknown>> {
  const { image, distro, redHat, packages, gaps } = inventory;
  const created = `${createdAt.toISOString().slice(0, 19)}Z`;
  const tool = `Tool: plimsoll-${toolVersion}`;
  const licenses = new LicenseCollector();
  const ids = packageIds(packages);
  const annotate = (comment: string): Annotation => ({
    annotationDate: created,
    annotationType: 'OTHER',
    annotator: tool,
    comment,
  });
  const rows = packages.map((one, at) => ({
    ...toPackage(one, ids[at] ?? '', licenses, referencesOf(one)),
    ...ownFacts(factsOf(one), annotate),
  }));
  const uuid = uuidOfContent([
    'spdx',
    toolVersion,
    createdAt.toISOString(),
    renderInventoryJson(inventory),
    ...content,
  ]);
  const extracted: readonly ExtractedLicense[] = licenses.extracted();
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: DOCUMENT_ID,
    name: printable(image.reference, MAX_LINE),
    documentNamespace: `urn:uuid:${uuid}`,
    ...(gaps.length > 0 && {
      comment: `Incomplete: ${gaps.length} part(s) of the image could not be read; the annotations of ${IMAGE_ID} list them`,
    }),
    creationInfo: { created, creators: [tool] },
    packages: [
      toImagePackage(image, gaps, annotate),
      ...(distro ? [{ ...toDistroPackage(distro), ...ownFacts(releaseFacts(distro, redHat), annotate) }] : []),
      ...rows,
    ],
    relationships: toRelationships(inventory, ids),
    ...(extracted.length > 0 && { hasExtractedLicensingInfos: extracted }),
  };
}

/** What every package says of what we did not look at. */
const UNKNOWN = {
  downloadLocation: NO_ASSERTION,
  filesAnalyzed: false,
  licenseConcluded: NO_ASSERTION,
  licenseDeclared: NO_ASSERTION,
  copyrightText: NO_ASSERTION,
} as const;

function toImagePackage(
  image: InventoryImage,
  gaps: readonly Gap[],
  annotate: (comment: string) => Annotation,
): SpdxPackage {
  const platform = image.platform && formatPlatform(image.platform);
  const annotations = [
    ...gaps.map(gap => annotate(`Could not be read: ${describeGap(gap)}`)),
    ...(ownFacts([['platform', platform]], annotate).annotations ?? []),
  ];
  const purl = purlOfImage(image);
  const colon = image.digest?.indexOf(':') ?? -1;
  return {
    name: printable(image.reference, MAX_LINE),
    SPDXID: IMAGE_ID,
    ...(image.digest && { versionInfo: image.digest }),
    ...UNKNOWN,
    ...(image.digest && {
      checksums: [
        { algorithm: image.digest.slice(0, colon).toUpperCase(), checksumValue: image.digest.slice(colon + 1) },
      ],
    }),
    ...(platform && { comment: `Platform ${platform}` }),
    ...(purl && { externalRefs: purlReference(purl) }),
    ...(annotations.length > 0 && { annotations }),
    primaryPackagePurpose: 'CONTAINER',
  };
}

type Fact = readonly [name: string, value: string | undefined];

/** What SPDX has no field for and judging needs, under the names of docs/sbom.md: one annotation, whose text is a JSON object. */
function ownFacts(facts: readonly Fact[], annotate: (comment: string) => Annotation): Pick<SpdxPackage, 'annotations'> {
  const known = facts.flatMap(([name, value]) => (value === undefined ? [] : [[`plimsoll:${name}`, value] as const]));
  return known.length === 0 ? {} : { annotations: [annotate(JSON.stringify(Object.fromEntries(known)))] };
}

function releaseFacts({ name, codename }: Distro, redHat: RedHatBuild | undefined): readonly Fact[] {
  return [
    ['release', name],
    ['codename', codename],
    ['redhat-repositories', redHat?.repositories.join(' ')],
    ['redhat-image', redHat?.image],
  ];
}

function factsOf({ managedBy, root, properties = {} }: Package): readonly Fact[] {
  const sorted = Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1));
  return [['managed-by', managedBy], ['root', root], ...sorted.map(([key, value]): Fact => [`property:${key}`, value])];
}

function toDistroPackage(distro: Distro): SpdxPackage {
  return {
    name: printable(distro.id, MAX_LINE),
    SPDXID: DISTRO_ID,
    ...(distro.versionId && { versionInfo: printable(distro.versionId, MAX_LINE) }),
    ...UNKNOWN,
    comment: `${printable(distro.name)}${distro.endOfLife ? `, end of life ${distro.endOfLife}` : ''}`,
    ...(distro.cpe && /^cpe:[!-~]+$/.test(distro.cpe) && { externalRefs: cpeReference(distro.cpe) }),
    primaryPackagePurpose: 'OPERATING_SYSTEM',
  };
}

function toPackage(
  one: Package,
  id: string,
  licenses: LicenseCollector,
  references: readonly SecurityReference[],
): SpdxPackage {
  const source = one.source && [one.source.name, one.source.version].filter(Boolean).join(' ');
  return {
    name: printable(one.name, MAX_LINE),
    SPDXID: id,
    versionInfo: printable(one.version, MAX_LINE),
    ...(one.vendor && { supplier: `Organization: ${printable(one.vendor)}` }),
    ...UNKNOWN,
    ...(source && { sourceInfo: `Built from source package ${printable(source, MAX_LINE)}` }),
    licenseDeclared: licenses.expressionFor(one.licenses ?? []) ?? NO_ASSERTION,
    comment: describeEvidence(one),
    externalRefs: [...purlReference(one.purl), ...references],
  };
}

function purlReference(purl: string): NonNullable<SpdxPackage['externalRefs']> {
  return [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }];
}

function cpeReference(cpe: string): NonNullable<SpdxPackage['externalRefs']> {
  const referenceType = cpe.startsWith('cpe:2.3:') ? 'cpe23Type' : 'cpe22Type';
  return [{ referenceCategory: 'SECURITY', referenceType, referenceLocator: cpe }];
}

const EVIDENCE_WORDS = { installed: 'Installed', detected: 'Detected', asserted: 'Asserted by an SBOM in the image' };

function describeEvidence({ evidence, locations, layer }: Package): string {
  const shown = locations.slice(0, MAX_LOCATIONS).map(({ path }) => printable(path, MAX_LINE));
  const rest = locations.length > shown.length ? ` and ${locations.length - shown.length} more` : '';
  const where = shown.length === 0 ? '' : `: ${shown.join(', ')}${rest}`;
  return `${EVIDENCE_WORDS[evidence ?? 'installed']}${where}${layer === undefined ? '' : `; layer ${layer}`}`;
}

function describeGap({ layer, path, reason }: Gap): string {
  return printable([path, layer && `layer ${layer}`, reason].filter(Boolean).join(', '), MAX_LINE);
}

/** The image is what the document describes; it contains everything, and distribution packages contain what they own. */
function toRelationships({ distro, packages }: Inventory, ids: readonly string[]): Relationship[] {
  const contains = (from: string, to: string): Relationship => ({
    spdxElementId: from,
    relationshipType: 'CONTAINS',
    relatedSpdxElement: to,
  });
  const idByPurl = new Map(packages.map((one, at) => [one.purl, ids[at] ?? '']));
  const owned = packages.flatMap((one, at) => {
    const owner = one.managedBy === undefined ? undefined : idByPurl.get(one.managedBy);
    return owner === undefined ? [] : [contains(owner, ids[at] ?? '')];
  });
  return [
    { spdxElementId: DOCUMENT_ID, relationshipType: 'DESCRIBES', relatedSpdxElement: IMAGE_ID },
    ...(distro === undefined ? [] : [contains(IMAGE_ID, DISTRO_ID)]),
    ...ids.map(id => contains(IMAGE_ID, id)),
    ...owned,
  ];
}

/** Identifiers that stay the same from document to document as long as the purl does: `SPDXRef-deb-bash-1f0c…`. */
function packageIds(packages: readonly Package[]): string[] {
  const seen = new Map<string, number>();
  return packages.map(({ type, name, purl }) => {
    const count = (seen.get(purl) ?? 0) + 1;
    seen.set(purl, count);
    const readable = name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 40);
    return `SPDXRef-${type}-${readable}-${uuidOfContent([purl, String(count)]).slice(0, 18)}`;
  });
}
