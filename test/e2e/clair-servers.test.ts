/** Clair's API of several servers on one database: each image is indexed once, whichever is asked, and none is lost with a server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectSettings, readSettings } from '#base/server-settings.ts';
import { openStore } from '#store/database.ts';
import { findPostgres } from '#store/testing/postgres-server.ts';
import { newDatabase } from '#store/testing/stores.ts';
import { type RunningServer, startServer } from '../../src/main/server/start-server.ts';
import { type BuiltImage, makeImage, makeLayer } from '../fixtures/image-builder.ts';
import { layersOf, QuayClient } from '../fixtures/quay-client.ts';
import { hangs, type RegistryServer, startRegistryServer } from '../fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const PSK = Buffer.from('a key of two servers').toString('base64');
const KEY = new Uint8Array(Buffer.from(PSK, 'base64'));

describe.skipIf(findPostgres() === undefined)('several servers behind Quay', () => {
  let location: Awaited<ReturnType<typeof newDatabase>>;
  let folder: ScratchFolder;
  let storage: RegistryServer;
  const servers: RunningServer[] = [];

  beforeAll(async () => {
    folder = await scratchFolder();
    location = await newDatabase();
    storage = await startRegistryServer();
    servers.push(await start('one'), await start('two'));
  }, 180_000);

  afterAll(async () => {
    for (const server of servers) await server[Symbol.asyncDispose]();
    await storage[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  async function start(name: string): Promise<RunningServer> {
    const settings = {
      listen: '127.0.0.1:0',
      data: folder.at(name),
      databaseUrl: location.url,
      secretKey: 'a secret of at least 32 characters for tests',
      adminPassword: 'correct horse battery',
      databaseSchedule: 'never',
      sensor: 'off',
      builder: 'off',
      clairPsk: PSK,
      clairHosts: '127.0.0.1',
    };
    const world = { env: {}, version: '0.0.0', now: () => new Date(), log: () => {} };
    return await startServer(readSettings(collectSettings(settings, {})), world);
  }

  const clientOf = ({ url }: RunningServer) => new QuayClient(url, KEY);

  async function newImage(name: string): Promise<{ image: BuiltImage; fetches: () => number; blob: RegExp }> {
    const layer = await makeLayer([
      { path: `app/node_modules/${name}/package.json`, content: `{"name":"${name}","version":"1.0.0"}` },
    ]);
    const image = makeImage([layer]);
    storage.hold('team/app', name, image);
    const blob = new RegExp(`GET .*${layer.digest}`);
    return { image, blob, fetches: () => storage.count(blob) };
  }

  test('what both are asked for at the same moment is fetched once, and they name one state', async () => {
    const { image, fetches } = await newImage('both');
    const clients = servers.map(clientOf);
    const answers = await Promise.all(
      [...clients, ...clients].map(client => client.index(image.digest, layersOf(image, storage.url))),
    );
    expect(answers.map(({ state }) => state)).toEqual(Array(4).fill('IndexFinished'));
    expect(new Set(answers.map(({ etag }) => etag)).size).toBe(1);
    expect(fetches()).toBe(1);
    for (const client of clients)
      expect(Object.keys((await client.report(image.digest))?.packages ?? {})).toHaveLength(1);
  });

  test('what was found by cataloguers before these is indexed again when Quay asks, and told until then', async () => {
    const { image, fetches } = await newImage('older');
    const [client] = servers.map(clientOf);
    const first = await client?.index(image.digest, layersOf(image, storage.url));
    {
      await using store = await openStore(location);
      await sql`UPDATE clair_index SET version = 'v0'`.execute(store.db);
      await sql`UPDATE image_scan SET analyser_version = 'v0'`.execute(store.db);
      await sql`UPDATE layer_facts SET version = 'v0'`.execute(store.db);
    }
    const kept = await client?.send('GET', `/indexer/api/v1/index_report/${image.digest}`);
    expect([kept?.status, kept?.headers.get('etag')], 'not the state of now, by which Quay sees it').toEqual([
      200,
      '"v0"',
    ]);
    expect(await client?.report(image.digest)).toBeDefined();
    const again = await client?.index(image.digest, layersOf(image, storage.url));
    expect([again?.etag, again?.packages]).toEqual([first?.etag, first?.packages]);
    expect(fetches()).toBe(2);
  });

  test('an image whose server was killed is taken over while Quay still waits', async () => {
    const { image, blob } = await newImage('orphaned');
    storage.play(blob, hangs);
    const waiting = servers
      .slice(0, 1)
      .map(server => clientOf(server).index(image.digest, layersOf(image, storage.url)));
    while (storage.count(blob) === 0) await sleep(20);
    {
      // As if somebody who is gone had it: nobody renews this claim.
      await using store = await openStore(location);
      await sql`UPDATE clair_index SET attempt = gen_random_uuid(), claimed_until = now() + interval '1 second'
        WHERE manifest_hash = ${image.digest}`.execute(store.db);
    }
    const [index] = await Promise.all(waiting);
    expect(index?.state).toBe('IndexFinished');
    expect(storage.count(blob)).toBe(2);
  });

  test('a server that stops in the middle loses nothing: another goes on', async () => {
    const third = await start('three');
    const { image, blob } = await newImage('halfway');
    storage.play(blob, hangs);
    const waiting = clientOf(third).send('POST', '/indexer/api/v1/index_report', {
      body: { hash: image.digest, layers: layersOf(image, storage.url) },
    });
    while (storage.count(blob) === 0) await sleep(20);
    // Any of the three may be the one that fetches.
    await third[Symbol.asyncDispose]();
    const told = await waiting.catch(() => undefined);
    expect([undefined, 503]).toContain(told?.status);
    for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
    servers.push(await start('four'));
    const [client] = servers.map(clientOf);
    const index = await client?.index(image.digest, layersOf(image, storage.url));
    expect(index?.state).toBe('IndexFinished');
  });
});
