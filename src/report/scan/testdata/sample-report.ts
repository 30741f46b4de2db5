/** Reports for the golden tests: an ordinary one, one made by somebody unkind, one of nothing, and one that knows nothing. */
import type { Inventory, Package } from '#inventory/inventory.ts';
import type { Finding, Undetermined, Waived } from '#matching/finding.ts';
import { NOTHING, ORDINARY, UNKIND } from '../../testdata/sample-inventory.ts';
import { type ReportDatabase, type ReportParts, type ScanReport, toScanReport } from '../scan-report.ts';

const DATABASE: ReportDatabase = {
  version: 1,
  builtAt: '2025-06-30T04:05:06.000Z',
  sources: [
    { source: 'debian-tracker', name: '', asOf: '2025-06-29T22:00:00Z', advisories: 41_234 },
    { source: 'kev', name: '', asOf: '2025-05-01T00:00:00Z', advisories: 1400 },
    { source: 'osv', name: 'npm', asOf: '2025-06-29T20:00:00Z', advisories: 5000 },
  ],
};

type Facts = Partial<Finding> & Pick<Finding, 'id' | 'severity'>;

function named(inventory: Inventory, name: string): Package {
  const found = inventory.packages.find(one => one.name === name);
  if (found === undefined) throw new Error(`no package ${name}`);
  return found;
}

function finding(one: Package, facts: Facts): Finding {
  return {
    aliases: [],
    package: one,
    kind: 'weakness',
    severitySource: 'debian',
    cvss: [],
    fix: { kind: 'not-fixed' },
    references: [],
    evidence: {
      advisory: facts.id,
      source: 'debian-tracker',
      ecosystem: 'Debian:12',
      name: one.source?.name ?? one.name,
      why: `version ${one.version} is older than the fix`,
    },
    ...facts,
  };
}

function report(parts: Partial<ReportParts> & Pick<ReportParts, 'inventory'>): ScanReport {
  return toScanReport({
    database: DATABASE,
    findings: [],
    upgrades: [],
    undetermined: [],
    waived: [],
    gaps: parts.inventory.gaps,
    hidden: 0,
    ...parts,
  });
}

const ssl = named(ORDINARY, 'libssl3');
const login = named(ORDINARY, 'login');
const log4j = named(ORDINARY, 'org.apache.logging.log4j:log4j-core');
const requests = named(ORDINARY, 'requests');

const waived: Waived = {
  finding: finding(requests, {
    id: 'CVE-2024-35195',
    severity: 'MEDIUM',
    fix: { kind: 'fixed', version: '2.32.0' },
    title: 'Requests `Session` object does not verify requests after making first request with verify=False',
  }),
  by: {
    kind: 'waiver',
    source: '.plimsollignore.yaml',
    status: 'accepted',
    reason: 'nothing here turns verification off',
    expires: '2025-12-31',
  },
};

const undetermined: Undetermined = {
  why: 'no advisories known for programs that no package manager installed',
  packages: [named(ORDINARY, 'node')],
  ids: [],
};

