/**
 * An inventory as a CycloneDX 1.6 document, for tools that read SBOMs.
 *
 * What CycloneDX has no field for is in properties named `plimsoll:…`; docs/sbom.md lists them. The order is that of the inventory.
 */
import { ComponentType, LicenseAcknowledgement, LifecyclePhase } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Attachment,
  Bom,
  Component,
  ComponentRepository,
  type License as CyclonedxLicense,
  LicenseExpression,
  LicenseRepository,
  LifecycleRepository,
  Metadata,
  NamedLicense,
  Property,
  PropertyRepository,
  SpdxLicense,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as CyclonedxJson } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import { isCPE } from '@cyclonedx/cyclonedx-library/Types';
import { printable } from '#base/text.ts';
import type { Distro, Inventory, InventoryImage, Package, RedHatBuild } from '#inventory/inventory.ts';
import type { Gap, PackageType } from '#inventory/package.ts';
import { formatPlatform } from '#oci/platform.ts';
import { uuidOfContent } from './content-uuid.ts';
import { purlOfImage } from './image-identity.ts';
import { renderInventoryJson } from './inventory-json.ts';
import { toJsonText } from './json-text.ts';
import { readLicense } from './license.ts';
import type { ReportOptions } from './report-options.ts';

const IMAGE_REF = 'plimsoll:image';
const DISTRO_REF = 'plimsoll:distro';

/** The document. The same inventory and options give the same bytes. */
export function renderCyclonedx(inventory: Inventory, options: ReportOptions): string {
  return toJsonText(toCyclonedx(inventory, options).document);
}

/** A document that is not text yet, so that more can be said in it. */
export interface CyclonedxDocument {
  readonly document: Readonly<Record<string, unknown>>;
  /** Under which reference the document has a package of the inventory. */
  readonly refs: ReadonlyMap<Package, string>;
}

/** The document as a value. `content` is what else its identifier is made of. */
export function toCyclonedx(
  inventory: Inventory,
  { createdAt, toolVersion }: ReportOptions,
  content: readonly string[] = [],
): CyclonedxDocument {
  const image = toImageComponent(inventory.image);
  const bom = new Bom({
    serialNumber: `urn:uuid:${uuidOfContent(['cyclonedx', toolVersion, createdAt.toISOString(), renderInventoryJson(inventory), ...content])}`,
    metadata: new Metadata({
      timestamp: createdAt,
      // An image is looked at after it was built, not while.
      lifecycles: new LifecycleRepository([LifecyclePhase.PostBuild]),
      tools: new Tools({
        components: new ComponentRepository([
          new Component(ComponentType.Application, 'plimsoll', { version: toolVersion }),
        ]),
      }),
      component: image,
      properties: toProperties(inventory.gaps.map((gap, at) => [`gap:${at + 1}`, describeGap(gap)])),
    }),
  });
  if (inventory.distro !== undefined) bom.components.add(toDistroComponent(inventory.distro, inventory.redHat));
  const taken = new Set<string>();
  const refs = new Map(inventory.packages.map(one => [one, uniqueRef(one.purl, taken)]));
  for (const [one, ref] of refs) bom.components.add(toPackageComponent(one, ref));
  for (const component of bom.components) image.dependencies.add(component.bomRef);

  const document = new CyclonedxJson.Normalize.Factory(Spec1dot6).makeForBom().normalize(bom, {});
  const complete = {
    ...document,
    // An entry without `dependsOn` would say that a package depends on nothing. What packages depend on is not known.
    dependencies: (document.dependencies ?? []).filter(entry => entry.dependsOn !== undefined),
    compositions: [{ aggregate: inventory.gaps.length > 0 ? 'incomplete' : 'unknown', dependencies: [IMAGE_REF] }],
  };
  return { document: complete, refs };
}

function toImageComponent(image: InventoryImage): Component {
  const purl = purlOfImage(image);
  return new Component(ComponentType.Container, image.reference, {
    bomRef: IMAGE_REF,
    ...(image.digest && { version: image.digest }),
    ...(purl && { purl }),
    properties: toProperties([
      ['media-type', image.mediaType],
      ['platform', image.platform && formatPlatform(image.platform)],
      ...image.layers.flatMap((layer, at): Entry[] => [
        [`layer:${at + 1}`, layer.digest],
        [`layer:${at + 1}:diff-id`, layer.diffId],
        [`layer:${at + 1}:verified-by`, layer.verifiedBy],
      ]),
    ]),
  });
}

