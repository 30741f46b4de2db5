/**
 * The one stream of events of this window: it tells the cache what has grown stale, and the shell whether the server is there.
 *
 * Browsers open six connections to a server over HTTP/1.1, all tabs together, and a stream holds one. So a tab that nobody looks at lets
 * go of it after a while, and asks anew for all it shows when somebody does.
 */
import type { QueryClient } from '@tanstack/react-query';
import type { EventKind } from '../api/model.ts';
import { STALE_AFTER } from './event-kinds.ts';

/** `away`: cannot be reached, being tried again. */
export type ServerPresence = 'here' | 'away';

/** Many events come at once in a run; pages ask anew once for all of them. */
const GATHER_MS = 400;
const HIDDEN_MS = 60_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 15_000;
/** A stream is cut now and then without anything being wrong. */
const AWAY_AFTER_MS = 2500;

/** Follows events until disposed of. */
export class EventStream implements Disposable {
  readonly #client: QueryClient;
  readonly #tell: (presence: ServerPresence) => void;
  readonly #stale = new Set<string>();
  #source: EventSource | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #awayTimer: ReturnType<typeof setTimeout> | undefined;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #retryMs = FIRST_RETRY_MS;
  #hasMissed = false;

  /** `from`: the position up to which whatever is shown is known, as the session has it; what happened since is told first. */
  constructor(client: QueryClient, tell: (presence: ServerPresence) => void, from: string) {
    this.#client = client;
    this.#tell = tell;
    document.addEventListener('visibilitychange', this.#onVisibility);
    this.#open(`?${new URLSearchParams({ from })}`);
  }

  [Symbol.dispose](): void {
    document.removeEventListener('visibilitychange', this.#onVisibility);
    for (const timer of [this.#gathering, this.#retry, this.#awayTimer, this.#hiddenTimer]) clearTimeout(timer);
    this.#source?.close();
  }

  /** Tries at once, for people who do not want to wait. */
  reconnect(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#open();
  }

  #open(query = ''): void {
    const source = new EventSource(`/api/v1/events/stream${query}`);
    this.#source = source;
    source.addEventListener('open', () => {
      clearTimeout(this.#awayTimer);
      this.#awayTimer = undefined;
      this.#retryMs = FIRST_RETRY_MS;
      this.#tell('here');
      if (this.#hasMissed) void this.#client.invalidateQueries();
      this.#hasMissed = false;
    });
    source.addEventListener('error', () => this.#onError(source));
    for (const [kind, keys] of Object.entries(STALE_AFTER) as [EventKind, readonly string[]][]) {
      source.addEventListener(kind, () => this.#gather(keys));
    }
  }

  #onError(source: EventSource): void {
    if (source !== this.#source) return;
    this.#hasMissed = true;
    this.#awayTimer ??= setTimeout(() => {
      this.#tell('away');
      // Also when the session has ended: asking for it leads to the sign-in.
      void this.#client.invalidateQueries({ queryKey: ['session'] });
    }, AWAY_AFTER_MS);
    // Answers that are no stream (502 of a proxy, 401) end the browser's own attempts; and those of its own are not told when they fail.
    source.close();
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#open(), this.#retryMs);
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
  }

  #gather(keys: readonly string[]): void {
    for (const key of keys) this.#stale.add(key);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const stale = [...this.#stale];
      this.#stale.clear();
      for (const key of stale) void this.#client.invalidateQueries({ queryKey: [key] });
    }, GATHER_MS);
  }

  readonly #onVisibility = (): void => {
    clearTimeout(this.#hiddenTimer);
    if (document.visibilityState === 'hidden') {
      this.#hiddenTimer = setTimeout(() => {
        clearTimeout(this.#retry);
        this.#source?.close();
        this.#source = undefined;
        this.#hasMissed = true;
      }, HIDDEN_MS);
    } else if (this.#source === undefined) this.#open();
  };
}
