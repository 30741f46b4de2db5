/**
 * Open registries: one connector for each way to reach one, so that tasks share connections, tokens and limits. Closed when nobody has used
 * it for a while.
 */
import { hash } from 'node:crypto';
import { ERRORS, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { Connector, ConnectorOptions } from '#connector/connector.ts';
import { openConnector } from '#connector/open-connector.ts';
import type { Heartbeat, RegistryAccess, SeenRateLimit } from '../task/contract.ts';

/** The world around the connectors of a sensor. */
export interface ConnectorWorld
  extends Pick<ConnectorOptions, 'env' | 'allowsPrivateAddresses' | 'patience' | 'userAgent' | 'serviceOrigins'> {
  readonly now: () => Date;
}

/** A connector for one task. Disposing it gives it back. */
export interface BorrowedConnector extends Disposable {
  readonly connector: Connector;
  /** The last rate limit that the registry told of. */
  readonly rateLimit: () => SeenRateLimit | undefined;
}

/** What is known of a registry; the last error is cleared by the next success. */
type Seen = NonNullable<Heartbeat['registries']>[number];

interface Entry {
  readonly connector: Promise<Connector>;
  readonly registryId: string;
  users: number;
  timer: NodeJS.Timeout | undefined;
}

const IDLE_MS = 5 * 60_000;
const MAX_WARNINGS = 10;
const MAX_SEEN = 200;

/** See above. */
export class ConnectorPool implements AsyncDisposable {
  readonly #world: ConnectorWorld;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry>();
  readonly #seen = new Map<string, Seen>();
  /** Registries that told of a limit of pulls. */
  readonly #pullLimited = new Set<string>();

  constructor(world: ConnectorWorld, options: { readonly idleMs?: number | undefined } = {}) {
    this.#world = world;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** The connector for these settings. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
  async borrow(access: RegistryAccess): Promise<BorrowedConnector> {
    const key = hash('sha256', JSON.stringify(access));
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { connector: this.#open(access), registryId: access.id, users: 0, timer: undefined };
      this.#entries.set(key, entry);
      // Settings that cannot be used are looked at anew for the next task.
      entry.connector.catch(() => this.#entries.delete(key));
    }
    const held = entry;
    held.users += 1;
    clearTimeout(held.timer);
    let isGivenBack = false;
    const giveBack = () => {
      if (isGivenBack) return;
      isGivenBack = true;
      held.users -= 1;
      if (held.users === 0) this.#closeLater(key, held);
    };
    try {
      const connector = await held.connector;
      return { connector, rateLimit: () => this.#seen.get(access.id)?.rateLimit, [Symbol.dispose]: giveBack };
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Notes how a task on a registry ended: an error of the registry's or the network's, or none. */
  note(registryId: string, error: unknown): void {
    const { lastError: _, ...rest } = this.#seenOf(registryId);
    if (error === undefined) {
      this.#see({ ...rest });
      return;
    }
    const { code, message } = toPlimsollError(error);
    const { family } = ERRORS[code];
    if (family !== 'remote' && family !== 'access' && code !== 'RATE_LIMITED') return;
    const at = this.#world.now().toISOString();
    this.#see({ ...rest, lastError: { code, message: printable(message, 1000), at } });
  }

  /** What is known of the registries, for the heartbeat. */
  seen(): readonly Seen[] {
    return [...this.#seen.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(closeEntry));
  }

  #open({ id, type, url, tls, proxy, product, credentials, maxConcurrency }: RegistryAccess): Promise<Connector> {
    const { now, ...world } = this.#world;
    return openConnector({
      ...world,
      settings: { type, url, tls, proxy, product },
      credentials,
      maxConcurrency,
      now: () => now().getTime(),
      onRateLimit: ({ limit, remaining, windowSeconds, isApi = false }) => {
        // Where pulling has a limit of its own, that is the one that runs must live with.
        if (isApi && this.#pullLimited.has(id)) return;
        if (!isApi) this.#pullLimited.add(id);
        const rateLimit = {
          ...(limit === undefined ? {} : { limit }),
          ...(remaining === undefined ? {} : { remaining }),
          ...(windowSeconds === undefined ? {} : { windowSeconds }),
          at: now().toISOString(),
        };
        this.#see({ ...this.#seenOf(id), rateLimit });
      },
      onWarning: ({ text }) => {
        const seen = this.#seenOf(id);
        const warnings = new Set([...(seen.warnings ?? []), printable(text, 500)]);
        this.#see({ ...seen, warnings: [...warnings].slice(-MAX_WARNINGS) });
      },
    });
  }

  #seenOf(id: string): Seen {
    return this.#seen.get(id) ?? { id };
  }

  /** The newest are kept. */
  #see(seen: Seen): void {
    this.#seen.delete(seen.id);
    this.#seen.set(seen.id, seen);
    for (const id of this.#seen.keys()) {
      if (this.#seen.size <= MAX_SEEN) break;
      this.#seen.delete(id);
      this.#pullLimited.delete(id);
    }
  }

  #closeLater(key: string, entry: Entry): void {
    // What was opened with settings that are no longer those of the registry will hardly be asked for again.
    const isOld = [...this.#entries].some(
      ([other, { registryId }]) => other !== key && registryId === entry.registryId,
    );
    entry.timer = setTimeout(
      () => {
        if (entry.users > 0) return;
        if (this.#entries.get(key) === entry) this.#entries.delete(key);
        void closeEntry(entry);
      },
      isOld ? 0 : this.#idleMs,
    );
    entry.timer.unref();
  }
}

async function closeEntry(entry: Entry): Promise<void> {
  clearTimeout(entry.timer);
  const connector = await entry.connector.catch(() => undefined);
  await connector?.[Symbol.asyncDispose]();
}
