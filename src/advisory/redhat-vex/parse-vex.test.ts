import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseRedHatVex } from './parse-vex.ts';

type Json = Readonly<Record<string, unknown>>;

const product = (id: string, helper: Json = {}) => ({
  category: 'product_version',
  name: id,
  product: { name: id, product_id: id, product_identification_helper: helper },
});
const platform = (id: string, cpe: string) => ({ ...product(id, { cpe }), category: 'product_name' });
const join = (parent: string, component: string) => ({
  category: 'default_component_of',
  full_product_name: { name: `${component} of ${parent}`, product_id: `${parent}:${component}` },
  product_reference: component,
  relates_to_product_reference: parent,
});
/** A fixed build as Red Hat writes it: the id is name, epoch, version, release and architecture. */
const rpm = (name: string, version: string, arch = 'x86_64', epoch = '0') => {
  const id = `${name}-${epoch}:${version}.${arch}`;
  return {
    id,
    branch: product(id, { purl: `pkg:rpm/redhat/${name}@${encodeURIComponent(version)}?arch=${arch}&epoch=${epoch}` }),
  };
};

const MAIN = platform('red_hat_enterprise_linux_8', 'cpe:/o:redhat:enterprise_linux:8');
const APPSTREAM = platform('AppStream-8.8.0', 'cpe:/a:redhat:enterprise_linux:8::appstream');
const EUS = platform('BaseOS-8.6.0.EUS', 'cpe:/o:redhat:rhel_eus:8.6::baseos');

interface Parts {
  readonly branches: readonly Json[];
  readonly joins: readonly (readonly [parent: string, component: string])[];
  readonly vulnerability: Json;
  readonly severity?: string;
}

function read({ branches, joins, vulnerability, severity }: Parts) {
  const tally = new ReadTally();
  const advisory = parseRedHatVex(
    JSON.stringify({
      document: {
        category: 'csaf_vex',
        csaf_version: '2.0',
        ...(severity && { aggregate_severity: { text: severity } }),
        tracking: {
          id: 'CVE-2023-0001',
          current_release_date: '2024-02-02T00:00:00+00:00',
          initial_release_date: '2023-10-10T00:00:00+00:00',
        },
      },
      product_tree: {
        branches: [
          {
            category: 'vendor',
            name: 'Red Hat',
            branches: [{ category: 'product_family', name: 'RHEL', branches: [MAIN, APPSTREAM, EUS] }, ...branches],
          },
        ],
        relationships: joins.map(([parent, component]) => join(parent, component)),
      },
      vulnerabilities: [{ cve: 'CVE-2023-0001', ...vulnerability }],
    }),
    tally,
  );
  return { advisory, affected: advisory?.affected ?? [], counts: tally.counts() };
}

/** Unfixed components in the main product, each with a status. */
function readUnfixed(component: string, vulnerability: (id: string) => Json, helper?: Json) {
  return read({
    branches: [product(component, helper)],
    joins: [['red_hat_enterprise_linux_8', component]],
    vulnerability: vulnerability(`red_hat_enterprise_linux_8:${component}`),
  });
}

