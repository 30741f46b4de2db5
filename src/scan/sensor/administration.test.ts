import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Actor } from '#store/audit.ts';
import type { Store } from '#store/database.ts';
import { listEvents } from '#store/event.ts';

import { insertNamespace } from '#store/namespace.ts';
import { openQueue, type Queue } from '#store/queue.ts';
import { insertRegistry } from '#store/registry.ts';
import { wantTasks } from '#store/task.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { describeStores } from '#store/testing/stores.ts';
import type { Heartbeat } from '../task/contract.ts';
import {
  drainSensor,
  forgetRetiredSensors,
  listSensors,
  retireSensor,
  showSensor,
  updateSensor,
} from './administration.ts';
import { collectDiagnostics } from './diagnostics.ts';
import { recordHeartbeat, watchSensors } from './presence.ts';
import { DEFAULT_PROFILE } from './profile.ts';
import {
  authenticateSensor,
  createSensorToken,
  ensureBuiltInSensor,
  listSensorTokens,
  registerSensor,
  revokeSensorToken,
} from './registration.ts';
import { hashSecret, newSensorSecret, newSensorToken } from './secret.ts';

const ADMIN: Actor = { name: 'ada' };
const START = new Date('2026-05-01T12:00:00.000Z');

describeStores('sensors', open => {
  let store: Store;
  let queue: Queue;
  let clock = START;
  const context = () => ({ store, queue, now: () => clock });
  const pass = (milliseconds: number) => {
    clock = new Date(clock.getTime() + milliseconds);
  };
  const register = async (labels: Readonly<Record<string, string>> = {}) => {
    const { token } = await createSensorToken(context(), { name: 'east', labels }, ADMIN);
    const secret = newSensorSecret();
    return { secret, sensor: await registerSensor(context(), { token, secret }) };
  };
  const beat = (changes: Partial<Heartbeat> = {}): Heartbeat => ({
    sequence: 1,
    version: '0.1.0',
    host: 'h',
    platform: 'linux/x64',
    startedAt: START.toISOString(),
    clock: clock.toISOString(),
    analyserVersion: 'v1-abc',
    cacheBytes: 0,
    cacheFreeBytes: 1,
    checks: [{ name: 'disk', ok: true, detail: '50 GB free' }],
    profileVersion: 1,
    tasks: [],
    ...changes,
  });
  const states = async () => (await listSensors(context())).map(({ state }) => state);

  beforeAll(async () => {
    store = await open();
    queue = await openQueue(store, { onError: () => {} });
  });
  afterAll(async () => {
    await queue[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await emptyStore(store);
    clock = START;
  });

  test('a token makes one sensor, which then shows its own secret', async () => {
    const { token, expiresAt } = await createSensorToken(context(), { name: 'east', labels: { site: 'east' } }, ADMIN);
    expect(expiresAt).toBe('2026-05-01T13:00:00.000Z');
    const secret = newSensorSecret();
    const made = await registerSensor(context(), { token, secret, labels: { site: 'west', arch: 'arm' } });
    expect(made).toMatchObject({ name: 'east', labels: { site: 'east', arch: 'arm' } });
    expect(await authenticateSensor(context(), secret)).toMatchObject({ id: made.id });
    expect(await registerSensor(context(), { token, secret }), 'the answer was lost').toMatchObject({ id: made.id });
    const other = registerSensor(context(), { token, secret: newSensorSecret() });
    await expect(other).rejects.toMatchObject({ code: 'UNAUTHENTICATED', message: expect.stringContaining('used') });
    expect(await listSensorTokens(context())).toEqual([]);
    expect(await states()).toEqual(['registering']);
  });

  test('of two that show the same token at the same moment one gets in', async () => {
    const { token } = await createSensorToken(context(), { name: 'east', labels: {} }, ADMIN);
    const both = await Promise.allSettled(
      [1, 2].map(() => registerSensor(context(), { token, secret: newSensorSecret() })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  test('a token that expired, was revoked or never made lets nobody in', async () => {
    const { token } = await createSensorToken(context(), { name: 'east', labels: {}, lifeMs: 1000 }, ADMIN);
    pass(1000);
    await expect(registerSensor(context(), { token, secret: newSensorSecret() })).rejects.toMatchObject({
      message: expect.stringContaining('expired'),
    });
    const [stored] = await listSensorTokens(context());
    await revokeSensorToken(context(), stored?.hash ?? '', ADMIN);
    for (const wrong of [token, newSensorToken(), 'x', '']) {
      await expect(registerSensor(context(), { token: wrong, secret: newSensorSecret() })).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      });
    }
    for (const wrong of [newSensorSecret(), 'x', '']) {
      await expect(authenticateSensor(context(), wrong)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });

  test('neither token nor secret is anywhere in the database', async () => {
    const { token } = await createSensorToken(context(), { name: 'east', labels: {} }, ADMIN);
    const secret = newSensorSecret();
    await registerSensor(context(), { token, secret });
    const rows = [
      await store.db.selectFrom('sensor').selectAll().execute(),
      await store.db.selectFrom('sensorToken').selectAll().execute(),
      await store.db.selectFrom('auditEntry').selectAll().execute(),
      await store.db.selectFrom('event').selectAll().execute(),
    ];
    const text = JSON.stringify(rows);
    expect(text).not.toContain(token);
    expect(text).not.toContain(secret);
  });

  test('its state follows from heartbeats and silence, and every change is told once', async () => {
    const { sensor } = await register();
    const told = async () => {
      const events = await listEvents(store.db, { after: 0, limit: 100 });
      return events.slice(1).map(({ data }) => `${String(data['from'])} > ${String(data['state'])}`);
    };
    const expected: string[] = [];
    const step = async (change: () => Promise<unknown>, state: string) => {
      const [before] = await states();
      await change();
      await watchSensors(context());
      expect(await states()).toEqual([state]);
      if (before !== state || expected.length === 0) expected.push(state);
    };
    await step(() => recordHeartbeat(context(), sensor.id, beat()), 'running');
    await step(() => recordHeartbeat(context(), sensor.id, beat({ sequence: 2 })), 'running');
    const full = [{ name: 'disk', ok: false, detail: '1 GB free, the floor is 20 GB' }];
    await step(() => recordHeartbeat(context(), sensor.id, beat({ checks: full })), 'degraded');
    expect((await showSensor(context(), sensor.id)).reason).toContain('1 GB free');
    await step(() => recordHeartbeat(context(), sensor.id, beat({ clock: '2026-05-01T11:50:00.000Z' })), 'degraded');
    await step(() => recordHeartbeat(context(), sensor.id, beat()), 'running');
    await step(async () => pass(90_001), 'unknown');
    await step(async () => pass(15 * 60_000), 'disconnected');
    await step(() => recordHeartbeat(context(), sensor.id, beat()), 'running');
    await step(() => drainSensor(context(), sensor.id, true, ADMIN), 'draining');
    await step(() => drainSensor(context(), sensor.id, false, ADMIN), 'running');
    const pairs = ['registering', ...expected].slice(0, -1).map((from, at) => `${from} > ${expected[at]}`);
    expect(await told()).toEqual(pairs);
  });

  test('the profile and the wish to drain come with the answer to a heartbeat', async () => {
    const { sensor } = await register();
    expect(await recordHeartbeat(context(), sensor.id, beat())).toEqual({
      isDraining: false,
      profile: DEFAULT_PROFILE,
      profileVersion: 1,
    });
    await updateSensor(context(), sensor.id, { profile: { concurrency: 7 }, labels: { site: 'west' } }, ADMIN);
    await drainSensor(context(), sensor.id, true, ADMIN);
    expect(await recordHeartbeat(context(), sensor.id, beat())).toEqual({
      isDraining: true,
      profile: { ...DEFAULT_PROFILE, concurrency: 7 },
      profileVersion: 2,
    });
    expect(await showSensor(context(), sensor.id)).toMatchObject({
      labels: { site: 'west' },
      appliedProfileVersion: 1,
    });
    await expect(updateSensor(context(), sensor.id, { profile: { concurrency: 21 } }, ADMIN)).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringContaining('concurrency'),
    });
  });

  test('a retired sensor is let in no more, its work goes back, and late reports are late', async () => {
    const { sensor, secret } = await register();
    await recordHeartbeat(context(), sensor.id, beat());
    const leaseToken = '6f1c1a34-4a1b-4c29-8a4b-0a1f6b1c2d3e';
    await addLeasedTask(store, sensor.id, leaseToken);
    await retireSensor(context(), sensor.id, ADMIN);
    await expect(authenticateSensor(context(), secret)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(recordHeartbeat(context(), sensor.id, beat())).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const task = await store.db.selectFrom('task').selectAll().executeTakeFirstOrThrow();
    expect(task.leaseUntil).toBe(clock.toISOString());
    expect(task.leaseToken).not.toBe(leaseToken);
    expect(await states()).toEqual([]);
    expect((await listSensors(context(), { includesRetired: true })).map(({ state }) => state)).toEqual(['retired']);
    await retireSensor(context(), sensor.id, ADMIN);
    await expect(drainSensor(context(), sensor.id, true, ADMIN)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('diagnostics have what the server knows, and no secrets', async () => {
    const { sensor, secret } = await register({ site: 'east' });
    await recordHeartbeat(context(), sensor.id, beat());
    const leaseToken = '6f1c1a34-4a1b-4c29-8a4b-0a1f6b1c2d3e';
    await addLeasedTask(store, sensor.id, leaseToken);
    const bundle = await collectDiagnostics(context(), sensor.id, { serverVersion: '1.2.3' });
    expect(bundle).toMatchObject({
      serverVersion: '1.2.3',
      sensor: { name: 'east', state: 'running', labels: { site: 'east' }, report: { host: 'h' } },
      tasks: [{ kind: 'catalogue', state: 'leased', registry: 'r' }],
      states: [{ data: { state: 'registering' } }, { data: { state: 'running' } }],
    });
    const text = JSON.stringify(bundle);
    for (const hidden of [secret, hashSecret(secret), leaseToken]) expect(text).not.toContain(hidden);
  });

  test('sensors and tokens of long ago are forgotten', async () => {
    const { sensor } = await register();
    await retireSensor(context(), sensor.id, ADMIN);
    pass(89 * 86_400_000);
    expect(await forgetRetiredSensors(context())).toBe(0);
    pass(2 * 86_400_000);
    expect(await forgetRetiredSensors(context())).toBe(1);
    expect(await store.db.selectFrom('sensorToken').selectAll().execute()).toEqual([]);
  });

  test('what a sensor had in hand goes back when it is gone', async () => {
    const { sensor } = await register();
    await recordHeartbeat(context(), sensor.id, beat());
    await addLeasedTask(store, sensor.id, '6f1c1a34-4a1b-4c29-8a4b-0a1f6b1c2d3e');
    pass(15 * 60_000 + 1);
    expect(await watchSensors(context())).toBe(1);
    expect(await watchSensors(context())).toBe(0);
  });

  test('a server has one built-in sensor, whose profile survives a restart', async () => {
    const wish = { host: 'alpha', labels: {}, profile: DEFAULT_PROFILE };
    const [one, two] = await Promise.all([ensureBuiltInSensor(context(), wish), ensureBuiltInSensor(context(), wish)]);
    expect(one.id).toBe(two.id);
    await updateSensor(context(), one.id, { profile: { concurrency: 2 } }, ADMIN);
    const again = await ensureBuiltInSensor(context(), { ...wish, labels: { a: 'b' } });
    expect(again).toMatchObject({ id: one.id, name: 'built-in@alpha', profileVersion: 2, labels: { a: 'b' } });
    await recordHeartbeat(context(), one.id, beat());
    await expect(retireSensor(context(), one.id, ADMIN)).rejects.toMatchObject({ code: 'CONFLICT' });
    pass(100_000);
    await retireSensor(context(), one.id, ADMIN);
    expect((await ensureBuiltInSensor(context(), wish)).id).not.toBe(one.id);
  });
});

/** A task that the sensor has in hand. */
async function addLeasedTask({ db }: Store, sensorId: string, leaseToken: string): Promise<void> {
  const namespace = await insertNamespace(db, { name: 'main', displayName: 'Main', at: START });
  const registry = await insertRegistry(db, {
    id: randomUUID(),
    namespaceId: namespace.id,
    name: 'r',
    type: 'docker-v2',
    url: 'https://r.example',
    host: 'r.example',
    settings: { product: {} },
    credentialKind: 'none',
    sealedCredentials: null,
    credentialHint: undefined,
    credentialExpiresAt: undefined,
    sensorSelector: {},
    labels: {},
    maxListings: 2,
    maxScans: 4,
    at: START,
  });
  const wish = { registryId: registry.id, selector: {}, handicapMinutes: 0, at: START };
  const task = { kind: 'catalogue', key: registry.id, work: { kind: 'catalogue' } } as const;
  await db.transaction().execute(trx => wantTasks(trx, [task], wish));
  await db
    .updateTable('task')
    .set({ state: 'leased', sensorId, leaseToken, leaseUntil: '2026-05-01T14:00:00.000Z' })
    .execute();
}
