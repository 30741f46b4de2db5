/**
 * The report of a stored image as a value, the same that a stand-alone scan would give: every format of reports and SBOMs is written from it.
 */
import { isCve } from '#advisory/cve-id.ts';
import { comparePackages } from '#inventory/build-inventory.ts';
import type { Distro, Inventory, Package } from '#inventory/inventory.ts';
import type { Gap } from '#inventory/package.ts';
import type { AdvisoryLookup, Finding, Undetermined, Waived } from '#matching/finding.ts';
import { isOfRelease, tellEndOfLife } from '#matching/surroundings.ts';
import { compareFindings, sortWaived } from '#matching/triage.ts';
import { compareUndetermined, UndeterminedGroups } from '#matching/undetermined-groups.ts';
import { adviseUpgrades } from '#matching/upgrade-advice.ts';
import type { Digest } from '#oci/digest.ts';
import { type ReportDatabase, type ScanReport, toScanReport } from '#report/scan/scan-report.ts';
import { SEVERITY_OF_RANK } from '#store/counts.ts';
import type { Db } from '#store/database.ts';
import { findCurrentVersion, findVersionStatus } from '#store/database-version.ts';
import { listNamespaces } from '#store/namespace.ts';
import {
  findReportHead,
  type LayerRow,
  listLayers,
  listReportDetails,
  listReportDoubts,
  listReportFindings,
  listReportPackages,
  onOneState,
  type ReportHead,
} from '#store/report.ts';
import type { Scope } from '#store/visible.ts';
import { findSignals } from '#store/vulnerability.ts';
import { listWaivedFindings } from '#store/waived-finding.ts';
import type { DatabaseStatus } from '#vulndb/database-status.ts';
import { describeDatabase } from '../judge-image.ts';
import { type FindingDetail, toDetail } from './judge-packages.ts';
import { type PackageFacts, type StoredLocation, toInventoryPackage } from './package-facts.ts';

/** The last complete report of an image. */
export interface ImageReport {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
  readonly waived: readonly Waived[];
  readonly undetermined: readonly Undetermined[];
  /** By which it is judged now. */
  readonly database: ReportDatabase;
  /** ISO 8601: when its layers were read, and when anything about its findings last changed. */
  readonly scannedAt: string;
  readonly judgedAt: string;
  readonly analyserVersion: string;
}

/** How to tell it. */
export interface ReportOptions {
  /** What to call the image: `registry.example/app:1`. */
  readonly reference: string;
  /** By which a release is past its end. */
  readonly today: Date;
  /** Where it is looked at: what waivers set aside there is told with its reason. Missing: they are not regarded. */
  readonly scope?: Scope | undefined;
}

/** The report; `undefined` when there is no such image, or it has none yet. */
export async function reportOfImage(db: Db, digest: string, options: ReportOptions): Promise<ImageReport | undefined> {
  return await onOneState(db, async trx => {
    const head = await findReportHead(trx, digest);
    if (head === undefined || head.scannedAt === null) return undefined;
    const { manifestId } = head;
    const layers = await listLayers(trx, manifestId);
    const packages = new Map<number, Package>();
    for (const row of await listReportPackages(trx, manifestId)) {
      const layer = layers.find(({ position }) => position === row.position)?.digest;
      const one = toInventoryPackage(row.facts as PackageFacts, row.locations as readonly StoredLocation[], layer);
      packages.set(row.id, one);
    }
    const inventory = toInventory(head, layers, [...packages.values()], options);
    const { findings, waived } = await readFindings(trx, manifestId, packages, options.scope);
    const groups = new UndeterminedGroups();
    for (const { packageId, why, ids } of await listReportDoubts(trx, manifestId)) {
      const one = packages.get(packageId);
      if (one !== undefined) groups.add(one, why, ids as readonly string[]);
    }
    return {
      inventory,
      findings,
      waived,
      undetermined: withEndOfLife(groups.listSorted(), inventory, options.today),
      database: await findReportDatabase(trx),
      scannedAt: head.scannedAt,
      judgedAt: head.judgedAt ?? head.scannedAt,
      analyserVersion: head.analyserVersion ?? '',
    };
  });
}

/** The inventory alone, for SBOMs; `undefined` as for the report. */
export async function inventoryOfImage(
  db: Db,
  digest: string,
  options: Pick<ReportOptions, 'reference'>,
): Promise<Inventory | undefined> {
  return await onOneState(db, async trx => {
    const head = await findReportHead(trx, digest);
    if (head === undefined || head.scannedAt === null) return undefined;
    const layers = await listLayers(trx, head.manifestId);
    const rows = await listReportPackages(trx, head.manifestId);
    const packages = rows.map(row => {
      const layer = layers.find(({ position }) => position === row.position)?.digest;
      return toInventoryPackage(row.facts as PackageFacts, row.locations as readonly StoredLocation[], layer);
    });
    return toInventory(head, layers, packages, options);
  });
}

/** The report in the form that formats are written from. Without a lookup there is no advice about upgrades. */
export function toStoredScanReport(
  { inventory, findings, waived, undetermined, database }: ImageReport,
  lookup: Pick<AdvisoryLookup, 'find'> | undefined,
): ScanReport {
  return toScanReport({
    inventory,
    database,
    findings,
    upgrades: lookup === undefined ? [] : adviseUpgrades(findings, lookup),
    undetermined,
    waived,
    gaps: inventory.gaps,
    hidden: 0,
  });
}

