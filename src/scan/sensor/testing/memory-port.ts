/**
 * A server in memory, for tests of sensors: hands out tasks, takes reports, keeps what it was told, and misbehaves where it is told to.
 */
import { randomUUID } from 'node:crypto';
import type { FileFacts } from '#certification/file-facts.ts';
import type { Inventory } from '#inventory/inventory.ts';
import type {
  FoundManifest,
  Heartbeat,
  HeartbeatAnswer,
  Lease,
  LeaseAnswer,
  LeasedTask,
  ListedRepository,
  ListedTag,
  RegistryAccess,
  SensorPort,
  TaskOutcome,
  Work,
} from '../../task/contract.ts';
import type { SensorProfileInput } from '../profile.ts';

/** Everything that one task has told. */
export interface TaskRecord {
  readonly task: LeasedTask;
  readonly repositories: ListedRepository[];
  readonly manifests: FoundManifest[];
  readonly tags: ListedTag[];
  inventory: Inventory | undefined;
  files?: FileFacts | undefined;
  outcome: TaskOutcome | undefined;
}

/** Runs before each call; may throw, or wait. */
export type Hook = (call: keyof SensorPort, lease: Lease | undefined) => void | Promise<void>;

/** See above. */
export class MemoryPort implements SensorPort {
  readonly records: TaskRecord[] = [];
  readonly heartbeats: Heartbeat[] = [];
  /** Digests that the server has already; reported ones are added. */
  readonly known = new Set<string>();
  /** By digest and version. */
  readonly facts = new Map<string, Uint8Array>();
  /** Tasks to be stopped at the next heartbeat. */
  readonly stop = new Set<string>();
  /** Leases that are over: reports are answered with `stop`. */
  readonly over = new Set<string>();
  isDraining = false;
  profile: SensorProfileInput = {};
  profileVersion = 1;
  hook: Hook = () => {};
  readonly #queue: LeasedTask[] = [];
  readonly #watchers = new Set<() => void>();

  /** Queues a task. */
  add(registry: RegistryAccess, work: Work): LeasedTask {
    const task = {
      id: randomUUID(),
      leaseToken: randomUUID(),
      leaseUntil: '2099-01-01T00:00:00.000Z',
      attempt: 1,
      registry,
      work,
    };
    this.#queue.push(task);
    this.#changed();
    return task;
  }

  /** What was told of a task. */
  record({ id }: Pick<LeasedTask, 'id'>): TaskRecord {
    const found = this.records.findLast(({ task }) => task.id === id);
    if (found === undefined) throw new Error('The task was not leased');
    return found;
  }

  /** Waits until `condition` holds; it is looked at after each call. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>(resolve => this.#watchers.add(resolve));
  }

  /** Waits for the outcome of a task. */
  async ended(task: Pick<LeasedTask, 'id'>): Promise<TaskOutcome> {
    const outcome = () => this.records.findLast(record => record.task.id === task.id)?.outcome;
    await this.until(() => outcome() !== undefined);
    return outcome() as TaskOutcome;
  }

  async heartbeat(report: Heartbeat): Promise<HeartbeatAnswer> {
    await this.#enter('heartbeat', undefined);
    this.heartbeats.push(report);
    this.#changed();
    const stop = [...this.stop].filter(id => report.tasks.some(task => task.id === id));
    const { isDraining, profile, profileVersion } = this;
    return { stop, isDraining, profile, profileVersion };
  }

  async lease(
    count: number,
    { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal },
  ): Promise<readonly LeasedTask[]> {
    await this.#enter('lease', undefined);
    if (waitMs > 0) signal.throwIfAborted();
    if (this.#queue.length === 0 && waitMs > 0) {
      const waiting = Promise.withResolvers<void>();
      const onAbort = () => waiting.reject(signal.reason);
      const look = () => {
        if (this.#queue.length > 0) waiting.resolve();
        else this.#watchers.add(look);
      };
      look();
      signal.addEventListener('abort', onAbort, { once: true });
      await waiting.promise;
    }
    const tasks = this.#queue.splice(0, count);
    for (const task of tasks) {
      this.records.push({
        task,
        repositories: [],
        manifests: [],
        tags: [],
        inventory: undefined,
        outcome: undefined,
      });
    }
    this.#changed();
    return tasks;
  }

  async reportRepositories(lease: Lease, page: readonly ListedRepository[]): Promise<LeaseAnswer> {
    return await this.#take('reportRepositories', lease, record => record.repositories.push(...page));
  }

  async findUnknownManifests(lease: Lease, digests: readonly string[]): Promise<readonly string[]> {
    await this.#enter('findUnknownManifests', lease);
    return digests.filter(digest => !this.known.has(digest));
  }

  async reportManifests(lease: Lease, manifests: readonly FoundManifest[]): Promise<LeaseAnswer> {
    return await this.#take('reportManifests', lease, record => {
      record.manifests.push(...manifests);
      for (const { digest } of manifests) this.known.add(digest);
    });
  }

  async reportTags(lease: Lease, page: readonly ListedTag[]): Promise<LeaseAnswer> {
    return await this.#take('reportTags', lease, record => {
      const stranger = page.find(({ digest }) => !this.known.has(digest));
      if (stranger !== undefined) throw new Error(`Tag ${stranger.name} was reported before its manifest`);
      record.tags.push(...page);
    });
  }

  async findLayerFacts(layerDigest: string, version: string): Promise<Uint8Array | undefined> {
    await this.#enter('findLayerFacts', undefined);
    return this.facts.get(`${layerDigest} ${version}`);
  }

  async keepLayerFacts(layerDigest: string, version: string, facts: Uint8Array): Promise<void> {
    await this.#enter('keepLayerFacts', undefined);
    this.facts.set(`${layerDigest} ${version}`, facts);
  }

  async reportInventory(lease: Lease, inventory: string): Promise<LeaseAnswer> {
    return await this.#take('reportInventory', lease, record => {
      const { files, ...own } = JSON.parse(inventory) as Inventory & { files?: FileFacts };
      record.inventory = own;
      record.files = files;
    });
  }

  async end(lease: Lease, outcome: TaskOutcome): Promise<void> {
    await this.#take('end', lease, record => {
      record.outcome = outcome;
    });
  }

  async #take(call: keyof SensorPort, lease: Lease, keep: (record: TaskRecord) => void): Promise<LeaseAnswer> {
    await this.#enter(call, lease);
    const record = this.record({ id: lease.taskId });
    if (this.over.has(lease.taskId) || record.task.leaseToken !== lease.leaseToken) return 'stop';
    keep(record);
    this.#changed();
    return 'go-on';
  }

  async #enter(call: keyof SensorPort, lease: Lease | undefined): Promise<void> {
    await this.hook(call, lease);
  }

  #changed(): void {
    const watchers = [...this.#watchers];
    this.#watchers.clear();
    for (const watcher of watchers) watcher();
  }
}
