/** Small feeds of every kind, in the forms that their sources publish. */
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { tarOfFiles } from '../../../test/fixtures/image-builder.ts';
import { buildZip } from '../../../test/fixtures/zip-builder.ts';

/** A record of OSV that is fixed in a version. */
export function osvRecord(
  id: string,
  packages: Readonly<Record<string, string>>,
  fields: Readonly<Record<string, unknown>> = {},
): object {
  return {
    schema_version: '1.7.0',
    id,
    modified: '2026-11-01T00:00:00Z',
    summary: `Summary of ${id}`,
    details: `Details of ${id}`,
    affected: Object.entries(packages).map(([key, fixed]) => {
      const slash = key.indexOf('/');
      return {
        package: { ecosystem: key.slice(0, slash), name: key.slice(slash + 1) },
        ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
      };
    }),
    ...fields,
  };
}

/** An archive of records, each under its id. */
export function osvZip(records: readonly object[]): Buffer {
  return buildZip(
    records.map(record => ({ name: `${(record as { id: string }).id}.json`, content: JSON.stringify(record) })),
  );
}

/** A VEX document of Red Hat about one package of RHEL 9 that is not fixed. */
export function vexDocument(cve: string, component: string, date = '2026-11-01T00:00:00+00:00'): string {
  const platform = 'red_hat_enterprise_linux_9';
  const product = (id: string, helper: object) => ({
    category: 'product_version',
    name: id,
    product: { name: id, product_id: id, product_identification_helper: helper },
  });
  return JSON.stringify({
    document: {
      category: 'csaf_vex',
      csaf_version: '2.0',
      aggregate_severity: { text: 'Moderate' },
      tracking: { id: cve, current_release_date: date, initial_release_date: date },
    },
    product_tree: {
      branches: [
        product(platform, { cpe: 'cpe:/o:redhat:enterprise_linux:9' }),
        product(component, { purl: `pkg:rpm/redhat/${component}?arch=src` }),
      ],
      relationships: [
        {
          category: 'default_component_of',
          full_product_name: { name: component, product_id: `${platform}:${component}` },
          product_reference: component,
          relates_to_product_reference: platform,
        },
      ],
    },
    vulnerabilities: [{ cve, product_status: { known_affected: [`${platform}:${component}`] } }],
  });
}

