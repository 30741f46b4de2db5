/** A sensor with a registry and a server in memory, for tests. */
import { randomUUID } from 'node:crypto';
import type { RegistryServer } from '../../../../test/fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../../../../test/fixtures/scratch-folder.ts';
import type { RegistryAccess, SensorPort } from '../../task/contract.ts';
import { runSensor, type SensorEnd, type SensorOptions } from '../run-sensor.ts';
import { SILENT } from '../sensor-log.ts';
import type { MemoryPort } from './memory-port.ts';

/** How a sensor is told to reach the server of a test. */
export function accessTo(server: RegistryServer, changes: Partial<RegistryAccess> = {}): RegistryAccess {
  return {
    id: randomUUID(),
    name: 'test',
    type: 'docker-v2',
    url: server.url,
    tls: { insecureHttp: true, allowsCredentialsOverHttp: true },
    product: {},
    credentials: { kind: 'none' },
    maxConcurrency: 6,
    ...changes,
  };
}

/** A running sensor. Disposing it stops it, and removes its folder. */
export interface TestSensor<P extends SensorPort = MemoryPort> extends AsyncDisposable {
  readonly port: P;
  readonly folder: ScratchFolder;
  /** Asks it to stop. */
  readonly stop: () => void;
  readonly ended: Promise<SensorEnd>;
}

/** Options of a sensor in a test: quick, with room on any disk. */
export const QUICK = {
  limits: { diskFloorBytes: 0, stateFloorBytes: 0 },
  timing: { heartbeatMs: 50, report: { baseDelayMs: 5, maxDelayMs: 20 }, stopMs: 3000 },
} as const;

/** Starts a sensor on a port. */
export async function startSensor<P extends SensorPort>(
  port: P,
  options: Partial<SensorOptions> = {},
): Promise<TestSensor<P>> {
  const folder = await scratchFolder();
  const stop = new AbortController();
  const ended = runSensor({
    port,
    folders: { cache: folder.at('cache') },
    identity: { version: '0.0.0', host: 'test', platform: 'linux/x64' },
    world: {
      env: {},
      allowsPrivateAddresses: false,
      patience: { attempts: 3, baseDelayMs: 1, maxDelayMs: 5, maxRetryAfterMs: 100 },
    },
    now: () => new Date(),
    log: SILENT,
    signal: stop.signal,
    ...QUICK,
    ...options,
  });
  ended.catch(() => undefined);
  return {
    port,
    folder,
    stop: () => stop.abort(),
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended.catch(() => undefined);
      await folder[Symbol.asyncDispose]();
    },
  };
}
