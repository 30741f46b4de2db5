/** LISTEN through a line that breaks. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { openStore } from './database.ts';
import { listenOnPool } from './listen.ts';
import { findPostgres } from './testing/postgres-server.ts';
import { newDatabase } from './testing/stores.ts';

/** A line to a server: cut, it refuses whoever comes until it is mended. */
async function openLine(port: number) {
  const sockets = new Set<Socket>();
  let isCut = false;
  let refused = 0;
  let waiting: { readonly count: number; readonly done: () => void } | undefined;
  const server = createServer(socket => {
    socket.on('error', () => {});
    if (isCut) {
      socket.destroy();
      refused += 1;
      if (waiting !== undefined && refused >= waiting.count) waiting.done();
      return;
    }
    const far = connect(port, '127.0.0.1');
    far.on('error', () => {});
    for (const one of [socket, far]) {
      sockets.add(one);
      one.on('close', () => sockets.delete(one));
    }
    socket.pipe(far).pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    lines: () => sockets.size / 2,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
    },
    async refusals(count: number) {
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting = { count, done: resolve };
      if (refused < count) await promise;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

test.skipIf(findPostgres() === undefined)(
  'after the server was away for many attempts there is one connection again, and it hears',
  async () => {
    const { url } = await newDatabase();
    const real = new URL(url);
    await using line = await openLine(Number(real.port));
    const through = Object.assign(new URL(url), { port: String(line.port) }).href;
    let heard = Promise.withResolvers<string>();
    await using listening = await listenOnPool(through, 'weather', payload => heard.resolve(payload), {
      reconnectMs: 10,
    });
    expect(listening).toBeDefined();
    expect(line.lines()).toBe(1);
    line.cut();
    await line.refusals(12);
    line.mend();
    expect(await heard.promise).toBe('');
    await using store = await openStore({ kind: 'postgres', url });
    if (!('pool' in store.raw)) throw new Error('This is PostgreSQL');
    const { pool } = store.raw;
    for (const payload of ['rain', 'sun']) {
      heard = Promise.withResolvers<string>();
      await pool.query(`NOTIFY weather, '${payload}'`);
      expect(await heard.promise).toBe(payload);
    }
    // Any other round of attempts would have had its turn by now.
    expect(line.lines()).toBe(1);
  },
);
