/**
 * The Debian packages that tests use, and their installation where that is ours to do: as root on Debian.
 *
 * Plain JavaScript, because it runs before anything else does. Elsewhere the suites that miss a program are skipped and say so.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Package, and what its tests are about. */
const SYSTEM_PACKAGES = {
  git: 'repositories',
  'openssh-server': 'repositories over SSH',
  'git-lfs': 'repositories with large files',
  slirp4netns: 'the network of builds',
  iproute2: 'the network of builds',
  procps: 'what builds leave running',
  uidmap: 'users of builds',
  debootstrap: 'a base image of Debian packages',
  'busybox-static': 'images that run without a distribution',
  openssl: 'certificates of test servers',
  // Real clients and servers of images.
  podman: 'the container engine as a source of images',
  skopeo: 'images pushed and converted',
  buildah: 'images built',
  'docker-registry': 'the registry as a source of images',
  chromium: 'the web interface, walked through',
  postgresql: 'the server on PostgreSQL',
  'apache2-utils': 'passwords of the registry (htpasswd)',
  bzip2: 'feeds of Oracle',
  jq: 'the documented scripts of the certification API',
  curl: 'the documented scripts of the certification API',
  // Tools whose version order ours is held against.
  rpm: 'versions of rpm, and its databases',
  perl: 'versions of CPAN',
  'libdpkg-perl': 'versions of Debian',
  libalpm13: 'versions of pacman',
  python3: 'versions of PyPI',
  'python3-packaging': 'versions of PyPI',
  'default-jre-headless': 'versions of Maven',
  'libmaven3-core-java': 'versions of Maven',
  'libcommons-lang3-java': 'versions of Maven',
  ruby: 'versions of RubyGems',
  'php-cli': 'versions of Composer',
  'php-composer-semver': 'versions of Composer',
};

/** Installs what is missing, when it can, and says what is missing still. */
export function installSystemPackages() {
  const isDebian = existsSync('/etc/debian_version') && existsSync('/usr/bin/dpkg-query');
  if (!isDebian) {
    console.log('Not on Debian: suites whose programs are not installed are skipped');
    return;
  }
  const missing = listMissing();
  if (missing.length > 0 && process.getuid?.() === 0) install(missing);
  for (const name of listMissing()) console.log(`Not installed: ${name} (${SYSTEM_PACKAGES[name]})`);
}

function listMissing() {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the braces are dpkg-query's own syntax
  const format = '--showformat=${Package} ${db:Status-Status}\n';
  const { stdout } = spawnSync('dpkg-query', ['--show', format, ...Object.keys(SYSTEM_PACKAGES)], { encoding: 'utf8' });
  const installed = new Set(
    (stdout ?? '')
      .split('\n')
      .filter(line => line.endsWith(' installed'))
      .map(line => line.split(' ')[0]),
  );
  return Object.keys(SYSTEM_PACKAGES).filter(name => !installed.has(name));
}

function install(packages) {
  console.log(`Installing Debian packages for the tests: ${packages.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = args => spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'inherit'], timeout: 900_000 });
  apt(['update', '-qq']);
  apt(['install', '-y', '-qq', '--no-install-recommends', ...packages]);
}