function toInventory(
  head: ReportHead,
  layers: readonly LayerRow[],
  packages: readonly Package[],
  { reference }: Pick<ReportOptions, 'reference'>,
): Inventory {
  const { os, architecture, variant } = head;
  const platform =
    os === null || architecture === null
      ? {}
      : { platform: { os, architecture, ...(variant === null ? {} : { variant }) } };
  return {
    image: {
      reference,
      digest: head.digest as Digest,
      mediaType: head.mediaType,
      ...platform,
      layers: layers.map(({ digest, diffId, sizeBytes, createdBy, verifiedBy }) => ({
        digest: digest as Digest,
        ...(diffId === null ? {} : { diffId: diffId as Digest }),
        sizeBytes,
        ...(createdBy === null ? {} : { createdBy }),
        verifiedBy,
      })),
    },
    ...(head.distro === null ? {} : { distro: head.distro as Distro }),
    packages: packages.toSorted(comparePackages),
    gaps: (head.gaps ?? []) as readonly Gap[],
  };
}

async function readFindings(db: Db, manifestId: number, packages: ReadonlyMap<number, Package>, scope: Scope = {}) {
  const waiverOf = await findWaiverOf(db, manifestId, scope);
  const rows = await listReportFindings(db, manifestId);
  const details = await listReportDetails(db, manifestId);
  const cvesOf = (name: string, detail: FindingDetail) => [name, ...detail.aliases].filter(isCve);
  const cves = new Set(rows.flatMap(({ name, detailId }) => cvesOf(name, details.get(detailId) as FindingDetail)));
  const signals = await findSignals(db, [...cves]);
  const findings: Finding[] = [];
  const waived: Waived[] = [];
  for (const { packageId, vulnerabilityId, name, severity, detailId } of rows) {
    const one = packages.get(packageId);
    const stored = details.get(detailId) as FindingDetail;
    if (one === undefined) continue;
    const { waivedBy, title, fix, aliases, kind, severitySource, cvss, references, evidence } = toDetail(
      stored,
      stored.waivedBy,
    );
    const known = cvesOf(name, stored).flatMap(cve => signals.get(cve) ?? []);
    // As the matcher: of several CVEs the likeliest score, and the first entry of the catalogue.
    const epss = known.reduce<{ score: number; percentile: number } | undefined>(
      (worst, { epss: score, percentile }) =>
        score !== null && score > (worst?.score ?? -1) ? { score, percentile: percentile ?? 0 } : worst,
      undefined,
    );
    const kev = known.find(signal => signal.kev !== null)?.kev as Finding['kev'] | undefined;
    const finding: Finding = {
      id: name,
      aliases,
      package: one,
      kind,
      severity: SEVERITY_OF_RANK[severity] ?? 'UNKNOWN',
      severitySource,
      cvss,
      ...(epss === undefined ? {} : { epss }),
      ...(kev === undefined ? {} : { kev: toKev(kev) }),
      fix,
      ...(title === undefined ? {} : { title }),
      references,
      evidence,
    };
    const byWaiver = waiverOf(packageId, vulnerabilityId);
    if (byWaiver !== undefined) waived.push({ finding, by: byWaiver });
    else if (waivedBy === undefined) findings.push(finding);
    else waived.push({ finding, by: { kind: 'rule', source: 'plimsoll', ...waivedBy } });
  }
  return { findings: findings.sort(compareFindings), waived: sortWaived(waived) };
}

/** By which waiver a finding of the image is set aside, told by the name of its namespace. */
async function findWaiverOf(db: Db, manifestId: number, scope: Scope) {
  const waived = await listWaivedFindings(db, scope, [manifestId]);
  const ids = [...new Set(waived.map(({ waiver }) => waiver.namespaceId))];
  const namespaces = await listNamespaces(db, { ids, limit: ids.length });
  const names = new Map(namespaces.map(({ id, name }) => [id, name]));
  const keyOf = (packageId: number, vulnerabilityId: number) => `${packageId}/${vulnerabilityId}`;
  const byKey = new Map(
    waived.map(({ packageId, vulnerabilityId, waiver: { namespaceId, reason, expiresOn } }) => {
      const by = { kind: 'waiver', source: names.get(namespaceId) ?? '', status: 'accepted', reason } as const;
      return [keyOf(packageId, vulnerabilityId), expiresOn === undefined ? by : { ...by, expires: expiresOn }];
    }),
  );
  return (packageId: number, vulnerabilityId: number) => byKey.get(keyOf(packageId, vulnerabilityId));
}

/** The fields in the order in which the database gives them: documents name entries by a hash over them. */
function toKev({ added, due, isRansomware, action }: NonNullable<Finding['kev']>): NonNullable<Finding['kev']> {
  return {
    added,
    ...(due === undefined ? {} : { due }),
    isRansomware,
    ...(action === undefined ? {} : { action }),
  };
}

/** As `matchInventory`: that a release is past its end depends on the day, so it is not stored. */
function withEndOfLife(
  undetermined: readonly Undetermined[],
  { distro, packages }: Inventory,
  today: Date,
): readonly Undetermined[] {
  const why = tellEndOfLife(distro, today.toISOString().slice(0, 10));
  const concerned = why === undefined ? [] : packages.filter(isOfRelease);
  if (why === undefined || concerned.length === 0) return undetermined;
  return [{ why, packages: concerned, ids: [] }, ...undetermined].sort(compareUndetermined);
}

/** What reports say of the current version; before the first one, a database of nothing, as old as can be. */
export async function findReportDatabase(db: Db): Promise<ReportDatabase> {
  const current = await findCurrentVersion(db);
  if (current === undefined) return { version: 0, builtAt: new Date(0).toISOString(), sources: [] };
  return describeDatabase((await findVersionStatus(db, current.id)) as DatabaseStatus);
}
