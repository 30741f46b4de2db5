/**
 * Server-sent events: a stream that goes on where the client lost it.
 *
 * Source: HTML, "Server-sent events".
 */
import type { FastifyReply, FastifyRequest } from 'fastify';

/** An event as it is sent. */
export interface SentEvent {
  /** Where to go on after it. */
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Proxies cut connections on which nothing moves; most after a minute. */
const KEEP_ALIVE_MS = 20_000;

/** The id of the last event that the client has seen, on a connection made again; `undefined` on the first. */
export function lastEventIdOf(request: FastifyRequest): string | undefined {
  const header = request.headers['last-event-id'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

/**
 * Sends events as `produce` yields them until it ends, the client leaves or the server stops. `produce` gets a signal for the latter two.
 */
export async function sendEventStream(
  request: FastifyRequest,
  reply: FastifyReply,
  produce: (signal: AbortSignal) => AsyncIterable<SentEvent>,
): Promise<void> {
  const gone = new AbortController();
  const raw = reply.raw;
  request.raw.socket.on('close', () => gone.abort());
  raw.on('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, request.server.stopping]);
  reply.hijack();
  const headers = Object.fromEntries(
    Object.entries(reply.getHeaders()).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  raw.writeHead(200, {
    ...headers,
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // nginx would hold events back.
    'x-accel-buffering': 'no',
  });
  raw.write('retry: 2000\n\n');
  const timer = setInterval(() => raw.write(': still here\n\n'), KEEP_ALIVE_MS);
  try {
    for await (const { id, event, data } of produce(signal)) {
      if (signal.aborted) break;
      const isRoom = raw.write(`id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      if (!isRoom)
        await new Promise<void>(resolve => {
          raw.once('drain', resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
    }
  } catch (error) {
    if (!signal.aborted) request.log.error({ err: error }, 'event stream failed');
  } finally {
    clearInterval(timer);
    raw.end();
  }
}
