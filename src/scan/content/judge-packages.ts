/**
 * Distinct packages judged by the vulnerability database, as they are stored.
 */
import { isCve } from '#advisory/cve-id.ts';
import type { AdvisoryLookup, Finding } from '#matching/finding.ts';
import type { Matcher } from '#matching/matcher.ts';
import { judgePackages, type Surroundings } from '#matching/surroundings.ts';
import { SEVERITY_RANKS } from '#store/counts.ts';
import type { Db } from '#store/database.ts';
import { type DoubtRow, ensureDetails, type FindingRow } from '#store/finding.ts';
import { cut, storable, storableText } from '#store/row-set.ts';
import { addSignals, addToldFacts, type ExploitSignal, ensureVulnerabilities, MAX_NAME } from '#store/vulnerability.ts';
import { keyOf, type PackageFacts, toJudgedPackage } from './package-facts.ts';

/** What a finding says besides its row, EPSS and CISA's catalogue. */
export type FindingDetail = Pick<
  Finding,
  'aliases' | 'kind' | 'severitySource' | 'cvss' | 'fix' | 'title' | 'references' | 'evidence'
> & {
  /** By which rule of ours it is set aside. */
  readonly waivedBy?: { readonly status: string; readonly reason: string };
};

/** A finding of a package before its weakness and detail have ids. */
export interface JudgedFinding {
  readonly name: string;
  readonly severity: number;
  readonly fixKind: string;
  readonly fixedVersion: string | undefined;
  readonly isWaived: boolean;
  readonly isKnownExploited: boolean;
  readonly detailKey: string;
  readonly detail: FindingDetail;
}

/** What is said of one package. */
export interface JudgedPackage {
  readonly findings: readonly JudgedFinding[];
  readonly doubts: readonly { readonly why: string; readonly ids: readonly string[] }[];
}

/** By what packages are judged; without a lookup nothing can be said of any. */
export interface Judge {
  readonly lookup: AdvisoryLookup | undefined;
  readonly matcher: Matcher | undefined;
}

/** Said of every package before the first database has been loaded. */
const NO_DATABASE = 'no vulnerability database yet';

const NOTHING: JudgedPackage = { findings: [], doubts: [] };

/** Judges packages with the same surroundings; the answers are in their order. Some 100,000 packages a second. */
export function judgeFacts(
  packages: readonly PackageFacts[],
  surroundings: Surroundings,
  { lookup, matcher }: Judge,
): readonly JudgedPackage[] {
  if (lookup === undefined || matcher === undefined) {
    return packages.map(() => ({ findings: [], doubts: [{ why: NO_DATABASE, ids: [] }] }));
  }
  const given = packages.map(toJudgedPackage);
  const { findings, waived, undetermined } = judgePackages(given, surroundings, lookup, { matcher });
  const judged = new Map<object, { findings: JudgedFinding[]; doubts: { why: string; ids: readonly string[] }[] }>();
  const of = (one: object) => {
    let known = judged.get(one);
    if (known === undefined) {
      known = { findings: [], doubts: [] };
      judged.set(one, known);
    }
    return known;
  };
  for (const finding of findings) of(finding.package).findings.push(toJudged(finding));
  for (const { finding, by } of waived) of(finding.package).findings.push(toJudged(finding, by));
  for (const { why, packages: concerned, ids } of undetermined) {
    for (const one of concerned) of(one).doubts.push({ why: storableText(why), ids: storable(ids) });
  }
  return given.map(one => judged.get(one) ?? NOTHING);
}

function toJudged(finding: Finding, waivedBy?: { readonly status: string; readonly reason: string }): JudgedFinding {
  const { id, severity, fix, kev } = finding;
  const detail = storable(toDetail(finding, waivedBy));
  return {
    name: storableText(cut(id, MAX_NAME)),
    severity: SEVERITY_RANKS[severity],
    fixKind: fix.kind,
    fixedVersion: fix.kind === 'fixed' ? storableText(fix.version) : undefined,
    isWaived: waivedBy !== undefined,
    isKnownExploited: kev !== undefined,
    detailKey: keyOf(JSON.stringify(detail)),
    detail,
  };
}