function toDistroComponent(distro: Distro, redHat: RedHatBuild | undefined): Component {
  // The length bounds the pattern behind isCPE; a CPE in os-release is under a hundred characters.
  const cpe = distro.cpe !== undefined && distro.cpe.length <= 300 && isCPE(distro.cpe) ? distro.cpe : undefined;
  return new Component(ComponentType.OperatingSystem, distro.id, {
    bomRef: DISTRO_REF,
    ...(distro.versionId && { version: distro.versionId }),
    description: distro.name,
    ...(cpe && { cpe }),
    properties: toProperties([
      ['codename', distro.codename],
      ['variant-id', distro.variantId],
      ['end-of-life', distro.endOfLife],
      ['redhat-repositories', redHat?.repositories.join(' ')],
      ['redhat-image', redHat?.image],
    ]),
  });
}

const COMPONENT_TYPES: Partial<Record<PackageType, ComponentType>> = {
  generic: ComponentType.Application,
  bitnami: ComponentType.Application,
  wordpress: ComponentType.Application,
  huggingface: ComponentType.MachineLearningModel,
};

function toPackageComponent(one: Package, bomRef: string): Component {
  const [group, name] = splitGroup(one);
  return new Component(COMPONENT_TYPES[one.type] ?? ComponentType.Library, name, {
    bomRef,
    ...(group !== undefined && { group }),
    version: one.version,
    ...(one.vendor && { publisher: one.vendor }),
    licenses: toLicenses(one.licenses ?? []),
    purl: one.purl,
    properties: toProperties([
      ['type', one.type],
      ['arch', one.arch],
      ['source-name', one.source?.name],
      ['source-version', one.source?.version],
      ['module', one.module],
      ['evidence', one.evidence ?? 'installed'],
      ['managed-by', one.managedBy],
      ['root', one.root],
      ['layer', one.layer],
      ...one.locations.flatMap(({ path, layer }, at): Entry[] => [
        [`location:${at + 1}`, path],
        // Most packages came with one layer, which `plimsoll:layer` has said already.
        [`location:${at + 1}:layer`, layer === one.layer ? undefined : layer],
      ]),
      ...Object.entries(one.properties ?? {})
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]): Entry => [`property:${key}`, value]),
    ]),
  });
}

/** CycloneDX keeps Maven groups and npm scopes in a field of their own. */
function splitGroup({ type, name }: Package): [group: string | undefined, name: string] {
  const at = type === 'maven' ? name.indexOf(':') : type === 'npm' && name.startsWith('@') ? name.indexOf('/') : -1;
  return at > 0 && at < name.length - 1 ? [name.slice(0, at), name.slice(at + 1)] : [undefined, name];
}

// Longer ones, or such of several lines, are the licence itself rather than its name.
const MAX_LICENSE_NAME = 120;

/** One expression stands alone; beside others CycloneDX allows identifiers and names only. */
function toLicenses(declared: readonly string[]): LicenseRepository {
  const licenses = new LicenseRepository();
  for (const text of new Set(declared)) {
    const license = readLicense(text);
    let one: CyclonedxLicense;
    if (license.kind === 'id') one = new SpdxLicense(license.id);
    else if (license.kind === 'expression' && declared.length === 1) one = new LicenseExpression(license.expression);
    else if (license.kind === 'expression') one = new NamedLicense(license.expression);
    else if (license.text.length <= MAX_LICENSE_NAME && !license.text.includes('\n'))
      one = new NamedLicense(license.text);
    else one = new NamedLicense(printable(license.text, MAX_LICENSE_NAME), { text: new Attachment(license.text) });
    one.acknowledgement = LicenseAcknowledgement.Declared;
    licenses.add(one);
  }
  return licenses;
}

type Entry = readonly [name: string, value: string | undefined];

function toProperties(entries: readonly Entry[]): PropertyRepository {
  return new PropertyRepository(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [new Property(`plimsoll:${name}`, value)])),
  );
}

function describeGap({ layer, path, reason }: Gap): string {
  return `${[layer, path].filter(part => part !== undefined).join(' ')}${layer || path ? ': ' : ''}${reason}`;
}

/** The purl, or, when another package has it already, the purl with a number: references are unique in a document. */
function uniqueRef(purl: string, taken: Set<string>): string {
  let ref = purl;
  for (let number = 2; taken.has(ref); number += 1) ref = `${purl}#${number}`;
  taken.add(ref);
  return ref;
}
