/**
 * Calls of a product's own JSON API: over the same guarded connections that images are pulled by, tried again where that can help, with
 * bounded answers that meet a schema once.
 *
 * Only GET, but for the few products that log in or search by POST. Redirects are followed at the same origin only: the headers that hold
 * a log-in differ by product, and none of them may go elsewhere.
 */
import type { z } from 'zod';
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { isWebPage, MAX_ERROR_BYTES, webPage } from '#image/registry/answer-failure.ts';
import { AttemptError, type Patience, retrying } from '#image/registry/attempt.ts';
import { type RateLimit, readRateLimit } from '#image/registry/rate-limit.ts';
import { readAll } from '#image/registry/read-body.ts';
import { Slots } from '#image/registry/slots.ts';
import { type Answer, discard, type Hop, type Transport } from '#image/registry/transport.ts';
import { readWarnings } from '#image/registry/warning.ts';
import { toApiFailure } from './api-failure.ts';
import type { CallOptions, ConnectorOptions, RetryListener } from './connector.ts';
import { refuseOverHttp, secretsIn } from './pull-credentials.ts';

/** How an API wants to know who asks. */
export interface ApiAuthorization {
  /** Headers to send; may fetch or renew a token. `undefined` for a visitor. */
  headers(options: CallOptions): Promise<Readonly<Record<string, string>> | undefined>;
  /** Called when the API answers 401 to what `headers` gave: forget it. True when asking once more with new ones makes sense. */
  renew?(): boolean;
  /** Texts that no message may repeat: passwords, tokens, and what they look like in a header. */
  secrets(): readonly string[];
}

/** What an API client needs of the connection that it belongs to. */
export interface ApiSurroundings {
  readonly options: ConnectorOptions;
  readonly place: { readonly host: string; readonly base: URL };
  readonly patience: Patience;
  now(): number;
  tellLimit(limit: RateLimit): void;
  readonly tellRetry: RetryListener;
  until(options: CallOptions): CallOptions;
  transport(home: URL): Transport;
}

/** What an API client is made from. */
export interface ApiClientOptions {
  readonly connection: ApiSurroundings;
  /** What paths are resolved against; ends with a slash: `https://gitlab.example/api/v4/`. */
  readonly base: URL;
  /** Whether the registry named the base, and not people or the product: then it may not be in a private network. */
  readonly isDiscovered?: boolean;
  readonly authorization?: ApiAuthorization | undefined;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One call. */
export interface ApiRequest<T> {
  /** Below the base, without a slash in front; or a URL of the same origin. Whatever is put into it must be URL-encoded already. */
  readonly path: string | URL;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes it a POST of this document. */
  readonly json?: unknown;
  /** Makes it a POST of this form. */
  readonly form?: Readonly<Record<string, string>>;
  /** Makes it a POST of this plain text. */
  readonly text?: string;
  /** What the answer must be; unknown fields are dropped. */
  readonly schema: z.ZodType<T>;
  /** Beginning of the error message: `Cannot list the tags of "…"`. */
  readonly task: string;
  /** What a 404 says is not there: `repository "team/app"`. */
  readonly missing?: string;
  /** What to ask an administrator for when a 403 says no: `the role Artifact Registry Reader on the project`. */
  readonly right?: string | undefined;
  readonly limitBytes?: number;
  /** It is the log-in itself: sent without authorization, and a 401 means that the credentials are wrong. */
  readonly isLogin?: boolean;
  /** Texts in the request, besides the credentials of the settings, that no message may repeat: a token to be exchanged. */
  readonly secrets?: readonly string[];
}

/** An answer that met its schema. */
export interface ApiAnswer<T> {
  readonly body: T;
  readonly status: number;
  readonly url: URL;
  header(name: string): string | undefined;
}

/** A page of a hundred entries has some 200 kB; some products ignore page sizes. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;
const MAX_REDIRECTS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** See above. Closed with its connection. */
export class ApiClient implements AsyncDisposable {
  readonly base: URL;
  readonly #options: ApiClientOptions;
  readonly #transport: Transport;
  readonly #slots: Slots;

  constructor(options: ApiClientOptions) {
    this.base = options.base;
    this.#options = options;
    const { connection, base, isDiscovered } = options;
    this.#transport = connection.transport(isDiscovered === true ? connection.place.base : base);
    this.#slots = new Slots(connection.options.maxConcurrency ?? 4);
  }

