/** What needs attention, the most pressing first: a decision over what the server tells, without any of its own state. */
import type { Overview, Registry, Run, Sensor, VulnerabilityDatabase } from '../api/model.ts';
import { formatThings } from '../display/format-number.ts';

/** One thing that somebody should look at. */
export interface Concern {
  readonly key: string;
  readonly level: 'danger' | 'warning';
  readonly text: string;
  /** Where to look at it. */
  readonly to: string;
}

/** What is known; missing is not known yet, or not for this account. */
export interface Known {
  readonly totals?: Overview['totals'] | undefined;
  readonly registries?: readonly Registry[] | undefined;
  readonly runs?: readonly Run[] | undefined;
  readonly sensors?: readonly Pick<Sensor, 'name' | 'state'>[] | undefined;
  readonly database?: VulnerabilityDatabase | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

const HOUR_MS = 60 * 60 * 1000;
/** Sources publish daily; after two days something is wrong. */
const OLD_DATABASE_HOURS = 48;
/** A failure of last month is history. */
const RECENT_RUN_MS = 7 * 24 * HOUR_MS;
const SILENT: readonly Sensor['state'][] = ['disconnected', 'unknown', 'degraded'];
const UNREACHABLE: readonly Registry['health'][] = ['unreachable', 'auth-error', 'tls-error'];

/** The concerns. */
export function listConcerns({ totals, registries, runs, sensors, database, now }: Known): readonly Concern[] {
  return [
    ...aboutImages(totals),
    ...(registries ?? [])
      .filter(({ health }) => UNREACHABLE.includes(health))
      .map(
        ({ id, name }): Concern => ({
          key: `registry ${id}`,
          level: 'danger',
          text: `The registry ${name} cannot be used`,
          to: `/registries/${id}`,
        }),
      ),
    ...(runs ?? [])
      .filter(({ state, completedAt }) => isFailed(state) && now - Date.parse(completedAt ?? '') < RECENT_RUN_MS)
      .map(
        ({ id, number, reason }): Concern => ({
          key: `run ${id}`,
          level: 'danger',
          text: `Run ${number} failed${reason === null ? '' : `: ${reason}`}`,
          to: `/runs/${id}`,
        }),
      ),
    ...aboutDatabase(database, now),
    ...aboutSensors(sensors),
  ];
}

function isFailed(state: Run['state']): boolean {
  return state === 'Failed' || state === 'Error';
}

function aboutImages(totals: Known['totals']): Concern[] {
  if (totals === undefined) return [];
  const { exploitedImages, criticalImages, failedImages, counts } = totals;
  const concerns: (Concern | false)[] = [
    exploitedImages > 0 && {
      key: 'exploited',
      level: 'danger',
      text: `${formatThings(exploitedImages, 'image has', 'images have')} findings that are known to be exploited`,
      to: '/images?exploited=true',
    },
    criticalImages > 0 && {
      key: 'critical',
      level: 'danger',
      text: `${formatThings(criticalImages, 'image has', 'images have')} ${formatThings(counts.critical, 'critical finding')}`,
      to: '/images?severity=CRITICAL',
    },
    failedImages > 0 && {
      key: 'failed',
      level: 'warning',
      text: `${formatThings(failedImages, 'image')} could not be scanned`,
      to: '/images?state=failed',
    },
  ];
  return concerns.filter(one => one !== false);
}

function aboutDatabase(database: Known['database'], now: number): Concern[] {
  if (database === undefined) return [];
  const to = '/settings/database';
  if (database.current === null) {
    const text = 'There is no vulnerability database yet: nothing can be said of any image';
    return [{ key: 'database', level: 'danger', text, to }];
  }
  const hours = Math.floor((now - Date.parse(database.current.builtAt)) / HOUR_MS);
  if (hours < OLD_DATABASE_HOURS) return [];
  const text = `The vulnerability database is ${formatThings(Math.floor(hours / 24), 'day')} old`;
  return [{ key: 'database', level: 'warning', text, to }];
}

function aboutSensors(sensors: Known['sensors']): Concern[] {
  if (sensors === undefined) return [];
  if (sensors.length === 0) {
    return [{ key: 'sensors', level: 'danger', text: 'No sensor is there: nothing is scanned', to: '/sensors' }];
  }
  return sensors
    .filter(({ state }) => SILENT.includes(state))
    .map(({ name, state }) => ({
      key: `sensor ${name}`,
      level: 'warning' as const,
      text: state === 'degraded' ? `The sensor ${name} has troubles` : `The sensor ${name} does not answer`,
      to: '/sensors',
    }));
}
