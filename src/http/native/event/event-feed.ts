/**
 * One listener for all who follow events: each server hears of new ones once, whatever the number of its clients.
 */
import type { Store } from '#store/database.ts';
import { EVENT_CHANNEL, type EventPosition, type EventQuery, type FollowedEvent, followEvents } from '#store/event.ts';

const PAGE = 200;
/** Should a notice be lost, events come this late at most. */
const POLL_MS = 5000;

/** Which events to follow. */
export type EventFilter = Omit<EventQuery, 'after' | 'limit'>;

/** Hands out events as they are written. */
export class EventFeed implements AsyncDisposable {
  readonly #store: Store;
  readonly #waiting = new Set<() => void>();
  #listener: AsyncDisposable | undefined;

  private constructor(store: Store) {
    this.#store = store;
  }

  static async open(store: Store): Promise<EventFeed> {
    const feed = new EventFeed(store);
    feed.#listener = await store.listen(EVENT_CHANNEL, () => feed.#wake());
    return feed;
  }

  /** Events after `start`, then those that come, until `signal`. */
  async *follow(query: EventFilter, start: EventPosition, signal: AbortSignal): AsyncGenerator<FollowedEvent> {
    let from = start;
    while (!signal.aborted) {
      // Asked to be woken before looking: what is written in between is not missed.
      const news = this.#nextNews(signal);
      const events = await followEvents(this.#store.db, { ...query, from, limit: PAGE });
      for (const event of events) {
        from = event.position;
        yield event;
      }
      if (events.length < PAGE) await news;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    this.#wake();
  }

  #nextNews(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, POLL_MS);
      signal.addEventListener('abort', done, { once: true });
      this.#waiting.add(done);
    });
  }

  #wake(): void {
    for (const done of [...this.#waiting]) done();
  }
}
