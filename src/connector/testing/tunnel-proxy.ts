/**
 * An HTTP proxy of this process that leads every tunnel to one server, whatever name it is asked for.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A running proxy. */
export interface TunnelProxy extends AsyncDisposable {
  readonly url: string;
  /** `host:port` of the tunnels asked for, in order. */
  readonly tunnels: readonly string[];
}

/** Starts one that leads to `target` (`127.0.0.1:1234`), or answers each tunnel with `refusal`. */
export async function startTunnelProxy(
  target: string,
  options: { readonly refusal?: number } = {},
): Promise<TunnelProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '');
    if (options.refusal !== undefined) {
      socket.end(`HTTP/1.1 ${options.refusal} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = target.split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tunnels,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await Promise.resolve();
    },
  };
}
