/**
 * How fast images are pushed: skopeo to our registry, which inventories the layers meanwhile, and to Debian's `docker-registry`, in turn on
 * the same disk. Prints the ratio of the times, at most 1 is wanted; the processor time of both servers during the push; and how long after
 * the push our result was there, a second or two is wanted.
 *
 * `node bench/push.js [MiB a layer] [layers] [rounds]`; needs skopeo and docker-registry. Every round pushes bytes that nobody has seen, since
 * skopeo remembers where it has pushed what.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pack } from 'tar-stream';
import { median } from './measure.js';

const [layerMiB = 64, layers = 4, rounds = 5] = process.argv.slice(2).map(Number);
const PASSWORD = 'correct horse battery';
const root = resolve(import.meta.dirname, '..');
const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), 'plimsoll-push-'));

/** Half of a layer does not compress, as programs hardly do. @returns {Promise<Buffer>} a gzipped tar. */
async function makeLayer(bytes) {
  const stream = pack();
  const text = Buffer.alloc(bytes / 2, 'the quick brown fox jumps over the lazy dog\n');
  stream.entry({ name: `usr/lib/${randomBytes(4).toString('hex')}` }, randomBytes(bytes / 2));
  stream.entry({ name: `usr/share/${randomBytes(4).toString('hex')}` }, text);
  stream.finalize();
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return gzipSync(Buffer.concat(chunks), { level: 1 });
}

async function writeLayout(path) {
  const blobs = join(path, 'blobs/sha256');
  mkdirSync(blobs, { recursive: true });
  const keep = bytes => {
    const hex = createHash('sha256').update(bytes).digest('hex');
    writeFileSync(join(blobs, hex), bytes);
    return { digest: `sha256:${hex}`, size: bytes.length };
  };
  const descriptors = [];
  for (let at = 0; at < layers; at += 1) {
    const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
    descriptors.push({ mediaType, ...keep(await makeLayer(layerMiB * 1024 * 1024)) });
  }
  const ids = descriptors.map(({ digest }) => digest);
  const config = { os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: ids }, config: {} };
  const manifest = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...keep(Buffer.from(JSON.stringify(config))) },
    layers: descriptors,
  };
  const entry = { mediaType: manifest.mediaType, ...keep(Buffer.from(JSON.stringify(manifest))) };
  const annotations = { 'org.opencontainers.image.ref.name': '1' };
  writeFileSync(join(path, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(path, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...entry, annotations }] }));
  return { bytes: descriptors.reduce((sum, { size }) => sum + size, 0), digest: entry.digest };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function start(command, args, env, isReady) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'ignore'] });
  for (let tries = 0; ; tries += 1) {
    if (await isReady().catch(() => false)) return child;
    if (tries > 300 || child.exitCode !== null) throw new Error(`${command} does not start`);
    await new Promise(done => setTimeout(done, 100));
  }
}

async function startOurs() {
  const port = await freePort();
  const env = {
    PLIMSOLL_DATA: join(folder, 'ours'),
    PLIMSOLL_LISTEN: `127.0.0.1:${port}`,
    PLIMSOLL_ADMIN_PASSWORD: PASSWORD,
    PLIMSOLL_DB_UPDATE: 'never',
    PLIMSOLL_SENSOR: 'off',
    PLIMSOLL_LOG_LEVEL: 'error',
  };
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  const args = ['--conditions=plimsoll-source', join(root, 'bin/plimsoll.js'), 'serve'];
  const child = await start(process.execPath, args, env, ready);
  // With a key, as in a pipeline: checking a password takes a tenth of a second, on purpose.
  const key = await makeKey(`http://127.0.0.1:${port}`);
  const creds = ['--dest-creds', `ci:${key}`];
  const hasResult = async digest => {
    const headers = { authorization: `Bearer ${key}` };
    return (await fetch(`http://127.0.0.1:${port}/api/v1/images/${digest}/report`, { headers })).ok;
  };
  return { name: 'plimsoll', child, host: `127.0.0.1:${port}/default`, creds, hasResult };
}

