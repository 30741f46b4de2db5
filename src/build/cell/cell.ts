/**
 * A cell: where the programs of one build run, and out of which nothing gets.
 *
 * Inside there are the machine's programs and libraries to read, one folder to write, no other process, and no user that owns
 * anything outside: user, mount, process, host name, IPC and, for what a Dockerfile runs, network namespaces. The cell is made with
 * tools of util-linux and needs neither a daemon nor root. When the cell is closed, or this process ends in whatever way, so does
 * everything in it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, lchown, lstat, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { BuildLimits } from '../build-request.ts';
import { type ControlGroup, openControlGroup } from './control-group.ts';
import { mapIdentities } from './identity-map.ts';
import { type Network, openNetwork } from './network.ts';
import { CELL_SCRIPT, WAIT_SCRIPT } from './script.ts';
import { exceededAfterwards, watch } from './watch.ts';

/** One program to run. */
export interface CellCommand {
  readonly program: string;
  /** Everybody on the machine can read these: no secrets. */
  readonly args: readonly string[];
  /** All there is besides PATH, HOME, TMPDIR and LANG. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** What it reaches: the machine's network, or what code of strangers may. */
  readonly network: 'host' | 'build';
  readonly onOutput: (bytes: Uint8Array, stream: 'stdout' | 'stderr') => void;
  readonly signal: AbortSignal;
}

/** An open cell. One program runs at a time. Held with `await using`. */
export interface Cell extends AsyncDisposable {
  /** The folder that programs may write, by the same path inside and outside. */
  readonly work: string;
  /** What programs with `network: 'build'` reach. */
  readonly buildNetwork: 'isolated' | 'none' | 'host';
  /**
   * Runs a program to its end, and ends whatever it left behind. Returns its exit status.
   * @throws {PlimsollError} `LIMIT_EXCEEDED`, `BUILDER_UNABLE` when it cannot be started; `CANCELLED` or `TIMED_OUT` by the signal.
   */
  run(command: CellCommand): Promise<number>;
  /** Writes a file that programs inside can read, in a folder that exists; nothing may be there yet. Returns its path. */
  write(name: string, text: string | Uint8Array, mode?: number): Promise<string>;
  /** Writes a file that is gone when the handle is closed. */
  secret(name: string, text: string): Promise<AsyncDisposable & { readonly path: string }>;
  /**
   * Reads a short file that programs inside wrote. @throws {PlimsollError} `LIMIT_EXCEEDED` when it is over 64 KiB, or no file of the
   * cell.
   */
  read(name: string): Promise<string>;
  /** Makes a folder that programs inside can write. Returns its path. */
  folder(name: string): Promise<string>;
}

/** The kernel stops a little above what the watch tells of, so that the watch can tell it; control groups, which count, before others. */
const SPARE_TASKS = 16;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const SHOWN = /^\/(?:usr|bin|sbin|lib)\//;
/** Digests, image IDs and known hosts. */
const MAX_READ = 64 * 1024;
let cells = 0;

/**
 * Opens a cell in an empty folder.
 * @throws {PlimsollError} `BUILDER_UNABLE` where the kernel allows no namespaces, or programs of util-linux are missing.
 */
export async function openCell(options: {
  readonly folder: string;
  readonly limits: BuildLimits;
  readonly network: 'isolated' | 'none' | 'host' | undefined;
  readonly signal: AbortSignal;
}): Promise<Cell> {
  if (process.platform !== 'linux') {
    throw new PlimsollError('BUILDER_UNABLE', 'Cannot contain builds on this machine: that takes Linux');
  }
  const { limits, signal } = options;
  await using stack = new AsyncDisposableStack();
  const keeper = stack.use(await openKeeper(signal));
  const work = join(options.folder, 'work');
  const slot = ++cells + process.pid * 7;
  const owner = await mapIdentities(keeper.pid, slot);
  await mkdir(work, { recursive: true });
  await chown(work, owner, owner).catch(() => {});
  const network = stack.use(await openNetwork(keeper.pid, options.network, signal));
  const group = stack.use(
    await openControlGroup(`plimsoll-${process.pid}-${cells}`, {
      memoryBytes: limits.memoryBytes,
      processes: limits.processes + SPARE_TASKS,
    }),
  );
  const cell = new NamespaceCell({ work, owner, keeper: keeper.pid, network, group, limits });
  for (const name of ['tmp', 'secret']) await cell.folder(name);
  const kept = stack.move();
  cell.onClose(async () => await kept.disposeAsync());
  return cell;
}

