/** A server in this process that plays the sources of advisories: documents with validators, ranges, and the ways in which they fail. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '#oci/digest.ts';

/** A request as the server saw it. */
export interface SeenFeedRequest {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly status: number;
}

/** See `startFeedServer`. */
export interface FeedServer extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Everything asked so far. */
  readonly requests: SeenFeedRequest[];
  /** Puts a document at a path, with a strong ETag of its content. */
  put(path: string, content: string | Uint8Array): void;
  remove(path: string): void;
  /** The next answers at that path break off after so many bytes each. */
  breakOff(path: string, ...afterBytes: number[]): void;
  /** The next answers at that path are these statuses. */
  fail(path: string, ...statuses: number[]): void;
  /** Whether parts can be had; yes unless told. */
  servesRanges: boolean;
}

/** Starts it on a free port of 127.0.0.1. */
export async function startFeedServer(): Promise<FeedServer> {
  const documents = new Map<string, Buffer>();
  const breaks = new Map<string, number[]>();
  const failures = new Map<string, number[]>();
  const requests: SeenFeedRequest[] = [];
  const self = { servesRanges: true };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname);
    const { headers } = request;
    const end = (status: number, extra: Record<string, string | number> = {}, body?: Buffer) => {
      requests.push({ path, headers, status });
      response.writeHead(status, extra);
      const limit = body === undefined || status === 304 ? undefined : breaks.get(path)?.shift();
      if (limit === undefined || body === undefined) return void response.end(body);
      response.write(body.subarray(0, limit), () => response.destroy());
    };
    const failure = failures.get(path)?.shift();
    if (failure !== undefined) return end(failure);
    const document = documents.get(path);
    if (document === undefined) return end(404);
    const etag = `"${digestOf(document).slice(7, 23)}"`;
    if (headers['if-none-match'] === etag) return end(304, { etag });
    const [, from] = /^bytes=(\d+)-$/.exec(headers.range ?? '') ?? [];
    const isSame = headers['if-range'] === undefined || headers['if-range'] === etag;
    if (from !== undefined && isSame && self.servesRanges) {
      const start = Number(from);
      if (start >= document.length) return end(416, { 'content-range': `bytes */${document.length}` });
      const part = document.subarray(start);
      return end(
        206,
        {
          etag,
          'content-length': part.length,
          'content-range': `bytes ${start}-${document.length - 1}/${document.length}`,
        },
        part,
      );
    }
    return end(200, { etag, 'content-length': document.length }, document);
  };

  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(self, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    put: (path: string, content: string | Uint8Array) => void documents.set(path, Buffer.from(content as string)),
    remove: (path: string) => void documents.delete(path),
    breakOff: (path: string, ...afterBytes: number[]) => void breaks.set(path, afterBytes),
    fail: (path: string, ...statuses: number[]) => void failures.set(path, statuses),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}
