/**
 * An inventory taken apart into what images share: distinct packages in their surroundings, and the sets of them that layers introduce.
 *
 * Two images whose lower layers are the same give the same sets, byte for byte, so that the second finds everything of them there.
 */
import { hash } from 'node:crypto';
import type { Inventory, Location, Package } from '#inventory/inventory.ts';
import { markJudgedElsewhere, type Surroundings, surroundingsOf } from '#matching/surroundings.ts';
import type { Digest } from '#oci/digest.ts';
import { storable } from '#store/row-set.ts';

/** All of a package that is the same wherever it is found. */
export type PackageFacts = Omit<Package, 'layer' | 'locations'>;

/** A distinct package. */
export interface DistinctPackage {
  /** SHA-256 of the facts and the surroundings. */
  readonly key: string;
  readonly facts: PackageFacts;
}

/**
 * A location as a set has it: the path of a place in the set's own layer; with another layer, or `null` for none, as a pair.
 */
export type StoredLocation = string | readonly [path: string, layer: string | null];

/** The packages that one layer introduces. */
export interface LayerSet {
  readonly key: string;
  /** Of the layer, from 0; -1 for packages that came with no layer. */
  readonly position: number;
  readonly members: readonly { readonly key: string; readonly locations: readonly StoredLocation[] }[];
}

/** An inventory as it is stored. */
export interface StoredInventory {
  readonly surroundings: Surroundings;
  readonly surroundingsKey: string;
  readonly packages: ReadonlyMap<string, DistinctPackage>;
  readonly sets: readonly LayerSet[];
}

/** Takes an inventory apart; `layers` are the digests of the image's layers, lowest first. */
export function takeApart(inventory: Inventory, layers: readonly string[]): StoredInventory {
  const surroundings = storable(surroundingsOf(inventory));
  const surroundingsKey = keyOf(JSON.stringify(surroundings));
  const packages = new Map<string, DistinctPackage>();
  const byPosition = new Map<number, Map<string, StoredLocation[]>>();
  for (const given of markJudgedElsewhere(inventory.packages)) {
    const one = storable(given);
    const facts = toPackageFacts(one);
    const key = keyOf(`${JSON.stringify(facts)}\n${surroundingsKey}`);
    // What differed only in what cannot be stored is one package.
    if (packages.has(key)) continue;
    packages.set(key, { key, facts });
    const position = one.layer === undefined ? -1 : layers.indexOf(one.layer);
    let members = byPosition.get(position);
    if (members === undefined) {
      members = new Map();
      byPosition.set(position, members);
    }
    members.set(
      key,
      one.locations.map(location => storeLocation(location, layers[position])),
    );
  }
  const sets = Array.from(byPosition, ([position, members]) => toSet(position, members));
  return { surroundings, surroundingsKey, packages, sets: sets.sort((a, b) => a.position - b.position) };
}

function toSet(position: number, locations: ReadonlyMap<string, readonly StoredLocation[]>): LayerSet {
  const members = Array.from(locations, ([key, places]) => ({ key, locations: places })).sort((a, b) =>
    a.key < b.key ? -1 : 1,
  );
  return { key: keyOf(JSON.stringify(members)), position, members };
}

/** The facts of a package with their fields in one order, whatever order they come in: equal ones are equal as text. */
function toPackageFacts(one: PackageFacts): PackageFacts {
  const { type, name, version, arch, source, licenses, evidence, vendor, module, properties, purl, managedBy, root } =
    one;
  return {
    type,
    name,
    version,
    ...(arch === undefined ? {} : { arch }),
    ...(source === undefined
      ? {}
      : { source: { name: source.name, ...(source.version === undefined ? {} : { version: source.version }) } }),
    ...(licenses === undefined ? {} : { licenses }),
    ...(evidence === undefined ? {} : { evidence }),
    ...(vendor === undefined ? {} : { vendor }),
    ...(module === undefined ? {} : { module }),
    ...(properties === undefined ? {} : { properties: sorted(properties) }),
    purl,
    ...(managedBy === undefined ? {} : { managedBy }),
    ...(root === undefined ? {} : { root }),
  };
}

function sorted(properties: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** A stored package where nothing matters but what it is: for judging it. */
export function toJudgedPackage(facts: PackageFacts): Package {
  return { ...toPackageFacts(facts), locations: [] };
}

/** A stored package as the inventory of an image had it. */
export function toInventoryPackage(
  facts: PackageFacts,
  locations: readonly StoredLocation[],
  layer: string | undefined,
): Package {
  const { 'judged-as': judgedAs, ...properties } = facts.properties ?? {};
  const { properties: _, ...rest } = facts;
  const isMarked = facts.type === 'conda' && judgedAs !== undefined;
  const own = isMarked ? { ...rest, ...(Object.keys(properties).length === 0 ? {} : { properties }) } : facts;
  return {
    ...toPackageFacts(own),
    ...(layer === undefined ? {} : { layer: layer as Digest }),
    locations: locations.map(stored => readLocation(stored, layer)),
  };
}

function storeLocation({ path, layer }: Location, own: string | undefined): StoredLocation {
  return layer === own ? path : [path, layer ?? null];
}

function readLocation(stored: StoredLocation, own: string | undefined): Location {
  const [path, layer] = typeof stored === 'string' ? [stored, own ?? null] : stored;
  return layer === null ? { path } : { path, layer: layer as Digest };
}

/** The SHA-256 of a text, short. */
export function keyOf(text: string): string {
  return hash('sha256', text, 'base64url');
}
