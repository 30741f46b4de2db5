import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseUpdateinfo, type UpdateinfoContext } from './parse-updateinfo.ts';
import { topicOf } from './topic.ts';

/** The text in pieces, so that tags and characters are cut anywhere. */
function pieces(text: string, sizeBytes: number): Uint8Array[] {
  const bytes = Buffer.from(text);
  const all: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += sizeBytes) all.push(bytes.subarray(at, at + sizeBytes));
  return all;
}

async function read(text: string, context: UpdateinfoContext = { release: '2023' }, sizeBytes = 1 << 16) {
  const tally = new ReadTally();
  const advisories = await Array.fromAsync(parseUpdateinfo(pieces(text, sizeBytes), tally, context));
  return { advisories, counts: tally.counts() };
}

const build = (name: string, arch: string, release = '1.amzn2023.0.1', epoch = '1') =>
  `<package name="${name}" version="3.0.8" release="${release}" epoch="${epoch}" arch="${arch}"><filename>x.rpm</filename></package>`;

function update(fields: { readonly id?: string; readonly type?: string; readonly packages?: string } = {}): string {
  const { id = 'ALAS2023-2023-051', type = 'security', packages = build('openssl', 'x86_64') } = fields;
  return `<update author="linux-security@amazon.com" from="x" status="final" type="${type}" version="1.4">
    <id>${id}</id><title>Amazon Linux 2023 – ${id}: Important update &amp; more</title>
    <issued date="2023-02-17 00:05" /><updated date="2023-02-22 20:36"/>
    <severity>important</severity>
    <description>Package updates fix: CVE-2022-4203: a read buffer overrun <![CDATA[<here>]]></description>
    <references>
      <reference href="http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2022-4203" id="CVE-2022-4203" title="" type="cve" />
      <reference href="https://alas.example.org/x" id="CVE-2022-4304" type="cve" />
    </references>
    <pkglist><collection short="amazon-linux-2023"><name>Amazon Linux 2023</name>${packages}</collection></pkglist>
  </update>`;
}
const file = (...updates: readonly string[]) => `<?xml version="1.0" ?>\n<updates>${updates.join('\n')}</updates>`;

test.each([1, 7, 65_536])('an update becomes an advisory, in pieces of %i bytes', async sizeBytes => {
  const { advisories, counts } = await read(file(update()), { release: '2023' }, sizeBytes);
  expect(advisories).toEqual([
    {
      id: 'ALAS2023-2023-051',
      source: 'amazon',
      kind: 'weakness',
      aliases: [],
      upstream: ['CVE-2022-4203', 'CVE-2022-4304'],
      title: 'Amazon Linux 2023 – ALAS2023-2023-051: Important update & more',
      details: 'Package updates fix: CVE-2022-4203: a read buffer overrun <here>',
      published: '2023-02-17T00:05',
      modified: '2023-02-22T20:36',
      ratings: [{ kind: 'word', severity: 'HIGH', origin: 'amazon' }],
      references: [
        { type: 'ADVISORY', url: 'http://cve.mitre.org/cgi-bin/cvename.cgi?name=CVE-2022-4203' },
        { type: 'ADVISORY', url: 'https://alas.example.org/x' },
      ],
      cwes: [],
      affected: [
        {
          ecosystem: 'Amazon Linux:2023',
          name: 'openssl',
          nameKind: 'binary',
          range: {
            ranges: [
              [
                { kind: 'introduced', version: '0' },
                { kind: 'fixed', version: '1:3.0.8-1.amzn2023.0.1' },
              ],
            ],
          },
          repository: 'core',
        },
      ],
    },
  ]);
  expect(counts).toEqual({ read: 1, kept: 1, skipped: {}, lost: {} });
});

test.each([
  { packages: build('demo', 'x86_64') + build('demo', 'aarch64'), want: [[undefined, '1']], why: 'one fix for all' },
  {
    packages: build('demo', 'x86_64') + build('demo', 'aarch64', '2.amzn2023'),
    want: [
      [['x86_64'], '1'],
      [['aarch64'], '2'],
    ],
    why: 'fixes that differ',
  },
  {
    packages: build('demo', 'x86_64') + build('demo', 'src', '9'),
    want: [[undefined, '1']],
    why: 'sources are not installed',
  },
  {
    packages: build('demo', 'x86_64', '2.amzn2023') + build('demo', 'x86_64', '1.amzn2023'),
    want: [[undefined, '1']],
    why: 'both builds have the fix',
  },
])('builds of architectures: $why', async ({ packages, want }) => {
  const { advisories } = await read(file(update({ packages })));
  const found = advisories[0]?.affected.map(one => [one.arches, one.range.ranges[0]?.[1]?.version.slice(8, 9)]);
  expect(found).toEqual(want);
});