test('a document becomes one advisory with the fix of each platform', () => {
  const demo = rpm('demo', '1.2-3.el8_8', 'x86_64', '1');
  const arm = rpm('demo', '1.2-3.el8_8', 'aarch64', '1');
  const source = rpm('demo', '1.2-3.el8_8', 'src', '1');
  const ids = [demo, arm, source].map(one => `AppStream-8.8.0:${one.id}`);
  const { advisory, counts } = read({
    branches: [demo.branch, arm.branch, source.branch],
    joins: [demo, arm, source].map(one => ['AppStream-8.8.0', one.id] as const),
    vulnerability: {
      title: 'demo: reads too far',
      cwe: { id: 'CWE-125', name: 'Out-of-bounds Read' },
      release_date: '2023-10-09T00:00:00+00:00',
      notes: [
        { category: 'summary', text: 'Short.' },
        { category: 'description', text: 'Long.' },
      ],
      references: [{ category: 'external', url: 'https://www.cve.org/CVERecord?id=CVE-2023-0001' }],
      product_status: { fixed: ids },
      remediations: [
        {
          category: 'vendor_fix',
          date: '2023-10-19T11:05:03+00:00',
          url: 'https://access.redhat.com/errata/RHSA-2023:5928',
          product_ids: ids,
        },
        { category: 'workaround', details: 'Switch it off', product_ids: ids },
      ],
      scores: [{ cvss_v3: { vectorString: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H' }, products: ids }],
      threats: [{ category: 'impact', details: 'Important', product_ids: ids }],
    },
    severity: 'important',
  });
  expect(advisory).toEqual({
    id: 'CVE-2023-0001',
    source: 'redhat-vex',
    kind: 'weakness',
    aliases: [],
    upstream: [],
    title: 'demo: reads too far',
    details: 'Long.',
    published: '2023-10-09T00:00:00+00:00',
    modified: '2024-02-02T00:00:00+00:00',
    ratings: [
      { kind: 'word', severity: 'HIGH', origin: 'redhat' },
      { kind: 'cvss', version: '3.1', vector: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H', origin: 'redhat' },
    ],
    references: [
      { type: 'ADVISORY', url: 'https://access.redhat.com/security/cve/CVE-2023-0001' },
      { type: 'WEB', url: 'https://www.cve.org/CVERecord?id=CVE-2023-0001' },
    ],
    cwes: ['CWE-125'],
    affected: [
      {
        ecosystem: 'Red Hat:enterprise_linux:8::appstream',
        name: 'demo',
        nameKind: 'binary',
        range: {
          ranges: [
            [
              { kind: 'introduced', version: '0' },
              { kind: 'fixed', version: '1:1.2-3.el8_8' },
            ],
          ],
        },
        fixedBy: 'RHSA-2023:5928',
        fixedOn: '2023-10-19',
      },
    ],
  });
  expect(counts).toEqual({ read: 3, kept: 3, skipped: {}, lost: {} });
});

test('of several fixed builds on one platform the highest counts, with the erratum that ships it', () => {
  const first = rpm('demo', '1.2-9.el8');
  const second = rpm('demo', '1.2-10.el8');
  const rebuilt = rpm('demo', '1.2-1.el8_6');
  const { affected } = read({
    branches: [first.branch, second.branch, rebuilt.branch],
    joins: [
      ['AppStream-8.8.0', second.id],
      ['AppStream-8.8.0', first.id],
      ['BaseOS-8.6.0.EUS', rebuilt.id],
    ],
    vulnerability: {
      product_status: {
        fixed: [`AppStream-8.8.0:${second.id}`, `AppStream-8.8.0:${first.id}`, `BaseOS-8.6.0.EUS:${rebuilt.id}`],
      },
      remediations: [
        { category: 'vendor_fix', url: 'https://x/RHSA-2023:1', product_ids: [`AppStream-8.8.0:${first.id}`] },
        { category: 'vendor_fix', url: 'https://x/RHSA-2024:2', product_ids: [`AppStream-8.8.0:${second.id}`] },
      ],
    },
  });
  expect(affected.map(one => [one.ecosystem, one.range.ranges[0]?.[1]?.version, one.fixedBy])).toEqual([
    ['Red Hat:enterprise_linux:8::appstream', '1.2-10.el8', 'RHSA-2024:2'],
    ['Red Hat:rhel_eus:8.6::baseos', '1.2-1.el8_6', undefined],
  ]);
});

test('architectures whose fixes differ are told apart', () => {
  const builds = [rpm('demo', '1-1.el8', 'x86_64'), rpm('demo', '1-2.el8', 's390x')];
  const { affected } = read({
    branches: builds.map(one => one.branch),
    joins: builds.map(one => ['AppStream-8.8.0', one.id] as const),
    vulnerability: { product_status: { fixed: builds.map(one => `AppStream-8.8.0:${one.id}`) } },
  });
  expect(affected.map(one => [one.arches, one.range.ranges[0]?.[1]?.version])).toEqual([
    [['x86_64'], '1-1.el8'],
    [['s390x'], '1-2.el8'],
  ]);
});

test.each([
  { remedy: { category: 'none_available', details: 'Affected' }, state: { kind: 'not-fixed' } },
  {
    remedy: { category: 'none_available', details: 'Fix deferred' },
    state: { kind: 'deferred', reason: 'Fix deferred' },
  },
  {
    remedy: { category: 'no_fix_planned', details: 'Will not fix' },
    state: { kind: 'will-not-fix', reason: 'Will not fix' },
  },
  { remedy: { category: 'no_fix_planned', details: 'Out of support scope' }, state: { kind: 'end-of-life' } },
  { remedy: { category: 'workaround', details: 'Do not use it' }, state: { kind: 'not-fixed' } },
])('known affected with remedy "$remedy.details" is $state.kind', ({ remedy, state }) => {
  const { affected } = readUnfixed('demo', id => ({
    product_status: { known_affected: [id] },
    remediations: [{ ...remedy, product_ids: [id] }],
  }));
  expect(affected).toEqual([
    {
      ecosystem: 'Red Hat:enterprise_linux:8',
      name: 'demo',
      nameKind: 'either',
      range: { ranges: [[{ kind: 'introduced', version: '0' }]] },
      state,
    },
  ]);
});

test('a refusal outweighs "no fix yet", in whatever order they come', () => {
  const { affected } = readUnfixed('demo', id => ({
    product_status: { known_affected: [id] },
    remediations: [
      { category: 'no_fix_planned', details: 'Will not fix', product_ids: [id] },
      { category: 'none_available', details: 'Affected', product_ids: [id] },
    ],
  }));
  expect(affected[0]?.state?.kind).toBe('will-not-fix');
});

test.each([
  { status: 'under_investigation', want: { state: { kind: 'under-investigation' } } },
  { status: 'known_not_affected', want: { isNotAffected: true } },
])('status $status', ({ status, want }) => {
  expect(readUnfixed('demo', id => ({ product_status: { [status]: [id] } })).affected[0]).toMatchObject(want);
});

test.each([
  {
    status: 'known_not_affected',
    name: 'demo',
    reason: 'build that is not affected',
    why: 'nine tenths of some documents',
  },
  { status: 'fixed', name: 'demo-debuginfo', reason: 'debug information', why: 'never vulnerable by itself' },
  { status: 'fixed', name: 'kernel-debuginfo-common', reason: 'debug information', why: 'neither' },
])('left out and counted, $status $name: $why', ({ status, name, reason }) => {
  const build = rpm(name, '1-1.el8');
  const { affected, counts } = read({
    branches: [build.branch],
    joins: [['AppStream-8.8.0', build.id]],
    vulnerability: { product_status: { [status]: [`AppStream-8.8.0:${build.id}`] } },
  });
  expect([affected, counts.skipped]).toEqual([[], { [reason]: 1 }]);
});

test('a fix outweighs "not affected" of the same package on the same platform', () => {
  const fixed = rpm('demo', '1-2.el8');
  const { affected } = read({
    branches: [fixed.branch, product('demo')],
    joins: [
      ['AppStream-8.8.0', fixed.id],
      ['AppStream-8.8.0', 'demo'],
    ],
    vulnerability: {
      product_status: { fixed: [`AppStream-8.8.0:${fixed.id}`], known_not_affected: ['AppStream-8.8.0:demo'] },
    },
  });
  expect(affected).toHaveLength(1);
  expect(affected[0]?.isNotAffected).toBeUndefined();
});

test('packages of a module know their stream, by way of the module or by their name', () => {
  const build = rpm('nodejs', '18.18.2-1.module+el8.8.0+20407+7b2ab2e1', 'x86_64', '1');
  const module = 'nodejs:18:8080020231012144542:63b34585';
  const { affected } = read({
    branches: [
      build.branch,
      product(module, { purl: `pkg:rpmmod/redhat/nodejs@18%3A8080020231012` }),
      product('nginx:1.20/nginx'),
    ],
    joins: [
      ['AppStream-8.8.0', module],
      [`AppStream-8.8.0:${module}`, build.id],
      ['red_hat_enterprise_linux_8', 'nginx:1.20/nginx'],
    ],
    vulnerability: {
      product_status: {
        fixed: [`AppStream-8.8.0:${module}:${build.id}`],
        known_affected: ['red_hat_enterprise_linux_8:nginx:1.20/nginx'],
      },
    },
  });
  expect(affected.map(one => [one.name, one.module, one.nameKind])).toEqual([
    ['nodejs', 'nodejs:18', 'binary'],
    ['nginx', 'nginx:1.20', 'either'],
  ]);
});

test('a modular build without its module fits no plain package', () => {
  const build = rpm('nodejs', '18.18.2-1.module+el8.8.0+20407+7b2ab2e1');
  const { affected } = read({
    branches: [build.branch],
    joins: [['AppStream-8.8.0', build.id]],
    vulnerability: { product_status: { fixed: [`AppStream-8.8.0:${build.id}`] } },
  });
  expect(affected[0]?.module).toBe('*:*');
});

test('a package rated otherwise than the rest has its own ratings', () => {
  const { advisory, affected } = read({
    branches: ['demo', 'other', 'more'].map(name => product(name)),
    joins: ['demo', 'other', 'more'].map(name => ['red_hat_enterprise_linux_8', name] as const),
    vulnerability: {
      product_status: { known_affected: ['demo', 'other', 'more'].map(name => `red_hat_enterprise_linux_8:${name}`) },
      threats: [
        { category: 'impact', details: 'Low', product_ids: ['red_hat_enterprise_linux_8:other'] },
        {
          category: 'impact',
          details: 'Moderate',
          product_ids: ['red_hat_enterprise_linux_8:demo', 'red_hat_enterprise_linux_8:more'],
        },
        { category: 'exploit_status', details: 'Critical' },
      ],
    },
  });
  expect(advisory?.ratings).toEqual([{ kind: 'word', severity: 'MEDIUM', origin: 'redhat' }]);
  expect(affected.map(one => [one.name, one.ratings?.[0]])).toEqual([
    ['demo', undefined],
    ['other', { kind: 'word', severity: 'LOW', origin: 'redhat' }],
    ['more', undefined],
  ]);
});

test('products that are no rpm of a platform are counted', () => {
  const { affected, counts } = read({
    branches: [product('openshift4/ose-console-rhel9'), product('demo')],
    joins: [
      ['red_hat_enterprise_linux_8', 'openshift4/ose-console-rhel9'],
      ['nowhere', 'demo'],
    ],
    vulnerability: {
      product_status: {
        known_affected: ['red_hat_enterprise_linux_8:openshift4/ose-console-rhel9', 'nowhere:demo', 'unknown', 7],
        fixed: ['red_hat_enterprise_linux_8:demo'],
      },
    },
  });
  expect(affected).toEqual([]);
  expect(counts.skipped).toEqual({ 'container image': 1, 'product that is no component of a platform': 4 });
});

test('a document without products still rates the weakness', () => {
  const { advisory } = read({ branches: [], joins: [], vulnerability: {}, severity: 'Critical' });
  expect(advisory).toMatchObject({ id: 'CVE-2023-0001', affected: [], ratings: [{ severity: 'CRITICAL' }] });
});

test.each([
  { text: '{', reason: 'not JSON' },
  { text: '{}', reason: 'file that is no CSAF 2.0 document' },
  {
    text: '{"document":{"category":"csaf_vex","csaf_version":"3.0","tracking":{"id":"x"}}}',
    reason: 'file that is no CSAF 2.0 document',
  },
  {
    text: '{"document":{"category":"csaf_vex","csaf_version":"2.0","tracking":{"id":"x"}}}',
    reason: 'document without a weakness',
  },
])('$text is one entry skipped: $reason', ({ text, reason }) => {
  const tally = new ReadTally();
  expect(parseRedHatVex(text, tally)).toBeUndefined();
  expect(tally.counts()).toMatchObject({ read: 1, kept: 0, skipped: { [reason]: 1 } });
});

test('relationships that go round in circles end', () => {
  const { counts } = read({
    branches: [],
    joins: [
      ['a', 'b'],
      ['a:b', 'b'],
    ],
    vulnerability: { product_status: { fixed: ['a:b'] } },
  });
  expect(counts.kept).toBe(0);
});
