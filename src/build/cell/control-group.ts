/**
 * Control groups, where this process may make them: the kernel then keeps memory and processes of a build within their bounds by itself.
 *
 * Sources: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/{memory,pids}.rst. In many places (containers without
 * delegation, users without a session) none can be made; then `watch.ts` is what is left.
 */
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The groups of one build. */
export interface ControlGroup extends AsyncDisposable {
  /** Moves a process into them; its children follow. What was exceeded before is forgotten. */
  add(pid: number): Promise<void>;
  /** What was exceeded since the last `add`, as the kernel counted it. */
  exceeded(): Promise<'memory' | 'processes' | undefined>;
}

const ROOT = '/sys/fs/cgroup';

/** Makes control groups with these limits, as many as there can be; without any, all of it does nothing. */
export async function openControlGroup(
  name: string,
  limits: { readonly memoryBytes: number; readonly processes: number },
): Promise<ControlGroup> {
  const own = await readText('/proc/self/cgroup');
  const folders: string[] = [];
  for (const [, controllers = '', path = ''] of own.matchAll(/^[0-9]+:([^:]*):(.*)$/gm)) {
    for (const controller of controllers.split(',')) {
      const folder = join(ROOT, controller, path, name);
      if (await prepare(folder, controller, limits)) folders.push(folder);
    }
  }
  return new Groups(folders);
}

class Groups implements ControlGroup {
  readonly #folders: readonly string[];
  #before = { memory: 0, processes: 0 };

  constructor(folders: readonly string[]) {
    this.#folders = folders;
  }

  async add(pid: number): Promise<void> {
    this.#before = await this.#count();
    for (const folder of this.#folders) await put(join(folder, 'cgroup.procs'), String(pid));
  }

  async exceeded(): Promise<'memory' | 'processes' | undefined> {
    const now = await this.#count();
    if (now.processes > this.#before.processes) return 'processes';
    return now.memory > this.#before.memory ? 'memory' : undefined;
  }

  /** How often the limits were met so far: the kernel counts on for as long as the group is there. */
  async #count(): Promise<{ readonly memory: number; readonly processes: number }> {
    let memory = 0;
    let processes = 0;
    for (const folder of this.#folders) {
      processes += Number(/^max ([0-9]+)/m.exec(await readText(join(folder, 'pids.events')))?.[1] ?? 0);
      for (const file of ['memory.events', 'memory.oom_control']) {
        memory += Number(/^oom_kill ([0-9]+)/m.exec(await readText(join(folder, file)))?.[1] ?? 0);
      }
    }
    return { memory, processes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const folder of this.#folders) {
      // A process that was just killed may be in it for another moment.
      for (let tries = 0; tries < 50; tries++) {
        const isGone = await rmdir(folder).then(
          () => true,
          (error: NodeJS.ErrnoException) => error.code !== 'EBUSY',
        );
        if (isGone) break;
        await new Promise(resolve => setTimeout(resolve, 20));
      }
    }
  }
}

/** Makes the group; `false`, and nothing left behind, when it cannot be or has none of the limits. */
async function prepare(
  folder: string,
  controller: string,
  { memoryBytes, processes }: { readonly memoryBytes: number; readonly processes: number },
): Promise<boolean> {
  // Version 2 has one tree, whose line has no controller.
  const wanted: Readonly<Record<string, readonly (readonly [file: string, value: number])[]>> = {
    '': [
      ['memory.max', memoryBytes],
      ['memory.swap.max', 0],
      ['pids.max', processes],
    ],
    memory: [
      ['memory.limit_in_bytes', memoryBytes],
      ['memory.memsw.limit_in_bytes', memoryBytes],
    ],
    pids: [['pids.max', processes]],
  };
  const values = wanted[controller];
  if (values === undefined) return false;
  try {
    await mkdir(folder);
  } catch {
    return false;
  }
  let isOfUse = false;
  for (const [file, value] of values) isOfUse = (await put(join(folder, file), String(value))) || isOfUse;
  if (!isOfUse) await rmdir(folder).catch(() => {});
  return isOfUse;
}

async function put(path: string, text: string): Promise<boolean> {
  return await writeFile(path, text, { flag: 'r+' }).then(
    () => true,
    () => false,
  );
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
