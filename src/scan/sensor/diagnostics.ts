/**
 * What to look at when a sensor does not do what it should: all that the server knows of it, in one document without secrets.
 */
import { sql } from 'kysely';
import type { ServerContext } from '#store/context.ts';
import { type SensorView, showSensor } from './administration.ts';

/** The document. It may be sent to others: names of registries, repositories and hosts are in it, credentials are not. */
export interface SensorDiagnostics {
  readonly createdAt: string;
  readonly serverVersion: string;
  readonly sensor: SensorView;
  /** Tasks that it has in hand or had last, newest first. */
  readonly tasks: readonly {
    readonly id: string;
    readonly kind: string;
    readonly state: string;
    readonly registry: string;
    readonly work: unknown;
    readonly attempt: number;
    readonly leasedAt: string | null;
    readonly leaseUntil: string | null;
    readonly progress: unknown;
    readonly errorCode: string | null;
    readonly errorMessage: string | null;
  }[];
  /** The last changes of its state, oldest first. */
  readonly states: readonly { readonly at: string; readonly data: unknown }[];
}

const MAX_TASKS = 100;
const MAX_STATES = 500;

/** Collects it. @throws {PlimsollError} `NOT_FOUND`. */
export async function collectDiagnostics(
  context: Pick<ServerContext, 'store' | 'now'>,
  sensorId: string,
  { serverVersion }: { readonly serverVersion: string },
): Promise<SensorDiagnostics> {
  const { db } = context.store;
  const sensor = await showSensor(context, sensorId);
  const tasks = await db
    .selectFrom('task')
    .innerJoin('registry', 'registry.id', 'task.registryId')
    .select([
      'task.id',
      'task.kind',
      'task.state',
      'registry.name as registry',
      'task.work',
      'task.attempt',
      'task.leasedAt',
      'task.leaseUntil',
      'task.progress',
      'task.errorCode',
      'task.errorMessage',
    ])
    .where('task.sensorId', '=', sensorId)
    .orderBy('task.createdAt', 'desc')
    .limit(MAX_TASKS)
    .execute();
  const states = await db
    .selectFrom('event')
    .select(['at', 'data'])
    .where('kind', '=', 'sensor.state')
    .where(sql`data ->> 'sensorId'`, '=', sensorId)
    .orderBy('id', 'desc')
    .limit(MAX_STATES)
    .execute();
  return { createdAt: context.now().toISOString(), serverVersion, sensor, tasks, states: states.reverse() };
}
