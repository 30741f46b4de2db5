/**
 * Every source of advisories: what it is, where it is, under which terms, and what it has the last word on.
 *
 * Source of the URLs: each publisher's own pages, 2026-11. Why a source decides where it does is docs/adr/0010-which-source-decides.md.
 */

/** How the bytes behind a URL are to be read; each format has one parser in this folder. */
export type FeedFormat =
  | 'osv-zip'
  | 'osv-changes-csv'
  | 'osv-json'
  | 'debian-tracker-json'
  | 'debian-list'
  | 'alpine-secdb-json'
  | 'redhat-archive-name'
  | 'redhat-vex-tar-zst'
  | 'redhat-changes-csv'
  | 'redhat-vex-json'
  | 'redhat-repository-map-json'
  | 'redhat-container-map-json'
  | 'mirror-list'
  | 'repomd-xml'
  | 'updateinfo-xml-gz'
  | 'oracle-oval-xml-bz2'
  | 'kev-json'
  | 'epss-csv-gz'
  | 'nvd-json'
  | 'nvd-json-gz';

export interface Feed {
  /** Words in braces are filled in by the fetcher and percent-encoded: `{ecosystem}`, `{branch}`, `{repository}`, `{year}`, `{path}`. */
  readonly url: string;
  readonly format: FeedFormat;
}

export interface Source {
  readonly title: string;
  readonly publisher: string;
  /** SPDX expression where there is one, else what the publisher says. */
  readonly licence: string;
  /** What it has the last word on, for people. */
  readonly decides: string;
  readonly feeds: readonly Feed[];
}

const OSV = 'https://osv-vulnerabilities.storage.googleapis.com';
const REDHAT = 'https://security.access.redhat.com/data';

