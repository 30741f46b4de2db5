/**
 * The embedded database on a thread of its own, for `pglite-thread.ts`: each message is one call, answered when it is done.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import type { Answer, Call, DatabaseCall } from './pglite-thread.ts';
import { VALUE_PARSERS } from './value-parsers.ts';

interface OpenTransaction {
  readonly tx: Transaction;
  readonly commit: () => void;
  readonly rollBack: () => void;
  /** Ends with the transaction. */
  readonly over: Promise<void>;
}

class RolledBack extends Error {}

class DatabaseThread {
  readonly #pglite: PGlite;
  readonly #transactions = new Map<number, OpenTransaction>();
  readonly #listening = new Map<number, () => Promise<void>>();
  readonly #tell: (answer: Answer) => void;

  constructor(pglite: PGlite, tell: (answer: Answer) => void) {
    this.#pglite = pglite;
    this.#tell = tell;
  }

  async take({ id, ...call }: DatabaseCall): Promise<void> {
    try {
      this.#tell({ kind: 'done', id, value: await this.#do(call, id) });
    } catch (error) {
      const { message } = error as Error;
      // Its code, constraint, detail, …: what else there may be does not cross threads.
      const fields = Object.entries(error as object).filter(([, value]) => typeof value === 'string');
      this.#tell({ kind: 'failed', id, message, fields: Object.fromEntries(fields) });
    }
  }

  async #do(call: Call, id: number): Promise<unknown> {
    switch (call.kind) {
      case 'query': {
        const within = call.transaction === undefined ? this.#pglite : this.#get(call.transaction).tx;
        const { rows, affectedRows } = await within.query(call.text, [...call.values]);
        return { rows, affectedRows };
      }
      case 'exec':
        return (await this.#pglite.exec(call.text)).map(({ rows, affectedRows }) => ({ rows, affectedRows }));
      case 'begin':
        return await this.#begin(id);
      case 'commit': {
        const { commit, over } = this.#take(call.transaction);
        commit();
        return await over;
      }
      case 'roll-back': {
        const { rollBack, over } = this.#take(call.transaction);
        rollBack();
        return await over.catch(() => {});
      }
      case 'listen': {
        const end = await this.#pglite.listen(call.channel, payload => this.#tell({ kind: 'notice', id, payload }));
        this.#listening.set(id, end);
        return undefined;
      }
      case 'unlisten': {
        const end = this.#listening.get(call.listener);
        this.#listening.delete(call.listener);
        return await end?.();
      }
      case 'close':
        return await this.#pglite.close();
      default:
        return call satisfies never;
    }
  }

  /** Waits for its turn; the transaction is known by the number of the call. */
  async #begin(id: number): Promise<void> {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const over = this.#pglite.transaction(async tx => {
      const rollBack = () => ended.reject(new RolledBack());
      this.#transactions.set(id, { tx, commit: ended.resolve, rollBack, over });
      begun.resolve();
      await ended.promise;
    });
    over.catch(begun.reject);
    await begun.promise;
  }

  #get(id: number): OpenTransaction {
    const open = this.#transactions.get(id);
    if (open === undefined) throw new Error(`There is no transaction ${id}`);
    return open;
  }

  #take(id: number): OpenTransaction {
    const open = this.#get(id);
    this.#transactions.delete(id);
    return open;
  }
}

const port = parentPort;
if (port === null) throw new Error('This file is for a thread');
try {
  const pglite = await PGlite.create(workerData as string, { parsers: { ...VALUE_PARSERS } });
  const thread = new DatabaseThread(pglite, answer => port.postMessage(answer));
  port.on('message', (call: DatabaseCall) => void thread.take(call));
  port.postMessage({ kind: 'done', id: 0, value: undefined } satisfies Answer);
} catch (error) {
  port.postMessage({ kind: 'failed', id: 0, message: (error as Error).message, fields: {} } satisfies Answer);
}
