/** A Plimsoll server as commands ask it: its native API, with an API key. */
import { z } from 'zod';
import { ERRORS, type ErrorCode, PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { AttemptError, backoffMs, DEFAULT_PATIENCE } from '#image/registry/attempt.ts';
import { chunksOf, readAll } from '#image/registry/read-body.ts';
import { type Answer, discard, Transport } from '#image/registry/transport.ts';
import { readServerUrl } from '#scan/sensor/http-port.ts';
import { pause } from '#scan/sensor/reports.ts';
import type { CliContext } from './context.ts';
import { readInput } from './read-input.ts';
import { readEvents, type ServerEvent } from './server-events.ts';
import type { ServerOptions } from './server-options.ts';

/** A question. */
export interface ServerQuestion<T> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`. */
  readonly path: string;
  readonly json?: unknown;
  /** The revision that a change is based on, as `askRevised` told it. */
  readonly ifMatch?: string | undefined;
  /** What is asked for, as the beginning of a message: `Cannot read project 64b7…`. */
  readonly task: string;
  /** What of the answer is used. */
  readonly answer: z.ZodType<T>;
}

/** An answer, and the revision of the thing (`ETag`). */
export interface Revised<T> {
  readonly data: T;
  readonly revision: string | undefined;
}

const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
const MAX_KEY_BYTES = 4096;
const MAX_CERTIFICATES_BYTES = 16 * 1024 * 1024;
/** Questions that change nothing are asked again, over half a minute: a server may be restarted while somebody waits for it. */
const ATTEMPTS = 6;
const PATIENCE = { ...DEFAULT_PATIENCE, baseDelayMs: 500, maxDelayMs: 10_000 };

/** What a server answers when not it is away, but what it was to look at. */
const TOLD_OF_OTHERS: ReadonlySet<ErrorCode> = new Set([
  'BUG',
  'SOURCE_UNAVAILABLE',
  'HOST_KEY_CHANGED',
  'BUILDER_UNABLE',
]);

const problemSchema = z.object({ code: z.string().catch(''), detail: z.string().catch('') });

/**
 * Opens the way to a server; nothing is asked yet. `answersWithinMs` is for questions that the server itself has to ask others about.
 * @throws {PlimsollError} `USAGE` without an address or a key.
 */
export async function openServerApi(
  options: ServerOptions,
  context: CliContext,
  { answersWithinMs = PATIENCE.headersTimeoutMs }: { readonly answersWithinMs?: number | undefined } = {},
): Promise<ServerApi> {
  const { env, signal, version } = context;
  const address = options.server ?? env['PLIMSOLL_URL'];
  if (address === undefined || address === '') {
    throw new PlimsollError('USAGE', 'Cannot ask a server: name it with --server or PLIMSOLL_URL');
  }
  const base = readServerUrl(address, options.allowHttp === true || env['PLIMSOLL_ALLOW_HTTP'] === '1');
  const key =
    options.apiKeyFile === undefined
      ? (env['PLIMSOLL_API_KEY'] ?? '')
      : (await readInput(options.apiKeyFile, { what: 'API key', maxBytes: MAX_KEY_BYTES, signal })).toString('utf8');
  if (!/^[\x21-\x7e]+$/.test(key.trim())) {
    throw new PlimsollError(
      'USAGE',
      'Cannot ask the server: give an API key, one line in a file named by --api-key-file, or in PLIMSOLL_API_KEY',
    );
  }
  const authorities =
    options.caFile === undefined
      ? []
      : [await readInput(options.caFile, { what: 'certificates', maxBytes: MAX_CERTIFICATES_BYTES, signal })];
  const transport = new Transport({
    tlsVerify: true,
    authorities: authorities.map(pem => pem.toString('utf8')),
    proxies: env,
    patience: { ...PATIENCE, headersTimeoutMs: answersWithinMs },
    userAgent: `plimsoll/${version}`,
    allowsLinkLocal: false,
    home: base.hostname,
    allowsPrivate: true,
    advice: 'ca-file',
  });
  return new ServerApi(base, transport, key.trim());
}

/** See the head of the file. Held with `await using`. */
export class ServerApi implements AsyncDisposable {
  readonly #base: URL;
  readonly #transport: Transport;
  readonly #key: string;

  constructor(base: URL, transport: Transport, key: string) {
    this.#base = base;
    this.#transport = transport;
    this.#key = key;
  }

  /** Asks. @throws {PlimsollError} `SERVER_UNAVAILABLE`, or with the code and the words of the server. */
  async ask<T>(question: ServerQuestion<T>, signal: AbortSignal): Promise<T> {
    return (await this.askRevised(question, signal)).data;
  }

  /** Asks, and says at which revision the thing is, where it has one. @throws {PlimsollError} as `ask`. */
  async askRevised<T>(question: ServerQuestion<T>, signal: AbortSignal): Promise<Revised<T>> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#once(question, signal);
      } catch (error) {
        if (signal.aborted) throw toPlimsollError(signal.reason);
        const failure = toServerFailure(error);
        const mayAgain = question.method === 'GET' && failure.code === 'SERVER_UNAVAILABLE' && attempt < ATTEMPTS;
        if (!mayAgain) throw failure;
        await pause(backoffMs(attempt, PATIENCE), signal);
      }
    }
  }

  /** Reads a text once, as it comes, in pieces that need not end with a line. @throws {PlimsollError} as `ask`. */
  async *text(
    { path, task }: { readonly path: string; readonly task: string },
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#stream({ path, task, headers: { accept: 'text/plain' } }, signal)) {
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  }

  /** Events of a stream from the one after `lastEventId` on, until it ends or is cut. @throws {PlimsollError} as `ask`. */
  async *events(
    {
      path,
      task,
      lastEventId,
    }: { readonly path: string; readonly task: string; readonly lastEventId?: string | undefined },
    signal: AbortSignal,
  ): AsyncGenerator<ServerEvent> {
    const headers = {
      accept: 'text/event-stream',
      ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
    };
    yield* readEvents(this.#stream({ path, task, headers }, signal));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#transport[Symbol.asyncDispose]();
  }

  async *#stream(
    {
      path,
      task,
      headers,
    }: { readonly path: string; readonly task: string; readonly headers: Readonly<Record<string, string>> },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const url = new URL(`./api/v1${path}`, this.#base);
    const options = { task, signal, limitBytes: MAX_ANSWER_BYTES };
    try {
      const hop = { method: 'GET' as const, url, headers: { ...headers, authorization: `Bearer ${this.#key}` } };
      const reply = await this.#transport.send(hop, { task, signal });
      if (reply.status < 200 || reply.status >= 300) throw await this.#toFailure(reply, options);
      yield* chunksOf(reply, this.#transport, options);
    } catch (error) {
      throw signal.aborted ? toPlimsollError(signal.reason) : toServerFailure(error);
    }
  }

  async #once<T>(
    { method, path, json, ifMatch, task, answer }: ServerQuestion<T>,
    signal: AbortSignal,
  ): Promise<Revised<T>> {
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json));
    const hop = {
      method,
      url: new URL(`./api/v1${path}`, this.#base),
      headers: {
        accept: 'application/json, application/problem+json',
        authorization: `Bearer ${this.#key}`,
        ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
        ...(body === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(body.byteLength) }),
      },
      ...(body === undefined ? {} : { body }),
    };
    const reply = await this.#transport.send(hop, { task, signal });
    try {
      const options = { task, signal, limitBytes: MAX_ANSWER_BYTES };
      if (reply.status < 200 || reply.status >= 300) throw await this.#toFailure(reply, options);
      const text = Buffer.from(await readAll(reply, this.#transport, options)).toString('utf8');
      const { success, data } = answer.safeParse(text === '' ? null : parseJson(text));
      if (success) return { data, revision: reply.header('etag') };
      const what = 'are it and this program of the same version?';
      throw new PlimsollError('SERVER_UNAVAILABLE', `${task}: the server answers something else; ${what}`);
    } finally {
      await discard(reply);
    }
  }

  async #toFailure(
    reply: Answer,
    options: { readonly task: string; readonly signal: AbortSignal; readonly limitBytes: number },
  ): Promise<PlimsollError> {
    const { status, url } = reply;
    const { task } = options;
    const body = Buffer.from(await readAll(reply, this.#transport, options)).toString('utf8');
    const { code, detail } = problemSchema.catch({ code: '', detail: '' }).parse(parseJson(body));
    const isKnown = (one: string): one is ErrorCode => Object.hasOwn(ERRORS, one);
    if (code === 'UNAUTHENTICATED') {
      const why = 'the server does not know the API key: it is wrong, has expired or was revoked';
      return new PlimsollError(code, `${task}: ${why}`);
    }
    if (isKnown(code) && detail !== '') {
      const isAway = status >= 500 && !TOLD_OF_OTHERS.has(code);
      // A sentence that says what could not be done needs no second beginning.
      const text = printable(detail, 4000);
      return new PlimsollError(
        isAway ? 'SERVER_UNAVAILABLE' : code,
        text.startsWith('Cannot ') ? text : `${task}: ${text}`,
      );
    }
    const what = 'is it a Plimsoll server, and is there no proxy or log-in page in between?';
    return new PlimsollError('SERVER_UNAVAILABLE', `${task}: ${url.host} answers ${status}; ${what}`);
  }
}

function toServerFailure(error: unknown): PlimsollError {
  return error instanceof AttemptError
    ? new PlimsollError('SERVER_UNAVAILABLE', error.message, { cause: error })
    : toPlimsollError(error);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