async function makeKey(url) {
  const post = async (path, body, headers = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return { answer, json: await answer.json() };
  };
  const { answer, json } = await post('/api/v1/session', { name: 'admin', password: PASSWORD });
  const cookie = answer.headers
    .getSetCookie()
    .map(one => one.split(';')[0])
    .join('; ');
  const { json: made } = await post(
    '/api/v1/api-keys',
    { name: 'bench', role: 'operator' },
    { cookie, 'x-csrf-token': json.csrfToken },
  );
  return made.key;
}

async function startPeer() {
  const port = await freePort();
  const config = join(folder, 'registry.yml');
  const storage = `storage: {filesystem: {rootdirectory: ${join(folder, 'peer')}}}`;
  writeFileSync(config, `version: 0.1\nlog: {level: error}\n${storage}\nhttp: {addr: "127.0.0.1:${port}"}\n`);
  const ready = async () => (await fetch(`http://127.0.0.1:${port}/v2/`)).ok;
  const child = await start('docker-registry', ['serve', config], {}, ready);
  return { name: 'docker-registry', child, host: `127.0.0.1:${port}/bench`, creds: [] };
}

/** Seconds of processor that a process has used. */
function processorTime({ pid }) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  // Fields 14 and 15 of proc_pid_stat(5), in hundredths.
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Seconds until a peer has the inventory of what it got; missing where it makes none. */
async function timeToResult({ hasResult }, digest) {
  if (hasResult === undefined) return undefined;
  const began = performance.now();
  while (!(await hasResult(digest))) await new Promise(done => setTimeout(done, 50));
  return (performance.now() - began) / 1000;
}

function push(layout, { host, creds }, round) {
  const began = process.hrtime.bigint();
  const args = ['copy', '--quiet', '--preserve-digests', '--dest-tls-verify=false', ...creds, `oci:${layout}:1`];
  const { status, stderr } = spawnSync('skopeo', [...args, `docker://${host}/app${round}:1`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`skopeo failed: ${stderr}`);
  return Number(process.hrtime.bigint() - began) / 1e9;
}

const peers = [];
try {
  peers.push(await startOurs(), await startPeer());
  const figures = new Map(peers.map(({ name }) => [name, { seconds: [], processor: [], result: [] }]));
  let bytes = 0;
  for (let round = 0; round <= rounds; round += 1) {
    const layout = join(folder, 'layout');
    rmSync(layout, { recursive: true, force: true });
    const written = await writeLayout(layout);
    ({ bytes } = written);
    spawnSync('sync');
    for (const peer of round % 2 === 0 ? peers : peers.toReversed()) {
      const before = processorTime(peer.child);
      const seconds = push(layout, peer, round);
      const processor = processorTime(peer.child) - before;
      // What reads layers after the push must not be in the other's way.
      const result = await timeToResult(peer, written.digest);
      await new Promise(done => setTimeout(done, Number(process.env.BENCH_PAUSE_MS ?? 1000)));
      // The first round loads programs and does not count.
      if (round === 0) continue;
      const kept = figures.get(peer.name);
      kept.seconds.push(seconds);
      kept.processor.push(processor);
      if (result !== undefined) kept.result.push(result);
    }
  }
  for (const [name, { seconds, processor, result }] of figures) {
    const time = median(seconds);
    const rate = (bytes / time / 1024 / 1024).toFixed(0);
    const after = result.length === 0 ? '' : `, result ${median(result).toFixed(2)} s after it`;
    console.log(`${name}: ${time.toFixed(2)} s, ${rate} MiB/s, processor ${median(processor).toFixed(2)} s${after}`);
  }
  const [ours, theirs] = peers.map(({ name }) => figures.get(name));
  const ratio = of => median(of(ours).map((one, at) => one / of(theirs)[at])).toFixed(2);
  console.log(`ratio of times, median of ${rounds}: ${ratio(({ seconds }) => seconds)}`);
  console.log(`ratio of processor times: ${ratio(({ processor }) => processor)}`);
} finally {
  for (const { child } of peers) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
