/**
 * Hearing of sensors: heartbeats, and the events that follow from them and from silence.
 */
import { PlimsollError } from '#base/errors.ts';
import type { ServerContext } from '#store/context.ts';
import type { Db } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import { changeSensor, endLeasesOf, keepHeartbeat, listStoredSensors, type StoredSensor } from '#store/sensor.ts';
import { type Heartbeat, type HeartbeatAnswer, heartbeat } from '../task/contract.ts';
import { checkClock, type SensorCondition, sensorCondition } from './state.ts';

/** What a heartbeat left, as it is read back; undefined when there was none, or one of a version that cannot be read. */
export function lastReportOf(sensor: Pick<StoredSensor, 'report'>): Heartbeat | undefined {
  const result = heartbeat.safeParse(sensor.report);
  return result.success ? result.data : undefined;
}

/** The state of a stored sensor now, and why. */
export function conditionOf(sensor: StoredSensor, now: Date): SensorCondition {
  return sensorCondition({ ...sensor, checks: lastReportOf(sensor)?.checks ?? [] }, now);
}

/**
 * Takes a heartbeat and gives the part of its answer that is about the sensor; which tasks to stop is the business of tasks.
 * The clock of the sensor is checked here, against the server's. Events tell when its state is another.
 * @throws {PlimsollError} `UNAUTHENTICATED` when the sensor was retired.
 */
export async function recordHeartbeat(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  sensorId: string,
  report: Heartbeat,
): Promise<Omit<HeartbeatAnswer, 'stop'>> {
  const at = now();
  const checks = [...report.checks.slice(0, 19), checkClock(report.clock, at)];
  const sensor = await store.db.transaction().execute(async trx => {
    const kept = await keepHeartbeat(trx, sensorId, { report: { ...report, checks }, at });
    if (kept !== undefined) await tellState(trx, kept, at);
    return kept;
  });
  if (sensor === undefined) {
    throw new PlimsollError('UNAUTHENTICATED', 'Cannot take the heartbeat: the sensor was retired');
  }
  const { isDraining, profile, profileVersion } = sensor;
  return { isDraining, profile, profileVersion };
}

/**
 * Tells of sensors that have fallen silent, and takes back what the gone ones had leased. Called once a minute or so by any server; several at
 * once do no harm. Returns how many leases ended, for whoever takes back leases.
 */
export async function watchSensors({ store, now }: Pick<ServerContext, 'store' | 'now'>): Promise<number> {
  const at = now();
  let ended = 0;
  for (const sensor of await listStoredSensors(store.db, { includesRetired: false })) {
    const { state } = conditionOf(sensor, at);
    if (state === sensor.toldState) continue;
    ended += await store.db.transaction().execute(async trx => {
      await tellState(trx, sensor, at);
      return state === 'disconnected' ? await endLeasesOf(trx, sensor.id, at) : 0;
    });
  }
  return ended;
}

/** Writes an event when the state is not the one told last. */
export async function tellState(db: Db, sensor: StoredSensor, at: Date): Promise<void> {
  const { state, reason } = conditionOf(sensor, at);
  if (state === sensor.toldState) return;
  const { id, name, toldState } = sensor;
  await changeSensor(db, id, { toldState: state });
  await recordEvents(db, [
    {
      kind: 'sensor.state',
      at,
      data: { sensorId: id, name, from: toldState, state, ...(reason === undefined ? {} : { reason }) },
    },
  ]);
}
