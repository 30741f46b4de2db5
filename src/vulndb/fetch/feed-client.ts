/**
 * Asking the sources of advisories: with the same connections, proxies, certificates, time-outs and patience as registries are asked with.
 */
import { PlimsollError } from '#base/errors.ts';
import { withoutSecrets } from '#base/text.ts';
import {
  AttemptError,
  DEFAULT_PATIENCE,
  type Patience,
  parseRetryAfter,
  pauseBeforeNext,
  retrying,
} from '#image/registry/attempt.ts';
import { follow } from '#image/registry/follow.ts';
import { chunksOf, readAll } from '#image/registry/read-body.ts';
import { type Answer, discard, type ProxyEnvironment, Transport } from '#image/registry/transport.ts';
import { readExtraAuthorities } from '#image/registry/trust.ts';

/** How to reach sources. */
export interface FeedClientOptions {
  readonly env: ProxyEnvironment;
  readonly tlsVerify: boolean;
  /** PEM file of certificate authorities to trust as well. */
  readonly caFile?: string | undefined;
  readonly userAgent: string;
  /** Attempts and time-outs that differ from `DEFAULT_PATIENCE`. */
  readonly patience?: Partial<Patience>;
}

/** What a source said of a document, to be shown next time: HTTP's validators. */
export interface Validators {
  readonly etag?: string;
  readonly lastModified?: string;
}

/** An answer whose body is being read. */
export interface FeedAnswer {
  readonly answer: Answer;
  readonly validators: Validators;
  /** The body, chunk by chunk; fails when it stalls. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/** Statuses that callers deal with themselves. */
const EXPECTED: ReadonlySet<number> = new Set([200, 206, 304, 404, 416]);

/** Sends requests for feeds; closing it cuts every connection. */
export class FeedClient implements AsyncDisposable {
  readonly patience: Patience;
  readonly #options: FeedClientOptions;
  readonly #transports = new Map<string, Promise<Transport>>();

  constructor(options: FeedClientOptions) {
    this.#options = options;
    this.patience = { ...DEFAULT_PATIENCE, ...options.patience };
  }

  /**
   * A document in memory; `undefined` when the source has none there (404) or none that differs from `known` (304, told as `isUnchanged`).
   * @throws {PlimsollError} `FEED_UNAVAILABLE`, `FEED_INVALID`, `TIMED_OUT`, `RATE_LIMITED`; `LIMIT_EXCEEDED` over `limitBytes`.
   */
  async read(
    url: URL,
    options: { readonly signal: AbortSignal; readonly limitBytes: number; readonly known?: Validators | undefined },
  ): Promise<{ readonly bytes?: Uint8Array; readonly isUnchanged: boolean; readonly validators: Validators }> {
    const task = taskFor(url);
    const attempt = async () =>
      await this.#open(
        url,
        conditions(options.known),
        { task, signal: options.signal },
        async ({ answer, validators }, transport) => {
          if (answer.status === 304) return { isUnchanged: true, validators };
          if (answer.status === 404) return { isUnchanged: false, validators };
          const bytes = await readAll(answer, transport, { ...options, task });
          return { bytes, isUnchanged: false, validators };
        },
      );
    return await this.#mapped(() => retrying(attempt, { patience: this.patience, signal: options.signal }));
  }

  /** One attempt at `url`, whose answer `use` has; what comes of it. @throws {AttemptError} of any code. */
  async once<T>(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    use: (open: FeedAnswer) => Promise<T>,
  ): Promise<T> {
    return await this.#open(url, headers, { task: taskFor(url), signal }, open => use(open));
  }

  /** Runs attempts as long as `patience` lasts; one that made progress counts as the first. */
  async patiently<T>(
    attempt: (failed: number) => Promise<T>,
    hasProgress: () => boolean,
    signal: AbortSignal,
  ): Promise<T> {
    return await this.#mapped(async () => {
      let failed = 0;
      for (;;) {
        try {
          return await attempt(failed);
        } catch (error) {
          failed = hasProgress() ? 1 : failed + 1;
          await pauseBeforeNext(error, failed, { patience: this.patience, signal });
        }
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await Promise.allSettled(this.#transports.values());
    await Promise.all(
      opened.map(async result => {
        if (result.status === 'fulfilled') await result.value[Symbol.asyncDispose]();
      }),
    );
  }

  async #open<T>(
    url: URL,
    headers: Readonly<Record<string, string>>,
    options: { readonly task: string; readonly signal: AbortSignal },
    use: (open: FeedAnswer, transport: Transport) => Promise<T>,
  ): Promise<T> {
    const transport = await this.#transportFor(url, options.signal);
    const answer = await follow({ method: 'GET', url, headers }, undefined, transport, options);
    try {
      if (!EXPECTED.has(answer.status)) throw refusal(answer, options.task);
      const etag = answer.header('etag');
      const lastModified = answer.header('last-modified');
      const validators = { ...(etag ? { etag } : {}), ...(lastModified ? { lastModified } : {}) };
      return await use({ answer, validators, chunks: () => chunksOf(answer, transport, options) }, transport);
    } finally {
      await discard(answer);
    }
  }

  /** One for each host: it may be this machine, and only then may it send us there. */
  async #transportFor(url: URL, signal: AbortSignal): Promise<Transport> {
    const known = this.#transports.get(url.host);
    if (known !== undefined) return await known;
    const { env, tlsVerify, caFile, userAgent } = this.#options;
    const opened = (async () =>
      new Transport({
        tlsVerify,
        authorities: await readExtraAuthorities(url.host, { caFile, folders: [], signal }),
        proxies: env,
        patience: this.patience,
        userAgent,
        allowsLinkLocal: false,
        home: url.hostname,
      }))();
    this.#transports.set(url.host, opened);
    return await opened;
  }

  async #mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toFeedError(error);
    }
  }
}

/** The headers that ask only for what is newer. */
export function conditions(known: Validators | undefined): Readonly<Record<string, string>> {
  if (known?.etag !== undefined) return { 'if-none-match': known.etag };
  return known?.lastModified === undefined ? {} : { 'if-modified-since': known.lastModified };
}

/** Beginning of the message of whatever goes wrong with `url`. */
export function taskFor(url: URL): string {
  return `Cannot fetch "${withoutSecrets(url)}"`;
}

function refusal(answer: Answer, task: string): AttemptError {
  const { status, url } = answer;
  const retryAfterMs = parseRetryAfter(answer.header('retry-after'), Date.now());
  const isTransient = status === 408 || status === 429 || status >= 500;
  const code = status === 429 ? 'RATE_LIMITED' : isTransient ? 'FEED_UNAVAILABLE' : 'FEED_INVALID';
  return new AttemptError(code, `${task}: ${url.host} answers ${status}`, { isTransient, retryAfterMs });
}

/** The transport speaks of registries. */
function toFeedError(error: unknown): unknown {
  if (!(error instanceof PlimsollError)) return error;
  const code = error.code === 'REGISTRY_UNAVAILABLE' ? 'FEED_UNAVAILABLE' : 'FEED_INVALID';
  if (error.code !== 'REGISTRY_UNAVAILABLE' && error.code !== 'REGISTRY_INVALID') return error;
  return new PlimsollError(code, error.message, { cause: error });
}
