/**
 * A manifest's security in Quay's form: every package, each with its weaknesses.
 *
 * Source: Quay's `manifest/{manifestref}/security`, data model of Clair v4. Two of Quay's errors are not repeated: a weakness of two packages
 * of equal name and version is told for both, and a score of 10.0 is Critical. Keys of ours are added below `Plimsoll`.
 */

import type { Package } from '#inventory/inventory.ts';
import type { Finding } from '#matching/finding.ts';
import { isDistroType } from '#purl/purl.ts';
import type { ImageReport } from '#scan/content/report-of-image.ts';
import { SEVERITY_WORDS } from '../severity-words.ts';
import { adviseFix } from './fixed-by.ts';

/** The document of a scanned manifest. */
export function toQuaySecurity({ inventory, findings }: ImageReport, digest: string) {
  const byPackage = Map.groupBy(findings, finding => finding.package);
  const { distro } = inventory;
  const context = { distroName: distro?.name ?? null, distroVersion: distro?.versionId ?? null };
  return {
    status: 'scanned',
    data: {
      Layer: {
        Name: digest,
        ParentName: '',
        NamespaceName: '',
        IndexedByVersion: 4,
        Features: inventory.packages.map(one => toFeature(one, byPackage.get(one) ?? [], context)),
      },
    },
  };
}

interface DistroContext {
  readonly distroName: string | null;
  readonly distroVersion: string | null;
}

const NO_DISTRO: DistroContext = { distroName: null, distroVersion: null };

function toFeature(one: Package, findings: readonly Finding[], context: DistroContext) {
  // Weaknesses of a language's packages are of no distribution.
  const own = isDistroType(one.type) ? context : NO_DISTRO;
  const vulnerabilities = findings.map(finding => toVulnerability(finding, own));
  const scores = findings.flatMap(finding => baseScore(finding) ?? []);
  // Quay looks for them in links alone; ours know them by name as well.
  const cves = new Set(
    findings.flatMap(({ id, aliases, references }) => [id, ...aliases, linkOf(references)].flatMap(cvesIn)),
  );
  return {
    Name: one.name,
    VersionFormat: '',
    NamespaceName: '',
    AddedBy: one.layer ?? '',
    Version: one.version,
    BaseScores: scores,
    CVEIds: [...cves].sort(),
    Vulnerabilities: vulnerabilities,
    Plimsoll: { Type: one.type, Purl: one.purl, Locations: one.locations.map(({ path }) => path) },
  };
}

function toVulnerability(finding: Finding, { distroName, distroVersion }: DistroContext) {
  const { id, severity, references, title, evidence, fix, cvss, aliases, epss, kev } = finding;
  const vector = cvss.find(({ version }) => version.startsWith('3'));
  return {
    Severity: SEVERITY_WORDS[severity],
    NamespaceName: evidence.source,
    Link: linkOf(references),
    FixedBy: adviseFix(fix),
    Description: title ?? '',
    Name: id,
    Metadata: {
      UpdatedBy: evidence.source,
      RepoName: evidence.ecosystem,
      RepoLink: null,
      DistroName: distroName,
      DistroVersion: distroVersion,
      NVD: { CVSSv3: { Vectors: vector?.vector ?? '', Score: vector?.score ?? '' } },
    },
    Plimsoll: {
      Aliases: aliases,
      FixState: fix.kind,
      Epss: epss ?? null,
      KnownExploited: kev !== undefined,
      Advisory: evidence.advisory,
      Why: evidence.why,
    },
  };
}

/** Addresses, with a space between two; what a page must not link to, or would take for two, is left out. */
function linkOf(references: readonly string[]): string {
  return references.filter(one => /^https?:\/\/\S+$/i.test(one)).join(' ');
}

function cvesIn(text: string): readonly string[] {
  return text.match(/CVE-\d{4}-\d{4,7}/g) ?? [];
}

function baseScore({ cvss }: Finding): number | undefined {
  return cvss.find(({ version }) => version.startsWith('3'))?.score;
}
