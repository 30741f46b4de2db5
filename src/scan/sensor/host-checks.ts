/**
 * Checks of the host that a sensor runs on: told with each heartbeat; a failed one degrades the sensor. The clock is checked by the server.
 */
import { randomUUID } from 'node:crypto';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '#base/byte-size.ts';
import { printable } from '#base/text.ts';
import type { Heartbeat } from '../task/contract.ts';
import type { SensorProfile } from './profile.ts';

export type HostCheck = Heartbeat['checks'][number];

/** Folders that a sensor writes to. */
export interface SensorFolders {
  /** Facts of layers. */
  readonly cache: string;
  /** Its identity; missing where it has none of its own. */
  readonly state?: string | undefined;
}

/** Free bytes where the cache and temporary files are, the fewer of the two; 0 where nobody can say. */
export async function freeBytes({ cache }: Pick<SensorFolders, 'cache'>): Promise<number> {
  const both = await Promise.all([freeIn(cache), freeIn(tmpdir())]);
  return Math.min(...both);
}

/** All checks of the host. Never fails. */
export async function checkHost(
  folders: SensorFolders,
  profile: Pick<SensorProfile, 'diskFloorBytes' | 'stateFloorBytes'>,
): Promise<readonly HostCheck[]> {
  const checks = [await checkDisk(folders, profile), await checkCache(folders.cache)];
  if (folders.state !== undefined) {
    checks.push(floorCheck('state', await freeIn(folders.state), profile.stateFloorBytes, 'for its own state'));
  }
  return checks;
}

/** Whether there is room to begin an image. Layers are streamed, so what an image needs does not grow with its size. */
export async function checkDisk(
  folders: Pick<SensorFolders, 'cache'>,
  profile: Pick<SensorProfile, 'diskFloorBytes'>,
): Promise<HostCheck> {
  return floorCheck('disk', await freeBytes(folders), profile.diskFloorBytes, 'for the cache and temporary files');
}

/** Registries that could not be reached the last time, of late: nobody may ask for one ever again. */
export function checkRegistries(seen: Readonly<NonNullable<Heartbeat['registries']>>, now: Date): HostCheck {
  const lost = seen.filter(
    ({ lastError }) =>
      lastError !== undefined &&
      UNREACHABLE.has(lastError.code) &&
      now.getTime() - Date.parse(lastError.at) < LATELY_MS,
  );
  const [first] = lost;
  if (first === undefined) return { name: 'registries', ok: true, detail: 'Every registry could be reached' };
  const others = lost.length === 1 ? '' : ` (and ${lost.length - 1} more)`;
  return { name: 'registries', ok: false, detail: `${first.lastError?.message ?? ''}${others}`.slice(0, 500) };
}

const LATELY_MS = 30 * 60_000;
const UNREACHABLE: ReadonlySet<string> = new Set(['REGISTRY_UNAVAILABLE', 'TIMED_OUT']);

function floorCheck(name: string, free: number, floor: number, what: string): HostCheck {
  const ok = free >= floor;
  const detail = `${formatBytes(free)} free ${what}${ok ? '' : `, the floor is ${formatBytes(floor)}`}`;
  return { name, ok, detail };
}

async function checkCache(folder: string): Promise<HostCheck> {
  const path = join(folder, `.check-${process.pid}-${randomUUID()}`);
  try {
    await writeFile(path, 'x', { flag: 'wx', mode: 0o600 });
    return { name: 'cache', ok: true, detail: 'The cache can be written' };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { name: 'cache', ok: false, detail: printable(`The cache cannot be written: ${why}`, 500) };
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function freeIn(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch {
    return 0;
  }
}