/** Like a small web application on Debian, with a bit of everything. */
export const ORDINARY_REPORT: ScanReport = report({
  inventory: ORDINARY,
  findings: [
    finding(ssl, {
      id: 'CVE-2024-5535',
      aliases: ['GHSA-4fc7-mvrr-wv2c'],
      severity: 'CRITICAL',
      cvss: [
        { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:H', score: 9.1, origin: 'nvd' },
        { version: '2', vector: 'AV:N/AC:L/Au:N/C:P/I:N/A:P', score: 6.4, origin: 'nvd' },
      ],
      epss: { score: 0.0432, percentile: 0.88 },
      fix: { kind: 'fixed', version: '3.0.17-1~deb12u1' },
      title: 'SSL_select_next_proto buffer overread',
      references: ['https://www.openssl.org/news/secadv/20240627.txt', 'ftp://old.example/advisory'],
    }),
    finding(ssl, {
      id: 'CVE-2023-4807',
      severity: 'NEGLIGIBLE',
      fix: { kind: 'will-not-fix', reason: 'only on Windows' },
    }),
    finding(login, { id: 'CVE-2007-5686', severity: 'LOW', fix: { kind: 'deferred', reason: 'minor issue' } }),
    finding(log4j, {
      id: 'CVE-2021-44832',
      aliases: ['GHSA-8489-44mv-ggj8'],
      severity: 'MEDIUM',
      severitySource: 'ghsa',
      cvss: [
        { version: '3.1', vector: 'CVSS:3.1/AV:N/AC:H/PR:H/UI:N/S:U/C:H/I:H/A:H', score: 6.6, origin: 'ghsa' },
        {
          version: '4.0',
          vector: 'CVSS:4.0/AV:N/AC:L/AT:N/PR:H/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N',
          score: 8.6,
          origin: 'ghsa',
        },
      ],
      epss: { score: 0.51, percentile: 0.98 },
      kev: { added: '2022-01-10', due: '2022-07-10', isRansomware: true, action: 'Apply updates' },
      fix: { kind: 'fixed', version: '2.17.1' },
      title: 'Improper Input Validation and Injection in Apache Log4j2',
    }),
    finding(log4j, { id: 'GHSA-zzzz-1111-2222', severity: 'UNKNOWN', severitySource: 'none', fix: { kind: 'unknown' } }),
  ],
  upgrades: [
    {
      name: 'libssl3',
      packages: [ssl],
      version: '3.0.17-1~deb12u1',
      fixedCount: 1,
      knownExploitedCount: 0,
      bySeverity: { CRITICAL: 1, HIGH: 0, MEDIUM: 0, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 },
      unfixedCount: 1,
    },
    {
      name: 'org.apache.logging.log4j:log4j-core',
      packages: [log4j],
      version: '2.17.1',
      fixedCount: 1,
      knownExploitedCount: 1,
      bySeverity: { CRITICAL: 0, HIGH: 0, MEDIUM: 1, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 },
      unfixedCount: 1,
    },
  ],
  undetermined: [undetermined],
  waived: [waived],
  hidden: 2,
});

const NASTY =
  '\u001b[31m<script>alert(1)</script>\u009b2J\n| `x` | ![a](http://evil.example/a.png) @team #1 www.evil.example ]]> \u202e \ud83d \uffff';

/** Every text is made to break what it is written into. */
export const UNKIND_REPORT: ScanReport = report({
  inventory: UNKIND,
  database: { ...DATABASE, sources: [{ source: NASTY, name: NASTY, asOf: 'whenever', advisories: 1 }] },
  findings: UNKIND.packages.map((one, at) =>
    finding(one, {
      id: at % 2 === 0 ? `CVE-2024-${1000 + at}` : NASTY,
      aliases: [NASTY],
      severity: 'HIGH',
      severitySource: NASTY,
      cvss: [{ version: '3.1', vector: NASTY, score: 7.5, origin: NASTY }],
      kev: { added: NASTY, isRansomware: false, action: NASTY },
      fix: at % 2 === 0 ? { kind: 'fixed', version: NASTY } : { kind: 'will-not-fix', reason: NASTY },
      title: NASTY,
      references: [
        NASTY,
        'javascript:alert(1)',
        'https://user:secret@evil.example/',
        'https://good.example/"><script>alert(1)</script>',
      ],
      evidence: { advisory: NASTY, source: NASTY, ecosystem: NASTY, name: NASTY, why: NASTY, disputedBy: NASTY },
    }),
  ),
  upgrades: [
    {
      name: NASTY,
      packages: UNKIND.packages,
      version: NASTY,
      fixedCount: 3,
      knownExploitedCount: 3,
      bySeverity: { CRITICAL: 0, HIGH: 3, MEDIUM: 0, LOW: 0, NEGLIGIBLE: 0, UNKNOWN: 0 },
      unfixedCount: 0,
    },
  ],
  undetermined: [{ why: NASTY, packages: UNKIND.packages, ids: [NASTY] }],
  waived: UNKIND.packages.slice(0, 3).map(one => ({
    finding: finding(one, { id: NASTY, severity: 'LOW', title: NASTY }),
    by: { kind: 'vex', source: NASTY, status: NASTY, reason: NASTY, expires: NASTY },
  })),
});

/** A folder in which nothing was found. */
export const NOTHING_REPORT: ScanReport = report({ inventory: NOTHING });

/** An image of a distribution of which nobody publishes advisories. */
export const UNCOVERED_REPORT: ScanReport = report({
  inventory: { ...ORDINARY, gaps: [] },
  undetermined: [{ why: 'no advisories known for fedora 43', packages: ORDINARY.packages, ids: [] }],
});