  /**
   * Makes a call, again where that can help.
   * @throws {PlimsollError} `REGISTRY_DENIED`, `MANIFEST_UNKNOWN` (404), `RATE_LIMITED`, `REGISTRY_UNAVAILABLE`, `REGISTRY_INVALID`,
   * `LIMIT_EXCEEDED`, `TIMED_OUT`, `CANCELLED`.
   */
  async ask<T>(request: ApiRequest<T>, options: CallOptions): Promise<ApiAnswer<T>> {
    const { connection } = this.#options;
    const { signal } = connection.until(options);
    const onRetry = (_attempt: number, delayMs: number, error: Error) =>
      connection.tellRetry({ registry: connection.place.host, delayMs, error });
    try {
      return await retrying(() => this.#once(request, signal), { patience: connection.patience, signal, onRetry });
    } catch (error) {
      throw signal.aborted ? toPlimsollError(signal.reason) : error;
    }
  }

  /** As `ask`; `undefined` where the API answers 404. */
  async find<T>(request: ApiRequest<T>, options: CallOptions): Promise<ApiAnswer<T> | undefined> {
    try {
      return await this.ask({ missing: 'such thing', ...request }, options);
    } catch (error) {
      if (error instanceof PlimsollError && error.code === 'MANIFEST_UNKNOWN') return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  async #once<T>(request: ApiRequest<T>, signal: AbortSignal): Promise<ApiAnswer<T>> {
    const release = await this.#slots.take(signal);
    try {
      const shown = await this.#shown(request, signal);
      const first = await this.#exchange(request, shown, signal);
      const isRefused = first.status === 401 && shown !== undefined;
      if (!isRefused || this.#options.authorization?.renew?.() !== true)
        return await this.#read(first, request, shown, signal);
      await discard(first);
      const renewed = await this.#shown(request, signal);
      return await this.#read(await this.#exchange(request, renewed, signal), request, renewed, signal);
    } finally {
      release();
    }
  }

  async #shown<T>(request: ApiRequest<T>, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    if (request.isLogin === true) return undefined;
    const headers = await this.#options.authorization?.headers({ signal });
    if (headers !== undefined) refuseOverHttp(this.base, this.#options.connection.options.settings.tls);
    return headers;
  }

  async #exchange<T>(
    request: ApiRequest<T>,
    shown: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const { task } = request;
    let url = this.#urlOf(request);
    const hop = toHop(request, { accept: 'application/json', ...this.#options.headers, ...request.headers, ...shown });
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      const answer = await this.#transport.send({ ...hop, url }, { task, signal });
      this.#note(answer);
      const location = answer.header('location');
      if (!REDIRECTS.has(answer.status) || location === undefined || hop.method !== 'GET') return answer;
      await discard(answer);
      const target = URL.parse(location, url.href);
      if (target === null || target.origin !== url.origin) {
        const where = target === null ? 'something that is no URL' : target.host;
        throw new AttemptError(
          'REGISTRY_INVALID',
          `${task}: ${url.host} redirects to ${where}, where its API is not followed`,
        );
      }
      url = target;
    }
    throw new AttemptError('REGISTRY_INVALID', `${task}: ${url.host} redirects over ${MAX_REDIRECTS} times`);
  }

  async #read<T>(
    answer: Answer,
    request: ApiRequest<T>,
    shown: Readonly<Record<string, string>> | undefined,
    signal: AbortSignal,
  ): Promise<ApiAnswer<T>> {
    const { task, missing, right, schema } = request;
    const isFine = answer.status >= 200 && answer.status < 300;
    const limitBytes = isFine ? (request.limitBytes ?? MAX_ANSWER_BYTES) : MAX_ERROR_BYTES;
    const reading = readAll(answer, this.#transport, { task, signal, limitBytes });
    // Of a failure the status says the most.
    const bytes = isFine ? await reading : await reading.catch(() => new Uint8Array());
    const text = Buffer.from(bytes).toString('utf8');
    if (!isFine) {
      const nowMs = this.#options.connection.now();
      throw toApiFailure(answer, text, {
        task,
        missing,
        right,
        isLoggedIn: shown !== undefined || request.isLogin === true,
        secrets: [...(request.secrets ?? []), ...this.#secrets(shown)],
        nowMs,
      });
    }
    if (isWebPage(answer, text.slice(0, 200))) throw webPage(answer, task);
    const result = schema.safeParse(parseJson(text));
    if (!result.success) {
      const [issue] = result.error.issues;
      const where = issue === undefined || issue.path.length === 0 ? '' : ` (at ${issue.path.join('.').slice(0, 100)})`;
      throw new AttemptError(
        'REGISTRY_INVALID',
        `${task}: ${answer.url.host} answers with something else than its API promises${where}`,
      );
    }
    return { body: result.data, status: answer.status, url: answer.url, header: name => answer.header(name) };
  }

  #secrets(shown: Readonly<Record<string, string>> | undefined): readonly string[] {
    const values = Object.values(shown ?? {});
    const own = secretsIn(this.#options.connection.options.credentials);
    const bare = values.map(value => value.replace(/^\S+ /, ''));
    return [...own, ...(this.#options.authorization?.secrets() ?? []), ...values, ...bare];
  }

  #urlOf<T>({ path, query = {}, task }: ApiRequest<T>): URL {
    const url = new URL(path, this.base);
    if (url.origin !== this.base.origin) {
      throw new AttemptError('REGISTRY_INVALID', `${task}: ${url.host} is not where this API is`);
    }
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    return url;
  }

  #note(answer: Answer): void {
    const { options } = this.#options.connection;
    const limit = readRateLimit(answer, answer.url.host);
    if (limit !== undefined) this.#options.connection.tellLimit({ ...limit, isApi: true });
    for (const text of readWarnings(answer)) options.onWarning?.({ registry: answer.url.host, text });
  }
}

function toHop<T>({ json, form, text }: ApiRequest<T>, headers: Readonly<Record<string, string>>): Omit<Hop, 'url'> {
  if (json !== undefined) {
    return { method: 'POST', headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(json) };
  }
  if (form !== undefined) {
    const type = 'application/x-www-form-urlencoded';
    return {
      method: 'POST',
      headers: { ...headers, 'content-type': type },
      body: new URLSearchParams(form).toString(),
    };
  }
  if (text !== undefined) {
    return { method: 'POST', headers: { ...headers, 'content-type': 'text/plain' }, body: text };
  }
  return { method: 'GET', headers };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
