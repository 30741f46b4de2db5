import { expect, test } from 'vitest';
import { judge } from '#version/range.ts';
import { schemeFor } from '#version/schemes.ts';
import { ReadTally } from '../read-tally.ts';
import { parseCpe } from './cpe.ts';
import { parseNvd } from './parse-nvd.ts';

type Json = Readonly<Record<string, unknown>>;

const read = (...cves: readonly Json[]) => {
  const tally = new ReadTally();
  const vulnerabilities = cves.map(cve => ({ cve: { id: 'CVE-2024-0001', vulnStatus: 'Analyzed', ...cve } }));
  const advisories = [...parseNvd(JSON.stringify({ resultsPerPage: 1, vulnerabilities }), tally)];
  return { advisories, affected: advisories[0]?.affected ?? [], counts: tally.counts() };
};
const cpe = (product: string, version = '*', target = '*') => `cpe:2.3:a:${product}:${version}:*:*:*:*:${target}:*:*`;
const node = (...cpeMatch: readonly Json[]) => ({ operator: 'OR', negate: false, cpeMatch });
const match = (criteria: string, more: Json = {}) => ({ vulnerable: true, criteria, ...more });

test('a record brings vectors, NVD’s own first, and the programs concerned', () => {
  const { advisories } = read({
    published: '2024-03-01T00:15:00.000',
    lastModified: '2024-04-01T00:15:00.000',
    descriptions: [
      { lang: 'es', value: 'Algo' },
      { lang: 'en', value: 'Something' },
    ],
    metrics: {
      cvssMetricV31: [
        {
          source: 'cna@example.org',
          type: 'Secondary',
          cvssData: { version: '3.1', vectorString: 'CVSS:3.1/AV:L/AC:L' },
        },
        { source: 'nvd@nist.gov', type: 'Primary', cvssData: { version: '3.1', vectorString: 'CVSS:3.1/AV:N/AC:L' } },
      ],
      cvssMetricV2: [
        { source: 'nvd@nist.gov', type: 'Primary', cvssData: { vectorString: 'AV:N/AC:L/Au:N/C:P/I:P/A:P' } },
      ],
      cvssMetricV99: 'new',
    },
    weaknesses: [{ source: 'nvd@nist.gov', description: [{ lang: 'en', value: 'CWE-79' }] }],
    configurations: [
      { nodes: [node(match(cpe('f5:nginx'), { versionStartIncluding: '1.1', versionEndExcluding: '1.20.1' }))] },
    ],
    references: [{ url: 'https://example.org/advisory', source: 'x', tags: ['Patch'] }],
  });
  expect(advisories).toEqual([
    {
      id: 'CVE-2024-0001',
      source: 'nvd',
      kind: 'weakness',
      aliases: [],
      upstream: [],
      details: 'Something',
      published: '2024-03-01T00:15:00.000',
      modified: '2024-04-01T00:15:00.000',
      ratings: [
        { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L', origin: 'nvd' },
        { kind: 'cvss', version: '2', vector: 'AV:N/AC:L/Au:N/C:P/I:P/A:P', origin: 'nvd' },
        { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:L/AC:L', origin: 'cna' },
      ],
      references: [{ type: 'WEB', url: 'https://example.org/advisory' }],
      cwes: ['CWE-79'],
      affected: [
        {
          ecosystem: 'generic',
          name: 'f5:nginx',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '1.1' },
                { kind: 'fixed', version: '1.20.1' },
              ],
            ],
          },
        },
      ],
    },
  ]);
});

test.each([
  { more: { versionEndIncluding: '1.2' }, hit: ['1.2', '0.1'], miss: ['1.2.1'], why: 'the end is affected' },
  { more: { versionEndExcluding: '1.2' }, hit: ['1.1'], miss: ['1.2'], why: 'the end is fixed' },
  {
    more: { versionStartExcluding: '1.2' },
    hit: ['1.2', '9'],
    miss: ['1.1'],
    why: 'one version too many, never too few',
  },
])('versions of a program: $why', ({ more, hit, miss }) => {
  const { affected } = read({ configurations: [{ nodes: [node(match(cpe('f5:nginx'), more))] }] });
  const scheme = schemeFor('generic');
  const verdicts = [...hit, ...miss].map(version =>
    affected[0] === undefined || scheme === undefined ? undefined : judge(version, affected[0].range, scheme).kind,
  );
  expect(verdicts).toEqual([...hit.map(() => 'affected'), ...miss.map(() => 'not-affected')]);
});

