/**
 * The network under AWS's SDK: our own, so that proxies, certificate authorities, refused addresses, time-outs and limits hold for it, too.
 */
import { isWebPage, webPage } from '#image/registry/answer-failure.ts';
import { readAll } from '#image/registry/read-body.ts';
import type { Transport } from '#image/registry/transport.ts';

/** A page of 1000 images has some 2 MiB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** What the SDK reads of an answer: the protocol's own headers, the request's ID for people who ask AWS, and the date for its clock. */
const HEADERS = [
  'content-type',
  'date',
  'x-amzn-requestid',
  'x-amz-request-id',
  'x-amzn-errortype',
  'x-amzn-query-error',
  'retry-after',
] as const;

/** A request as the SDK hands it over, signed. */
interface SdkRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** An answer as the SDK takes it. */
interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: Uint8Array;
}

/** The network of a client of the SDK. */
export interface SdkRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(
    request: SdkRequest,
    options?: { readonly abortSignal?: unknown },
  ): Promise<{ readonly response: SdkResponse }>;
}

/** What the SDK calls for each request: sends it by `transport`, and reads the answer whole. */
export function toRequestHandler(transport: Transport): SdkRequestHandler {
  return {
    metadata: { handlerProtocol: 'http/1.1' },
    async handle(request, options) {
      const { method, headers } = request;
      const signal = options?.abortSignal instanceof AbortSignal ? options.abortSignal : new AbortController().signal;
      const url = toUrl(request);
      const task = `Cannot ask ${url.host}`;
      const body = request.body === undefined ? {} : { body: toBytes(request.body) };
      const hop = { method: method === 'POST' ? ('POST' as const) : ('GET' as const), url, headers, ...body };
      const answer = await transport.send(hop, { task, signal });
      if (isWebPage(answer)) throw webPage(answer, task);
      const bytes = await readAll(answer, transport, { task, signal, limitBytes: MAX_ANSWER_BYTES });
      const seen = HEADERS.flatMap(name => {
        const value = answer.header(name);
        return value === undefined ? [] : [[name, value] as const];
      });
      return { response: { statusCode: answer.status, headers: Object.fromEntries(seen), body: bytes } };
    },
  };
}

function toUrl({ protocol, hostname, port, path, query }: SdkRequest): URL {
  const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}${path}`);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) url.searchParams.append(name, one);
  }
  return url;
}

/** The requests that we make are small, and their bodies at hand. */
function toBytes(body: unknown): string | Uint8Array {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  throw new TypeError('A request to AWS has a body that is neither text nor bytes');
}
