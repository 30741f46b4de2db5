/**
 * An inventory as Plimsoll's own JSON document; docs/inventory.schema.json describes it to its readers.
 *
 * Every field is always there: what is not known is `null`, what there is none of is an empty list. Fields may be added under the
 * same `schema`; none is removed or changes its meaning.
 */
import type { Distro, Inventory, InventoryImage, InventoryLayer, Package } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import { formatPlatform } from '#oci/platform.ts';
import { toJsonText } from './json-text.ts';

/** The value of `schema` in every document. */
export const INVENTORY_SCHEMA = 'plimsoll/inventory/1';

/** The document. The same inventory gives the same bytes. */
export function renderInventoryJson(inventory: Inventory): string {
  return toJsonText(toDocument(inventory));
}

function toDocument({ image, distro, redHat, packages, gaps }: Inventory) {
  return {
    schema: INVENTORY_SCHEMA,
    image: toImageJson(image),
    distro: distro === undefined ? null : toDistroJson(distro),
    redHat: redHat === undefined ? null : { repositories: redHat.repositories, image: redHat.image ?? null },
    packages: packages.map(toPackage),
    gaps: gaps.map(toGapJson),
  };
}

/** An image as every document of ours has it. */
export function toImageJson(image: InventoryImage) {
  return {
    reference: image.reference,
    digest: image.digest ?? null,
    mediaType: image.mediaType ?? null,
    platform: image.platform === undefined ? null : formatPlatform(image.platform),
    layers: image.layers.map(toLayer),
  };
}

function toLayer(layer: InventoryLayer) {
  return {
    digest: layer.digest,
    diffId: layer.diffId ?? null,
    size: layer.sizeBytes,
    createdBy: layer.createdBy ?? null,
    verifiedBy: layer.verifiedBy,
  };
}

/** A distribution as every document of ours has it. */
export function toDistroJson(distro: Distro) {
  return {
    id: distro.id,
    versionId: distro.versionId ?? null,
    name: distro.name,
    codename: distro.codename ?? null,
    idLike: distro.idLike,
    variantId: distro.variantId ?? null,
    cpe: distro.cpe ?? null,
    endOfLife: distro.endOfLife ?? null,
    supportEnd: distro.supportEnd ?? null,
  };
}

function toPackage(one: Package) {
  return {
    type: one.type,
    name: one.name,
    version: one.version,
    arch: one.arch ?? null,
    purl: one.purl,
    source: one.source === undefined ? null : { name: one.source.name, version: one.source.version ?? null },
    layer: one.layer ?? null,
    locations: one.locations.map(({ path, layer }) => ({ path, layer: layer ?? null })),
    licenses: one.licenses ?? [],
    evidence: one.evidence ?? 'installed',
    managedBy: one.managedBy ?? null,
    vendor: one.vendor ?? null,
    module: one.module ?? null,
    root: one.root ?? null,
    properties: Object.fromEntries(Object.entries(one.properties ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A gap as every document of ours has it. */
export function toGapJson({ layer, path, reason }: Gap) {
  return { layer: layer ?? null, path: path ?? null, reason };
}
