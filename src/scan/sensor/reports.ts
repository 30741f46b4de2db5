/**
 * What a task tells the server, again and again until it is taken: a server that is away for a while costs nobody the work.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { backoffMs } from '#image/registry/attempt.ts';
import type {
  FoundManifest,
  Lease,
  LeaseAnswer,
  ListedRepository,
  ListedTag,
  SensorPort,
  TaskOutcome,
} from '../task/contract.ts';
import type { SensorLog } from './sensor-log.ts';
import { TaskStop } from './task-stop.ts';

/** Failures of the way to the server, not of what was said. */
const AWAY: ReadonlySet<ErrorCode> = new Set([
  'SERVER_UNAVAILABLE',
  'STORE_UNAVAILABLE',
  'TIMED_OUT',
  'TOO_MANY_REQUESTS',
]);

/** Digests asked about together. */
const PAGE = 500;

/** The wait between two attempts. */
export interface ReportPatience {
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
}

export const REPORT_PATIENCE: ReportPatience = { baseDelayMs: 500, maxDelayMs: 30_000 };

/** The server as one task knows it. Every call throws a `TaskStop` when the server says that the lease is over. */
export class TaskReports {
  readonly #port: SensorPort;
  readonly #lease: Lease;
  readonly #patience: ReportPatience;
  readonly #log: SensorLog;
  readonly #onDropped: () => void;

  constructor(options: {
    readonly port: SensorPort;
    readonly lease: Lease;
    readonly patience?: ReportPatience | undefined;
    readonly log: SensorLog;
    /** Told when the server says that the lease is over. */
    readonly onDropped: () => void;
  }) {
    this.#port = options.port;
    this.#lease = options.lease;
    this.#patience = options.patience ?? REPORT_PATIENCE;
    this.#log = options.log;
    this.#onDropped = options.onDropped;
  }

  async repositories(page: readonly ListedRepository[], signal: AbortSignal): Promise<void> {
    this.#goOn(await this.#persist(() => this.#port.reportRepositories(this.#lease, page, { signal }), signal));
  }

  async findUnknownManifests(digests: readonly string[], signal: AbortSignal): Promise<readonly string[]> {
    const unknown: string[] = [];
    for (let at = 0; at < digests.length; at += PAGE) {
      const page = digests.slice(at, at + PAGE);
      unknown.push(
        ...(await this.#persist(() => this.#port.findUnknownManifests(this.#lease, page, { signal }), signal)),
      );
    }
    return unknown;
  }

  async manifests(manifests: readonly FoundManifest[], signal: AbortSignal): Promise<void> {
    this.#goOn(await this.#persist(() => this.#port.reportManifests(this.#lease, manifests, { signal }), signal));
  }

  async tags(page: readonly ListedTag[], signal: AbortSignal): Promise<void> {
    this.#goOn(await this.#persist(() => this.#port.reportTags(this.#lease, page, { signal }), signal));
  }

  async inventory(text: string, signal: AbortSignal): Promise<void> {
    this.#goOn(await this.#persist(() => this.#port.reportInventory(this.#lease, text, { signal }), signal));
  }

  async end(outcome: TaskOutcome, signal: AbortSignal): Promise<void> {
    await this.#persist(() => this.#port.end(this.#lease, outcome, { signal }), signal);
  }

  async #persist<T>(call: () => Promise<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (signal.aborted) throw signal.reason;
      try {
        return await call();
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (!isAway(error)) throw error;
        const delayMs = backoffMs(attempt, { ...PATIENCE_REST, ...this.#patience });
        this.#log.warn({ taskId: this.#lease.taskId, delayMs, err: error }, 'report waits for the server');
        await pause(delayMs, signal);
      }
    }
  }

  #goOn(answer: LeaseAnswer): void {
    if (answer === 'go-on') return;
    this.#onDropped();
    throw new TaskStop('dropped');
  }
}

/** Whether the server could not be reached, so that the same may be said later. */
export function isAway(error: unknown): boolean {
  return error instanceof PlimsollError && AWAY.has(error.code);
}

/** Waits. @throws the reason of the signal. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    throw signal.reason instanceof Error ? signal.reason : toPlimsollError(signal.reason);
  }
}

/** What `backoffMs` does not look at. */
const PATIENCE_REST = {
  attempts: 0,
  maxRetryAfterMs: 0,
  connectTimeoutMs: 0,
  headersTimeoutMs: 0,
  idleTimeoutMs: 0,
};
