import { describe, expect, test } from 'vitest';
import { advisory, affects, distro, match, packageOf } from '../testing/sample.ts';
import { applyWaivers } from './apply-waivers.ts';
import { parseWaivers } from './parse-waivers.ts';

const FILE = '.plimsollignore.yaml';
const a = packageOf({ type: 'npm', name: 'a', version: '1.0.0' });
const libssl = packageOf(
  { type: 'deb', name: 'libssl3', version: '1', source: { name: 'openssl' } },
  distro('debian', '12'),
);
const result = match({ packages: [a, libssl] }, [
  advisory({ id: 'GHSA-aaaa', aliases: ['CVE-2024-0001'], affected: [affects('npm', 'a', '<2.0.0')] }),
  advisory({ id: 'CVE-2024-0001', source: 'debian-tracker', affected: [affects('Debian:12', 'openssl', '*')] }),
]);

const apply = (text: string, today = '2025-06-15') => {
  const { findings, waived, warnings } = applyWaivers(result, parseWaivers(text, FILE), { source: FILE, today });
  return { open: findings.map(one => one.package.name), waived: waived.map(one => one.finding.package.name), warnings };
};
const waive = (fields: string) => `waivers:\n  - reason: accepted\n    ${fields.replaceAll('; ', '\n    ')}\n`;

describe('which findings a waiver accepts', () => {
  test.each([
    { fields: 'id: CVE-2024-0001', waived: ['libssl3', 'a'], why: 'all of that weakness' },
    { fields: 'id: ghsa-AAAA', waived: ['a'], why: 'any id of it, in any case' },
    { fields: 'id: CVE-2024-0001; package: a', waived: ['a'], why: 'in one package' },
    { fields: 'id: CVE-2024-0001; package: openssl', waived: ['libssl3'], why: 'in all that a source built' },
    { fields: 'id: CVE-2024-0001; purl: pkg:npm/a', waived: ['a'], why: 'by purl' },
    { fields: 'id: CVE-2024-0001; purl: pkg:npm/a@2', waived: [], why: 'by purl with another version' },
    { fields: 'id: CVE-2024-0001; package: b', waived: [], why: 'in a package that is not there' },
    { fields: 'id: CVE-2024-0009', waived: [], why: 'of a weakness that is not there' },
  ])('$fields accepts $waived: $why', ({ fields, waived }) => {
    expect(apply(waive(fields)).waived).toEqual(waived);
  });

  test('what is accepted stays visible with the reason and the day it ends', () => {
    const waivers = parseWaivers(waive('id: GHSA-aaaa; expires: 2025-12-31'), FILE);
    expect(applyWaivers(result, waivers, { source: FILE, today: '2025-06-15' }).waived[0]?.by).toEqual({
      kind: 'waiver',
      source: FILE,
      status: 'accepted',
      reason: 'accepted',
      expires: '2025-12-31',
    });
  });

  test('it counts on its last day and no longer, which is told', () => {
    const text = waive('id: GHSA-aaaa; expires: 2025-06-15');
    expect(apply(text, '2025-06-15')).toMatchObject({ waived: ['a'], warnings: [] });
    expect(apply(text, '2025-06-16')).toEqual({
      open: ['libssl3', 'a'],
      waived: [],
      warnings: ['the waiver of GHSA-aaaa (.plimsollignore.yaml) ended on 2025-06-15'],
    });
  });

  test('one that fits nothing is told, for it may be misspelt', () => {
    expect(apply(waive('id: CVE-2024-00001; package: openssl')).warnings).toEqual([
      'the waiver of CVE-2024-00001 in openssl (.plimsollignore.yaml) fits no finding',
    ]);
  });

  test('one that something else was faster than is not blamed', () => {
    const [finding] = result.findings;
    if (finding === undefined) throw new Error('the sample has findings');
    const by = { kind: 'vex', source: 'x', status: 'fixed', reason: 'fixed' } as const;
    const triage = { findings: [], waived: [{ finding, by }] };
    const waivers = parseWaivers(waive(`id: ${finding.id}`), FILE);
    expect(applyWaivers(triage, waivers, { source: FILE, today: '2025-01-01' }).warnings).toEqual([]);
  });
});

describe('a mistake in the file fails, with its place', () => {
  test.each([
    {
      text: 'waivers:\n  - id: CVE-2024-0001\n    reason: x\n    expire: 2025-01-01\n',
      says: /waiver 1: .*expire/,
      why: 'a misspelt field would mean for ever',
    },
    { text: 'waivers:\n  - id: CVE-2024-0001\n', says: /waiver 1, reason/, why: 'no reason' },
    {
      text: 'waivers:\n  - id: X\n    reason: x\n  - id: X\n    reason: x\n    expires: next year\n',
      says: /waiver 2, expires: a date is written as/,
      why: 'no date',
    },
    {
      text: 'waivers:\n  - id: X\n    reason: x\n    purl: openssl\n',
      says: /waiver 1, purl: "openssl" is no package URL/,
      why: 'no purl',
    },
    { text: '- id: CVE-2024-0001\n', says: /expected object/, why: 'the list stands alone' },
    { text: 'waivers: [\n', says: /line 2/, why: 'no YAML' },
    { text: 'a: &a [x]\nwaivers: [*a]\n', says: /alias/i, why: 'aliases, by which ten lines mean ten million' },
  ])('$why', ({ text, says }) => {
    expect(() => parseWaivers(text, FILE)).toThrow(
      expect.objectContaining({ code: 'WAIVERS_INVALID', message: expect.stringMatching(says) }),
    );
  });

  test.each(['', '# nothing yet\n', '---\n', 'waivers: []\n'])('no waivers are no mistake: %j', text => {
    expect(parseWaivers(text, FILE)).toEqual([]);
  });

  test('a file of over a megabyte is not read', () => {
    expect(() => parseWaivers('#'.repeat(1024 * 1024 + 1), FILE)).toThrow(
      expect.objectContaining({ code: 'LIMIT_EXCEEDED' }),
    );
  });
});
