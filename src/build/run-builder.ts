/**
 * A builder: takes builds from a server, one at a time, and does them with the programs of its machine. It holds nothing but a folder for the
 * build at hand; killed at any moment, it leaves a lease that ends.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { toPlimsollError } from '#base/errors.ts';
import { BuildFailure } from './build-failure.ts';
import type { BuildStep, BuildTools, BuildWatcher, RunningState } from './build-request.ts';
import type { BuildEnding, BuilderPort, LeasedBuild } from './builder-port.ts';
import type { runBuild } from './run-build.ts';

/** What a builder is set up with. */
export interface BuilderOptions {
  readonly port: BuilderPort;
  /** Builds get folders in it; it is made when it is missing. */
  readonly folder: string;
  /** Programs and their versions, for provenance. */
  readonly versions: Readonly<Record<string, string>>;
  /** What does a build. */
  readonly build: typeof runBuild;
  readonly tools?: Pick<BuildTools, 'network' | 'git' | 'buildah' | 'proxies' | 'storageDriver'> | undefined;
  /** Certificates in PEM that the server's registry is reached with. */
  readonly caPem?: string | undefined;
  readonly log: BuilderLog;
  readonly signal: AbortSignal;
  /** How often the server hears of a build, in milliseconds. */
  readonly reportMs?: number | undefined;
  /** End when there is nothing to do. */
  readonly once?: boolean | undefined;
}

/** Where a builder tells what an operator would ask. */
export interface BuilderLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}

const WAIT_MS = 30_000;
const REPORT_MS = 2000;
/** A server that cannot be reached is asked again after so long, twice as long each time. */
const RETRY_MS = [1000, 30_000] as const;
const MAX_REPORT = 256 * 1024;
/** A last word may take so long. */
const LAST_MS = 20_000;
const STEPS: Readonly<Record<RunningState, BuildStep>> = { cloning: 'clone', building: 'build', pushing: 'push' };

/** Builds until `signal` aborts. @throws {PlimsollError} `UNAUTHENTICATED` when the server does not let it in. */
export async function runBuilder(options: BuilderOptions): Promise<void> {
  const { port, signal, log, versions, once = false } = options;
  await mkdir(options.folder, { recursive: true, mode: 0o700 });
  for (let failures = 0; !signal.aborted; ) {
    let leased: LeasedBuild | undefined;
    try {
      leased = await port.lease({ waitMs: once ? 0 : WAIT_MS, versions }, { signal });
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      const known = toPlimsollError(error);
      if (known.code === 'UNAUTHENTICATED' || once) throw known;
      const delayMs = Math.min(RETRY_MS[0] * 2 ** failures, RETRY_MS[1]);
      failures += 1;
      log.warn({ err: known, delayMs }, 'server not reached, trying again');
      await sleep(delayMs, undefined, { signal }).catch(() => undefined);
      continue;
    }
    if (leased !== undefined) await doBuild(leased, options);
    else if (once) return;
  }
}

async function doBuild(leased: LeasedBuild, options: BuilderOptions): Promise<void> {
  const { log, tools, build } = options;
  const { id, tag, project, request } = leased;
  const facts = { build: id, tag, project };
  log.info(facts, 'build started');
  const folder = await mkdtemp(join(options.folder, 'build-'));
  const reporter = new Reporter(leased, options);
  try {
    const push = options.caPem === undefined ? request.push : { ...request.push, caPem: options.caPem };
    const signal = AbortSignal.any([options.signal, reporter.stopped]);
    const result = await build({ ...request, push }, { ...tools, folder, signal, watcher: reporter });
    await reporter.end({ kind: 'succeeded', leaseToken: leased.leaseToken, result: toWire(result) });
    log.info({ ...facts, digest: result.digest }, 'build pushed');
  } catch (error) {
    if (reporter.stopped.aborted) log.info(facts, 'build taken away');
    else if (options.signal.aborted) await reporter.end({ kind: 'returned', leaseToken: leased.leaseToken });
    else {
      const known = toPlimsollError(error);
      log.info({ ...facts, code: known.code, ...(known.code === 'BUG' ? { err: error } : {}) }, 'build failed');
      await reporter.end({ kind: 'failed', leaseToken: leased.leaseToken, failure: toFailure(error, reporter.step) });
    }
  } finally {
    await reporter[Symbol.asyncDispose]();
    // Layers of a build may be owned by users of its cell, and whoever ends the cell removes them; what cannot be removed is told.
    await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch((err: unknown) =>
      log.warn({ ...facts, err }, 'folder of a build not removed'),
    );
  }
}

