/** What our own reading of an image tells of it, in the form in which clients tell it. */
import type { StoredConfig } from '#scan/content/trim-config.ts';
import type { Db } from '#store/database.ts';
import type { JsonObject } from './merge-deep.ts';

/** See above. All of it is missing while nothing is stored. */
export interface StoredDescription {
  readonly configDigest: string | undefined;
  /** Lowest first. */
  readonly diffIds: readonly string[] | undefined;
  /** Of the layers as they are stored. */
  readonly sizeBytes: number | undefined;
  readonly parsed: JsonObject;
}

/** Describes the stored image of that digest. */
export async function describeStored(db: Db, digest: string): Promise<StoredDescription> {
  const row = await db
    .selectFrom('manifest')
    .select(['id', 'configDigest', 'config', 'os', 'architecture', 'layersSizeBytes', 'document'])
    .where('digest', '=', digest)
    .executeTakeFirst();
  if (row === undefined) return { configDigest: undefined, diffIds: undefined, sizeBytes: undefined, parsed: {} };
  const layers = await db
    .selectFrom('manifestLayer')
    .innerJoin('layer', 'layer.id', 'manifestLayer.layerId')
    .select('layer.digest')
    .where('manifestId', '=', row.id)
    .orderBy('position', 'desc')
    .execute();
  const config = (row.config ?? undefined) as StoredConfig | undefined;
  return {
    configDigest: row.configDigest ?? undefined,
    diffIds: config?.diffIds,
    sizeBytes: row.layersSizeBytes ?? undefined,
    parsed: {
      architecture: row.architecture ?? '',
      os: row.os ?? '',
      ...(config?.author === undefined ? {} : { author: config.author }),
      ...(config?.created === undefined ? {} : { created: config.created }),
      ...(config?.user === undefined ? {} : { user: config.user }),
      command: (config?.cmd ?? []).join(' '),
      docker_image_digest: digest,
      docker_image_id: row.configDigest ?? '',
      image_id: digest,
      labels: Object.entries(config?.labels ?? {}).map(([name, value]) => ({ name, value })),
      // Top layer first.
      layers: layers.map(layer => layer.digest),
      ports: (config?.exposedPorts ?? []).join(' '),
      size: row.document.byteLength,
    },
  };
}