/** The fields in one order, whatever order they come in. */
export function toDetail(
  of: Omit<FindingDetail, 'waivedBy'>,
  waivedBy?: { readonly status: string; readonly reason: string },
): FindingDetail {
  const { aliases, kind, severitySource, cvss, fix, title, references, evidence } = of;
  const { advisory, source, ecosystem, name, why, disputedBy } = evidence;
  return {
    aliases,
    kind,
    severitySource,
    cvss: cvss.map(({ version, vector, score, origin }) => ({ version, vector, score, origin })),
    fix:
      fix.kind === 'fixed'
        ? { kind: fix.kind, version: fix.version }
        : 'reason' in fix
          ? { kind: fix.kind, reason: fix.reason }
          : { kind: fix.kind },
    ...(title === undefined ? {} : { title }),
    references,
    evidence: { advisory, source, ecosystem, name, why, ...(disputedBy === undefined ? {} : { disputedBy }) },
    ...(waivedBy === undefined ? {} : { waivedBy: { status: waivedBy.status, reason: waivedBy.reason } }),
  };
}

/** A package of the store with what is said of it. */
export interface JudgedRow {
  readonly packageId: number;
  readonly judged: JudgedPackage;
}

/** Weaknesses and details that findings refer to, by name and key. */
export interface Referred {
  readonly vulnerabilities: ReadonlyMap<string, number>;
  readonly details: ReadonlyMap<string, number>;
}

/**
 * Writes what findings refer to, as far as it is missing: weaknesses with their names, details, signals. Nobody sees any of it before a
 * finding refers to it, so it needs no transaction with the findings. `tellsFacts`: whether weaknesses are also told what the findings say of
 * them, which is seen at once.
 */
export async function writeReferred(
  db: Db,
  judged: Iterable<JudgedPackage>,
  lookup: AdvisoryLookup | undefined,
  { tellsFacts }: { readonly tellsFacts: boolean },
): Promise<Referred> {
  const findings = [...judged].flatMap(one => one.findings);
  const vulnerabilities = await ensureVulnerabilities(
    db,
    findings.map(({ name }) => name),
  );
  const byKey = new Map(findings.map(({ detailKey, detail }) => [detailKey, detail]));
  const details = await ensureDetails(db, byKey);
  const cves = new Set(findings.flatMap(({ name, detail }) => [name, ...detail.aliases]).filter(isCve));
  await addSignals(db, lookup === undefined ? [] : [...cves].sort().map(cve => signalOf(cve, lookup)));
  if (tellsFacts) {
    const distinct = new Map(
      findings.map(finding => [
        `${finding.name} ${finding.detailKey} ${finding.severity} ${finding.isKnownExploited}`,
        finding,
      ]),
    );
    await addToldFacts(
      db,
      Array.from(distinct.values(), ({ name, detail, isWaived, ...finding }) => ({
        id: vulnerabilities.get(name) ?? -1,
        aliases: detail.aliases,
        title: detail.title,
        severity: isWaived ? -1 : finding.severity,
        isFixable: !isWaived && finding.fixKind === 'fixed',
        isKnownExploited: !isWaived && finding.isKnownExploited,
      })),
    );
  }
  return { vulnerabilities, details };
}

/** What a database says of a CVE beside its advisories. */
export function signalOf(cve: string, lookup: Pick<AdvisoryLookup, 'epss' | 'kev'>): ExploitSignal {
  const epss = lookup.epss(cve);
  const kev = lookup.kev(cve);
  return {
    cve,
    ...(epss === undefined ? {} : { epss: epss.score, percentile: epss.percentile }),
    ...(kev === undefined ? {} : { kev: storable(withoutCve(kev)) }),
  };
}

function withoutCve<T extends { readonly cve: string }>({ cve: _, ...rest }: T): Omit<T, 'cve'> {
  return rest;
}

/** Findings and doubts as rows. */
export function toRows(
  judged: readonly JudgedRow[],
  { vulnerabilities, details }: Referred,
): { readonly findings: readonly FindingRow[]; readonly doubts: readonly DoubtRow[] } {
  const findings = judged.flatMap(({ packageId, judged: one }) =>
    one.findings.map(
      (finding): FindingRow => ({
        packageId,
        vulnerabilityId: vulnerabilities.get(finding.name) ?? -1,
        severity: finding.severity,
        fixKind: finding.fixKind,
        fixedVersion: finding.fixedVersion,
        isWaived: finding.isWaived,
        isKnownExploited: finding.isKnownExploited,
        detailId: details.get(finding.detailKey) ?? -1,
      }),
    ),
  );
  const doubts = judged.flatMap(({ packageId, judged: one }) => one.doubts.map(doubt => ({ packageId, ...doubt })));
  return { findings, doubts };
}