/** Tells the server what happens, and hears whether to go on. */
class Reporter implements BuildWatcher, AsyncDisposable {
  readonly #leased: LeasedBuild;
  readonly #options: BuilderOptions;
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #log = '';
  #state: RunningState = 'cloning';
  #told: RunningState = 'cloning';
  #sending: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(leased: LeasedBuild, options: BuilderOptions) {
    this.#leased = leased;
    this.#options = options;
    this.#timer = setInterval(() => this.#flush(), options.reportMs ?? REPORT_MS);
  }

  /** Aborted when the build is not ours any more. */
  get stopped(): AbortSignal {
    return this.#stopping.signal;
  }

  get step(): BuildStep {
    return STEPS[this.#state];
  }

  onState(state: RunningState): void {
    this.#state = state;
    this.#flush();
  }

  onLog(text: string): void {
    this.#log += text;
    if (this.#log.length > MAX_REPORT) this.#flush();
  }

  /** The last word, after everything before it. */
  async end(ending: BuildEnding): Promise<void> {
    clearInterval(this.#timer);
    const { port, log } = this.#options;
    const signal = AbortSignal.timeout(LAST_MS);
    await this.#sending;
    try {
      while (this.#log !== '') await this.#send(signal);
      this.#isOver = true;
      await port.end(this.#leased.id, ending, { signal });
    } catch (err) {
      // The lease ends by itself, and the build goes to another.
      log.warn({ build: this.#leased.id, err }, 'end of a build not told');
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    clearInterval(this.#timer);
    await this.#sending;
  }

  /** One report at a time. */
  #flush(): void {
    this.#sending = this.#sending.then(async () => {
      if (this.#isOver || this.stopped.aborted) return;
      try {
        await this.#send(AbortSignal.any([this.#options.signal, AbortSignal.timeout(LAST_MS)]));
      } catch (err) {
        if (!this.#options.signal.aborted)
          this.#options.log.warn({ build: this.#leased.id, err }, 'report of a build not sent');
      }
    });
  }

  async #send(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    const log = this.#log.slice(0, MAX_REPORT);
    const report = { leaseToken: this.#leased.leaseToken, log, ...(state === this.#told ? {} : { state }) };
    const answer = await this.#options.port.report(this.#leased.id, report, { signal });
    this.#log = this.#log.slice(log.length);
    this.#told = state;
    if (answer === 'stop') this.#stopping.abort();
  }
}

function toFailure(error: unknown, step: BuildStep) {
  const known = toPlimsollError(error);
  const message =
    known.code === 'BUG' ? 'The builder failed unexpectedly; its log has more' : known.message.slice(0, 10_000);
  if (!(known instanceof BuildFailure)) return { code: known.code, message, step, tail: [] };
  const { line, instruction, tail } = known;
  return {
    code: known.code,
    message,
    step: known.step,
    ...(line === undefined ? {} : { line }),
    ...(instruction === undefined ? {} : { instruction: instruction.slice(0, 1000) }),
    tail: tail.slice(-20).map(text => text.slice(0, 40_000)),
  };
}

/** Copies, since schemas hand out lists that may be changed. */
function toWire(result: Awaited<ReturnType<typeof runBuild>>) {
  return {
    ...result,
    manifests: result.manifests.map(one => ({ ...one })),
    baseImages: result.baseImages.map(one => ({ ...one })),
    hostKeys: [...result.hostKeys],
  };
}
