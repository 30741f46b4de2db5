/** A real sensor on a real server and a registry: from a scan job to the reports, in the server's own process and over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWorld } from '#scan/job/testing/job-world.ts';
import { drainSensor } from '#scan/sensor/administration.ts';
import { openServerConnection } from '#scan/sensor/http-port.ts';
import { createSensorToken, registerSensor } from '#scan/sensor/registration.ts';
import { newSensorSecret } from '#scan/sensor/secret.ts';
import { startSensor } from '#scan/sensor/testing/sensor-world.ts';
import type { SensorPort } from '#scan/task/contract.ts';
import { openServerPort, type ServerPortContext } from '#scan/task/server-port.ts';
import { type Store, toJson } from '#store/database.ts';
import { openEmbedded } from '#store/testing/stores.ts';
import { makeAttestation, makeImage, makeIndex, makeLayer } from '../../../test/fixtures/image-builder.ts';
import { type RegistryServer, startRegistryServer } from '../../../test/fixtures/registry-server.ts';
import { buildServer } from '../server.ts';
import { sensorPortRoutes } from './routes.ts';

let store: Store;
beforeAll(async () => {
  store = await openEmbedded();
});
afterAll(() => store[Symbol.asyncDispose]());

/** A way to the server's port for a sensor. */
type Way = (
  context: ServerPortContext,
  sensor: { readonly id: string; readonly secret: string },
) => Promise<AsyncDisposable & { readonly port: SensorPort }>;

const inProcess: Way = async (context, { id }) => ({
  port: openServerPort(context, id),
  [Symbol.asyncDispose]: async () => {},
});

const overHttp: Way = async (context, { secret }) => {
  const app = await buildServer({
    apis: [sensorPortRoutes({ server: context, openPort: ({ id }) => openServerPort(context, id) })],
    authenticate: async () => undefined,
    version: '0.0.0',
    logger: false,
    trustProxy: false,
    checkReady: async () => {},
    metrics: async () => ({ contentType: 'text/plain', text: '' }),
  });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  const connection = openServerConnection({ url, authorities: [], env: {}, userAgent: 'test' });
  return {
    port: connection.port(secret),
    async [Symbol.asyncDispose]() {
      await connection[Symbol.asyncDispose]();
      await app.close();
    },
  };
};

describe.each([
  { title: 'in the same process', way: inProcess },
  { title: 'over HTTP', way: overHttp },
])('a sensor $title', ({ way }) => {
  test('does a whole scan job: each image once, shared layers once, and nothing again without need', async () => {
    await using registry = await startRegistryServer({ catalog: 'listed' });
    const { images, layers } = await fill(registry);
    await using world = await openWorld(store);
    const { context } = world;
    await pointTo(registry, world.registry.id);
    const { token } = await createSensorToken(context, { name: 'real', labels: {} }, { name: 'ada' });
    const secret = newSensorSecret();
    const { id } = await registerSensor(context, { token, secret });
    await drainOthers(context, id);
    await using server = await way(context, { id, secret });

    const run = async (scheduleId: string) => {
      await world.tick();
      for (let round = 0; round < 20; round += 1) {
        await world.settle();
        const { completedAt } = await world.run(scheduleId);
        if (completedAt !== undefined && completedAt !== null) break;
        await using sensor = await startSensor(server.port, { once: true, now: context.now });
        expect(await sensor.ended).toEqual({ kind: 'stopped' });
      }
      return await world.run(scheduleId);
    };
    const schedule = await world.create({ targets: [{ repository: 'team/*', tags: [] }], platforms: ['linux/amd64'] });
    const first = await run(schedule.id);
    expect(first).toMatchObject({ errors: [] });
    const scans = await store.db
      .selectFrom('imageScan')
      .innerJoin('manifest', 'manifest.id', 'imageScan.manifestId')
      .select(['digest', 'imageScan.state'])
      .execute();
    expect(scans.map(({ digest }) => digest).toSorted()).toEqual(images.toSorted());
    expect(new Set(scans.map(({ state }) => state)).size).toBe(1);
    const pulls = () => registry.fetched().filter(path => layers.some(digest => path.endsWith(digest)));
    expect(pulls().length).toBe(layers.length);
    const { report } = await store.db
      .selectFrom('sensor')
      .select('report')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    expect(report).toMatchObject({ host: 'test' });

    const again = await world.create({ targets: [{ repository: 'team/*', tags: [] }], platforms: ['linux/amd64'] });
    expect(await run(again.id)).toMatchObject({ errors: [] });
    expect(pulls().length).toBe(layers.length);
  });
});

/** Two repositories that share a layer; one image behind an index with an attestation. Returns what a scan of both must read. */
async function fill(
  registry: RegistryServer,
): Promise<{ readonly images: readonly string[]; readonly layers: readonly string[] }> {
  const base = await makeLayer([
    { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.3\n' },
    { path: 'lib/apk/db/installed', content: 'P:musl\nV:1.2.5-r0\nA:x86_64\n\n' },
  ]);
  const one = makeImage([base]);
  const two = makeImage([base, await makeLayer([{ path: 'two', content: 'two' }])]);
  const other = makeImage([base], { platform: 'linux/arm64' });
  registry.hold('team/one', '1.0', makeIndex([one, makeAttestation(one), other]));
  registry.hold('team/two', '1.0', two);
  registry.hold('team/two', 'latest', two);
  registry.hold('elsewhere/app', '1.0', makeImage([base, await makeLayer([{ path: 'x', content: 'x' }])]));
  return { images: [one.digest, two.digest], layers: two.layers.map(({ digest }) => digest) };
}

async function pointTo(registry: RegistryServer, id: string): Promise<void> {
  const settings = toJson({ product: {}, tls: { insecureHttp: true } });
  const place = { url: registry.url, host: registry.host, settings };
  await store.db.updateTable('registry').set(place).where('id', '=', id).execute();
}

/** The world's own sensor is only scripted. */
async function drainOthers(context: ServerPortContext, id: string): Promise<void> {
  const others = await store.db.selectFrom('sensor').select('id').where('id', '!=', id).execute();
  for (const other of others) await drainSensor(context, other.id, true, { name: 'ada' });
}
