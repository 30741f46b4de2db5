/**
 * Images, inventories and vulnerability databases for tests of what the server knows: small, and made here.
 */
import type { Advisory } from '#advisory/advisory.ts';
import type { Distro, Inventory, Package, RedHatBuild } from '#inventory/inventory.ts';
import { type Digest, digestOf } from '#oci/digest.ts';
import type { ServerContext } from '#store/context.ts';
import type { Store } from '#store/database.ts';
import { moveVersion, registerVersion } from '#store/database-version.ts';
import { type DatabaseBuild, startBuild } from '#vulndb/database-build.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';
import { type ScratchFolder, scratchFolder } from '../../../../test/fixtures/scratch-folder.ts';
import type { ContentContext } from '../content-context.ts';
import { describeFile, keepFile } from '../database-file.ts';
import type { FoundDocument } from '../read-manifest.ts';
import { storeInventory } from '../store-inventory.ts';
import { storeManifests } from '../store-manifests.ts';
import { VulnerabilityHolder } from '../vulnerability-holder.ts';

export const NOW = new Date('2026-11-21T12:00:00Z');
export const signal = new AbortController().signal;

/** A context on `store`, with a data folder of its own; jobs that are sent are in `sent`. */
export interface ContentFixture extends ContentContext, AsyncDisposable {
  readonly folder: ScratchFolder;
  readonly sent: { name: string; data: unknown }[];
}

