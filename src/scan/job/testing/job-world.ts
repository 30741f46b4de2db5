/**
 * A server for tests of scan jobs: a real store, a clock that stands until it is moved, and a queue whose jobs run when they are told to.
 */
import { randomUUID } from 'node:crypto';
import type { Store } from '#store/database.ts';
import { insertNamespace } from '#store/namespace.ts';
import { insertRegistry, type RegistryRecord } from '#store/registry.ts';
import { findRun, type RunRecord } from '#store/run.ts';
import { getSchedule, type ScheduleRecord } from '#store/schedule.ts';
import { createSealer } from '#store/seal.ts';
import { insertSensor } from '#store/sensor.ts';
import { emptyStore } from '#store/testing/empty-store.ts';
import { openContent } from '../../content/testing/content-fixture.ts';
import type { ScheduleInput } from '../../schedule/settings.ts';
import { contentFunctions } from '../../task/content-functions.ts';
import { openServerPort, type ServerPortContext } from '../../task/server-port.ts';
import { createSchedule } from '../manage-schedule.ts';
import { stepRun, tick } from '../tick.ts';
import { ScriptedRegistry, ScriptedSensor } from './scripted-sensor.ts';

export const ACTOR = { name: 'ann' };
const START = new Date('2026-11-21T12:00:00Z');
const signal = new AbortController().signal;

/** The world of one test. */
export interface JobWorld extends AsyncDisposable {
  readonly context: ServerPortContext;
  readonly registry: RegistryRecord;
  readonly contents: ScriptedRegistry;
  readonly sensor: ScriptedSensor;
  /** Moves the clock, in milliseconds. */
  pass(ms: number): void;
  tick(): Promise<void>;
  /** Runs the jobs that were queued, and those that they queue, then lets the sensor work until nothing is left to do. */
  settle(): Promise<void>;
  addSensor(name: string, labels?: Readonly<Record<string, string>>): Promise<ScriptedSensor>;
  addRegistry(name: string, more?: { maxScans?: number; contents?: ScriptedRegistry }): Promise<RegistryRecord>;
  create(settings?: Partial<ScheduleInput>, registryId?: string): Promise<ScheduleRecord>;
  schedule(id: string): Promise<ScheduleRecord>;
  /** The run of a schedule with that number, its last one when missing. */
  run(scheduleId: string, number?: number): Promise<RunRecord>;
  events(): Promise<readonly string[]>;
}

/** Opens a world on a store, which is emptied and stays open after it. */
export async function openWorld(store: Store): Promise<JobWorld> {
  await emptyStore(store);
  const content = await openContent(store);
  let now = START.getTime();
  const jobs: { name: string; data: { runId?: string } }[] = [];
  const base = {
    store,
    vulnerabilities: content.vulnerabilities,
    sealer: createSealer('test'.repeat(8)),
    now: () => new Date(now),
    queue: {
      ...content.queue,
      async send(_: unknown, name: string, data: object) {
        jobs.push({ name, data });
      },
    } as ServerPortContext['queue'],
    features: { forceScan: true, wildcards: true },
    isCompatibilityMode: false,
    analyserVersion: 'analyser-1',
    random: () => 0,
  };
  const context: ServerPortContext = { ...base, content: contentFunctions(base) };
  const namespace = await insertNamespace(store.db, { name: 'main', displayName: 'Main', at: START });
  const contents = new ScriptedRegistry();

  const addRegistry: JobWorld['addRegistry'] = async (name, { maxScans = 4 } = {}) => {
    const id = randomUUID();
    return await insertRegistry(store.db, {
      id,
      namespaceId: namespace.id,
      name,
      type: 'docker-v2',
      url: `https://${name}.example`,
      host: `${name}.example`,
      settings: { product: {} },
      credentialKind: 'none',
      sealedCredentials: null,
      credentialHint: undefined,
      credentialExpiresAt: undefined,
      sensorSelector: {},
      labels: {},
      maxListings: 2,
      maxScans,
      at: START,
    });
  };
  const addSensor: JobWorld['addSensor'] = async (name, labels = {}) => {
    const id = randomUUID();
    const profile = { concurrency: 4 };
    await insertSensor(store.db, { id, name, isBuiltIn: false, secretHash: id, labels, profile, createdAt: START });
    const sensor = new ScriptedSensor(openServerPort(context, id), contents);
    await sensor.beat(1, new Date(now));
    return sensor;
  };
  const drain = async () => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      if (job.name === 'run-step' && job.data.runId !== undefined) await stepRun(context, job.data.runId);
    }
  };
  const registry = await addRegistry('registry');
  const sensor = await addSensor('sensor');
  return {
    context,
    registry,
    contents,
    sensor,
    pass: ms => {
      now += ms;
    },
    tick: () => tick(context, { signal }),
    async settle() {
      do await drain();
      while ((await sensor.work()) > 0 || jobs.length > 0);
    },
    addSensor,
    addRegistry,
    async create(settings = {}, registryId = registry.id) {
      const input: ScheduleInput = {
        name: `job ${randomUUID()}`,
        scanType: 'OnDemand',
        targets: [{ repository: '.*', tags: [] }],
        ...settings,
      };
      return (await createSchedule(context, { registryId, input, actor: ACTOR })).schedule;
    },
    schedule: id => getSchedule(store.db, id),
    async run(scheduleId, number) {
      let select = store.db.selectFrom('run').select('id').where('scheduleId', '=', scheduleId);
      if (number !== undefined) select = select.where('number', '=', number);
      const { id } = await select.orderBy('number', 'desc').executeTakeFirstOrThrow();
      const run = await findRun(store.db, id);
      if (run === undefined) throw new Error('the run went away');
      return run;
    },
    async events() {
      const rows = await store.db.selectFrom('event').select('kind').orderBy('id').execute();
      return rows.map(({ kind }) => kind);
    },
    [Symbol.asyncDispose]: () => content[Symbol.asyncDispose](),
  };
}
