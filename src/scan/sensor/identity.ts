/**
 * Who a sensor is, kept in a folder of its own: the one-time token is used once, whatever happens to the sensor afterwards.
 */
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { backoffMs, DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { type FolderLock, takeFolderLock } from '#store/folder-lock.ts';
import type { ServerConnection } from './http-port.ts';
import type { SensorLabels } from './labels.ts';
import type { SensorProfileInput } from './profile.ts';
import { pause } from './reports.ts';
import { hashSecret, isSensorSecret, newSensorSecret } from './secret.ts';

/** A sensor that the server knows. */
export interface SensorIdentity {
  readonly id: string;
  readonly name: string;
  readonly secret: string;
}

/** How a sensor introduces itself. */
export interface IdentityWish {
  /** Missing when the sensor should be known already. */
  readonly token?: string | undefined;
  readonly name?: string | undefined;
  readonly labels?: SensorLabels | undefined;
  readonly profile?: SensorProfileInput | undefined;
  /** Address of the server: an identity is good for one server. */
  readonly server: string;
}

const stateSchema = z.object({
  server: z.string(),
  secret: z.string().refine(isSensorSecret),
  /** Of the token it introduced itself with: another token makes another sensor. */
  tokenHash: z.string(),
  /** Missing until the server has answered. */
  id: z.uuid().optional(),
  name: z.string().optional(),
});

type State = z.output<typeof stateSchema>;

/** How to introduce oneself. */
export interface IdentifyOptions {
  readonly signal: AbortSignal;
  /** Told of each attempt that did not reach the server, and how long the pause before the next is, in ms. Without it there is none. */
  readonly onAway?: (error: PlimsollError, delayMs: number) => void;
}

/** The folder of a sensor's state, for one process. Held with `using`. */
export interface SensorStateFolder extends Disposable {
  readonly path: string;
  /**
   * The identity that is kept, or a new one by the token. The secret is on disk before the server hears of it: after a crash in between, the
   * same token works with the same secret. With `onAway` a server that cannot be reached is waited for.
   * @throws {PlimsollError} `UNAUTHENTICATED`, `USAGE` when there is neither an identity nor a token, `SERVER_UNAVAILABLE` without `onAway`.
   */
  identify(
    connection: Pick<ServerConnection, 'register'>,
    wish: IdentityWish,
    options: IdentifyOptions,
  ): Promise<SensorIdentity>;
}

/** Opens the folder, which is made when it is missing. @throws {PlimsollError} `CONFLICT` when a sensor runs in it, `FILE_DENIED`. */
export async function openSensorState(path: string): Promise<SensorStateFolder> {
  let lock: FolderLock;
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    await chmod(path, 0o700);
    lock = takeFolderLock(path);
  } catch (error) {
    if (error instanceof PlimsollError && error.code === 'CONFLICT') {
      throw new PlimsollError(
        'CONFLICT',
        `Cannot use the state folder "${printable(path)}": another sensor runs in it; give each a folder of its own with --state`,
        { cause: error },
      );
    }
    throw denied(path, error);
  }
  return {
    path,
    identify: (connection, wish, options) => identify(join(path, 'sensor.json'), connection, wish, options),
    [Symbol.dispose]: () => lock[Symbol.dispose](),
  };
}

async function identify(
  file: string,
  connection: Pick<ServerConnection, 'register'>,
  wish: IdentityWish,
  options: IdentifyOptions,
): Promise<SensorIdentity> {
  const { token, name, labels, profile, server } = wish;
  const known = await readState(file);
  const isOurs = known?.server === server && (token === undefined || hashSecret(token) === known.tokenHash);
  if (isOurs && known.id !== undefined) return { id: known.id, name: known.name ?? '', secret: known.secret };
  if (token === undefined) {
    throw new PlimsollError(
      'USAGE',
      `Cannot run a sensor for ${printable(server)}: it has not introduced itself yet; give it a one-time token with --token or PLIMSOLL_SENSOR_TOKEN`,
    );
  }
  const state: State = isOurs ? known : { server, secret: newSensorSecret(), tokenHash: hashSecret(token) };
  // An identity that works is replaced only when the new one does.
  const waiting = known?.id !== undefined ? `${file}.new` : file;
  await writeState(waiting, state);
  const introduction = {
    token,
    secret: state.secret,
    ...(name === undefined ? {} : { name }),
    ...(labels === undefined ? {} : { labels: { ...labels } }),
    ...(profile === undefined ? {} : { profile }),
  };
  const made = await patiently(() => connection.register(introduction, { signal: options.signal }), options);
  await writeState(file, { ...state, ...made });
  return { ...made, secret: state.secret };
}

/** Asks until the server answers, where somebody wants that; ever less often. */
async function patiently<T>(ask: () => Promise<T>, { signal, onAway }: IdentifyOptions): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof PlimsollError && error.code === 'SERVER_UNAVAILABLE';
      if (!isAway || onAway === undefined || signal.aborted) throw error;
      const delayMs = backoffMs(failures, DEFAULT_PATIENCE);
      onAway(error, delayMs);
      await pause(delayMs, signal);
    }
  }
}

async function readState(file: string): Promise<State | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw denied(file, error);
  }
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlimsollError(
      'CONFIGURATION_INVALID',
      `Cannot read "${printable(file)}": it is damaged; remove it, and register the sensor with a fresh token`,
      { cause },
    );
  }
}

/** Whole or not at all, for its owner alone. */
async function writeState(file: string, state: State): Promise<void> {
  const temporary = `${file}.tmp`;
  try {
    const handle = await open(temporary, 'w', 0o600);
    try {
      await handle.chmod(0o600);
      await handle.writeFile(`${JSON.stringify(state, undefined, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    throw denied(file, error);
  }
}

function denied(path: string, cause: unknown): PlimsollError {
  if (cause instanceof PlimsollError) return cause;
  const why = cause instanceof Error ? cause.message : String(cause);
  return new PlimsollError('FILE_DENIED', `Cannot use "${printable(path)}": ${printable(why)}`, { cause });
}
