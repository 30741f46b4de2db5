/** `kill -9` at any moment of a push or of the collection of garbage: what was acknowledged is there, and nothing points at nothing. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { digestOf } from '#oci/digest.ts';
import { openStore } from '#store/database.ts';
import { scratchFolder } from '../fixtures/scratch-folder.ts';

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CHILD = join(import.meta.dirname, '../fixtures/hosted-child.ts');
const REPO = 'team/app';

async function start(folder: string, collects: boolean): Promise<{ child: ChildProcess; url: string }> {
  const args = ['--conditions=plimsoll-source', CHILD, folder, ...(collects ? ['collect'] : [])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [url] = (await once(lines, 'line')) as [string];
  return { child, url };
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/**
 * Pushes images one after another, and says of each when it was acknowledged, until the server is gone. The collection may take a blob before
 * its manifest comes; that manifest is then refused.
 */
async function pushOn(
  client: RegistryClient,
  acknowledged: Map<string, Buffer>,
  blobs: Map<string, Buffer>,
): Promise<void> {
  for (;;) {
    const [config, layer] = [Buffer.from(JSON.stringify({ s: randomBytes(8).toString('hex') })), randomBytes(20_000)];
    const of = (bytes: Buffer, mediaType: string) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
    for (const bytes of [config, layer]) {
      const { status } = await client.pushBlob(REPO, digestOf(bytes), bytes);
      if (status === 201) blobs.set(digestOf(bytes), bytes);
    }
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: of(config, 'application/vnd.example.config'),
      layers: [of(layer, 'application/vnd.example.layer')],
    };
    const document = Buffer.from(JSON.stringify(manifest));
    const answer = await client.pushManifest(REPO, digestOf(document), document, MANIFEST);
    if (answer.status === 201) acknowledged.set(digestOf(document), document);
  }
}

test.each([
  { title: 'during pushes', collects: false, afterMs: [40, 90, 170] },
  { title: 'while garbage is collected', collects: true, afterMs: [60, 150, 260] },
])(
  'a server that is killed $title loses nothing that it acknowledged',
  async ({ collects, afterMs }) => {
    await using folder = await scratchFolder();
    const acknowledged = new Map<string, Buffer>();
    const blobs = new Map<string, Buffer>();
    for (const ms of afterMs) {
      const { child, url } = await start(folder.path, collects);
      const basic = RegistryClient.basic(url, 'tester', 'correct horse battery');
      const client = await basic.withToken([`repository:${REPO}:pull,push`]);
      const before = acknowledged.size;
      const pushing = pushOn(client, acknowledged, blobs).catch(() => undefined);
      // Some moment of the work after something was acknowledged; which one does not matter.
      while (acknowledged.size === before) await new Promise(resolve => setImmediate(resolve));
      await new Promise(resolve => setTimeout(resolve, ms));
      await kill(child);
      await pushing;
    }
    const { child, url } = await start(folder.path, false);
    const basic = RegistryClient.basic(url, 'tester', 'correct horse battery');
    const client = await basic.withToken([`repository:${REPO}:pull,push`]);
    for (const [digest, document] of acknowledged) {
      const answer = await client.ask('GET', `/v2/${REPO}/manifests/${digest}`);
      expect(answer.body.equals(document)).toBe(true);
      const { config, layers } = JSON.parse(document.toString()) as {
        config: { digest: string };
        layers: { digest: string }[];
      };
      for (const part of [config, ...layers]) {
        const read = await client.ask('GET', `/v2/${REPO}/blobs/${part.digest}`);
        expect([read.status, read.body.equals(blobs.get(part.digest) ?? Buffer.alloc(0))]).toEqual([200, true]);
      }
    }
    await kill(child);
    // And the same of manifests that were pushed without an answer: whatever they refer to is stored.
    await using store = await openStore({ kind: 'pglite', folder: folder.path });
    const references = await store.db.selectFrom('hostedReference').select('digest').execute();
    const stored = await store.db
      .selectFrom('storedBlob')
      .select('digest')
      .where('sizeBytes', 'is not', null)
      .execute();
    const known = new Set(stored.map(({ digest }) => digest));
    expect(references.filter(({ digest }) => !known.has(digest))).toEqual([]);
    expect(acknowledged.size).toBeGreaterThanOrEqual(afterMs.length);
  },
  // A server of its own is started four times.
  240_000,
);

/** Most memory that a process had since the last time, in bytes: proc_pid_status(5), proc_pid_clear_refs(5). */
function takePeakMemory({ pid }: ChildProcess): number {
  const [, kib = ''] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return Number(kib) * 1024;
}

/** Sends zeros in one request, at the speed at which they are taken. */
async function sendZeros(url: string, authorization: string, bytes: number): Promise<number | undefined> {
  const sending = request(url, { method: 'PATCH', headers: { authorization, 'content-length': bytes } });
  const answered = once(sending, 'response') as Promise<[IncomingMessage]>;
  const block = Buffer.alloc(1024 * 1024);
  for (let sent = 0; sent < bytes; sent += block.length) {
    if (!sending.write(block)) await once(sending, 'drain');
  }
  sending.end();
  const [response] = await answered;
  response.resume();
  return response.statusCode;
}

test('a server takes uploads of any size with the memory that it has for small ones', async () => {
  await using folder = await scratchFolder();
  const { child, url } = await start(folder.path, false);
  try {
    const basic = RegistryClient.basic(url, 'tester', 'correct horse battery');
    const { token } = (await basic.token([`repository:${REPO}:pull,push`])).json() as { token: string };
    const client = new RegistryClient(url, `Bearer ${token}`);
    const peaks: number[] = [];
    for (const mib of [32, 384]) {
      const location = await client.startUpload(REPO);
      takePeakMemory(child);
      expect(await sendZeros(`${url}${location}`, `Bearer ${token}`, mib * 1024 * 1024)).toBe(202);
      peaks.push(takePeakMemory(child));
      expect((await client.ask('DELETE', location)).status).toBe(204);
    }
    const [small = 0, large = 0] = peaks;
    expect(large - small).toBeLessThan(64 * 1024 * 1024);
  } finally {
    await kill(child);
  }
}, 180_000);
