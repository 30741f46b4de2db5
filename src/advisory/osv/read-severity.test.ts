import { expect, test } from 'vitest';
import { range, read, record, words } from './testing/osv-record.ts';

const V2 = 'AV:N/AC:L/Au:N/C:P/I:P/A:P';
const V30 = 'CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N';
const V4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N/E:P';
test.each([
  { id: 'GHSA-1', severity: [{ type: 'CVSS_V4', score: V4 }], want: ['ghsa 4.0'], why: 'CVSS 4' },
  { id: 'GHSA-1', severity: [{ type: 'CVSS_V3', score: V30 }], want: ['ghsa 3.0'], why: 'type 3 holds 3.0 and 3.1' },
  { id: 'CVE-2001-1', severity: [{ type: 'CVSS_V2', score: V2 }], want: ['nvd 2'], why: 'CVSS 2 has no prefix' },
  { id: 'X-1', severity: [{ type: 'CVSS_V3', score: '7.5' }], want: [], why: 'a number is no vector' },
  {
    id: 'UBUNTU-CVE-1',
    severity: [{ type: 'Ubuntu', score: 'negligible' }],
    want: ['ubuntu NEGLIGIBLE'],
    why: 'a word',
  },
  { id: 'UBUNTU-CVE-1', severity: [{ type: 'Ubuntu', score: 'untriaged' }], want: [], why: 'a word that says nothing' },
])('severity of the record: $why', ({ id, severity, want }) => {
  expect(words(read(record(id, 'npm', {}, { severity })).advisory?.ratings ?? [])).toEqual(want);
});

test('severity of an entry belongs to its package alone', () => {
  const { advisory, affected } = read(record('HSEC-1', 'Hackage', { severity: [{ type: 'CVSS_V3', score: V30 }] }));
  expect(advisory?.ratings).toEqual([]);
  expect(words(affected[0]?.ratings ?? [])).toEqual(['haskell 3.0']);
});

test.each([
  { id: 'GHSA-1', at: 'record', word: 'MODERATE', want: 'ghsa MEDIUM', why: 'GitHub’s word' },
  { id: 'BIT-1', at: 'record', word: 'High', want: 'bitnami HIGH', why: 'Bitnami’s' },
  { id: 'OESA-2024-1', at: 'record', word: 'Important', want: 'openeuler HIGH', why: 'openEuler’s' },
  { id: 'GHSA-1', at: 'entry', word: 'CRITICAL', want: 'ghsa CRITICAL', why: 'beside the range' },
])('database_specific.severity of the $at: $why', ({ id, at, word, want }) => {
  const specific = { database_specific: { severity: word } };
  const { advisory, affected } = read(
    record(id, 'npm', at === 'entry' ? specific : {}, at === 'entry' ? {} : specific),
  );
  expect(words([...(advisory?.ratings ?? []), ...(affected[0]?.ratings ?? [])])).toEqual([want]);
});

test.each([
  { specific: { urgency: 'low' }, want: 'debian LOW', why: 'Debian’s urgency' },
  { specific: { urgency: 'unimportant' }, want: 'debian NEGLIGIBLE', why: 'no security impact in what Debian builds' },
  { specific: { urgency: 'medium**' }, want: 'debian MEDIUM', why: 'assessed elsewhere' },
  { specific: { urgency: 'not yet assigned' }, want: undefined, why: 'no rating, so that the next source is asked' },
  { specific: { ubuntu_priority: 'high' }, want: 'ubuntu HIGH', why: 'Ubuntu’s priority' },
])('ecosystem_specific: $why', ({ specific, want }) => {
  const { affected } = read(record('DEBIAN-CVE-1', 'Debian:12', { ecosystem_specific: specific }));
  expect(words(affected[0]?.ratings ?? [])).toEqual(want === undefined ? [] : [want]);
});

test.each([
  { urgency: 'not yet assigned', state: 'unknown', why: 'OSV exports "undetermined" as affected and drops the word' },
  { urgency: 'end-of-life', state: 'end-of-life', why: 'the release is out of support' },
])('an unfixed record of Debian in OSV is $state: $why', ({ urgency, state }) => {
  const open = { ranges: [range('0')], ecosystem_specific: { urgency } };
  expect(read(record('DEBIAN-CVE-1', 'Debian:12', open)).affected[0]?.state).toEqual({ kind: state });
  const fixed = { ecosystem_specific: { urgency } };
  expect(read(record('DEBIAN-CVE-1', 'Debian:12', fixed)).affected[0]).not.toHaveProperty('state');
});
