/**
 * Reports in the forms that Harbor reads.
 *
 * Source: goharbor/pluggable-scanner-spec 1.2, and what Harbor does with the fields: `links` are joined by `|` and `cwe_ids` by commas, so that
 * no text in them may have one; a report's own severity is `None` for a clean image.
 */
import type { Severity } from '#advisory/advisory.ts';
import type { Finding } from '#matching/finding.ts';
import type { ImageReport } from '#scan/content/report-of-image.ts';
import type { AdapterScan } from '#store/adapter-scan.ts';
import { SEVERITY_WORDS } from '../severity-words.ts';

/** What says who scanned. */
export interface HarborScanner {
  readonly name: string;
  readonly vendor: string;
  readonly version: string;
}

/** The generic report. */
export function toHarborReport(
  { findings, judgedAt }: ImageReport,
  { scan, scanner }: { readonly scan: AdapterScan; readonly scanner: HarborScanner },
) {
  const found = new Set(findings.map(({ severity }) => severity));
  const worst = (Object.keys(SEVERITY_WORDS) as Severity[]).find(severity => found.has(severity));
  return {
    generated_at: judgedAt,
    artifact: toHarborArtifact(scan),
    scanner,
    severity: worst === undefined ? 'None' : SEVERITY_WORDS[worst],
    vulnerabilities: findings.map(toVulnerability),
  };
}

/** A software bill of materials, a JSON document already. */
export function toHarborSbom(
  sbom: unknown,
  {
    scan,
    scanner,
    mediaType,
    at,
  }: {
    readonly scan: AdapterScan;
    readonly scanner: HarborScanner;
    readonly mediaType: string;
    readonly at: string;
  },
) {
  return {
    generated_at: at,
    artifact: toHarborArtifact(scan),
    scanner,
    vendor_attributes: {},
    media_type: mediaType,
    sbom,
  };
}

function toHarborArtifact({ repository, digest, tag, mediaType }: AdapterScan) {
  return { repository, digest, tag, mime_type: mediaType };
}

function toVulnerability({ id, package: { name, version }, fix, severity, title, references, cvss }: Finding) {
  const byVersion = (start: string) => cvss.find(one => one.version.startsWith(start));
  const [three, two] = [byVersion('3'), byVersion('2')];
  return {
    id,
    package: name,
    version,
    fix_version: fix.kind === 'fixed' ? fix.version : '',
    severity: SEVERITY_WORDS[severity],
    status: fix.kind === 'fixed' ? 'fixed' : fix.kind === 'not-fixed' ? 'affected' : fix.kind.replaceAll('-', '_'),
    description: title ?? '',
    links: references.filter(link => !link.includes('|')),
    preferred_cvss: {
      score_v3: three?.score ?? null,
      score_v2: two?.score ?? null,
      vector_v3: three?.vector ?? '',
      vector_v2: two?.vector ?? '',
    },
    cwe_ids: [],
    vendor_attributes: {
      CVSS: Object.fromEntries(
        cvss
          .filter(one => one.version.startsWith('3') || one.version.startsWith('2'))
          .map(({ origin, version: of, score, vector }) => [
            origin,
            of.startsWith('3') ? { V3Score: score, V3Vector: vector } : { V2Score: score, V2Vector: vector },
          ]),
      ),
    },
  };
}
