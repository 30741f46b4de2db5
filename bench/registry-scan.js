/**
 * `node bench/registry-scan.js [--tags N] [--images N] [--layer-mib N] [--only pglite|postgres]`: a registry of 200 tags over 20 images that share
 * layers, scanned by a server with its built-in sensor, and the same images one after the other by `plimsoll scan` with a layer cache. Says how
 * often each blob was fetched, and images a minute as a multiple of the command line's.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { argument, row, runsSources, scratch, startRegistry, startServerOn } from './server-world.js';

const TAGS = Number(argument('--tags') ?? 200);
const IMAGES = Number(argument('--images') ?? 20);
const LAYER_BYTES = Number(argument('--layer-mib') ?? 4) * 1024 * 1024;
const SHARED = 4;
const root = fileURLToPath(new URL('..', import.meta.url));

if (runsSources(import.meta.url)) {
  const registry = await startRegistry({
    tags: TAGS,
    images: IMAGES,
    sharedLayers: SHARED,
    ownLayers: 1,
    layerBytes: LAYER_BYTES,
  });
  const cli = await scanByCommand(registry.host);
  row('plimsoll scan, one image after the other', (IMAGES / cli) * 60, 'images/min');
  let before = await registry.seen();
  for (const kind of ['pglite', 'postgres']) {
    if (argument('--only') !== undefined && argument('--only') !== kind) continue;
    const seconds = await scanByServer(kind, registry.host);
    const after = await registry.seen();
    const fetched = Object.entries(after)
      .filter(([what]) => /^GET \/v2\/.+\/blobs\//.test(what))
      .map(([what, count]) => count - (before[what] ?? 0));
    before = after;
    row(`${kind}: blobs fetched`, fetched.filter(count => count > 0).length, '');
    row(`${kind}: most often that one was fetched`, Math.max(...fetched), 'times', 1);
    row(`${kind}: from the start of the run to its end`, seconds, 's');
    row(`${kind}: images a minute`, (IMAGES / seconds) * 60, '');
    row(`${kind}: images a minute / by plimsoll scan`, cli / seconds, 'x', 1, 'at least');
  }
  await registry.close();
}

/** Seconds for all images. */
async function scanByCommand(host) {
  const cache = join(scratch('cli'), 'cache');
  const started = performance.now();
  for (let at = 0; at < IMAGES; at += 1) {
    const { status, stderr } = spawnSync(
      process.execPath,
      [
        '--conditions=plimsoll-source',
        join(root, 'bin/plimsoll.js'),
        'sbom',
        '--quiet',
        ...['--format', 'json', '--output', '/dev/null', '--cache', cache],
        `${host}/team/app:t${at}`,
      ],
      { encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
  }
  return (performance.now() - started) / 1000;
}

/** Seconds from the start of the run to its end. */
async function scanByServer(kind, host) {
  const server = await startServerOn(kind);
  const { id } = await server.addRegistry(host);
  const targets = [{ repository: 'team/app', tags: ['.*'] }];
  const run = await server.run(id, { name: 'all', scanType: 'OnDemand', targets, platforms: ['linux/amd64'] });
  const { tagsSeen, digestsScanned } = run.counters;
  if (tagsSeen !== TAGS || digestsScanned !== IMAGES) throw new Error(JSON.stringify(run));
  await server.close();
  return (Date.parse(run.completedAt) - Date.parse(run.startedAt)) / 1000;
}
