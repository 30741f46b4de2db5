/**
 * What admins do with sensors: look at them, name and label them, set their profile, drain and retire them.
 */
import { PlimsollError } from '#base/errors.ts';
import { type Actor, recordAudit } from '#store/audit.ts';
import type { ServerContext } from '#store/context.ts';
import type { Trx } from '#store/database.ts';
import { recordEvents } from '#store/event.ts';
import {
  changeSensor,
  endLeasesOf,
  listStoredSensors,
  removeOldSensorTokens,
  removeRetiredSensors,
  retireStoredSensor,
  type SensorChange,
  type StoredSensor,
} from '#store/sensor.ts';
import type { SensorLabels } from './labels.ts';
import { conditionOf, lastReportOf, tellState } from './presence.ts';
import { parseProfile, type SensorProfileInput } from './profile.ts';
import { getSensor } from './registration.ts';
import type { SensorState } from './state.ts';

/** A retired sensor is remembered this long. */
const RETIRED_KEPT_MS = 90 * 24 * 60 * 60 * 1000;

/** A sensor as it is shown: no secrets, its state as of now. */
export interface SensorView {
  readonly id: string;
  readonly name: string;
  readonly isBuiltIn: boolean;
  readonly state: SensorState;
  /** Why the state is not a better one. */
  readonly reason: string | undefined;
  readonly labels: SensorLabels;
  readonly profile: unknown;
  readonly profileVersion: number;
  /** The version of the profile that the sensor goes by. */
  readonly appliedProfileVersion: number | undefined;
  readonly isDraining: boolean;
  readonly lastHeartbeatAt: string | undefined;
  readonly createdAt: string;
  readonly retiredAt: string | undefined;
  /** What it said of itself last. */
  readonly report: ReturnType<typeof lastReportOf>;
}

/** All sensors by name, retired ones last where they are asked for. */
export async function listSensors(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  { includesRetired = false }: { readonly includesRetired?: boolean } = {},
): Promise<readonly SensorView[]> {
  const at = now();
  const sensors = await listStoredSensors(store.db, { includesRetired });
  return sensors.map(sensor => toView(sensor, at));
}

/** One sensor. @throws {PlimsollError} `NOT_FOUND`. */
export async function showSensor(context: Pick<ServerContext, 'store' | 'now'>, id: string): Promise<SensorView> {
  return toView(await getSensor(context, id), context.now());
}

/** What may be set of a sensor. */
export interface SensorSettings {
  readonly name?: string | undefined;
  readonly labels?: SensorLabels | undefined;
  /** The whole profile; the sensor has it with its next heartbeat. */
  readonly profile?: SensorProfileInput | undefined;
}

/** Changes a sensor. @throws {PlimsollError} `NOT_FOUND`, also for a retired one; `REQUEST_INVALID` for a profile that cannot be used. */
export async function updateSensor(
  context: Pick<ServerContext, 'store' | 'now'>,
  id: string,
  { name, labels, profile }: SensorSettings,
  actor: Actor,
): Promise<SensorView> {
  const checked = profile === undefined ? undefined : parseProfile(profile);
  return await change(context, id, { name, labels, profile: checked }, { actor, action: 'sensor.update' });
}

/** Lets a sensor take no new work, or take work again. What it has in hand it finishes. @throws {PlimsollError} `NOT_FOUND`. */
export async function drainSensor(
  context: Pick<ServerContext, 'store' | 'now'>,
  id: string,
  isDraining: boolean,
  actor: Actor,
): Promise<SensorView> {
  const action = isDraining ? 'sensor.drain' : 'sensor.resume';
  return await change(context, id, { isDraining }, { actor, action });
}

/**
 * Ends a sensor: its secret opens nothing any more, what it had in hand goes back to the queue. It is remembered for a while.
 * @throws {PlimsollError} `NOT_FOUND` when there is none, `CONFLICT` for a built-in one, which ends with its server.
 */
export async function retireSensor(
  context: Pick<ServerContext, 'store' | 'now' | 'queue'>,
  id: string,
  actor: Actor,
): Promise<void> {
  const sensor = await getSensor(context, id);
  const at = context.now();
  if (sensor.isBuiltIn && isAlive(sensor, at)) {
    throw new PlimsollError(
      'CONFLICT',
      `Cannot retire ${sensor.name}: it is part of a running server; start that one with PLIMSOLL_SENSOR=off, or drain the sensor`,
    );
  }
  await context.store.db.transaction().execute(async trx => {
    if (!(await retireStoredSensor(trx, id, at))) return;
    const ended = await endLeasesOf(trx, id, at);
    const { name } = sensor;
    await recordAudit(trx, {
      at,
      actor,
      action: 'sensor.retire',
      subjectKind: 'sensor',
      subjectId: id,
      detail: { name, tasksReturned: ended },
    });
    await recordEvents(trx, [
      { kind: 'sensor.state', at, data: { sensorId: id, name, from: sensor.toldState, state: 'retired' } },
    ]);
    if (ended > 0) await context.queue.send(trx, 'schedule-tick', {});
  });
}

/** Forgets sensors that were retired long ago, and tokens that expired long ago. Returns how many sensors. */
export async function forgetRetiredSensors({ store, now }: Pick<ServerContext, 'store' | 'now'>): Promise<number> {
  const before = new Date(now().getTime() - RETIRED_KEPT_MS);
  await removeOldSensorTokens(store.db, before);
  return await removeRetiredSensors(store.db, before);
}

async function change(
  { store, now }: Pick<ServerContext, 'store' | 'now'>,
  id: string,
  wanted: SensorChange,
  { actor, action }: { readonly actor: Actor; readonly action: string },
): Promise<SensorView> {
  const at = now();
  const changed = await store.db.transaction().execute(async (trx: Trx) => {
    const sensor = await changeSensor(trx, id, wanted);
    if (sensor === undefined) {
      throw new PlimsollError('NOT_FOUND', 'Cannot change the sensor: there is none of that id, or it was retired');
    }
    await tellState(trx, sensor, at);
    const detail = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    await recordAudit(trx, { at, actor, action, subjectKind: 'sensor', subjectId: id, detail });
    return sensor;
  });
  return toView(changed, at);
}

function isAlive(sensor: StoredSensor, at: Date): boolean {
  const { state } = conditionOf(sensor, at);
  return state === 'running' || state === 'degraded' || state === 'draining';
}

function toView(sensor: StoredSensor, at: Date): SensorView {
  const { toldState: _, ...shown } = sensor;
  const { state, reason } = conditionOf(sensor, at);
  const report = lastReportOf(sensor);
  return { ...shown, state, reason, report, appliedProfileVersion: report?.profileVersion };
}
