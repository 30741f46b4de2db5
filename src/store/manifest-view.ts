/** Manifests as they are looked at: what they are, where they are, and what is in an index. */

import type { FindingCounts } from './counts.ts';
import type { Db } from './database.ts';
import type { ScanState } from './image-list.ts';
import { isOfProject, isVisible, type Scope } from './visible.ts';
import { countWaived, NONE_WAIVED, type WaivedCounts, withoutWaived } from './waived-finding.ts';

/** A manifest. */
export interface ManifestView {
  readonly id: number;
  readonly digest: string;
  readonly kind: 'image' | 'index' | 'artifact' | 'unsupported';
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly document: Uint8Array;
  readonly config: unknown;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly builtAt: string | null;
  readonly layersSizeBytes: number | null;
  readonly unsupportedReason: string | null;
  readonly firstSeenAt: string;
}

/** The state of a manifest's scan, and its counts without what waivers set aside. */
export interface ManifestScan extends FindingCounts {
  readonly manifestId: number;
  readonly state: ScanState;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly attempts: number;
  readonly scannedAt: string | null;
  readonly judgedAt: string | null;
  readonly packageCount: number | null;
  readonly worst: number;
  /** What waivers set aside. */
  readonly waived: WaivedCounts;
  /** As the inventory has it: name, end of support; null before the first report, and where none is known. */
  readonly distro: unknown;
}

const COLUMNS = [
  'id',
  'digest',
  'kind',
  'mediaType',
  'artifactType',
  'document',
  'config',
  'os',
  'architecture',
  'variant',
  'builtAt',
  'layersSizeBytes',
  'unsupportedReason',
  'firstSeenAt',
] as const;

/** A manifest that is seen in the scope, by its digest; also one that an index lists which is seen. */
export async function findManifestView(db: Db, digest: string, scope: Scope): Promise<ManifestView | undefined> {
  const row = await db
    .selectFrom('manifest')
    .select(COLUMNS)
    .where('digest', '=', digest)
    .where(eb =>
      eb.or([
        isVisible('manifest.id', scope),
        eb.exists(
          eb
            .selectFrom('manifestChild')
            .select('manifestChild.indexId')
            .whereRef('manifestChild.digest', '=', 'manifest.digest')
            .where(isVisible('manifest_child.index_id', scope)),
        ),
        isOfProject(scope),
      ]),
    )
    .executeTakeFirst();
  return row === undefined ? undefined : { ...row, kind: row.kind as ManifestView['kind'] };
}

/** A manifest by its id, wherever it is or was. */
export async function readManifestView(db: Db, id: number): Promise<ManifestView | undefined> {
  const row = await db.selectFrom('manifest').select(COLUMNS).where('id', '=', id).executeTakeFirst();
  return row === undefined ? undefined : { ...row, kind: row.kind as ManifestView['kind'] };
}

/** What a list tells of a manifest. */
export type ManifestBrief = Pick<ManifestView, 'id' | 'digest' | 'kind' | 'mediaType' | 'layersSizeBytes'>;

/** Manifests by digest, whoever may see them. */
export async function findManifestViews(
  db: Db,
  digests: readonly string[],
): Promise<ReadonlyMap<string, ManifestBrief>> {
  if (digests.length === 0) return new Map();
  const rows = await db
    .selectFrom('manifest')
    .select(['id', 'digest', 'kind', 'mediaType', 'layersSizeBytes'])
    .where('digest', 'in', [...digests])
    .execute();
  return new Map(rows.map(row => [row.digest, { ...row, kind: row.kind as ManifestView['kind'] }]));
}

/** The scans of manifests by their ids, as they are looked at in `scope`; without it, or its waivers, nothing is set aside but by rules of ours. */
export async function findManifestScans(
  db: Db,
  manifestIds: readonly number[],
  scope: Scope = {},
): Promise<ReadonlyMap<number, ManifestScan>> {
  if (manifestIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('imageScan')
    .select([
      'manifestId',
      'state',
      'errorCode',
      'errorMessage',
      'attempts',
      'scannedAt',
      'judgedAt',
      'packageCount',
      'worst',
      'distro',
      'critical',
      'high',
      'medium',
      'low',
      'negligible',
      'unknown',
      'fixable',
      'knownExploited',
      'undetermined',
    ])
    .where('manifestId', 'in', [...manifestIds])
    .execute();
  const waived = await countWaived(db, scope, manifestIds);
  return new Map(
    rows.map(row => {
      const aside = waived.get(row.manifestId);
      const scan = { ...row, state: row.state as ScanState, waived: aside ?? NONE_WAIVED };
      return [row.manifestId, withoutWaived(scan, aside)];
    }),
  );
}

/** A child of an index; `manifestId` is missing for one that was never read. */
export interface ChildView {
  readonly digest: string;
  readonly manifestId: number | null;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly kind: string;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly layersSizeBytes: number | null;
}

/** Children of indexes by the index's id, in their order. */
export async function listChildren(
  db: Db,
  indexIds: readonly number[],
): Promise<ReadonlyMap<number, readonly ChildView[]>> {
  if (indexIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('manifestChild as child')
    .leftJoin('manifest', 'manifest.digest', 'child.digest')
    .select([
      'child.indexId',
      'child.digest',
      'manifest.id as manifestId',
      'child.mediaType',
      'child.sizeBytes',
      'child.kind',
      'child.os',
      'child.architecture',
      'child.variant',
      'manifest.layersSizeBytes',
    ])
    .where('child.indexId', 'in', [...indexIds])
    .orderBy('child.indexId')
    .orderBy('child.position')
    .execute();
  return Map.groupBy(
    rows.map(({ indexId, ...child }) => ({ indexId, ...child })),
    ({ indexId }) => indexId,
  );
}
