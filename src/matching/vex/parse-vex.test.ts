import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { parseVex } from './parse-vex.ts';

const read = (document: unknown) => parseVex(JSON.stringify(document), 'a.vex.json');

const OPENVEX = {
  '@context': 'https://openvex.dev/ns/v0.2.0',
  author: 'Example Inc.',
  timestamp: '2024-05-01T00:00:00Z',
  statements: [
    {
      vulnerability: { '@id': 'https://nvd.nist.gov/vuln/detail/CVE-2024-0001', name: 'GHSA-aaaa', aliases: ['X-1'] },
      products: [{ '@id': 'pkg:oci/app@sha256:ab', subcomponents: [{ '@id': 'pkg:npm/a@1.0.0' }] }],
      status: 'not_affected',
      justification: 'vulnerable_code_not_in_execute_path',
      impact_statement: 'We never call it.',
      timestamp: '2024-06-01T00:00:00Z',
    },
  ],
};

describe('OpenVEX', () => {
  test('a statement keeps every id, its products with what is meant in them, and its own time', () => {
    expect(read(OPENVEX)).toEqual({
      source: 'a.vex.json',
      author: 'Example Inc.',
      gaps: [],
      statements: [
        {
          ids: ['GHSA-aaaa', 'CVE-2024-0001', 'X-1'],
          status: 'not_affected',
          products: [{ ids: ['pkg:oci/app@sha256:ab'], subcomponents: ['pkg:npm/a@1.0.0'], within: [] }],
          reason: 'the vulnerable code is never run: We never call it',
          timestamp: '2024-06-01T00:00:00Z',
        },
      ],
    });
  });

  test('documents of before 0.2 have texts where objects are now', () => {
    const [statement] = read({
      '@context': 'https://openvex.dev/ns',
      statements: [
        { vulnerability: 'CVE-2024-0001', products: ['pkg:npm/a'], subcomponents: ['pkg:npm/b'], status: 'fixed' },
      ],
    }).statements;
    expect(statement).toEqual({
      ids: ['CVE-2024-0001'],
      status: 'fixed',
      products: [{ ids: ['pkg:npm/a'], subcomponents: ['pkg:npm/b'], within: [] }],
      reason: 'fixed',
    });
  });

  test('one bad statement is told, the others stay', () => {
    const document = { ...OPENVEX, statements: [{ status: 'probably fine' }, ...OPENVEX.statements] };
    expect(read(document)).toMatchObject({
      statements: [{ status: 'not_affected' }],
      gaps: ['1 statement(s) of another form than OpenVEX has'],
    });
  });

  test('an attestation, the envelope around it and the bundle around that are opened', () => {
    const attestation = {
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://openvex.dev/ns/v0.2.0',
      predicate: OPENVEX,
    };
    const payload = Buffer.from(JSON.stringify(attestation)).toString('base64');
    const dsseEnvelope = { payloadType: 'application/vnd.in-toto+json', payload, signatures: [] };
    expect(read(dsseEnvelope)).toEqual(read(OPENVEX));
    const bundle = {
      mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
      verificationMaterial: { certificate: { rawBytes: 'AA==' } },
      dsseEnvelope,
    };
    expect(read(bundle)).toEqual(read(OPENVEX));
  });
});

describe('CSAF', () => {
  const document = {
    document: {
      csaf_version: '2.0',
      category: 'csaf_vex',
      publisher: { name: 'Red Hat' },
      tracking: { current_release_date: '2024-05-01T00:00:00Z' },
    },
    product_tree: {
      branches: [
        {
          category: 'vendor',
          branches: [
            {
              product: {
                product_id: 'RHEL-9',
                product_identification_helper: { cpe: 'cpe:/o:redhat:enterprise_linux:9' },
              },
            },
            {
              product: {
                product_id: 'openssl',
                product_identification_helper: { purl: 'pkg:rpm/redhat/openssl?arch=src' },
              },
            },
            { product: { product_id: 'curl' } },
          ],
        },
      ],
      relationships: [
        {
          category: 'default_component_of',
          product_reference: 'openssl',
          relates_to_product_reference: 'RHEL-9',
          full_product_name: { product_id: 'RHEL-9:openssl' },
        },
        {
          category: 'default_component_of',
          product_reference: 'curl',
          relates_to_product_reference: 'RHEL-9',
          full_product_name: { product_id: 'RHEL-9:curl' },
        },
      ],
    },
    vulnerabilities: [
      {
        cve: 'CVE-2024-0001',
        product_status: { known_not_affected: ['RHEL-9:openssl', 'RHEL-9:curl'] },
        flags: [{ label: 'vulnerable_code_not_present', product_ids: ['RHEL-9:openssl'] }],
      },
    ],
  };

  test('a component of a platform is that purl on that platform, with the reason of its flag', () => {
    expect(read(document).statements).toEqual([
      {
        ids: ['CVE-2024-0001'],
        status: 'not_affected',
        products: [
          { ids: ['pkg:rpm/redhat/openssl?arch=src'], subcomponents: [], within: ['cpe:/o:redhat:enterprise_linux:9'] },
        ],
        reason: 'the vulnerable code is not there',
        timestamp: '2024-05-01T00:00:00Z',
      },
    ]);
  });

  test('products that nobody can recognise are told', () => {
    expect(read(document)).toMatchObject({
      author: 'Red Hat',
      gaps: ['1 product id(s) without a purl, so that nobody can tell which packages they are'],
    });
  });
});

