/**
 * What the build service costs: a whole build (clone, look-up and pull of the base image, build, push, all in a cell) against the three
 * commands that do the same by hand, in turn, with the same registry and repository. Prints the ratio of the times.
 *
 * `node --conditions=plimsoll-source bench/build.js [rounds] [MiB of source] [instructions]`; as root, with git, buildah, skopeo,
 * docker-registry, htpasswd and busybox-static. By hand everything starts from an empty storage as well.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { runBuild } from '../src/build/run-build.ts';
import { openBuildWorld } from '../src/build/testing/build-world.ts';
import { median } from './measure.js';

const [rounds = 5, sourceMiB = 8, instructions = 4] = process.argv.slice(2).map(Number);
const run = promisify(execFile);

await using world = await openBuildWorld();
const lines = Array.from({ length: instructions }, (_, at) => `RUN head -c 4000000 /dev/urandom > /made-${at}`);
await world.repositories.commit('app', {
  Dockerfile: `FROM ${world.base}\nCOPY source /source\n${lines.join('\n')}\n`,
  source: randomBytes(sourceMiB * 1024 * 1024),
});
const request = world.request('app', {});
const authFile = world.folder.at('auth.json');
writeFileSync(authFile, request.pullAuth);
writeFileSync(world.folder.at('ca.pem'), world.git.caPem);

async function ours() {
  const watcher = { onState: () => {}, onLog: () => {} };
  await runBuild(request, { folder: world.place(), signal: AbortSignal.timeout(300_000), watcher });
}

async function byHand() {
  const folder = world.place();
  mkdirSync(folder);
  const env = { ...process.env, GIT_SSL_CAINFO: world.folder.at('ca.pem'), REGISTRY_AUTH_FILE: authFile };
  const storage = ['--root', `${folder}/storage`, '--runroot', `${folder}/run`, '--storage-driver', 'overlay'];
  const buildah = (...args) => run('buildah', [...storage, ...args], { env, maxBuffer: 1 << 26 });
  await run('git', ['clone', '--quiet', '--depth=1', request.source.url, `${folder}/source`], { env });
  await buildah('bud', '--isolation', 'chroot', '--tls-verify=false', '--tag', 'app', `${folder}/source`);
  await buildah('push', '--quiet', '--tls-verify=false', 'app', `docker://${request.push.repository}:by-hand`);
  rmSync(folder, { recursive: true, force: true });
}

async function secondsOf(work) {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const ratios = [];
const times = { ours: [], byHand: [] };
for (let round = 0; round <= rounds; round++) {
  // Whoever is second finds the caches warm: the order changes each time.
  const order = round % 2 === 0 ? ['ours', 'byHand'] : ['byHand', 'ours'];
  const took = {};
  for (const name of order) took[name] = await secondsOf(name === 'ours' ? ours : byHand);
  if (round === 0) continue;
  times.ours.push(took.ours);
  times.byHand.push(took.byHand);
  ratios.push(took.ours / took.byHand);
}
console.log(`build service, wall: ${median(times.ours).toFixed(2)} s`);
console.log(`git clone, buildah build, buildah push, wall: ${median(times.byHand).toFixed(2)} s`);
console.log(
  `build service / by hand, wall: ${median(ratios).toFixed(2)} x (${ratios.map(one => one.toFixed(2)).join(', ')})`,
);
