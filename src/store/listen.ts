/**
 * Hearing of changes: LISTEN on a connection of its own, which is made again when it breaks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

const RECONNECT_MS = 1000;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Listens on `channel` of the server at `url`. `onNotice` is also called, with an empty payload, after each reconnection: notices may have been
 * missed. While the server is away it is tried every `reconnectMs`, by one connection at a time.
 */
export async function listenOnPool(
  url: string,
  channel: string,
  onNotice: (payload: string) => void,
  { reconnectMs = RECONNECT_MS }: { readonly reconnectMs?: number } = {},
): Promise<AsyncDisposable> {
  const { default: pg } = await import('pg');
  const closing = new AbortController();
  let client: Client | undefined;
  const connect = async () => {
    const next = new pg.Client({
      connectionString: url,
      application_name: 'plimsoll listen',
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    next.on('error', () => {});
    next.on('notification', ({ payload }) => onNotice(payload ?? ''));
    try {
      await next.connect();
      // A name of ours, never of a user.
      await next.query(`LISTEN ${next.escapeIdentifier(channel)}`);
    } catch (error) {
      await next.end().catch(() => undefined);
      throw error;
    }
    if (closing.signal.aborted) {
      await next.end();
      return;
    }
    client = next;
    // Not before: an attempt that fails ends as well, and would begin a second round of attempts besides the one that it is of.
    next.on('end', () => void reconnect());
  };
  const reconnect = async () => {
    client = undefined;
    while (!closing.signal.aborted) {
      try {
        await sleep(reconnectMs, undefined, { signal: closing.signal });
        await connect();
        onNotice('');
        return;
      } catch {
        // The next round tries again; queries tell people that the server is away.
      }
    }
  };
  await connect();
  return {
    async [Symbol.asyncDispose]() {
      closing.abort();
      client?.removeAllListeners('end');
      await client?.end();
    },
  };
}
