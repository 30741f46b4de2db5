/**
 * A sensor: leases tasks, does them several at a time, tells how they go, and gives back what it cannot finish.
 *
 * It only asks; nothing reaches it from outside. Whatever happens, to a registry, to the server or to a task, the loop goes on: it ends when
 * it is told to stop, or when the server does not know it any more.
 */
import { tmpdir } from 'node:os';
import { type PlimsollError, toPlimsollError } from '#base/errors.ts';
import { backoffMs, DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { isBlackedOut } from '../schedule/blackout.ts';
import type { Heartbeat, LeasedTask, SensorPort } from '../task/contract.ts';
import { BoundedLayerPool, threadsFor } from './bounded-layer-pool.ts';
import { ConfigStore } from './config-store.ts';
import { ConnectorPool, type ConnectorWorld } from './connector-pool.ts';
import { executeTask, type TaskTools } from './execute-task.ts';
import { FactsFolder } from './facts-folder.ts';
import { checkHost, checkRegistries, freeBytes, type SensorFolders } from './host-checks.ts';
import { analyserVersion, LayerStore } from './layer-store.ts';
import { Meter } from './meter.ts';
import { DEFAULT_PROFILE, type SensorProfile, sensorProfile } from './profile.ts';
import { isAway, pause, REPORT_PATIENCE, type ReportPatience, TaskReports } from './reports.ts';
import type { SensorLog } from './sensor-log.ts';
import { sweepTemporaryFiles } from './sweep.ts';
import { TaskStop } from './task-stop.ts';
import { TokenBucket } from './token-bucket.ts';

/** How a sensor is run. */
export interface SensorOptions {
  readonly port: SensorPort;
  readonly folders: SensorFolders;
  readonly identity: Pick<Heartbeat, 'version' | 'host' | 'platform'>;
  /** Around connections to registries. */
  readonly world: Omit<ConnectorWorld, 'now'>;
  /** What holds on this host whatever the profile at the server says. */
  readonly limits?: Partial<SensorProfile> | undefined;
  readonly now: () => Date;
  readonly log: SensorLog;
  /** Asks the sensor to stop: it gives back what it has in hand. */
  readonly signal: AbortSignal;
  /** Ends when there is nothing to do and nothing in hand. */
  readonly once?: boolean | undefined;
  readonly timing?: Partial<SensorTiming> | undefined;
}

/** Times in milliseconds. */
export interface SensorTiming {
  readonly heartbeatMs: number;
  /** How long a lease waits for the first task. */
  readonly leaseWaitMs: number;
  /** How long telling may go on after the sensor was asked to stop. */
  readonly stopMs: number;
  readonly report: ReportPatience;
  /** A connector that nobody has used for this long is closed. */
  readonly idleMs: number;
}

const TIMING: SensorTiming = {
  heartbeatMs: 30_000,
  leaseWaitMs: 25_000,
  stopMs: 8000,
  report: REPORT_PATIENCE,
  idleMs: 5 * 60_000,
};

/** How a sensor ended. */
export type SensorEnd =
  | { readonly kind: 'stopped' }
  /** The server does not let it in any more. */
  | { readonly kind: 'refused'; readonly error: PlimsollError };

/**
 * Runs a sensor until it is asked to stop.
 * @throws {PlimsollError} `FILE_DENIED` when its cache folder cannot be used; nothing once it runs.
 */
export async function runSensor(options: SensorOptions): Promise<SensorEnd> {
  const timing = { ...TIMING, ...options.timing };
  const version = analyserVersion();
  const removed = await sweepTemporaryFiles(tmpdir(), options.now());
  if (removed > 0) options.log.info({ removed }, 'orphans removed');
  const { cacheMaxBytes: maxBytes } = { ...DEFAULT_PROFILE, ...options.limits };
  using folder = await FactsFolder.open(options.folders.cache, { version, maxBytes });
  await using connectors = new ConnectorPool({ ...options.world, now: options.now }, { idleMs: timing.idleMs });
  const { port, log } = options;
  const layers = new LayerStore({ folder, port, version, log });
  const sensor = new Sensor(options, { timing, version, folder, connectors, layers });
  return await sensor.run();
}

/** A task in hand. */
interface InHand {
  readonly task: LeasedTask;
  readonly meter: Meter;
  /** Ends the work. */
  readonly work: AbortController;
  /** Ends the telling as well. */
  readonly telling: AbortController;
  readonly done: Promise<void>;
}

class Sensor {
  readonly #options: SensorOptions;
  readonly #timing: SensorTiming;
  readonly #version: string;
  readonly #folder: FactsFolder;
  readonly #connectors: ConnectorPool;
  readonly #layers: LayerStore;
  readonly #configs = new ConfigStore();
  readonly #bandwidth = new TokenBucket();
  readonly #inHand = new Map<string, InHand>();
  /** Aborted when the sensor is to stop, for whatever reason. */
  readonly #stop = new AbortController();
  /** Aborted when there is no more time to tell anything. */
  readonly #deadline = new AbortController();
  readonly #startedAt: string;
  #profile: SensorProfile;
  #profileVersion = 0;
  #profileProblem: string | undefined;
  #isDraining = false;
  /** A task was given back because the disk is full: no other is leased before the check passes again. */
  #isFull = false;
  /** Heartbeats taken; the server knows the first one of a process by its number. */
  #sequence = 0;
  #refusal: PlimsollError | undefined;
  #pool: BoundedLayerPool;
  #threads: number;
  #wake = Promise.withResolvers<void>();

  constructor(
    options: SensorOptions,
    parts: {
      readonly timing: SensorTiming;
      readonly version: string;
      readonly folder: FactsFolder;
      readonly connectors: ConnectorPool;
      readonly layers: LayerStore;
    },
  ) {
    this.#options = options;
    this.#timing = parts.timing;
    this.#version = parts.version;
    this.#folder = parts.folder;
    this.#connectors = parts.connectors;
    this.#layers = parts.layers;
    this.#startedAt = options.now().toISOString();
    this.#profile = { ...DEFAULT_PROFILE, ...options.limits };
    this.#threads = threadsFor(this.#profile.cpuPercent);
    this.#pool = new BoundedLayerPool(this.#threads);
    this.#bandwidth.setRate(this.#profile.bandwidthBytesPerSecond);
  }

  async run(): Promise<SensorEnd> {
    const { signal, log } = this.#options;
    const onStop = () => this.#end();
    signal.addEventListener('abort', onStop, { once: true });
    if (signal.aborted) onStop();
    log.info({ analyser: this.#version }, 'sensor started');
    try {
      await this.#beat();
      const beating = this.#keepBeating();
      await this.#keepLeasing();
      this.#end();
      await Promise.all([...this.#inHand.values()].map(({ done }) => done));
      await beating;
    } finally {
      signal.removeEventListener('abort', onStop);
      this.#deadline.abort();
      await this.#pool[Symbol.asyncDispose]();
    }
    log.info({}, 'sensor stopped');
    return this.#refusal === undefined ? { kind: 'stopped' } : { kind: 'refused', error: this.#refusal };
  }

  /** Begins to stop: work is given back, what is finished is told for a while yet. */
  #end(): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort(new TaskStop('stopping'));
    this.#stopTasks('stopping');
    setTimeout(() => {
      this.#deadline.abort(new TaskStop('stopping'));
      for (const { telling } of this.#inHand.values()) telling.abort(new TaskStop('stopping'));
    }, this.#timing.stopMs).unref();
  }

  async #keepBeating(): Promise<void> {
    const { heartbeatMs } = this.#timing;
    while (!this.#stop.signal.aborted) {
      await this.#waitFor(this.#beatWish.promise, heartbeatMs);
      this.#beatWish = Promise.withResolvers<void>();
      if (!this.#stop.signal.aborted) await this.#beat();
    }
  }

  #beatWish = Promise.withResolvers<void>();

  /** Tells how things are, and does what the answer says. */
  async #beat(): Promise<void> {
    const { port } = this.#options;
    try {
      const report = await this.#report();
      this.#isFull &&= report.checks.some(({ name, ok }) => name === 'disk' && !ok);
      const limit = AbortSignal.timeout(Math.max(10_000, this.#timing.heartbeatMs));
      const answer = await port.heartbeat(report, { signal: AbortSignal.any([this.#stop.signal, limit]) });
      this.#sequence += 1;
      for (const id of answer.stop) this.#drop(id);
      this.#isDraining = answer.isDraining;
      await this.#apply(answer.profile, answer.profileVersion);
    } catch (error) {
      this.#noteFailure(error, 'heartbeat not taken');
    }
    if (this.#isBlackedOut()) this.#stopTasks('blackout');
    this.#rouse();
  }

  async #report(): Promise<Heartbeat> {
    const { identity, folders, now } = this.#options;
    const registries = this.#connectors.seen();
    const checks = [...(await checkHost(folders, this.#profile)), checkRegistries(registries, now())];
    if (this.#profileProblem !== undefined) checks.push({ name: 'profile', ok: false, detail: this.#profileProblem });
    return {
      ...identity,
      sequence: this.#sequence + 1,
      startedAt: this.#startedAt,
      clock: now().toISOString(),
      analyserVersion: this.#version,
      cacheBytes: this.#folder.usedBytes,
      cacheFreeBytes: await freeBytes(folders),
      checks,
      profileVersion: this.#profileVersion,
      registries: [...registries],
      tasks: [...this.#inHand.values()].map(({ task, meter }) => ({
        id: task.id,
        leaseToken: task.leaseToken,
        progress: meter.snapshot(),
      })),
    };
  }

  /** Goes by another profile from now on; images under way end by the one that they began with. */
  async #apply(value: unknown, version: number): Promise<void> {
    if (version === this.#profileVersion) return;
    const result = sensorProfile.safeParse(value);
    if (!result.success) {
      // A newer server may know settings that we do not.
      const [issue] = result.error.issues;
      this.#profileProblem = `Its profile ${version} has a field that cannot be used: ${issue?.path.join('.') ?? ''}`;
      return;
    }
    this.#profileProblem = undefined;
    this.#profileVersion = version;
    this.#profile = { ...result.data, ...this.#options.limits };
    this.#bandwidth.setRate(this.#profile.bandwidthBytesPerSecond);
    await this.#folder.setMaxBytes(this.#profile.cacheMaxBytes);
    this.#options.log.info({ profileVersion: version }, 'profile applied');
  }

  async #keepLeasing(): Promise<void> {
    const { port, once = false } = this.#options;
    const { signal } = this.#stop;
    for (let failures = 0; !signal.aborted; ) {
      const free = this.#profile.concurrency - this.#inHand.size;
      if (free <= 0 || !this.#mayLease()) {
        if (once && this.#inHand.size === 0) return;
        await this.#roused();
        continue;
      }
      this.#renewPool();
      try {
        const tasks = await port.lease(free, { waitMs: once ? 0 : this.#timing.leaseWaitMs, signal });
        failures = 0;
        for (const task of tasks) this.#begin(task);
        if (tasks.length > 0 || !once) continue;
        if (this.#inHand.size === 0) return;
        await this.#roused();
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error, 'lease not given');
        failures += 1;
        const delayMs = backoffMs(failures, { ...DEFAULT_PATIENCE, ...this.#timing.report });
        await pause(delayMs, signal).catch(() => undefined);
      }
    }
  }

  #mayLease(): boolean {
    return !this.#isDraining && !this.#isFull && !this.#isBlackedOut();
  }

  #isBlackedOut(): boolean {
    const { blackout } = this.#profile;
    return blackout !== undefined && isBlackedOut(blackout, this.#options.now());
  }

  /** Another number of threads takes effect when no image is under way. */
  #renewPool(): void {
    const threads = threadsFor(this.#profile.cpuPercent);
    if (threads === this.#threads || this.#inHand.size > 0) return;
    void this.#pool[Symbol.asyncDispose]();
    this.#threads = threads;
    this.#pool = new BoundedLayerPool(threads);
  }

  #begin(task: LeasedTask): void {
    // Leased anew: what the older lease was for is of no use any more.
    this.#drop(task.id);
    const work = new AbortController();
    const telling = new AbortController();
    const meter = new Meter();
    const done = this.#do(task, { work, telling, meter }).finally(() => {
      if (this.#inHand.get(task.id)?.task === task) this.#inHand.delete(task.id);
      this.#rouse();
    });
    this.#inHand.set(task.id, { task, meter, work, telling, done });
    // The lease may have waited since before there was a reason to take none.
    if (this.#isBlackedOut()) work.abort(new TaskStop('blackout'));
    if (this.#stop.signal.aborted) work.abort(new TaskStop('stopping'));
    if (this.#deadline.signal.aborted) telling.abort(new TaskStop('stopping'));
  }

  /** Does a task and tells its outcome. Never throws. */
  async #do(task: LeasedTask, { work, telling, meter }: Pick<InHand, 'work' | 'telling' | 'meter'>): Promise<void> {
    const { port, log, folders, now } = this.#options;
    // Its lease is in `this.#inHand` only after the first await.
    await Promise.resolve();
    const lease = { taskId: task.id, leaseToken: task.leaseToken };
    const onDropped = () => {
      work.abort(new TaskStop('dropped'));
      telling.abort(new TaskStop('dropped'));
    };
    const reports = new TaskReports({ port, lease, patience: this.#timing.report, log, onDropped });
    const what = { taskId: task.id, registry: task.registry.name, work: task.work.kind };
    log.info(what, 'task started');
    try {
      const hands = { reports, meter, signal: work.signal, telling: telling.signal };
      const tools: TaskTools = {
        connectors: this.#connectors,
        layers: this.#layers,
        configs: this.#configs,
        pool: this.#pool,
        threads: this.#threads,
        bandwidth: this.#bandwidth,
        folders,
        profile: this.#profile,
        now,
        log,
      };
      const outcome = await executeTask(task, hands, tools);
      if (outcome === undefined) {
        log.info(what, 'task dropped');
        await this.#tellDropped(reports, meter);
        return;
      }
      if (outcome.kind === 'returned' && outcome.reason === 'disk') {
        this.#isFull = true;
        // The server should know at once.
        this.#beatWish.resolve();
      }
      await reports.end(outcome, telling.signal);
      log.info({ ...what, outcome: outcome.kind }, 'task ended');
    } catch (error) {
      if (error instanceof TaskStop && error.reason === 'dropped') await this.#tellDropped(reports, meter);
      // The lease ends by itself.
      else log.warn({ ...what, err: error }, 'outcome not told');
    }
  }

  /** Tells once that a task was dropped, so that its place is free at once; whether it is heard does not matter. */
  async #tellDropped(reports: TaskReports, meter: Meter): Promise<void> {
    const outcome = { kind: 'returned', progress: meter.snapshot(), reason: 'cancelled' } as const;
    const signal = AbortSignal.any([this.#deadline.signal, AbortSignal.timeout(2000)]);
    await reports.end(outcome, signal).catch(() => undefined);
  }

  #drop(id: string): void {
    const inHand = this.#inHand.get(id);
    inHand?.work.abort(new TaskStop('dropped'));
    inHand?.telling.abort(new TaskStop('dropped'));
  }

  #stopTasks(reason: 'stopping' | 'blackout'): void {
    for (const { work } of this.#inHand.values()) work.abort(new TaskStop(reason));
  }

  #noteFailure(error: unknown, message: string): void {
    if (this.#stop.signal.aborted) return;
    const known = toPlimsollError(error);
    if (known.code === 'UNAUTHENTICATED' || known.code === 'FORBIDDEN') {
      this.#refusal = known;
      this.#end();
      for (const id of this.#inHand.keys()) this.#drop(id);
      return;
    }
    this.#options.log.warn({ code: known.code, ...(isAway(known) ? {} : { err: error }) }, message);
  }

  /** Waits until something may be different: a place is free, an answer came, the sensor is to stop. */
  async #roused(): Promise<void> {
    await this.#waitFor(this.#wake.promise, this.#timing.heartbeatMs);
  }

  /** Waits for `promise`, for so long, or for the end of the sensor, whichever comes first. */
  async #waitFor(promise: Promise<void>, milliseconds: number): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, over.signal]);
    await Promise.race([promise, pause(milliseconds, signal).catch(() => undefined)]);
    over.abort();
  }

  #rouse(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }
}
