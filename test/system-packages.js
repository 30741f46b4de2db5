/**
 * The Debian packages that tests use, and their installation where that is ours to do: as root on Debian.
 *
 * Plain JavaScript, because it runs before anything else does. Elsewhere the suites that miss a program are skipped and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program to look for, and the Debian package that brings it. */
const SYSTEM_PACKAGES = {
  git: 'git',
  podman: 'podman',
  skopeo: 'skopeo',
  buildah: 'buildah',
  'docker-registry': 'docker-registry',
  htpasswd: 'apache2-utils',
  rpm: 'rpm',
  openssl: 'openssl',
};

const PLACES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];

/** Whether a program is on this machine. */
function hasProgram(name) {
  return PLACES.some(folder => folder !== '' && existsSync(join(folder, name)));
}

/** Installs what is missing, when it can; tells what is missing still. @returns {string[]} the missing programs. */
export function installSystemPackages() {
  const missing = Object.keys(SYSTEM_PACKAGES).filter(name => !hasProgram(name));
  if (missing.length === 0) return [];
  const canInstall = process.getuid?.() === 0 && existsSync('/etc/debian_version') && hasProgram('apt-get');
  if (canInstall) {
    const packages = missing.map(name => SYSTEM_PACKAGES[name]);
    console.log(`Installing Debian packages for the tests: ${packages.join(' ')}`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = args => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 600_000 });
    apt(['update', '-qq']);
    apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  }
  const still = missing.filter(name => !hasProgram(name));
  if (still.length > 0) console.log(`Not on this machine, so their suites are skipped: ${still.join(', ')}`);
  return still;
}
