/**
 * What a command gets from the process it runs in, so that it can be run in tests with other streams and another environment.
 */
import type { Readable, Writable } from 'node:stream';
import type { ServerSettings } from '#base/server-settings.ts';
import type { SensorTiming } from '#scan/sensor/run-sensor.ts';

/** The world of one run of the command line. Only `main/` makes one from the real process. */
export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What `-` in the place of a file stands for; missing: there is none. */
  readonly stdin?: Readable | undefined;
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  /** Aborted on Ctrl-C. */
  readonly signal: AbortSignal;
  /** Version of Plimsoll. */
  readonly version: string;
  readonly now: () => Date;
  /** Other times of sensors, for tests. */
  readonly sensorTiming?: Partial<SensorTiming> | undefined;
  /** Runs the server until `signal`; what it is made of is the business of `main/`. */
  readonly serve?: (settings: ServerSettings) => Promise<void>;
}

/** Whether results on standard output may have colours: a terminal, and neither `NO_COLOR` nor a dumb one. */
export function hasColors(context: CliContext): boolean {
  const { env, stdout } = context;
  if (env['NO_COLOR']) return false;
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return true;
  return stdout.isTTY === true && env['TERM'] !== 'dumb';
}

/** Whether standard output is a terminal that can be given links (OSC 8). Those that cannot pass over them, but for a few old ones. */
export function hasLinks({ env, stdout }: CliContext): boolean {
  if (env['FORCE_HYPERLINK']) return env['FORCE_HYPERLINK'] !== '0';
  // Linux's own console and the emulations of screen print what they do not know.
  return stdout.isTTY === true && !/^(?:dumb|linux|screen|vt\d+)/.test(env['TERM'] ?? 'dumb');
}
