/**
 * The yardstick for inventories: inflates every layer of an OCI layout and hashes it as verification must, and does nothing else.
 *
 * As in a scan, layers are spread over threads, the largest first; each layer's stored bytes and its tar are hashed, which is what
 * checking digest and diff ID takes. `--stored-only` leaves the tar's hash out. Arguments: the layout's folder, `--threads N`.
 */
import { createHash } from 'node:crypto';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { createGunzip, createZstdDecompress } from 'node:zlib';

const CHUNK_BYTES = 128 * 1024;

async function inflateAndHash({ path, mediaType, isStoredOnly }) {
  const stored = createHash('sha256');
  const tar = createHash('sha256');
  const inflate = mediaType.endsWith('zstd')
    ? createZstdDecompress({ chunkSize: CHUNK_BYTES })
    : createGunzip({ chunkSize: CHUNK_BYTES });
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  source.on('data', chunk => stored.update(chunk));
  source.pipe(inflate);
  let bytes = 0;
  for await (const chunk of inflate) {
    bytes += chunk.length;
    if (!isStoredOnly) tar.update(chunk);
  }
  return { bytes, stored: stored.digest('hex'), tar: tar.digest('hex') };
}

function listLayers(folder) {
  const blob = digest => join(folder, 'blobs', digest.replace(':', '/'));
  const read = path => JSON.parse(readFileSync(path, 'utf8'));
  const [entry] = read(join(folder, 'index.json')).manifests;
  const { layers } = read(blob(entry.digest));
  return layers.map(layer => ({ path: blob(layer.digest), mediaType: layer.mediaType }));
}

async function main() {
  const args = process.argv.slice(2);
  const folder = args[0];
  const at = args.indexOf('--threads');
  const threads = at === -1 ? Math.min(4, availableParallelism()) : Number(args[at + 1]);
  const isStoredOnly = args.includes('--stored-only');
  const queue = listLayers(folder).sort((a, b) => statSync(a.path).size - statSync(b.path).size);
  let total = 0;
  const work = async () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: 'layers' });
    for (let layer = queue.pop(); layer !== undefined; layer = queue.pop()) {
      total += await new Promise((resolve, reject) => {
        worker.once('message', result => resolve(result.bytes)).once('error', reject);
        worker.postMessage({ ...layer, isStoredOnly });
      });
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: threads }, work));
  process.stdout.write(`${total} bytes\n`);
}

if (isMainThread) await main();
else if (workerData === 'layers')
  parentPort.on('message', async layer => parentPort.postMessage(await inflateAndHash(layer)));