/** A process that does nothing but hold namespaces open. It ends when we do: its standard input ends then. */
async function openKeeper(signal: AbortSignal): Promise<AsyncDisposable & { readonly pid: number }> {
  const child = spawn('unshare', ['--user', '--net', 'cat'], { stdio: ['pipe', 'pipe', 'pipe'], env: { PATH } });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-500);
  });
  const ended = once(child, 'close').catch(() => {});
  child.stdin.on('error', () => {});
  child.stdin.write('.');
  const isOpen = await Promise.race([
    once(child.stdout, 'data', { signal }).then(() => true),
    ended.then(() => false),
    once(child, 'error').then(() => false),
  ]);
  if (!isOpen || child.pid === undefined) {
    throw new PlimsollError(
      'BUILDER_UNABLE',
      `Cannot contain builds on this machine: user namespaces are needed, and it says "${printable(said.trim() || 'unshare: not found')}"; allow them (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or run a builder elsewhere`,
    );
  }
  return {
    pid: child.pid,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

interface Parts {
  readonly work: string;
  /** User of the machine who is root inside. */
  readonly owner: number;
  readonly keeper: number;
  readonly network: Network;
  readonly group: ControlGroup;
  readonly limits: BuildLimits;
}

class NamespaceCell implements Cell {
  readonly work: string;
  readonly #parts: Parts;
  readonly #running = new Set<ChildProcess>();
  #close = async () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.work = parts.work;
  }

  get buildNetwork(): 'isolated' | 'none' | 'host' {
    return this.#parts.network.kind;
  }

  onClose(close: () => Promise<void>): void {
    this.#close = close;
  }

  async run(command: CellCommand): Promise<number> {
    const { signal } = command;
    if (signal.aborted) throw toPlimsollError(signal.reason);
    const { limits, group } = this.#parts;
    const child = spawn('/bin/sh', ['-c', WAIT_SCRIPT, 'cell', 'nsenter', ...this.#arguments(command)], {
      // The way to it may be closed to users of the cell.
      cwd: this.work,
      // A home that is new each time: nothing that ran before has left configuration in it.
      env: { PATH, LANG: 'C.UTF-8', HOME: '/tmp', TMPDIR: join(this.work, 'tmp'), ...command.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#running.add(child);
    let why: PlimsollError | undefined;
    const stop = (error: PlimsollError) => {
      why ??= error;
      // Its only child is the first process of the namespace, which is killed with it, and all others with that.
      child.kill('SIGKILL');
    };
    const onAbort = () => stop(toPlimsollError(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    const over = new AbortController();
    const closed = new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (status, killedBy) => resolve(status ?? (killedBy === null ? 1 : 128)));
    });
    listen(child.stdout, bytes => command.onOutput(bytes, 'stdout'));
    listen(child.stderr, bytes => command.onOutput(bytes, 'stderr'));
    let watching: Promise<void> = Promise.resolve();
    try {
      const measureDisk = async (until: AbortSignal) => await this.#measureDisk(until);
      if (child.pid !== undefined) {
        await group.add(child.pid);
        watching = watch({ pid: child.pid, group, limits, measureDisk, signal: over.signal, onExceeded: stop });
      }
      start(child.stdin);
      const status = await closed;
      if (why !== undefined) throw why;
      const exceeded = await exceededAfterwards({ group, limits, measureDisk, signal }, { hasFailed: status !== 0 });
      if (exceeded !== undefined) throw exceeded;
      return status;
    } catch (error) {
      if (error instanceof PlimsollError) throw error;
      throw new PlimsollError('BUILDER_UNABLE', 'Cannot run programs in a cell: nsenter of util-linux is needed', {
        cause: error,
      });
    } finally {
      over.abort();
      signal.removeEventListener('abort', onAbort);
      this.#running.delete(child);
      await watching;
    }
  }

  async write(name: string, text: string | Uint8Array, mode = 0o600): Promise<string> {
    const path = await this.#place(name);
    await writeFile(path, text, { mode, flag: 'wx' });
    await lchown(path, this.#parts.owner, this.#parts.owner).catch(() => {});
    return path;
  }

  async secret(name: string, text: string): Promise<AsyncDisposable & { readonly path: string }> {
    const path = await this.write(join('secret', name), text);
    return { path, [Symbol.asyncDispose]: async () => await rm(path, { force: true }) };
  }

  async folder(name: string): Promise<string> {
    const path = await this.#place(name);
    await mkdir(path, { mode: 0o700 });
    await lchown(path, this.#parts.owner, this.#parts.owner).catch(() => {});
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) child.kill('SIGKILL');
    // Files in it belong to users that only exist inside.
    await this.#inside(['find', '.', '-xdev', '-mindepth', '1', '-delete']);
    await this.#close();
    await rm(this.work, { recursive: true, force: true });
  }

  async read(name: string): Promise<string> {
    const path = await this.#place(name);
    const found = await lstat(path);
    if (found.isFile() && found.size <= MAX_READ) return await readFile(path, 'utf8');
    throw new PlimsollError(
      'LIMIT_EXCEEDED',
      `Cannot read "${name}" of a build: it is no file, or has over ${MAX_READ} bytes`,
    );
  }

  /** Where a name is. What ran in the cell may have put a link in the way, by which we would read or write elsewhere. */
  async #place(name: string): Promise<string> {
    const folder = join(await realpath(this.work), dirname(name));
    if ((await realpath(folder)) === folder) return join(this.work, name);
    throw new PlimsollError('LIMIT_EXCEEDED', `Cannot use "${name}" of a build: a link was put in its way`);
  }

  #enter(): string[] {
    return [`--user=/proc/${this.#parts.keeper}/ns/user`, '-S', '0', '-G', '0', '--'];
  }

  #arguments({ program, args, network }: CellCommand): string[] {
    const { keeper, limits } = this.#parts;
    const kind = network === 'host' ? 'host' : this.buildNetwork;
    const extra = isAbsolute(program) && !SHOWN.test(program) ? dirname(program) : '';
    const bounds = [String(limits.processes + 2 * SPARE_TASKS), String(Math.ceil(limits.diskBytes / 512))];
    return [
      ...(kind === 'host' ? [] : [`--net=/proc/${keeper}/ns/net`]),
      ...this.#enter(),
      ...['setpriv', '--pdeathsig', 'KILL'],
      ...['unshare', '--mount', '--propagation', 'private', '--uts', '--ipc', '--pid', '--fork', '--kill-child', '--'],
      ...['/bin/sh', '-c', CELL_SCRIPT, 'cell', this.work, kind, extra, ...bounds, program, ...args],
    ];
  }

  async #measureDisk(signal: AbortSignal): Promise<number> {
    const said = await this.#inside(['du', '-skx', '.'], signal);
    return 1024 * Number(/^(\d+)/.exec(said)?.[1] ?? 0);
  }

  /** What a short program of ours says, run in the working folder as root of the cell; its exit status is not asked for. */
  async #inside(command: readonly string[], signal?: AbortSignal): Promise<string> {
    const child = spawn('nsenter', [...this.#enter(), ...command], {
      cwd: this.work,
      env: { PATH },
      stdio: ['ignore', 'pipe', 'ignore'],
      ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' as const }),
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      said += text;
    });
    await new Promise<void>(resolve => {
      child.once('error', () => resolve());
      child.once('close', () => resolve());
    });
    return said;
  }
}

function listen(stream: Readable, onBytes: (bytes: Uint8Array) => void): void {
  stream.on('data', (bytes: Buffer) => onBytes(bytes));
  stream.on('error', () => {});
}

function start(stdin: Writable): void {
  stdin.on('error', () => {});
  stdin.end('go\n');
}
