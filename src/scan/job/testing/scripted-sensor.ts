/**
 * A sensor for tests: it speaks the port as real ones do, and reads a registry that is only a map. What it reads is written down.
 */

import type { FoundDocument } from '../../content/read-manifest.ts';
import { foundImage, foundJson, inventoryFor } from '../../content/testing/content-fixture.ts';
import { matches, parsePattern } from '../../schedule/pattern.ts';
import type { FoundManifest, LeasedTask, SensorPort, TaskOutcome, TaskProgress } from '../../task/contract.ts';

const signal = new AbortController().signal;
const PRODUCT = { everything: '.*', label: 'a test registry' } as const;

/** What a tag names: an image, or an index with its children. */
export interface Pushed {
  readonly document: FoundDocument;
  readonly children?: readonly FoundDocument[];
  readonly pushedAt?: string | undefined;
}

/** Trouble that a task runs into, as often as `times` says. */
export interface Trouble {
  readonly kind: LeasedTask['work']['kind'];
  /** Repository or digest; missing: any. */
  readonly subject?: string | undefined;
  readonly outcome:
    | Omit<Extract<TaskOutcome, { kind: 'failed' }>, 'progress'>
    | Omit<Extract<TaskOutcome, { kind: 'returned' }>, 'progress'>
    | 'silence';
  times: number;
}

/** A registry that is only a map. */
export class ScriptedRegistry {
  readonly repositories = new Map<string, Map<string, Pushed>>();
  readonly troubles: Trouble[] = [];
  /** Digests in the order in which sensors read them. */
  readonly scanned: string[] = [];
  /** Repositories in the order in which sensors listed them. */
  readonly listed: string[] = [];
  /** Images by digest: a tag that moves on leaves them where they are. */
  readonly images = new Map<string, FoundDocument>();

  /** Pushes an image; the same `name` is the same image wherever it lies. Returns its digest. */
  push(repository: string, tag: string, name: string, pushedAt?: string): string {
    return this.#put(repository, tag, { document: imageOf(name), pushedAt });
  }

  /** Pushes an index of images for platforms, by name. Returns the digests of the children in their order. */
  pushIndex(repository: string, tag: string, platforms: Readonly<Record<string, string>>): readonly string[] {
    const children = Object.entries(platforms).map(([platform, name]) => {
      const [os = '', architecture = ''] = platform.split('/');
      return { found: imageOf(name, { os, architecture }), platform: { os, architecture } };
    });
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const manifests = children.map(({ found, platform }) => ({
      mediaType: found.mediaType,
      digest: found.digest,
      size: 500,
      platform,
    }));
    const document = foundJson({ schemaVersion: 2, mediaType, manifests }, mediaType);
    this.#put(repository, tag, { document, children: children.map(({ found }) => found) });
    return children.map(({ found }) => found.digest);
  }

  remove(repository: string, tag: string): void {
    this.repositories.get(repository)?.delete(tag);
  }

  #put(repository: string, tag: string, pushed: Pushed): string {
    const tags = this.repositories.get(repository) ?? new Map<string, Pushed>();
    tags.set(tag, pushed);
    for (const image of [pushed.document, ...(pushed.children ?? [])]) this.images.set(image.digest, image);
    this.repositories.set(repository, tags);
    return pushed.document.digest;
  }
}

/** The image of that name, on one layer of that name. */
export function imageOf(name: string, platform: object = {}): FoundDocument {
  return foundImage([name], name, platform);
}

/** A sensor. `hold` keeps what it leased; `work` does it. */
export class ScriptedSensor {
  readonly port: SensorPort;
  readonly registry: ScriptedRegistry;
  readonly held: LeasedTask[] = [];

  constructor(port: SensorPort, registry: ScriptedRegistry) {
    this.port = port;
    this.registry = registry;
  }

  /** Leases up to `count` tasks and does nothing with them yet. */
  async hold(count: number): Promise<readonly LeasedTask[]> {
    const tasks = await this.port.lease(count, { waitMs: 0, signal });
    this.held.push(...tasks);
    return tasks;
  }

  /** Does what is held, then leases and works until there is nothing to lease. Returns how many tasks it did. */
  async work(limit = 1000): Promise<number> {
    let done = 0;
    for (;;) {
      while (this.held.length > 0 && done < limit) {
        const task = this.held.shift();
        if (task !== undefined) await this.perform(task);
        done += 1;
      }
      if (done >= limit || (await this.hold(4)).length === 0) return done;
    }
  }

