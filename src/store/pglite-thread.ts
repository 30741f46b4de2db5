/**
 * The embedded database as its callers see it while it runs on a thread of its own: statements that take seconds keep no request from being
 * answered that needs no database. It has one connection all the same: whoever needs it waits for the transaction under way.
 *
 * PGlite brings a worker for browsers, in which tabs choose a leader among them; here there is one owner, and this is all that Kysely, the queue
 * and we call.
 */
import { Worker } from 'node:worker_threads';
import type { PGlite } from '@electric-sql/pglite';
import { PlimsollError } from '#base/errors.ts';

/** What is asked of the thread. */
export type Call =
  | {
      readonly kind: 'query';
      readonly text: string;
      readonly values: readonly unknown[];
      readonly transaction?: number;
    }
  | { readonly kind: 'exec'; readonly text: string }
  | { readonly kind: 'begin' }
  | { readonly kind: 'commit' | 'roll-back'; readonly transaction: number }
  | { readonly kind: 'listen'; readonly channel: string }
  | { readonly kind: 'unlisten'; readonly listener: number }
  | { readonly kind: 'close' };

/** A call with its number; 0 is the opening. */
export type DatabaseCall = Call & { readonly id: number };

/** What the thread says. */
export type Answer =
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string; readonly fields: object }
  /** Something came in on a channel that call `id` listens on. */
  | { readonly kind: 'notice'; readonly id: number; readonly payload: string };

interface Rows {
  readonly rows: readonly object[];
  readonly affectedRows?: number | undefined;
}

/** The part of PGlite that the server calls. */
interface EmbeddedDatabase {
  readonly closed: boolean;
  readonly ready: boolean;
  query(text: string, values?: readonly unknown[]): Promise<Rows>;
  exec(text: string): Promise<readonly Rows[]>;
  transaction<T>(work: (tx: Pick<EmbeddedDatabase, 'query'>) => Promise<T>): Promise<T>;
  listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Opens the database in `folder` on a thread, which ends when it is closed. @throws {Error} when it cannot be opened. */
export async function openOnThread(folder: string): Promise<PGlite> {
  const file = import.meta.url.endsWith('.ts') ? './pglite-worker.ts' : './pglite-worker.js';
  const thread = new ThreadedDatabase(new Worker(new URL(file, import.meta.url), { workerData: folder }));
  await thread.opened;
  // It is what is called of one.
  return thread as EmbeddedDatabase as unknown as PGlite;
}

class ThreadedDatabase implements EmbeddedDatabase {
  readonly opened: Promise<unknown>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  readonly #listeners = new Map<number, (payload: string) => void>();
  #calls = 0;
  #failure: Error | undefined;
  #isClosed = false;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: Answer) => this.#take(answer));
    worker.once('error', error => this.#end(error));
    worker.once('exit', () => this.#end(new Error('its thread ended')));
    this.opened = this.#wait(0);
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  get ready(): boolean {
    return true;
  }

  async query(text: string, values: readonly unknown[] = []): Promise<Rows> {
    return (await this.#call({ kind: 'query', text, values }).answer) as Rows;
  }

  async exec(text: string): Promise<readonly Rows[]> {
    return (await this.#call({ kind: 'exec', text }).answer) as readonly Rows[];
  }

  async transaction<T>(work: (tx: Pick<EmbeddedDatabase, 'query'>) => Promise<T>): Promise<T> {
    const { id: transaction, answer: begun } = this.#call({ kind: 'begin' });
    await begun;
    let result: T;
    try {
      result = await work({
        query: async (text, values = []) =>
          (await this.#call({ kind: 'query', text, values, transaction }).answer) as Rows,
      });
    } catch (error) {
      await this.#call({ kind: 'roll-back', transaction }).answer;
      throw error;
    }
    await this.#call({ kind: 'commit', transaction }).answer;
    return result;
  }

  async listen(channel: string, onNotice: (payload: string) => void): Promise<() => Promise<void>> {
    const { id: listener, answer } = this.#call({ kind: 'listen', channel });
    this.#listeners.set(listener, onNotice);
    await answer;
    return async () => {
      this.#listeners.delete(listener);
      if (!this.#isClosed) await this.#call({ kind: 'unlisten', listener }).answer;
    };
  }

  async close(): Promise<void> {
    const { answer } = this.#call({ kind: 'close' });
    this.#isClosed = true;
    try {
      await answer;
    } finally {
      await this.#worker.terminate();
    }
  }

  #call(call: Call): { readonly id: number; readonly answer: Promise<unknown> } {
    this.#calls += 1;
    const id = this.#calls;
    if (this.#failure !== undefined) return { id, answer: Promise.reject(this.#failure) };
    this.#worker.postMessage({ ...call, id } satisfies DatabaseCall);
    return { id, answer: this.#wait(id) };
  }

  #wait(id: number): Promise<unknown> {
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(id, waiting);
    return waiting.promise;
  }

  #take(answer: Answer): void {
    if (answer.kind === 'notice') {
      this.#listeners.get(answer.id)?.(answer.payload);
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.kind === 'done') waiting?.resolve(answer.value);
    else waiting?.reject(Object.assign(new Error(answer.message), answer.fields));
  }

  #end(cause: Error): void {
    this.#failure ??= new PlimsollError('STORE_UNAVAILABLE', `The embedded database is gone: ${cause.message}`, {
      cause,
    });
    for (const { reject } of this.#waiting.values()) reject(this.#failure);
    this.#waiting.clear();
  }
}
