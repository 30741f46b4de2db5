/** An HTTP proxy of this process that knows names nobody else does, and lets those in who know its password. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** A running proxy. */
export interface NamedProxy extends AsyncDisposable {
  /** With the log-in. */
  readonly url: string;
  /** `host:port`. */
  readonly place: string;
  /** `host:port` of the tunnels asked for, in order. */
  readonly tunnels: readonly string[];
}

/** Starts one that leads `host:port` to a server of this machine, each. */
export async function startNamedProxy(options: {
  readonly targets: Readonly<Record<string, string>>;
  readonly username: string;
  readonly password: string;
}): Promise<NamedProxy> {
  const { targets, username, password } = options;
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const wanted = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const server = createServer();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '');
    const refuse = (status: string) =>
      socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    if (request.headers['proxy-authorization'] !== wanted) {
      refuse('407 Log in\r\nProxy-Authenticate: Basic realm="proxy"');
      return;
    }
    const [host = '', port = ''] = targets[request.url ?? '']?.split(':') ?? [];
    if (host === '') {
      refuse('502 Unknown');
      return;
    }
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    sockets.add(onward);
    onward.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${encodeURIComponent(username)}:${encodeURIComponent(password)}@${place}`,
    place,
    tunnels,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
