import { expect, test } from 'vitest';
import { evaluatePolicy, parsePolicy } from './policy.ts';
import { advisory, affects, match, packageOf } from './testing/sample.ts';

const npm = (name: string, version = '1.0.0') => packageOf({ type: 'npm', name, version });
const word = (severity: 'CRITICAL' | 'HIGH' | 'MEDIUM') => ({ kind: 'word', severity, origin: 'ghsa' }) as const;

const result = match(
  { packages: [npm('fixed'), npm('exploited'), npm('unrated'), npm('unmaintained'), npm('odd', 'x')] },
  [
    advisory({ id: 'CVE-2024-0001', ratings: [word('HIGH')], affected: [affects('npm', 'fixed', '<2.0.0')] }),
    advisory({ id: 'CVE-2024-0002', ratings: [word('CRITICAL')], affected: [affects('npm', 'exploited', '*')] }),
    advisory({ id: 'CVE-2024-0003', affected: [affects('npm', 'unrated', '<2.0.0')] }),
    advisory({
      id: 'X-4',
      kind: 'notice',
      ratings: [word('CRITICAL')],
      affected: [affects('npm', 'unmaintained', '*')],
    }),
    advisory({ id: 'CVE-2024-0005', affected: [affects('npm', 'odd', '<2.0.0')] }),
  ],
  {
    facts: {
      kev: [{ cve: 'CVE-2024-0002', added: '2024-01-01', isRansomware: false }],
      epss: [{ cve: 'CVE-2024-0001', score: 0.2, percentile: 0.9 }],
    },
  },
);

test.each([
  { policy: 'critical', failing: ['exploited'], why: 'at least that' },
  { policy: 'high', failing: ['exploited', 'fixed'], why: 'worst first' },
  { policy: 'low', failing: ['exploited', 'fixed'], why: 'what nobody rated is not low' },
  { policy: 'any', failing: ['exploited', 'fixed', 'unrated'], why: 'what nobody rated is something' },
  { policy: 'unknown', failing: ['exploited', 'fixed', 'unrated'], why: 'the same by its name' },
  { policy: 'high,fixable', failing: ['fixed'], why: 'both of one finding' },
  { policy: 'fixable', failing: ['fixed', 'unrated'], why: 'of any severity' },
  { policy: 'kev', failing: ['exploited'], why: 'known exploited' },
  { policy: 'high, KEV, fixable', failing: [], why: 'none is all three' },
  { policy: 'epss=0.1', failing: ['fixed'], why: 'likely to be exploited' },
  { policy: 'epss>=0.5', failing: [], why: 'not that likely' },
  { policy: 'undetermined', failing: [], why: 'no condition on findings' },
])('--fail-on $policy fails on $failing: $why', ({ policy, failing }) => {
  expect(evaluatePolicy(result, parsePolicy(policy)).failing.map(one => one.package.name)).toEqual(failing);
});

test('what could not be determined fails only when that is asked for', () => {
  expect(evaluatePolicy(result, parsePolicy('high')).undetermined).toEqual([]);
  expect(evaluatePolicy(result, parsePolicy('high,undetermined')).undetermined).toEqual(result.undetermined);
});

test.each(['', 'hgih', 'high,low', 'epss', 'epss=2', 'epss=0.1,epss=0.2', 'high,,kev'])('%j is refused', text => {
  expect(() => parsePolicy(text)).toThrow(expect.objectContaining({ code: 'USAGE' }));
});
