/**
 * How many processes a build has and how much memory they hold, read from `/proc`.
 *
 * Source: proc_pid_stat(5). Orphans stay in the tree: the first process of the namespace adopts them.
 */
import { readdir, readFile } from 'node:fs/promises';

/** All below one process, itself included. */
export interface TreeUse {
  /** Threads of all processes, as the kernel counts them against its limits. */
  readonly tasks: number;
  /** Resident pages; those shared between processes are counted for each. */
  readonly memoryBytes: number;
}

interface Row {
  readonly parent: number;
  readonly tasks: number;
  readonly memoryBytes: number;
}

/** The pages of all machines that Node runs on with `/proc`, but for some ARM servers with 64 KiB, which count a sixteenth then. */
const PAGE_BYTES = 4096;

/** The use of `pid` and all its descendants; zeros when it is gone. */
export async function measureTree(pid: number): Promise<TreeUse> {
  return (await walkTree(pid)) ?? (await searchTree(pid));
}

/**
 * From each process to its children, so that a machine with thousands of others costs nothing; `undefined` where the kernel does not list them
 * (`CONFIG_PROC_CHILDREN`).
 */
async function walkTree(pid: number): Promise<TreeUse | undefined> {
  let tasks = 0;
  let memoryBytes = 0;
  const waiting = [pid];
  const seen = new Set(waiting);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const row = parseStat(await readText(`/proc/${at}/stat`));
    if (row === undefined) continue;
    tasks += row.tasks;
    memoryBytes += row.memoryBytes;
    // A child belongs to the thread that made it.
    const threads = row.tasks > 1 ? await readdir(`/proc/${at}/task`).catch(() => []) : [String(at)];
    for (const thread of threads) {
      const children = await readFile(`/proc/${at}/task/${thread}/children`, 'latin1').catch(
        (error: NodeJS.ErrnoException) =>
          error.code === 'ENOENT' && at === pid && thread === String(pid) ? undefined : '',
      );
      if (children === undefined) return undefined;
      for (const [id] of children.matchAll(/[0-9]+/g)) {
        if (seen.has(Number(id))) continue;
        seen.add(Number(id));
        waiting.push(Number(id));
      }
    }
  }
  return { tasks, memoryBytes };
}

async function searchTree(pid: number): Promise<TreeUse> {
  const rows = new Map<number, Row>();
  const names = await readdir('/proc').catch(() => []);
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue;
    const row = parseStat(await readText(`/proc/${name}/stat`));
    if (row !== undefined) rows.set(Number(name), row);
  }
  let tasks = 0;
  let memoryBytes = 0;
  for (const [id, row] of rows) {
    if (!isBelow(id, pid, rows)) continue;
    tasks += row.tasks;
    memoryBytes += row.memoryBytes;
  }
  return { tasks, memoryBytes };
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'latin1').catch(() => '');
}

function isBelow(id: number, ancestor: number, rows: ReadonlyMap<number, Row>): boolean {
  // Rows are read one after the other, so numbers that were given anew could make a ring.
  let at = id;
  for (let depth = 0; depth <= rows.size; depth++) {
    if (at === ancestor) return true;
    const row = rows.get(at);
    if (row === undefined || row.parent === 0) return false;
    at = row.parent;
  }
  return false;
}

/** The name in parentheses may have anything in it, also parentheses: what counts follows the last one. */
function parseStat(text: string): Row | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [parent, tasks, pages] = [fields[1], fields[17], fields[21]].map(Number);
  if (parent === undefined || tasks === undefined || pages === undefined || Number.isNaN(pages)) return undefined;
  return { parent, tasks, memoryBytes: pages * PAGE_BYTES };
}
