/**
 * Whether an operating system package comes from the distribution itself.
 *
 * A distribution's advisories say nothing of packages that others built, so those neither follow its advisories nor shield the
 * language packages inside them.
 */
import type { FoundPackage } from './package.ts';

/** Maintainers and vendors of well-known third-party repositories, as parts of the declared text in lower case. */
const THIRD_PARTY_MAINTAINERS: readonly string[] = [
  'docker',
  'nvidia',
  'hashicorp',
  'microsoft',
  'mongodb',
  'mariadb developers',
  'elastic',
  'nginx packaging',
  'f5',
  'kong inc',
  'cloudflare',
  'influx',
  'gitlab',
  'grafana',
  'datadog',
  'nodesource',
  'tailscale',
  'open robotics',
  'google',
  'percona',
  'confluent',
  'redis inc',
];

/** Version marks that the distributions' own archives never use. */
const THIRD_PARTY_VERSIONS =
  /nodesource|deb\.sury\.org|\.pgdg\d|~(?:bookworm|bullseye|buster|trixie|jammy|focal|noble)$/;

/** Vendors that build a distribution's own rpm packages. */
const DISTRIBUTION_VENDORS: readonly string[] = [
  'Amazon Linux',
  'Amazon.com',
  'CentOS',
  'Fedora Project',
  'Oracle America',
  'Red Hat',
  'AlmaLinux',
  'CloudLinux',
  'VMware',
  'SUSE',
  'openSUSE',
  'Microsoft Corporation',
  'Rocky',
  'Koji',
  'openEuler',
  'Mageia',
];

/** Whether the package was built by somebody other than the distribution, as far as its record tells. */
export function isThirdParty(found: Pick<FoundPackage, 'type' | 'version' | 'vendor'>): boolean {
  if (found.type === 'deb') {
    const maintainer = (found.vendor ?? '').toLowerCase();
    return THIRD_PARTY_VERSIONS.test(found.version) || THIRD_PARTY_MAINTAINERS.some(name => maintainer.includes(name));
  }
  if (found.type === 'rpm') {
    if (found.vendor === undefined || found.vendor === '') return !found.version.includes('amzn');
    return !DISTRIBUTION_VENDORS.some(name => found.vendor?.startsWith(name));
  }
  return false;
}