describe('CycloneDX', () => {
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    metadata: {
      timestamp: '2024-05-01T00:00:00Z',
      component: { 'bom-ref': 'app', type: 'container', name: 'registry.example/team/app', version: 'sha256:ab' },
    },
    components: [
      { 'bom-ref': 'a', purl: 'pkg:npm/a@1.0.0', components: [{ 'bom-ref': 'b', purl: 'pkg:npm/b@2.0.0' }] },
    ],
    vulnerabilities: [
      {
        id: 'CVE-2024-0001',
        references: [{ id: 'GHSA-aaaa' }],
        analysis: { state: 'false_positive', detail: 'Not\n  ours.' },
        affects: [{ ref: 'b' }],
      },
      {
        id: 'CVE-2024-0002',
        analysis: { state: 'exploitable' },
        affects: [{ ref: 'urn:cdx:uuid/1#pkg:npm%2Fa@1.0.0' }, { ref: 'nowhere' }],
      },
      { id: 'CVE-2024-0003', analysis: { state: 'resolved' }, affects: [{ ref: 'app' }] },
      { id: 'CVE-2024-0004', analysis: { state: 'who_knows' }, affects: [{ ref: 'a' }] },
      { id: 'CVE-2024-0005', affects: [{ ref: 'a' }] },
    ],
  };

  test('states become statuses, references become purls, also nested ones and ones into other documents', () => {
    expect(
      read(document).statements.map(({ ids, status, products, reason }) => [
        ids,
        status,
        products.map(one => one.ids),
        reason,
      ]),
    ).toEqual([
      [['CVE-2024-0001', 'GHSA-aaaa'], 'not_affected', [['pkg:npm/b@2.0.0']], 'Not ours'],
      [['CVE-2024-0002'], 'affected', [['pkg:npm/a@1.0.0']], 'affected'],
      [
        ['CVE-2024-0003'],
        'fixed',
        [['sha256:ab', 'registry.example/team/app:sha256:ab', 'registry.example/team/app@sha256:ab']],
        'fixed',
      ],
    ]);
  });

  test('what cannot be used is told', () => {
    expect(read(document).gaps).toEqual([
      '1 analysis state(s) that CycloneDX does not have',
      '1 reference(s) to components that are not in the document',
    ]);
  });
});

test.each([
  { text: '{"bomFormat":"SPDX"}', code: 'VEX_INVALID', why: 'JSON of another kind' },
  { text: '{"statements":[]}', code: 'VEX_INVALID', why: 'anybody may have statements' },
  { text: 'hello', code: 'VEX_INVALID', why: 'no JSON' },
  { text: '', code: 'VEX_INVALID', why: 'nothing' },
])('a file that is no VEX document fails and says so: $why', ({ text, code }) => {
  expect(() => parseVex(text, 'x.json')).toThrow(expect.objectContaining({ code }));
});

test('no document makes it throw anything but its own errors', () => {
  const keys = fc.constantFrom(
    '@context',
    'statements',
    'document',
    'csaf_version',
    'product_tree',
    'vulnerabilities',
    'bomFormat',
    'components',
    'predicate',
    'predicateType',
    'payload',
    'payloadType',
    'branches',
    'product',
  );
  const leaves = fc.oneof(
    fc.constantFrom('https://openvex.dev/ns', 'CycloneDX', '2.0', 'e30='),
    fc.string(),
    fc.integer(),
    fc.constant(null),
  );
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      leaves,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(tree, value => {
      try {
        parseVex(JSON.stringify(value), 'x.json');
      } catch (error) {
        expect(error).toBeInstanceOf(PlimsollError);
      }
    }),
    { numRuns: 500 },
  );
});