/** An archive of files by path, zstd compressed as Red Hat's is. */
export async function tarZstd(files: Readonly<Record<string, string>>): Promise<Buffer> {
  const tar = await tarOfFiles(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
  return zstdCompressSync(tar);
}

export const TRACKER = JSON.stringify({
  openssl: {
    'CVE-2026-7001': {
      description: 'A weakness of openssl',
      releases: {
        bookworm: {
          status: 'resolved',
          repositories: { bookworm: '3.0.1-1' },
          fixed_version: '3.0.2-1',
          urgency: 'high',
        },
        trixie: { status: 'open', repositories: { trixie: '3.5.0-1' }, urgency: 'high' },
      },
    },
  },
});

export const DSA_LIST = `[29 Mar 2023] DSA-5380-1 xorg-server - security update
\t{CVE-2023-1393}
\t[bullseye] - xorg-server 2:1.20.11-1+deb11u6
`;

export function secdb(
  distroversion: string,
  reponame: string,
  secfixes: Readonly<Record<string, readonly string[]>>,
): string {
  const packages = Object.entries(secfixes).map(([name, ids]) => ({ pkg: { name, secfixes: { '1.2.3-r0': ids } } }));
  return JSON.stringify({ distroversion, reponame, urlprefix: 'https://dl-cdn.alpinelinux.org/alpine', packages });
}

export const WOLFI = JSON.stringify({
  reponame: 'os',
  urlprefix: 'https://packages.wolfi.dev',
  packages: [{ pkg: { name: 'curl', secfixes: { '8.0.1-r0': ['CVE-2026-7002'] } } }],
});

export const KEV = JSON.stringify({
  title: 'Catalog',
  catalogVersion: '2026.11.20',
  dateReleased: '2026-11-20T10:00:00.000Z',
  count: 1,
  vulnerabilities: [
    {
      cveID: 'CVE-2026-7001',
      vendorProject: 'OpenSSL',
      product: 'OpenSSL',
      vulnerabilityName: 'OpenSSL weakness',
      dateAdded: '2026-11-10',
      shortDescription: 'It is exploited.',
      requiredAction: 'Apply updates.',
      dueDate: '2026-12-01',
      knownRansomwareCampaignUse: 'Known',
    },
  ],
});

export const EPSS = gzipSync(`#model_version:v2025.03.14,score_date:2026-11-20T12:55:00Z
cve,epss,percentile
CVE-2026-7001,0.97,0.999
CVE-2026-7002,0.00043,0.12
`);

export const NVD = JSON.stringify({
  resultsPerPage: 1,
  startIndex: 0,
  totalResults: 1,
  format: 'NVD_CVE',
  version: '2.0',
  vulnerabilities: [
    {
      cve: {
        id: 'CVE-2026-7001',
        published: '2026-11-01T00:00:00.000',
        lastModified: '2026-11-02T00:00:00.000',
        vulnStatus: 'Analyzed',
        descriptions: [{ lang: 'en', value: 'A weakness' }],
        metrics: {
          cvssMetricV31: [
            {
              source: 'nvd@nist.gov',
              type: 'Primary',
              cvssData: { version: '3.1', vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' },
            },
          ],
        },
      },
    },
  ],
});

export const UPDATEINFO = `<?xml version="1.0" ?>
<updates><update author="a" from="x" status="final" type="security" version="1.4">
  <id>ALAS2023-2026-051</id><title>Important update</title><issued date="2026-02-17 00:05"/>
  <severity>important</severity>
  <references><reference href="https://example.org" id="CVE-2026-7001" title="" type="cve"/></references>
  <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>
    <package name="openssl" version="3.0.8" release="1.amzn2023" epoch="1" arch="x86_64"><filename>x.rpm</filename></package>
  </collection></pkglist>
</update></updates>`;

export const OVAL = `<?xml version="1.0" encoding="utf-8"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5">
  <generator><oval:product_name xmlns:oval="o">Oracle Errata System</oval:product_name></generator>
  <definitions><definition id="oval:com.oracle.elsa:def:20264059" version="501" class="patch">
    <metadata><title>ELSA-2026-4059: openssl security update (IMPORTANT)</title>
      <reference source="elsa" ref_id="ELSA-2026-4059" ref_url="https://linux.oracle.com/errata/ELSA-2026-4059.html"/>
      <reference source="CVE" ref_id="CVE-2026-7001" ref_url="https://linux.oracle.com/cve/CVE-2026-7001.html"/>
      <advisory><severity>IMPORTANT</severity><issued date="2026-07-13"/></advisory></metadata>
    <criteria operator="AND">
      <criterion test_ref="t:1" comment="Oracle Linux 9 is installed"/>
      <criteria operator="OR"><criteria operator="AND">
        <criterion test_ref="t:2" comment="Oracle Linux arch is x86_64"/>
        <criteria operator="OR"><criteria operator="AND">
          <criterion test_ref="t:3" comment="openssl is earlier than 1:3.0.7-25.el9"/>
          <criterion test_ref="t:4" comment="openssl is signed with the Oracle Linux 9 key"/>
        </criteria></criteria>
      </criteria></criteria>
    </criteria>
  </definition></definitions>
</oval_definitions>`;

export const REPOSITORY_MAP = JSON.stringify({
  data: { 'rhel-9-for-x86_64-baseos-rpms': { cpes: ['cpe:/o:redhat:enterprise_linux:9::baseos'] } },
});

export const IMAGE_MAP = JSON.stringify({ data: { 'ubi9/ubi-minimal': ['rhel-9-for-x86_64-baseos-rpms'] } });
