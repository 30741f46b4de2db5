/**
 * Everything that is stored of the report of one image, in seven questions whatever its size. Read in one transaction that sees one state, or
 * a re-match in the middle would mix two.
 */
import { sql } from 'kysely';
import type { Db, Trx } from './database.ts';

/** What is known of an image as such, and of its last report. */
export interface ReportHead {
  readonly manifestId: number;
  readonly digest: string;
  readonly mediaType: string;
  readonly os: string | null;
  readonly architecture: string | null;
  readonly variant: string | null;
  readonly scannedAt: string | null;
  readonly judgedAt: string | null;
  readonly analyserVersion: string | null;
  readonly distro: unknown;
  readonly gaps: unknown;
}

/** Runs `read` on one state of the store. */
export async function onOneState<T>(db: Db, read: (trx: Trx) => Promise<T>): Promise<T> {
  if (db.isTransaction) return await read(db as Trx);
  return await db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read);
}

/** The head; `undefined` when there is no such image. */
export async function findReportHead(db: Db, digest: string): Promise<ReportHead | undefined> {
  return await db
    .selectFrom('manifest')
    .innerJoin('imageScan', 'imageScan.manifestId', 'manifest.id')
    .select([
      'manifest.id as manifestId',
      'digest',
      'mediaType',
      'os',
      'architecture',
      'variant',
      'scannedAt',
      'judgedAt',
      'analyserVersion',
      'distro',
      'gaps',
    ])
    .where('digest', '=', digest)
    .executeTakeFirst();
}

/** A layer of an image. */
export interface LayerRow {
  readonly position: number;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly mediaType: string;
  readonly diffId: string | null;
  readonly createdBy: string | null;
  readonly verifiedBy: 'layer' | 'toc';
}

/** Layers, lowest first. */
export async function listLayers(db: Db, manifestId: number): Promise<readonly LayerRow[]> {
  const rows = await db
    .selectFrom('manifestLayer')
    .innerJoin('layer', 'layer.id', 'manifestLayer.layerId')
    .select(['position', 'digest', 'sizeBytes', 'mediaType', 'diffId', 'createdBy', 'verifiedBy'])
    .where('manifestId', '=', manifestId)
    .orderBy('position')
    .execute();
  return rows as readonly LayerRow[];
}

/** A package of an image. */
export interface ReportPackageRow {
  readonly id: number;
  readonly position: number;
  readonly facts: unknown;
  readonly locations: unknown;
}

/** The packages of an image, in no order. */
export async function listReportPackages(db: Db, manifestId: number): Promise<readonly ReportPackageRow[]> {
  return await db
    .selectFrom('manifestPackageSet as own')
    .innerJoin('packageSetMember as member', 'member.setId', 'own.setId')
    .innerJoin('package', 'package.id', 'member.packageId')
    .select(['package.id', 'own.position', 'package.facts', 'member.locations'])
    .where('own.manifestId', '=', manifestId)
    .execute();
}

/** A finding of an image. */
export interface ReportFindingRow {
  readonly packageId: number;
  readonly vulnerabilityId: number;
  readonly name: string;
  readonly severity: number;
  readonly isWaived: boolean;
  readonly detailId: number;
}

/** The findings of an image, in no order. */
export async function listReportFindings(db: Db, manifestId: number): Promise<readonly ReportFindingRow[]> {
  return await db
    .selectFrom('manifestPackageSet as own')
    .innerJoin('packageSetMember as member', 'member.setId', 'own.setId')
    .innerJoin('packageFinding as finding', 'finding.packageId', 'member.packageId')
    .innerJoin('vulnerability', 'vulnerability.id', 'finding.vulnerabilityId')
    .select([
      'finding.packageId',
      'finding.vulnerabilityId',
      'vulnerability.name',
      'finding.severity',
      'finding.isWaived',
      'finding.detailId',
    ])
    .where('own.manifestId', '=', manifestId)
    .execute();
}

/** The details that findings of an image refer to, each once, by id. */
export async function listReportDetails(db: Db, manifestId: number): Promise<ReadonlyMap<number, unknown>> {
  const { rows } = await sql<{ id: number; detail: unknown }>`
    SELECT id, detail FROM finding_detail WHERE id IN (
      SELECT finding.detail_id FROM manifest_package_set AS own JOIN package_set_member AS member USING (set_id)
        JOIN package_finding AS finding USING (package_id)
      WHERE own.manifest_id = ${manifestId})`.execute(db);
  return new Map(rows.map(({ id, detail }) => [id, detail]));
}

/** What could not be determined of packages of an image, in no order. */
export async function listReportDoubts(
  db: Db,
  manifestId: number,
): Promise<readonly { readonly packageId: number; readonly why: string; readonly ids: unknown }[]> {
  return await db
    .selectFrom('manifestPackageSet as own')
    .innerJoin('packageSetMember as member', 'member.setId', 'own.setId')
    .innerJoin('packageDoubt as doubt', 'doubt.packageId', 'member.packageId')
    .select(['doubt.packageId', 'doubt.why', 'doubt.ids'])
    .where('own.manifestId', '=', manifestId)
    .execute();
}