test('single versions are listed, with their update', () => {
  const { affected } = read({
    configurations: [
      {
        nodes: [
          node(match('cpe:2.3:a:openssl:openssl:1.0.2:beta1:*:*:*:*:*:*'), match(cpe('openssl:openssl', '1.0.1'))),
        ],
      },
    ],
  });
  expect(affected).toEqual([
    { ecosystem: 'generic', name: 'openssl:openssl', range: { ranges: [], versions: ['1.0.2beta1', '1.0.1'] } },
  ]);
});

test.each([
  {
    of: match(cpe('f5:nginx')),
    lost: 'program without a version',
    why: '"every version" is what NVD writes when it does not know',
  },
  { of: match(cpe('f5:nginx', '-')), lost: 'program without a version', why: 'no version' },
  {
    of: match(cpe('debug:debug', '1.0', 'node.js')),
    lost: 'extension of another program',
    why: 'npm has advisories of its own',
  },
  { of: match('cpe:/a:f5:nginx:1.0'), lost: 'CPE that cannot be read', why: 'the old form' },
])('left out and counted: $why', ({ of, lost }) => {
  const { affected, counts } = read({ configurations: [{ nodes: [node(of)] }] });
  expect([affected, counts.lost]).toEqual([[], { [lost]: 1 }]);
});

const os = (product: string) => ({ vulnerable: false, criteria: `cpe:2.3:o:${product}:-:*:*:*:*:*:*:*` });
test.each([
  { platforms: [os('microsoft:windows')], want: ['windows'], why: 'only on Windows' },
  { platforms: [os('microsoft:windows'), os('apple:macos')], want: ['darwin', 'windows'], why: 'on either' },
  { platforms: [os('microsoft:windows'), os('linux:linux_kernel')], want: undefined, why: 'on Linux too' },
  { platforms: [os('redhat:enterprise_linux')], want: undefined, why: 'a Linux' },
])('programs that run on something: $why', ({ platforms, want }) => {
  const program = match(cpe('f5:nginx'), { versionEndExcluding: '1.2' });
  const { affected } = read({ configurations: [{ operator: 'AND', nodes: [node(program), node(...platforms)] }] });
  expect(affected.map(one => one.operatingSystems)).toEqual([want]);
});

test('operating systems and hardware are no programs', () => {
  const { affected } = read({ configurations: [{ nodes: [node({ ...os('linux:linux_kernel'), vulnerable: true })] }] });
  expect(affected).toEqual([]);
});

test('rejected records are counted; records that wait for analysis are kept for their vectors', () => {
  const { advisories, counts } = read({ vulnStatus: 'Rejected' }, { vulnStatus: 'Awaiting Analysis' }, { id: 'x' });
  expect(advisories).toHaveLength(1);
  expect(counts).toMatchObject({ read: 3, kept: 1, skipped: { 'rejected CVE': 1, 'record without a CVE': 1 } });
});

test.each([
  { text: 'cpe:2.3:a:vendor:pro\\:duct:1.0\\+x:*:*:*:*:*:*:*', want: ['vendor', 'pro:duct', '1.0+x'], why: 'escapes' },
  { text: 'cpe:2.3:a:vendor:product:1.0:*:*:*:*:*:*', want: undefined, why: 'an attribute too few' },
  { text: 'cpe:2.3:x:vendor:product:1.0:*:*:*:*:*:*:*', want: undefined, why: 'an unknown part' },
  { text: 'cpe:2.3:a:\\', want: undefined, why: 'an escape of nothing' },
])('CPE $text: $why', ({ text, want }) => {
  const parsed = parseCpe(text);
  expect(parsed === undefined ? undefined : [parsed.vendor, parsed.product, parsed.version]).toEqual(want);
});

test.each(['{}', '[]', 'null', '<html>'])('refused as a whole: %s', text => {
  expect(() => [...parseNvd(text, new ReadTally())]).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