/** The sources by the id that their advisories carry. */
export const SOURCES = {
  osv: {
    title: 'OSV',
    publisher: 'OpenSSF, from the databases that each record names',
    licence: 'per record: CC-BY-4.0, CC0-1.0, Apache-2.0, MIT, CC-BY-SA-4.0 (Ubuntu)',
    decides:
      'all language ecosystems; AlmaLinux, Rocky Linux, SUSE, openSUSE, Ubuntu, Azure Linux, Mageia, openEuler, MinimOS, Bitnami',
    feeds: [
      { url: `${OSV}/{ecosystem}/all.zip`, format: 'osv-zip' },
      { url: `${OSV}/{ecosystem}/modified_id.csv`, format: 'osv-changes-csv' },
      { url: `${OSV}/{ecosystem}/{path}.json`, format: 'osv-json' },
    ],
  },
  'debian-tracker': {
    title: 'Debian security tracker',
    publisher: 'Debian',
    licence: 'free use with attribution',
    decides: 'Debian: fixed, unfixed, postponed, ignored, end of life, urgency',
    feeds: [{ url: 'https://security-tracker.debian.org/tracker/data/json', format: 'debian-tracker-json' }],
  },
  'debian-lists': {
    title: 'Debian security advisories',
    publisher: 'Debian',
    licence: 'free use with attribution',
    decides: 'nothing where the tracker was read; fixes in Debian releases where it was not',
    feeds: [
      {
        url: 'https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DSA/list',
        format: 'debian-list',
      },
      {
        url: 'https://salsa.debian.org/security-tracker-team/security-tracker/-/raw/master/data/DLA/list',
        format: 'debian-list',
      },
    ],
  },
  'alpine-secdb': {
    title: 'Security databases in Alpine’s form',
    publisher: 'Alpine Linux; Chainguard',
    licence: 'not stated',
    decides: 'Alpine, Wolfi, Chainguard: fixed and never affected; there is no word of what is not fixed',
    feeds: [
      { url: 'https://secdb.alpinelinux.org/{branch}/{repository}.json', format: 'alpine-secdb-json' },
      { url: 'https://packages.wolfi.dev/os/security.json', format: 'alpine-secdb-json' },
      { url: 'https://packages.cgr.dev/chainguard/security.json', format: 'alpine-secdb-json' },
    ],
  },
  'redhat-vex': {
    title: 'Red Hat VEX',
    publisher: 'Red Hat Product Security',
    licence: 'CC-BY-4.0',
    decides: 'Red Hat Enterprise Linux and its add-ons: fixed, unfixed, will not fix, deferred, out of support, impact',
    feeds: [
      { url: `${REDHAT}/csaf/v2/vex/archive_latest.txt`, format: 'redhat-archive-name' },
      { url: `${REDHAT}/csaf/v2/vex/{path}`, format: 'redhat-vex-tar-zst' },
      { url: `${REDHAT}/csaf/v2/vex/changes.csv`, format: 'redhat-changes-csv' },
      { url: `${REDHAT}/csaf/v2/vex/deletions.csv`, format: 'redhat-changes-csv' },
      { url: `${REDHAT}/csaf/v2/vex/{path}`, format: 'redhat-vex-json' },
      { url: `${REDHAT}/metrics/repository-to-cpe.json`, format: 'redhat-repository-map-json' },
      { url: `${REDHAT}/metrics/container-name-repos-map.json`, format: 'redhat-container-map-json' },
    ],
  },
  amazon: {
    title: 'Amazon Linux security advisories',
    publisher: 'Amazon Web Services',
    licence: 'not stated',
    decides: 'Amazon Linux and its extras topics: fixed, severity',
    feeds: [
      { url: 'https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list', format: 'mirror-list' },
      { url: 'https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list', format: 'mirror-list' },
      { url: 'https://cdn.amazonlinux.com/2/extras/{repository}/latest/x86_64/mirror.list', format: 'mirror-list' },
      { url: '{mirror}/repodata/repomd.xml', format: 'repomd-xml' },
      { url: '{mirror}/{path}', format: 'updateinfo-xml-gz' },
    ],
  },
  oracle: {
    title: 'Oracle Linux errata',
    publisher: 'Oracle',
    licence: 'not stated',
    decides: 'Oracle Linux: fixed, severity',
    feeds: [
      { url: 'https://linux.oracle.com/security/oval/com.oracle.elsa-all.xml.bz2', format: 'oracle-oval-xml-bz2' },
    ],
  },
  nvd: {
    title: 'National Vulnerability Database',
    publisher: 'NIST',
    licence: 'public domain',
    decides: 'programs known by vendor and product alone; vectors where nobody nearer has one',
    feeds: [
      { url: 'https://services.nvd.nist.gov/rest/json/cves/2.0', format: 'nvd-json' },
      { url: 'https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-{year}.json.gz', format: 'nvd-json-gz' },
    ],
  },
  kev: {
    title: 'Known Exploited Vulnerabilities Catalog',
    publisher: 'CISA',
    licence: 'CC0-1.0',
    decides: 'which weaknesses are known to be exploited',
    feeds: [
      {
        url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
        format: 'kev-json',
      },
    ],
  },
  epss: {
    title: 'Exploit Prediction Scoring System',
    publisher: 'FIRST and Empirical Security',
    licence: 'free use with attribution',
    decides: 'how probable exploitation is',
    feeds: [{ url: 'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz', format: 'epss-csv-gz' }],
  },
} as const satisfies Record<string, Source>;

/** The id of a source, as advisories carry it. */
export type SourceId = keyof typeof SOURCES;

/**
 * Folders of the OSV export that are read by default. Left out on purpose: Alpine, Debian, Red Hat, Wolfi and Chainguard, for which a
 * source of their own decides; GIT, Linux and OSS-Fuzz, whose ranges are commits.
 */
export const OSV_ECOSYSTEMS: readonly string[] = [
  'npm',
  'PyPI',
  'Go',
  'Maven',
  'crates.io',
  'RubyGems',
  'NuGet',
  'Packagist',
  'Hex',
  'Pub',
  'CRAN',
  'Bioconductor',
  'Hackage',
  'GHC',
  'SwiftURL',
  'Julia',
  'ConanCenter',
  'GitHub Actions',
  'Bitnami',
  'AlmaLinux',
  'Rocky Linux',
  'SUSE',
  'openSUSE',
  'Ubuntu',
  'Azure Linux',
  'Mageia',
  'openEuler',
  'MinimOS',
];
