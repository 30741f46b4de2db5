/**
 * Builds the image that the benchmarks read: a large, realistic one, from Debian and npm packages alone.
 *
 * Debian by debootstrap, then one layer each of: development tools, Python, Java, Go programs, Node.js with global tools, and three
 * npm applications. About 1.7 GB uncompressed. Needs root, debootstrap and buildah; the result is an OCI layout in bench/work/large,
 * kept from run to run: delete it to build anew.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const work = fileURLToPath(new URL('work', import.meta.url));
export const LARGE_IMAGE = join(work, 'large');

const APT_LAYERS = [
  [
    'build-essential',
    'git',
    'curl',
    'vim-nox',
    'openssh-client',
    'imagemagick',
    'postgresql-client',
    'gdb',
    'ca-certificates',
  ],
  [
    'python3-pip',
    'python3-django',
    'python3-flask',
    'python3-sqlalchemy',
    'python3-pandas',
    'python3-sklearn',
    'python3-aiohttp',
    'python3-boto3',
  ],
  [
    'default-jre-headless',
    'libspring-web-java',
    'liblog4j2-java',
    'libtomcat9-java',
    'libjetty9-java',
    'maven',
    'libhibernate-validator-java',
  ],
  ['skopeo', 'buildah', 'docker-registry', 'gosu', 'prometheus-node-exporter', 'rclone', 'restic', 'hugo', 'golang-go'],
];

/** Applications as users have them: a folder each, with everything their dependencies bring. */
const NPM_LAYERS = {
  'srv/shop': ['react-scripts@5', 'express@4', 'mongoose@8', 'next@15'],
  'srv/admin': ['@angular/cli@18', '@angular/core@18', 'webpack@5', 'jest@29', 'eslint@8'],
  'srv/site': ['gatsby-cli@5', 'nuxt@3', 'typescript@5', 'prisma@5', 'aws-sdk@2'],
};

/** Makes the layout unless it is there. */
export function buildLargeImage() {
  if (existsSync(join(LARGE_IMAGE, 'index.json'))) return;
  const scratch = join(work, 'scratch');
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const storage = ['--root', join(scratch, 'storage'), '--runroot', join(scratch, 'run'), '--storage-driver', 'vfs'];
  const buildah = (...args) => run('buildah', [...storage, ...args]);
  try {
    const base = join(scratch, 'base');
    run('debootstrap', ['--variant=minbase', 'bookworm', base]);
    let container = buildah('from', 'scratch').trim();
    buildah('add', '--quiet', container, base, '/');
    container = commit(buildah, container, 'base');
    rmSync(base, { recursive: true, force: true });
    for (const [at, packages] of APT_LAYERS.entries()) {
      const install = `apt-get update -qq && apt-get install -y -qq --no-install-recommends ${packages.join(' ')} && rm -rf /var/lib/apt/lists/* /var/cache/apt/*`;
      buildah(
        'run',
        '--isolation',
        'chroot',
        '--env',
        'DEBIAN_FRONTEND=noninteractive',
        container,
        '--',
        'sh',
        '-c',
        install,
      );
      container = commit(buildah, container, `apt${at}`);
    }
    for (const [folder, packages] of Object.entries({
      'opt/node': ['node@24', 'npm@11', 'yarn@1', 'pnpm@9'],
      ...NPM_LAYERS,
    })) {
      const app = join(scratch, 'app');
      mkdirSync(app, { recursive: true });
      writeFileSync(join(app, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', private: true }));
      run(
        'npm',
        [
          'install',
          '--no-audit',
          '--no-fund',
          '--ignore-scripts',
          '--legacy-peer-deps',
          '--loglevel=error',
          ...packages,
        ],
        app,
      );
      buildah('copy', '--quiet', container, app, `/${folder}`);
      rmSync(app, { recursive: true, force: true });
      container = commit(buildah, container, folder.replace('/', '-'));
    }
    buildah('push', '--quiet', 'localhost/bench:srv-site', `oci:${join(scratch, 'layout')}:large`);
    renameSync(join(scratch, 'layout'), LARGE_IMAGE);
  } finally {
    spawnSync('buildah', [...storage, 'rm', '--all'], { stdio: 'ignore' });
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Commits the container as a layer and goes on from it: each step is a layer of its own. */
function commit(buildah, container, name) {
  buildah('commit', '--quiet', '--rm', container, `localhost/bench:${name}`);
  return buildah('from', '--pull-never', `localhost/bench:${name}`).trim();
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 1 << 28 });
  if (status === 0) return stdout;
  const why = error?.message ?? stderr.trim().split('\n').slice(-5).join('\n');
  throw new Error(`${command} ${args.slice(0, 6).join(' ')} failed: ${why}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildLargeImage();
