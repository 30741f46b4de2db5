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
  const rows = new Map<number, Row>();
  const names = await readdir('/proc').catch(() => []);
  for (const name of names) {
    if (!/^[0-9]+$/.test(name)) continue;
    const row = parseStat(await readFile(`/proc/${name}/stat`, 'latin1').catch(() => ''));
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
