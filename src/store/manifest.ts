/**
 * Manifests, indexes and what is neither: content-addressed, written once, shared between registries.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';
import { toJson } from './database.ts';
import { rowSet, valueSet } from './row-set.ts';

/** What a manifest is to us. `unsupported` is an image that cannot be scanned, with the reason. */
export type ManifestKind = 'image' | 'index' | 'artifact' | 'unsupported';

/** A layer as one manifest says it, lowest first. */
export interface NewLayer {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly diffId: string | undefined;
  readonly createdBy: string | undefined;
}

/** An entry of an index. */
export interface NewChild {
  readonly digest: string;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly kind: 'image' | 'index' | 'attestation' | 'artifact';
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
  readonly osVersion: string | undefined;
}

/** A manifest as it is written. All texts are storable. */
export interface NewManifest {
  readonly digest: string;
  readonly kind: ManifestKind;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly document: Uint8Array;
  readonly configDigest: string | undefined;
  readonly config: object | undefined;
  readonly os: string | undefined;
  readonly architecture: string | undefined;
  readonly variant: string | undefined;
  readonly osVersion: string | undefined;
  /** ISO 8601. */
  readonly builtAt: string | undefined;
  readonly layersSizeBytes: number | undefined;
  readonly unsupportedReason: string | undefined;
  readonly layers: readonly NewLayer[];
  readonly children: readonly NewChild[];
}

/** Those of `digests` that are stored. */
export async function findKnownManifests(db: Db, digests: readonly string[]): Promise<ReadonlySet<string>> {
  if (digests.length === 0) return new Set();
  const { rows } = await sql<{ digest: string }>`
    SELECT digest FROM manifest WHERE digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(db);
  return new Set(rows.map(({ digest }) => digest));
}

/** Ids of those of `digests` that are stored. */
export async function findManifestIds(db: Db, digests: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (digests.length === 0) return new Map();
  const { rows } = await sql<{ digest: string; id: number }>`
    SELECT digest, id FROM manifest WHERE digest IN (SELECT value FROM ${valueSet(digests, 'text')})`.execute(db);
  return new Map(rows.map(({ digest, id }) => [digest, id]));
}

/**
 * Writes manifests that are not stored yet, with their layers, children and the state of their scan; those that are stay as they are.
 * Rows are written in an order that is the same for everybody, so two servers with the same manifests wait for each other and no longer.
 */
export async function insertManifests(trx: Trx, manifests: readonly NewManifest[], now: Date): Promise<void> {
  if (manifests.length === 0) return;
  const sorted = manifests.toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
  await insertLayers(trx, sorted);
  const inserted = await trx
    .insertInto('manifest')
    .values(
      sorted.map(({ layers: _, children: __, config, ...columns }) => ({
        ...nulls(columns),
        config: config === undefined ? null : toJson(config),
        firstSeenAt: now,
      })),
    )
    .onConflict(conflict => conflict.column('digest').doNothing())
    .returning(['id', 'digest'])
    .execute();
  const ids = new Map(inserted.map(({ id, digest }) => [digest, id]));
  const fresh = sorted.flatMap(one => {
    const id = ids.get(one.digest);
    // The same manifest twice in one report is written once.
    ids.delete(one.digest);
    return id === undefined ? [] : [{ ...one, id }];
  });
  await insertManifestLayers(trx, fresh);
  await insertChildren(trx, fresh);
  const scans = fresh
    .filter(({ kind }) => kind === 'image' || kind === 'unsupported')
    .map(({ id, kind, unsupportedReason }) => ({ id, kind, reason: unsupportedReason ?? null }));
  await sql`
    INSERT INTO image_scan (manifest_id, state, error_message)
    SELECT id, CASE kind WHEN 'image' THEN 'not-scanned' ELSE 'unsupported' END, reason
    FROM ${rowSet(scans, 'id bigint, kind text, reason text')}`.execute(trx);
}

async function insertLayers(trx: Trx, manifests: readonly NewManifest[]): Promise<void> {
  const digests = [...new Set(manifests.flatMap(({ layers }) => layers.map(({ digest }) => digest)))].sort();
  if (digests.length === 0) return;
  await sql`
    INSERT INTO layer (digest)
    SELECT value FROM ${valueSet(digests, 'text')}
    WHERE NOT EXISTS (SELECT FROM layer WHERE digest = value)
    ORDER BY value COLLATE "C" ON CONFLICT (digest) DO NOTHING`.execute(trx);
}

type StoredManifest = NewManifest & { readonly id: number };

async function insertManifestLayers(trx: Trx, manifests: readonly StoredManifest[]): Promise<void> {
  const rows = manifests.flatMap(({ id, layers }) =>
    layers.map((layer, position) => ({
      id,
      position,
      digest: layer.digest,
      size: layer.sizeBytes,
      type: layer.mediaType,
      diff_id: layer.diffId ?? null,
      created_by: layer.createdBy ?? null,
    })),
  );
  if (rows.length === 0) return;
  const columns = 'id bigint, position integer, digest text, size bigint, type text, diff_id text, created_by text';
  await sql`
    INSERT INTO manifest_layer (manifest_id, position, layer_id, size_bytes, media_type, diff_id, created_by)
    SELECT given.id, position, layer.id, size, type, diff_id, created_by
    FROM ${rowSet(rows, columns)} JOIN layer ON layer.digest = given.digest`.execute(trx);
}

async function insertChildren(trx: Trx, manifests: readonly StoredManifest[]): Promise<void> {
  const rows = manifests.flatMap(({ id, children }) =>
    children.map(({ sizeBytes, mediaType, osVersion, ...child }, position) => ({
      ...child,
      id,
      position,
      size: sizeBytes,
      type: mediaType,
      os_version: osVersion,
    })),
  );
  if (rows.length === 0) return;
  const columns = `id bigint, position integer, digest text, type text, size bigint, kind text, os text, architecture text,
    variant text, os_version text`;
  await sql`
    INSERT INTO manifest_child
      (index_id, position, digest, media_type, size_bytes, kind, os, architecture, variant, os_version)
    SELECT id, position, digest, type, size, kind, os, architecture, variant, os_version
    FROM ${rowSet(rows, columns)}`.execute(trx);
}

type Nulls<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] };

/** The same with `null` for `undefined`, as columns have it. */
function nulls<T extends object>(value: T): Nulls<T> {
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, field ?? null])) as Nulls<T>;
}