  /** Does one task to its end, or runs into trouble. */
  async perform(task: LeasedTask): Promise<void> {
    const lease = { taskId: task.id, leaseToken: task.leaseToken };
    const trouble = this.#troubleOf(task);
    if (trouble === 'silence') return;
    const outcome = trouble ?? (await this.#perform(task));
    if (outcome === 'stop') return;
    const pulls = task.work.kind === 'scan' ? 2 : 1;
    const progress: TaskProgress = { bytesPulled: task.work.kind === 'scan' ? 1000 : 0, pulls };
    await this.port.end(lease, { progress, ...outcome } as TaskOutcome, { signal });
  }

  /** A heartbeat about everything that is held. */
  async beat(sequence = 1, clock = new Date()): Promise<readonly string[]> {
    const progress: TaskProgress = { bytesPulled: 1, pulls: 1 };
    const answer = await this.port.heartbeat(
      {
        sequence,
        version: '1',
        host: 'test',
        platform: 'linux/x64',
        startedAt: clock.toISOString(),
        clock: clock.toISOString(),
        analyserVersion: 'analyser-1',
        cacheBytes: 0,
        cacheFreeBytes: 1,
        checks: [],
        profileVersion: 1,
        tasks: this.held.map(({ id, leaseToken }) => ({ id, leaseToken, progress })),
      },
      { signal },
    );
    return answer.stop;
  }

  async #perform(task: LeasedTask): Promise<Omit<Extract<TaskOutcome, { kind: 'done' }>, 'progress'> | 'stop'> {
    const { work } = task;
    const lease = { taskId: task.id, leaseToken: task.leaseToken };
    const { repositories, scanned, listed } = this.registry;
    switch (work.kind) {
      case 'catalogue': {
        for (const name of repositories.keys()) {
          if ((await this.port.reportRepositories(lease, [{ name }], { signal })) === 'stop') return 'stop';
        }
        return { kind: 'done' };
      }
      case 'list': {
        listed.push(work.repository);
        const tags = [...(repositories.get(work.repository) ?? [])];
        const wanted = tags.filter(([name]) => work.tags.length === 0 || work.tags.some(text => covers(text, name)));
        for (const [name, pushed] of wanted) {
          if ((await this.#report(lease, name, pushed)) === 'stop') return 'stop';
        }
        return { kind: 'done', tagsSeen: tags.length, tagsMatched: wanted.length };
      }
      case 'scan': {
        scanned.push(work.digest);
        const found = this.registry.images.get(work.digest);
        if (found === undefined) throw new Error(`the test registry has no ${work.digest}`);
        const inventory = inventoryFor(found, [], []);
        const answer = await this.port.reportInventory(lease, JSON.stringify(inventory), { signal });
        return answer === 'stop' ? 'stop' : { kind: 'done' };
      }
      case 'probe':
        return { kind: 'done', steps: [{ step: 'ping', result: 'ok', detail: 'It answers', durationMs: 1 }] };
      default:
        return work satisfies never;
    }
  }

  async #report(
    lease: { taskId: string; leaseToken: string },
    name: string,
    pushed: Pushed,
  ): Promise<'go-on' | 'stop'> {
    const { document, children = [], pushedAt } = pushed;
    const digests = [...children, document].map(({ digest }) => digest);
    const unknown = new Set(await this.port.findUnknownManifests(lease, digests, { signal }));
    const missing = [...children, document].filter(({ digest }) => unknown.has(digest));
    if (missing.length > 0) await this.port.reportManifests(lease, missing as FoundManifest[], { signal });
    const dated = pushedAt === undefined ? {} : { pushedAt };
    const pushedAtSource = pushedAt === undefined ? ('unknown' as const) : ('registry' as const);
    return await this.port.reportTags(lease, [{ name, digest: document.digest, ...dated, pushedAtSource }], { signal });
  }

  #troubleOf(task: LeasedTask): Trouble['outcome'] | undefined {
    const { work } = task;
    const subjects = [
      'repository' in work ? work.repository : undefined,
      work.kind === 'scan' ? work.digest : undefined,
      undefined,
    ];
    const trouble = this.registry.troubles.find(
      ({ kind, subject, times }) => times > 0 && kind === work.kind && subjects.includes(subject),
    );
    if (trouble === undefined) return undefined;
    trouble.times -= 1;
    return trouble.outcome;
  }
}

function covers(text: string, name: string): boolean {
  const result = parsePattern(text, { of: 'tag', mode: 'extended', product: PRODUCT });
  return result.ok && matches(result.pattern, name);
}
