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
    repeat(DISK_MS, signal, async () => {
      const bytes = await watched.measureDisk(signal);
      if (bytes > watched.limits.diskBytes) tell(exceeded('disk space', watched.limits.diskBytes, 'bytes'));
    }),
  ]);
}

/** What the kernel counted as exceeded, for when the program ended before we looked. */
export async function exceededAfterwards({
  group,
  limits,
}: Pick<Watched, 'group' | 'limits'>): Promise<PlimsollError | undefined> {
  const what = await group.exceeded();
  if (what === 'memory') return exceeded('memory', limits.memoryBytes, 'bytes');
  if (what === 'processes') return exceeded('processes', limits.processes, 'at a time');
  return undefined;
}

async function checkProcesses(watched: Watched, tell: (error: PlimsollError) => void): Promise<void> {
  const { pid, limits } = watched;
  const { tasks, memoryBytes } = await measureTree(pid);
  if (tasks > limits.processes) tell(exceeded('processes', limits.processes, 'at a time'));
  if (memoryBytes > limits.memoryBytes) tell(exceeded('memory', limits.memoryBytes, 'bytes'));
  const counted = await exceededAfterwards(watched);
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
