import { expect, test } from 'vitest';
import { ReadTally } from '../read-tally.ts';
import { parseKev } from './parse-kev.ts';

const read = (vulnerabilities: unknown) => {
  const tally = new ReadTally();
  const catalogue = parseKev(JSON.stringify({ catalogVersion: '2025.08.25', count: 9, vulnerabilities }), tally);
  return { catalogue, counts: tally.counts() };
};

test('an entry says when it was added and is due, what to do, and whether ransomware uses it', () => {
  const { catalogue } = read([
    {
      cveID: 'CVE-2025-48384',
      vendorProject: 'Git',
      dateAdded: '2025-08-25',
      requiredAction: 'Apply mitigations.',
      dueDate: '2025-09-15',
      knownRansomwareCampaignUse: 'Known',
    },
    { cveID: 'CVE-2021-0001', dateAdded: '2021-11-03', knownRansomwareCampaignUse: 'Unknown', dueDate: 'soon' },
  ]);
  expect(catalogue).toEqual({
    version: '2025.08.25',
    exploited: [
      {
        cve: 'CVE-2025-48384',
        added: '2025-08-25',
        due: '2025-09-15',
        isRansomware: true,
        action: 'Apply mitigations.',
      },
      { cve: 'CVE-2021-0001', added: '2021-11-03', isRansomware: false },
    ],
  });
});

test('entries without a CVE or a date are counted', () => {
  const { counts } = read([{ cveID: 'x', dateAdded: '2025-08-25' }, { cveID: 'CVE-2021-0001' }, 7]);
  expect(counts).toMatchObject({ read: 3, kept: 0, skipped: { 'entry without a CVE or date': 3 } });
});

test.each(['{}', '[]', '{"catalogVersion": "1", "vulnerabilities": {}}', '<html>'])('refused: %s', text => {
  expect(() => parseKev(text, new ReadTally())).toThrow(expect.objectContaining({ code: 'ADVISORY_INVALID' }));
});
