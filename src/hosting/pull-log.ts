/**
 * Counts pulls, and tells of them: not one by one, for a cluster that starts pulls the same image a thousand times in a minute.
 */
import { recordEvents } from '#store/event.ts';
import { addPulls } from '#store/hosting-manifest.ts';
import type { HostedRepository } from '#store/hosting-space.ts';
import { inTransaction } from '#store/transaction.ts';
import type { HostingContext } from './context.ts';

interface Counted {
  readonly repository: HostedRepository;
  readonly manifestId: number;
  readonly digest: string;
  readonly tags: Set<string>;
  count: number;
}

/** Of different manifests, before they are written whatever the time. */
const MAX_WAITING = 1000;
const FLUSH_MS = 10_000;

/** See above. Closing it writes what it has counted. */
export class PullLog implements AsyncDisposable {
  readonly #context: Pick<HostingContext, 'store' | 'now' | 'log'>;
  #waiting = new Map<string, Counted>();
  readonly #timer: NodeJS.Timeout;
  #writing: Promise<void> = Promise.resolve();

  constructor(context: Pick<HostingContext, 'store' | 'now' | 'log'>) {
    this.#context = context;
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Counts one pull; by which tag, when there was one. */
  count(repository: HostedRepository, manifest: { manifestId: number; digest: string }, tag: string | undefined): void {
    const key = `${repository.id} ${manifest.manifestId}`;
    const found = this.#waiting.get(key) ?? { repository, ...manifest, tags: new Set<string>(), count: 0 };
    found.count += 1;
    if (tag !== undefined) found.tags.add(tag);
    this.#waiting.set(key, found);
    if (this.#waiting.size >= MAX_WAITING) void this.flush();
  }

  /** Writes what was counted. What cannot be written is lost: a count is not worth a pull. */
  async flush(): Promise<void> {
    const all = [...this.#waiting.values()];
    this.#waiting = new Map();
    if (all.length > 0) this.#writing = this.#writing.then(() => this.#write(all));
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  async #write(all: readonly Counted[]): Promise<void> {
    const { store, now, log } = this.#context;
    const at = now();
    try {
      await inTransaction(store.db, async trx => {
        const pulls = all.map(({ repository, manifestId, count }) => ({
          repositoryId: repository.id,
          manifestId,
          count,
        }));
        await addPulls(trx, pulls, at);
        await recordEvents(
          trx,
          all.map(({ repository, digest, tags, count }) => ({
            at,
            kind: 'image.pulled' as const,
            namespaceId: repository.space.namespaceId,
            registryId: repository.space.registryId,
            data: { repository: repository.name, digest, tags: [...tags], count },
          })),
        );
      });
    } catch (err) {
      log.warn({ err, pulls: all.length }, 'pulls not counted');
    }
  }
}
