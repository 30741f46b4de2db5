import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseOracleOval } from './parse-oval.ts';

async function read(text: string, sizeBytes = 1 << 16) {
  const tally = new ReadTally();
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / sizeBytes) }, (_, at) =>
    bytes.subarray(at * sizeBytes, (at + 1) * sizeBytes),
  );
  const advisories = await Array.fromAsync(parseOracleOval(chunks, tally));
  return { advisories, affected: advisories[0]?.affected ?? [], counts: tally.counts() };
}

const says = (comment: string) => `<criterion test_ref="oval:com.oracle.elsa:tst:1" comment="${comment}"/>`;
const all = (...parts: readonly string[]) => `<criteria operator="AND">${parts.join('')}</criteria>`;
const any = (...parts: readonly string[]) => `<criteria operator="OR">${parts.join('')}</criteria>`;
const fix = (name: string, version: string) =>
  all(says(`${name} is earlier than ${version}`), says(`${name} is signed with the Oracle Linux 8 key`));
const arch = (name: string, ...fixes: readonly string[]) => all(says(`Oracle Linux arch is ${name}`), any(...fixes));
const usual = (...rest: readonly string[]) => all(says('Oracle Linux 8 is installed'), ...rest);

function definition(criteria: string, more: { readonly class?: string; readonly id?: string } = {}): string {
  const { id = 'ELSA-2023-4059' } = more;
  return `<definition id="oval:com.oracle.elsa:def:20234059" version="501" class="${more.class ?? 'patch'}">
    <metadata>
      <title>
${id}:  demo security, bug fix, and enhancement update (MODERATE)
      </title>
      <affected family="unix"><platform>Oracle Linux 8</platform></affected>
      <reference source="elsa" ref_id="${id}" ref_url="https://linux.oracle.com/errata/${id}.html"/>
      <reference source="CVE" ref_id="CVE-2023-33170" ref_url="https://linux.oracle.com/cve/CVE-2023-33170.html"/>
      <description>[6.0.120-1.0.1]\n- Add support</description>
      <advisory><severity>MODERATE</severity><issued date="2023-07-13"/>
        <cve cvss3="8.1/CVSS:3.1/AV:N" href="x">CVE-2023-33170</cve></advisory>
    </metadata>
    ${criteria}
  </definition>`;
}
const file = (...definitions: readonly string[]) => `<?xml version="1.0" encoding="utf-8"?>
<oval_definitions xmlns="http://oval.mitre.org/XMLSchema/oval-definitions-5" xmlns:oval="http://oval.mitre.org/XMLSchema/oval-common-5">
  <generator><oval:product_name>Oracle Errata System</oval:product_name></generator>
  <definitions>${definitions.join('')}</definitions>
  <tests><rpminfo_test id="oval:com.oracle.elsa:tst:1" comment="Oracle Linux 9 is installed"/></tests>
</oval_definitions>`;

test('a definition becomes an advisory', async () => {
  const { advisories, counts } = await read(
    file(
      definition(
        usual(any(arch('x86_64', fix('demo', '0:6.0.20-1.el8')), arch('aarch64', fix('demo', '0:6.0.20-1.el8')))),
      ),
    ),
  );
  expect(advisories).toEqual([
    {
      id: 'ELSA-2023-4059',
      source: 'oracle',
      kind: 'weakness',
      aliases: [],
      upstream: ['CVE-2023-33170'],
      title: 'ELSA-2023-4059:  demo security, bug fix, and enhancement update (MODERATE)',
      details: '[6.0.120-1.0.1]\n- Add support',
      published: '2023-07-13',
      ratings: [{ kind: 'word', severity: 'MEDIUM', origin: 'oracle' }],
      references: [
        { type: 'ADVISORY', url: 'https://linux.oracle.com/errata/ELSA-2023-4059.html' },
        { type: 'ADVISORY', url: 'https://linux.oracle.com/cve/CVE-2023-33170.html' },
      ],
      cwes: [],
      affected: [
        {
          ecosystem: 'Oracle Linux:8',
          name: 'demo',
          nameKind: 'binary',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '0' },
                { kind: 'fixed', version: '6.0.20-1.el8' },
              ],
            ],
          },
        },
      ],
    },
  ]);
  expect(counts).toEqual({ read: 1, kept: 1, skipped: {}, lost: {} });
});