test('debug information is left out and counted', async () => {
  const packages = build('demo', 'x86_64') + build('demo-debuginfo', 'x86_64') + build('demo-debugsource', 'x86_64');
  const { advisories, counts } = await read(file(update({ packages })));
  expect(advisories[0]?.affected.map(one => one.name)).toEqual(['demo']);
  expect(counts.lost).toEqual({ 'debug information': 2 });
});

test('an epoch of 0 is not written', async () => {
  const { advisories } = await read(file(update({ packages: build('demo', 'noarch', '1', '0') })));
  expect(advisories[0]?.affected[0]?.range.ranges[0]?.[1]?.version).toBe('3.0.8-1');
});

test.each([
  { id: 'ALAS-2011-1', topic: 'core' },
  { id: 'ALAS2-2018-939', topic: 'core' },
  { id: 'ALAS2022-2021-001', topic: 'core' },
  { id: 'ALAS2023-2023-051', topic: 'core' },
  { id: 'ALASDOCKER-2021-001', topic: 'docker' },
  { id: 'ALAS2KERNEL-5.10-2022-007', topic: 'kernel-5.10' },
  { id: 'ALASPHP8.0-2022-001', topic: 'php8.0' },
  { id: 'ALAS2LIVEPATCH-2021-001', topic: 'livepatch' },
  { id: 'ALAS2023LIVEPATCH-2023-001', topic: 'livepatch' },
  { id: 'ELSA-2023-1', topic: undefined },
])('$id is of topic $topic', ({ id, topic }) => {
  expect(topicOf(id)).toBe(topic);
});

test('whoever fetched the file knows its repository better than the id', async () => {
  const { advisories } = await read(file(update()), { release: '2', repository: 'docker' });
  expect(advisories[0]?.affected[0]).toMatchObject({ ecosystem: 'Amazon Linux:2', repository: 'docker' });
});

test('what cannot be used is counted', async () => {
  const { advisories, counts } = await read(
    file(
      update({ type: 'bugfix' }),
      update({ id: '' }),
      update({ packages: '' }),
      update({ packages: `<package name="x" arch="x86_64"/>${build('demo', 'x86_64')}` }),
    ),
  );
  expect(advisories).toHaveLength(1);
  expect(counts).toEqual({
    read: 4,
    kept: 1,
    skipped: {
      'update for another reason than a weakness': 1,
      'update that names no package': 1,
      'update without an id': 1,
    },
    lost: { 'package without a name or version': 1 },
  });
});

const BOMB = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<updates><update type="security"><id>&b;</id></update></updates>`;
test.each([
  { text: '', code: 'ADVISORY_INVALID', why: 'nothing' },
  { text: '<updates><update>', code: 'ADVISORY_INVALID', why: 'cut off' },
  { text: '<html></html>', code: 'ADVISORY_INVALID', why: 'an error page' },
  { text: '{"updates": []}', code: 'ADVISORY_INVALID', why: 'no XML' },
  { text: '<updates><a></b></updates>', code: 'ADVISORY_INVALID', why: 'not well-formed' },
  { text: BOMB, code: 'ADVISORY_INVALID', why: 'entities of its own are not expanded' },
  { text: `<updates>${'<a>'.repeat(200)}`, code: 'LIMIT_EXCEEDED', why: 'too deep' },
  { text: `<updates>${'x'.repeat(6_000_000)}`, code: 'LIMIT_EXCEEDED', why: 'a text that does not end' },
  { text: `<updates a="${'x'.repeat(6_000_000)}`, code: 'LIMIT_EXCEEDED', why: 'a tag that does not end' },
  { text: `<updates>${'x<b/>'.repeat(5_000_000)}`, code: 'LIMIT_EXCEEDED', why: 'a text in many pieces' },
])('refused as a whole, $code: $why', async ({ text, code }) => {
  await expect(read(text)).rejects.toThrow(expect.objectContaining({ code }));
});
