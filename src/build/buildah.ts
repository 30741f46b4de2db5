/**
 * buildah in a cell: all of its storage in the cell's folder, no configuration but what we say.
 */
import { readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { PlimsollError } from '#base/errors.ts';
import type { Cell } from './cell/cell.ts';
import type { MaskedLog } from './masked-log.ts';

/** Runs buildah's commands. */
export interface Buildah {
  /** Runs a command; its output goes to the log, and is handed to `onText` as it comes. Returns the exit status. */
  run(
    args: readonly string[],
    options?: {
      readonly network?: 'host' | 'build';
      readonly env?: Readonly<Record<string, string>>;
      readonly isQuiet?: boolean;
      readonly onText?: (text: string) => void;
    },
  ): Promise<number>;
}

/** Source: statfs(2), `OVERLAYFS_SUPER_MAGIC`. */
const OVERLAY_MAGIC = 0x794c7630;

/** Sets buildah up in a cell. */
export async function openBuildah(
  cell: Cell,
  options: {
    readonly buildah?: string | undefined;
    readonly storageDriver?: 'overlay' | 'vfs' | undefined;
    readonly log: MaskedLog;
    readonly signal: AbortSignal;
  },
): Promise<Buildah> {
  const { buildah = 'buildah', log, signal } = options;
  const driver = options.storageDriver ?? (await chooseDriver(cell.work));
  const storage = [
    '--root',
    join(cell.work, 'storage'),
    '--runroot',
    join(cell.work, 'run'),
    '--storage-driver',
    driver,
  ];
  return {
    run: async (args, { network = 'host', env, isQuiet = false, onText } = {}) => {
      const status = await cell.run({
        program: buildah,
        args: [...storage, ...args],
        env: { ...env, XDG_RUNTIME_DIR: '/run', BUILDAH_ISOLATION: 'chroot' },
        network,
        signal,
        onOutput: (bytes, stream) => {
          if (!isQuiet || stream === 'stderr') log.write(bytes);
          onText?.(Buffer.from(bytes).toString());
        },
      });
      log.flush();
      if (status === 127)
        throw new PlimsollError('BUILDER_UNABLE', 'Cannot build: buildah is not installed on the builder');
      return status;
    },
  };
}

/** Overlays of one file system on another of their kind are not possible, which containers mostly are. */
async function chooseDriver(folder: string): Promise<'overlay' | 'vfs'> {
  const known = await readFile('/proc/filesystems', 'utf8').catch(() => '');
  if (!/\boverlay$/m.test(known)) return 'vfs';
  const { type } = await statfs(folder);
  return type === OVERLAY_MAGIC ? 'vfs' : 'overlay';
}