test.each([
  { version: '2:2.34-60.0.3.el9', repository: undefined, why: 'a plain build' },
  { version: '2:2.34-60.0.3.ksplice1.el9', repository: 'ksplice', why: 'sorts above the plain fix without having it' },
  { version: '10:3.7.6-23.el9_fips', repository: 'fips', why: 'certified builds are compared with such only' },
])('$version is of flavour $repository: $why', async ({ version, repository }) => {
  const { affected } = await read(file(definition(usual(fix('demo', version)))));
  expect([affected[0]?.repository, affected[0]?.range.ranges[0]?.[1]?.version]).toEqual([repository, version]);
});

test.each([
  { says: 'demo is ksplice-based', repository: 'ksplice' },
  { says: 'demo is fips patched', repository: 'fips' },
])('"$says" tells a flavour that the version does not', async ({ says: comment, repository }) => {
  const { affected, counts } = await read(
    file(definition(usual(all(says('demo is earlier than 10:1-1.el9'), says(comment))))),
  );
  expect([affected[0]?.repository, counts.lost]).toEqual([repository, {}]);
});

test('a comment that ends with its line costs itself, not the file', async () => {
  const broken = '<criterion test_ref="x" comment="curl is\n';
  const { advisories, counts } = await read(
    file(definition(usual(broken, fix('demo', '1-1.el8'))), definition(usual(fix('demo', '1-2.el8')))),
  );
  expect(advisories).toHaveLength(2);
  expect(counts.lost).toEqual({ 'criterion of an unknown form': 1 });
});

test('flavours of one erratum are kept apart', async () => {
  const { affected } = await read(
    file(definition(usual(any(fix('demo', '2:1-2.el9'), fix('demo', '2:1-1.ksplice1.el9'))))),
  );
  expect(affected.map(one => one.repository)).toEqual([undefined, 'ksplice']);
});

test('a module is a condition on the way to its packages', async () => {
  const { affected } = await read(
    file(
      definition(
        usual(
          any(
            all(says('Module nodejs:16 is enabled'), any(arch('x86_64', fix('nodejs', '1:16.20-1.module+el8.8.0+1')))),
            all(says('Module nodejs:18 is enabled'), any(arch('x86_64', fix('nodejs', '1:18.16-1.module+el8.8.0+2')))),
            fix('npm', '1:9-1.module+el8.8.0+2'),
          ),
        ),
      ),
    ),
  );
  expect(affected.map(one => [one.name, one.module])).toEqual([
    ['nodejs', 'nodejs:16'],
    ['nodejs', 'nodejs:18'],
    ['npm', '*:*'],
  ]);
});

test('the size of the pieces makes no difference, nor do lines without end', async () => {
  const long = usual(fix('demo', '1-1.el8')).replace('</criteria>', `</criteria>${' '.repeat(100_000)}`);
  const text = file(definition(long), definition(usual(fix('other', '1-1.el8'))));
  const whole = await read(text);
  for (const sizeBytes of [61, 4096]) expect(await read(text, sizeBytes)).toEqual(whole);
});

test('one definition may be for two releases', async () => {
  const { affected } = await read(
    file(
      definition(
        any(
          all(says('Oracle Linux 7 is installed'), fix('demo', '1-1.el7')),
          all(says('Oracle Linux 8 is installed'), fix('demo', '1-1.el8')),
        ),
      ),
    ),
  );
  expect(affected.map(one => one.ecosystem)).toEqual(['Oracle Linux:7', 'Oracle Linux:8']);
});

test('what cannot be used is counted', async () => {
  const good = usual(fix('demo', '1-1.el8'));
  const { advisories, counts } = await read(
    file(
      definition(good, { class: 'vulnerability' }),
      definition(fix('demo', '1-1.el8')),
      definition(all(says('Oracle Linux 8 is installed'), says('the moon is full'), fix('demo', '1-1.el8'))),
      definition(good, { id: 'unnamed' }),
    ),
  );
  expect(advisories.map(one => one.id)).toEqual(['ELSA-2023-4059']);
  expect(counts).toEqual({
    read: 4,
    kept: 1,
    skipped: {
      'definition of another class': 1,
      'definition that names no package': 1,
      'definition without the id of an erratum': 1,
    },
    lost: { 'criterion of an unknown form': 1, 'package of an untold release': 1 },
  });
});

test('a file of another kind is refused', async () => {
  await expect(read('<updates/>')).rejects.toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
