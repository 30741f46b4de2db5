/**
 * Hearing of changes: LISTEN on a connection of its own, which is made again when it breaks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';

const RECONNECT_MS = 1000;

/** Listens on `channel` of the server at `url`. `onNotice` is also called, with an empty payload, after each reconnection: notices may have been missed. */
export async function listenOnPool(
  url: string,
  channel: string,
  onNotice: (payload: string) => void,
): Promise<AsyncDisposable> {
  const { default: pg } = await import('pg');
  const closing = new AbortController();
  let client: Client | undefined;
  const connect = async () => {
    const next = new pg.Client({ connectionString: url, application_name: 'plimsoll listen', keepAlive: true });
    next.on('error', () => {});
    next.on('notification', ({ payload }) => onNotice(payload ?? ''));
    next.on('end', () => void reconnect());
    await next.connect();
    // A name of ours, never of a user.
    await next.query(`LISTEN ${next.escapeIdentifier(channel)}`);
    client = next;
  };
  const reconnect = async () => {
    client = undefined;
    while (!closing.signal.aborted) {
      try {
        await sleep(RECONNECT_MS, undefined, { signal: closing.signal });
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
