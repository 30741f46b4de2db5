/**
 * In which state a sensor is: nobody sets it, it follows from what is known and the clock.
 */
import type { Heartbeat } from '../task/contract.ts';

/** The states, as they are shown. */
export const SENSOR_STATES = [
  'registering',
  'running',
  'degraded',
  'unknown',
  'disconnected',
  'draining',
  'retired',
] as const;

export type SensorState = (typeof SENSOR_STATES)[number];

/** How long silence may last. */
export interface SensorThresholds {
  /** Silent for longer than this, nobody knows how the sensor is; its leases end at the end of their term. */
  readonly unknownAfterMs: number;
  /** Silent for longer than this, it is taken for gone. */
  readonly disconnectedAfterMs: number;
  /** How far its clock may be off. */
  readonly maxClockSkewMs: number;
}

export const SENSOR_THRESHOLDS: SensorThresholds = {
  unknownAfterMs: 90_000,
  disconnectedAfterMs: 15 * 60_000,
  maxClockSkewMs: 5 * 60_000,
};

/** What the state follows from. */
export interface SensorFacts {
  readonly retiredAt: string | undefined;
  readonly isDraining: boolean;
  readonly lastHeartbeatAt: string | undefined;
  /** Of the last heartbeat. */
  readonly checks: Heartbeat['checks'];
}

/** The state, and why it is not a better one; the reason is a sentence without full stop, missing where there is nothing to say. */
export interface SensorCondition {
  readonly state: SensorState;
  readonly reason?: string;
}

/**
 * The state at `now`. Silence counts for more than draining: of a sensor that says nothing nobody knows whether it still drains.
 */
export function sensorCondition(
  facts: SensorFacts,
  now: Date,
  thresholds: SensorThresholds = SENSOR_THRESHOLDS,
): SensorCondition {
  const { retiredAt, isDraining, lastHeartbeatAt, checks } = facts;
  if (retiredAt !== undefined) return { state: 'retired' };
  if (lastHeartbeatAt === undefined) return { state: 'registering', reason: 'It has not reported yet' };
  const silentMs = now.getTime() - Date.parse(lastHeartbeatAt);
  const reason = `Nothing was heard of it since ${lastHeartbeatAt}`;
  if (silentMs > thresholds.disconnectedAfterMs) return { state: 'disconnected', reason };
  if (silentMs > thresholds.unknownAfterMs) return { state: 'unknown', reason };
  if (isDraining) return { state: 'draining', reason: 'It takes no new work' };
  const failed = checks.find(check => !check.ok);
  if (failed !== undefined) return { state: 'degraded', reason: failed.detail };
  return { state: 'running' };
}

/** The check of a sensor's clock against the server's, at the moment of a heartbeat. */
export function checkClock(
  sensorClock: string,
  now: Date,
  thresholds: SensorThresholds = SENSOR_THRESHOLDS,
): Heartbeat['checks'][number] {
  const skewMs = Date.parse(sensorClock) - now.getTime();
  const ok = Math.abs(skewMs) <= thresholds.maxClockSkewMs;
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const detail = ok
    ? 'Its clock is right'
    : `Its clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} the server's; set it by NTP`;
  return { name: 'clock', ok, detail };
}
