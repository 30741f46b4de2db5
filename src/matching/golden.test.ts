/** Everything that is told of one small image, in a file that a person can read. Rewritten by `vitest -u`. */
import { expect, test } from 'vitest';
import { advisory, affects, distro, match, packageOf } from './testing/sample.ts';

const DEBIAN = distro('debian', '12', { name: 'Debian GNU/Linux 12 (bookworm)', endOfLife: '2026-06-10' });
const CRITICAL = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
const HIGH_4 = 'CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N';

const packages = [
  packageOf(
    {
      type: 'deb',
      name: 'libssl3',
      version: '3.0.15-1',
      arch: 'amd64',
      source: { name: 'openssl', version: '3.0.15-1' },
    },
    DEBIAN,
  ),
  packageOf(
    {
      type: 'deb',
      name: 'linux-libc-dev',
      version: '6.1.128-1',
      arch: 'amd64',
      source: { name: 'linux', version: '6.1.128-1' },
    },
    DEBIAN,
  ),
  packageOf({ type: 'pypi', name: 'Jinja2', version: '3.1.2' }),
  packageOf({
    type: 'golang',
    name: 'stdlib',
    version: '1.21.3',
    properties: { 'vendor-toolchain': 'true', toolchain: 'go1.21.3-acme' },
  }),
  packageOf({ type: 'generic', name: 'node', version: '20.1.0', evidence: 'detected' }),
];

const advisories = [
  advisory({
    id: 'CVE-2024-5535',
    source: 'debian-tracker',
    details:
      'Issue summary: Calling SSL_select_next_proto with an empty list may crash. Impact: a peer may read memory.',
    references: [{ type: 'ADVISORY', url: 'https://security-tracker.debian.org/tracker/CVE-2024-5535' }],
    affected: [
      affects('Debian:12', 'openssl', '<3.0.16-1~deb12u1', {
        nameKind: 'source',
        ratings: [{ kind: 'word', severity: 'LOW', origin: 'debian' }],
      }),
    ],
  }),
  advisory({
    id: 'CVE-2024-5535',
    source: 'nvd',
    title: 'Buffer overread in OpenSSL',
    ratings: [{ kind: 'cvss', version: '3.1', vector: CRITICAL, origin: 'nvd' }],
  }),
  advisory({
    id: 'CVE-2024-26581',
    source: 'debian-tracker',
    affected: [
      affects('Debian:12', 'linux', '*', { nameKind: 'source', state: { kind: 'deferred', reason: 'Minor issue' } }),
    ],
  }),
  advisory({
    id: 'GHSA-h5c8-rqwp-cp95',
    aliases: ['CVE-2024-22195'],
    title: 'Jinja vulnerable to HTML attribute injection when passing user input as keys to xmlattr filter',
    ratings: [
      { kind: 'word', severity: 'MEDIUM', origin: 'ghsa' },
      { kind: 'cvss', version: '4.0', vector: HIGH_4, origin: 'ghsa' },
    ],
    references: [{ type: 'WEB', url: 'https://github.com/pallets/jinja/security/advisories/GHSA-h5c8-rqwp-cp95' }],
    affected: [affects('PyPI', 'jinja2', '<3.1.3')],
  }),
  advisory({ id: 'GO-2024-2687', aliases: ['CVE-2023-45288'], affected: [affects('Go', 'stdlib', '<1.21.9')] }),
];

test('a small image is told as in testdata/small-image.json', async () => {
  const facts = {
    epss: [{ cve: 'CVE-2024-22195', score: 0.00186, percentile: 0.5651 }],
    kev: [
      {
        cve: 'CVE-2024-5535',
        added: '2024-07-01',
        due: '2024-07-22',
        isRansomware: false,
        action: 'Apply mitigations',
      },
    ],
  };
  const result = match({ packages, release: DEBIAN }, advisories, { facts });
  await expect(`${JSON.stringify(result, null, 2)}\n`).toMatchFileSnapshot('testdata/small-image.json');
});
