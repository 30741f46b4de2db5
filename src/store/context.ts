/** What use cases of the server work with. */
import type { Store } from './database.ts';
import type { Queue } from './queue.ts';
import type { Sealer } from './seal.ts';

/** Handed to every use case by the composition root; tests make their own. */
export interface ServerContext {
  readonly store: Store;
  readonly queue: Queue;
  readonly sealer: Sealer;
  /** The clock: the only one that use cases read. */
  readonly now: () => Date;
}
