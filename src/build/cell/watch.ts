/**
 * Watches what a running program takes, and tells when it is too much.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PlimsollError } from '#base/errors.ts';
import type { ControlGroup } from './control-group.ts';
import { measureTree } from './process-tree.ts';

/** What there is to watch. */
export interface Watched {
  /** The first process of the tree. */
  readonly pid: number;
  readonly group: ControlGroup;
  readonly limits: { readonly memoryBytes: number; readonly diskBytes: number; readonly processes: number };
  /** Bytes on disk at this moment; may take a while. */
  readonly measureDisk: (signal: AbortSignal) => Promise<number>;
  readonly signal: AbortSignal;
  /** Called once, with `LIMIT_EXCEEDED`. */
  readonly onExceeded: (error: PlimsollError) => void;
}

const PROCESSES_MS = 200;
const DISK_MS = 500;

/** Watches until `signal` is aborted or something is exceeded. Never rejects. */
export async function watch(watched: Watched): Promise<void> {
  const stop = new AbortController();
  const signal = AbortSignal.any([watched.signal, stop.signal]);
  const tell = (error: PlimsollError) => {
    if (signal.aborted) return;
    stop.abort();
    watched.onExceeded(error);
  };
  await Promise.all([
    repeat(PROCESSES_MS, signal, async () => await checkProcesses(watched, tell)),
    // Not at once: most programs end before, and what they left is measured then.
    sleep(DISK_MS, undefined, { signal, ref: false })
      .catch(() => {})
      .then(async () => await repeat(DISK_MS, signal, async () => await checkDisk(watched, signal, tell))),
  ]);
}

/** What the program exceeded before we looked: as the kernel counted it where it failed, and what it left on disk. */
export async function exceededAfterwards(
  watched: Pick<Watched, 'group' | 'limits' | 'measureDisk' | 'signal'>,
  { hasFailed }: { readonly hasFailed: boolean },
): Promise<PlimsollError | undefined> {
  const counted = hasFailed ? await exceededInGroup(watched) : undefined;
  if (counted !== undefined) return counted;
  let found: PlimsollError | undefined;
  await checkDisk(watched, watched.signal, error => {
    found = error;
  });
  return found;
}

async function exceededInGroup({
  group,
  limits,
}: Pick<Watched, 'group' | 'limits'>): Promise<PlimsollError | undefined> {
  const what = await group.exceeded();
  if (what === 'memory') return exceeded('memory', limits.memoryBytes, 'bytes');
  if (what === 'processes') return exceeded('processes', limits.processes, 'at a time');
  return undefined;
}

async function checkDisk(
  { measureDisk, limits }: Pick<Watched, 'measureDisk' | 'limits'>,
  signal: AbortSignal,
  tell: (error: PlimsollError) => void,
): Promise<void> {
  const bytes = await measureDisk(signal);
  if (bytes > limits.diskBytes) tell(exceeded('disk space', limits.diskBytes, 'bytes'));
}

async function checkProcesses(watched: Watched, tell: (error: PlimsollError) => void): Promise<void> {
  const { pid, limits } = watched;
  const { tasks, memoryBytes } = await measureTree(pid);
  if (tasks > limits.processes) tell(exceeded('processes', limits.processes, 'at a time'));
  if (memoryBytes > limits.memoryBytes) tell(exceeded('memory', limits.memoryBytes, 'bytes'));
  const counted = await exceededInGroup(watched);
  if (counted !== undefined) tell(counted);
}

async function repeat(pauseMs: number, signal: AbortSignal, look: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    const before = performance.now();
    // A look that fails is made again; what it watches ends by the time limit in any case.
    await look().catch(() => {});
    // Large folders take long to measure: at most a fifth of the time goes into it.
    const tookMs = performance.now() - before;
    await sleep(Math.max(pauseMs, 4 * tookMs), undefined, { signal, ref: false }).catch(() => {});
  }
}

function exceeded(what: string, limit: number, unit: string): PlimsollError {
  return new PlimsollError('LIMIT_EXCEEDED', `The build took more ${what} than it may: the limit is ${limit} ${unit}`);
}