/** Opens a server on a store, which stays open after it. */
export async function openContent(store: Store): Promise<ContentFixture> {
  const folder = await scratchFolder();
  const vulnerabilities = new VulnerabilityHolder(store, folder.path);
  const sent: { name: string; data: unknown }[] = [];
  const queue: ServerContext['queue'] = {
    async send(_, name, data) {
      sent.push({ name, data });
    },
    async work() {},
    wake() {},
    async repeat() {},
    async [Symbol.asyncDispose]() {},
  };
  return {
    store,
    queue,
    // Nothing here has secrets.
    sealer: {} as ServerContext['sealer'],
    now: () => NOW,
    vulnerabilities,
    folder,
    sent,
    async [Symbol.asyncDispose]() {
      await vulnerabilities[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** A digest that stands for a layer of this name. */
export function layerDigest(name: string): Digest {
  return digestOf(`layer ${name}`);
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** A JSON document as a sensor finds it. */
export function foundJson(json: object, mediaType = MANIFEST): FoundDocument {
  const document = Buffer.from(JSON.stringify(json));
  return { digest: digestOf(document), mediaType, document: document.toString('base64') };
}

/** The config of an image whose layers have these names, and fields besides. */
export function configOf(layers: readonly string[], more: object = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      created: '2026-03-04T05:06:07Z',
      rootfs: { type: 'layers', diff_ids: layers.map(name => digestOf(`diff ${name}`)) },
      history: layers.map(name => ({ created_by: `RUN make ${name}` })),
      ...more,
    }),
  );
}

/** An image whose layers have these names; `salt` makes it another image. */
export function foundImage(layers: readonly string[], salt = '', more: object = {}): FoundDocument {
  const config = configOf(layers, more);
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: { mediaType: CONFIG, digest: digestOf(config), size: config.length },
    layers: layers.map(name => ({ mediaType: LAYER, digest: layerDigest(name), size: 1000 + name.length })),
    ...(salt === '' ? {} : { annotations: { salt } }),
  };
  return { ...foundJson(manifest), config: config.toString('base64') };
}

/** A package of a layer. */
export interface LaidPackage {
  readonly package: Package;
  readonly layer: string;
}

/** The inventory that a scan of `image` takes. */
export function inventoryFor(
  image: FoundDocument,
  layers: readonly string[],
  packages: readonly LaidPackage[],
  { release, redHat }: { readonly release?: Distro; readonly redHat?: RedHatBuild } = {},
): Inventory {
  return {
    image: {
      reference: 'registry.example/app:1',
      digest: image.digest as Digest,
      mediaType: image.mediaType,
      platform: { os: 'linux', architecture: 'amd64' },
      layers: layers.map(name => ({
        digest: layerDigest(name),
        diffId: digestOf(`diff ${name}`),
        sizeBytes: 1000 + name.length,
        createdBy: `RUN make ${name}`,
        verifiedBy: 'layer',
      })),
    },
    ...(release === undefined ? {} : { distro: release }),
    ...(redHat === undefined ? {} : { redHat }),
    packages: packages.map(({ package: one, layer }) => ({
      ...one,
      layer: layerDigest(layer),
      locations: one.locations.map(({ path }) => ({ path, layer: layerDigest(layer) })),
    })),
    gaps: [],
  };
}

/** Stores an image and its inventory. @returns its digest. */
export async function scanned(
  context: ContentContext,
  packages: readonly LaidPackage[],
  of: {
    readonly salt?: string;
    readonly release?: Distro;
    readonly redHat?: RedHatBuild;
    readonly layers?: readonly string[];
  } = {},
): Promise<string> {
  const layers = of.layers ?? [...new Set(packages.map(({ layer }) => layer))];
  const image = foundImage(layers, of.salt);
  await storeManifests(context.store.db, [image], context.now());
  await storeInventory(context, image.digest, inventoryFor(image, layers, packages, of), '1', { signal });
  return image.digest;
}

const COUNTS = { read: 1, kept: 1, skipped: {}, lost: {} };

/** Builds a database file beside nothing else. @returns its path. */
function buildDatabase(folder: ScratchFolder, work: (build: DatabaseBuild) => void, from?: string): string {
  const path = folder.at(`built-${Math.random()}`, 'vulnerability.db');
  using build = startBuild(from ?? path, { now: NOW, builtBy: '1' });
  work(build);
  build.finish();
  return from ?? path;
}

/** A database of these advisories; each with the ecosystem of its first package as its part. */
export function databaseOf(
  folder: ScratchFolder,
  advisories: readonly Advisory[],
  signals: {
    readonly epss?: Readonly<Record<string, number>>;
    readonly kev?: readonly string[];
    /** Red Hat's maps: of repositories to ecosystems, and of images to repositories. */
    readonly redHat?: {
      readonly repositories?: Readonly<Record<string, readonly string[]>>;
      readonly images?: Readonly<Record<string, readonly string[]>>;
    };
  } = {},
): string {
  const facts = { origin: 'here', asOf: '2026-11-20', counts: COUNTS };
  return buildDatabase(folder, build => {
    const parts = Map.groupBy(advisories, one => `${one.source} ${one.affected[0]?.ecosystem ?? ''}`);
    for (const [key, own] of parts) {
      const [source = '', ...name] = key.split(' ');
      build.replacePart({ source, name: name.join(' ') }, own, () => facts);
    }
    const scores = Object.entries(signals.epss ?? {}).map(([cve, score]) => ({ cve, score, percentile: score / 2 }));
    build.setProbabilities({ source: 'epss', name: '' }, scores, facts);
    const entries = (signals.kev ?? []).map(cve => ({ cve, added: '2026-01-02', isRansomware: false }));
    build.setKnownExploited({ source: 'kev', name: '' }, entries, facts);
    const { repositories = {}, images = {} } = signals.redHat ?? {};
    build.setRedHatRepositories({ source: 'redhat-vex', name: 'repositories' }, mapOf(repositories), facts);
    build.setRedHatImages({ source: 'redhat-vex', name: 'images' }, mapOf(images), facts);
  });
}

function mapOf(lists: Readonly<Record<string, readonly string[]>>): ReadonlyMap<string, readonly string[]> {
  return new Map(Object.entries(lists));
}

/** Registers a built file as a version that waits to be judged by. @returns its id. */
export async function registerFile(context: ContentContext, path: string): Promise<number> {
  const { sha256, sizeBytes } = await describeFile(path, signal);
  const status = openStatus(path);
  await keepFile(path, context.vulnerabilities.folder, sha256);
  const { db } = context.store;
  const { id } = await registerVersion(db, { sha256, sizeBytes, builtAt: NOW.toISOString(), status }, NOW);
  await moveVersion(db, id, ['loading', 'past'], 'judging');
  return id;
}

/** Makes a file the current version of a store in which nothing is judged yet. */
export async function firstDatabase(context: ContentContext, path: string): Promise<number> {
  const id = await registerFile(context, path);
  await moveVersion(context.store.db, id, ['judging'], 'current');
  return id;
}

function openStatus(path: string): object {
  using database = openDatabase(path);
  return database.status();
}
