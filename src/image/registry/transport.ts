/**
 * One request, one answer: connections with their certificates, proxies, time-outs and refused addresses, and nothing about
 * registries yet. Redirects are not followed here, and no status is judged.
 */
import { BlockList, isIP } from 'node:net';
import { type Duplex, Readable } from 'node:stream';
import type { buildConnector, Dispatcher } from 'undici';
import { PlimsollError } from '#base/errors.ts';
import { guardedLookup, isLoopback, type Reach, whyRefused } from './address.ts';
import { AttemptError, type Patience, throwIfAborted } from './attempt.ts';
import { type Advice, Silence, toNetworkFailure } from './network-failure.ts';
import { trustAlso } from './trust.ts';
import { untilAborted } from './until-aborted.ts';

/** The proxy variables of the environment, upper or lower case; lower case wins, as in curl. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

/** What a transport is made from. */
export interface TransportOptions {
  /** Whether certificates are checked. */
  readonly tlsVerify: boolean;
  /** PEM texts of further certificate authorities. */
  readonly authorities: readonly string[];
  readonly proxies: ProxyEnvironment;
  readonly patience: Patience;
  readonly userAgent: string;
  readonly allowsLinkLocal: boolean;
  /** Host name without port that the user wrote: it may be this machine, and only then may others be. */
  readonly home: string;
  /** Whether addresses in private networks, and this machine's, may be reached besides home. When not said, only this machine's may not. */
  readonly allowsPrivate?: boolean | undefined;
  /** Further host names without port that the user wrote. */
  readonly alsoHome?: readonly string[] | undefined;
  /** Whose fault a bad certificate is to be mended by, see `NetworkContext`. */
  readonly advice?: Advice | undefined;
  /** Hosts that are played by a server of a test: `hub.docker.com` -> `127.0.0.1:1234`, spoken to by plain HTTP. */
  readonly serviceOrigins?: Readonly<Record<string, string>> | undefined;
}

/** One request. `url` carries no credentials. */
export interface Hop {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes at hand, or a stream of them; the time that a stream takes does not count as waiting for an answer. */
  readonly body?: string | Uint8Array | Readable;
}

/** What came back: the body is a stream that must be read or given to `discard`. */
export interface Answer {
  readonly status: number;
  readonly url: URL;
  readonly body: Readable;
  /** One header, several of a name joined by commas; `undefined` when absent. */
  header(name: string): string | undefined;
}

/** Options of a request: the beginning of its error message, and what stops it. */
export interface SendOptions {
  /** What is being tried, for messages: `Cannot read "docker.io/library/alpine:3.20"`. */
  readonly task: string;
  readonly signal: AbortSignal;
}

/** Tokens with the rights of many repositories make long headers; Node's default is 16 kB. */
const MAX_HEADER_BYTES = 64 * 1024;
/** A body up to this size is read to its end, to keep the connection; cutting costs less for a longer or a slow one. */
const DISCARD_BYTES = 64 * 1024;
const DISCARD_MS = 1000;

/** Sends requests; closing it cuts every connection. */
export class Transport implements AsyncDisposable {
  readonly #options: TransportOptions;
  readonly #proxied: ReadonlySet<string>;
  readonly #bypass: (hostname: string) => boolean;
  readonly #proxies: Readonly<Record<'httpProxy' | 'httpsProxy' | 'noProxy', string>>;
  readonly #homeIsLoopback: boolean;
  /** Connections, among them those that are still being made: undici would wait for the time-out of these. */
  readonly #connections = new Set<Duplex>();
  /** Does the same for connections through a proxy. */
  readonly #closing = new AbortController();
  /** Origins that a HEAD was sent to; and those that seem to have answered one with a body, whose connections are closed after it. */
  readonly #heads = new Set<string>();
  readonly #unruly = new Set<string>();
  #direct: Dispatcher | undefined;
  #proxy: Dispatcher | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#homeIsLoopback = isLoopback(options.home);
    this.#proxies = readProxies(options.proxies);
    const { httpProxy, httpsProxy, noProxy } = this.#proxies;
    this.#proxied = new Set([...(httpProxy ? ['http:'] : []), ...(httpsProxy ? ['https:'] : [])]);
    this.#bypass = toBypass(noProxy);
  }

  /** @throws {AttemptError} for everything that went wrong before the headers of an answer. */
  async send(hop: Hop, options: SendOptions): Promise<Answer> {
    return await this.#send(hop, options, false);
  }

  async #send(hop: Hop, options: SendOptions, isAgain: boolean): Promise<Answer> {
    const { url } = hop;
    const { patience, userAgent } = this.#options;
    const played = this.#options.serviceOrigins?.[url.host];
    const why = this.whyRefused(url);
    if (why !== undefined) {
      throw new AttemptError('REGISTRY_INVALID', `${options.task}: refusing to connect to ${url.host}, which ${why}`);
    }
    // Loading it takes some 100 ms, which commands that meet no registry need not wait for.
    const undici = await import('undici');
    throwIfAborted(options.signal);
    const target = played === undefined ? url : new URL(`http://${played}${url.pathname}${url.search}`);
    const dispatcher = this.#dispatcherFor(target, undici);
    if (hop.method === 'HEAD') this.#heads.add(target.origin);
    // The timers are ours: those of undici count in seconds, and go on while the reader, not the sender, pauses.
    const silence = new AbortController();
    const { headersTimeoutMs } = patience;
    const timer = setTimeout(() => silence.abort(new Silence(headersTimeoutMs, true)), headersTimeoutMs);
    const signal = AbortSignal.any([options.signal, silence.signal]);
    try {
      const pending = undici.request(target, {
        dispatcher,
        method: hop.method,
        // Without an encoding named, a helpful proxy might compress, and the bytes would not be the ones the digest names.
        headers: {
          'user-agent': userAgent,
          'accept-encoding': 'identity',
          ...hop.headers,
          ...(played === undefined ? {} : { host: url.host }),
        },
        ...(hop.body === undefined ? {} : { body: toBody(hop.body, () => timer.refresh()) }),
        // undici closes the connection after a HEAD, since some servers send a body all the same; a listing asks for thousands of heads.
        ...(hop.method === 'HEAD' ? { reset: this.#unruly.has(target.origin) } : {}),
        signal,
        headersTimeout: 0,
        bodyTimeout: 0,
      });
      // undici hears of the signal only once it is connected.
      const answer = await untilAborted(pending, signal);
      // An error after the last reader has gone must not bring the process down; readers still see it.
      answer.body.on('error', () => {});
      const { headers } = answer;
      return {
        status: answer.statusCode,
        url,
        body: answer.body,
        header: name => {
          const value = headers[name];
          return Array.isArray(value) ? value.join(', ') : value;
        },
      };
    } catch (error) {
      // What came may be the body of a HEAD before: then the request is good, and a new connection has its answer.
      const mayBeBody = error instanceof undici.errors.HTTPParserError && this.#heads.has(target.origin);
      if (mayBeBody) this.#unruly.add(target.origin);
      if (mayBeBody && !isAgain && hop.body === undefined) return await this.#send(hop, options, true);
      throw this.failure(error, url, options);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Why nothing is sent to `url`, by its name alone: what that stands for is checked when it is looked up. */
  whyRefused(url: URL): string | undefined {
    if (this.#options.serviceOrigins?.[url.host] !== undefined) return undefined;
    return whyRefused(url.hostname, this.#reachOf(url.hostname));
  }

  /** The proxy that `url` is reached through; `undefined` for none. May hold a password. */
  proxyFor(url: URL): URL | undefined {
    if (!this.#isProxied(url) || isNamedIn(this.#proxies.noProxy, url)) return undefined;
    return new URL(url.protocol === 'https:' ? this.#proxies.httpsProxy : this.#proxies.httpProxy);
  }

  /** The longest pause between two bytes of an answer. */
  get idleTimeoutMs(): number {
    return this.#options.patience.idleTimeoutMs;
  }

  /** The error to report for a failure of the connection to `url`, while sending or while reading a body. */
  failure(error: unknown, url: URL, options: SendOptions): PlimsollError {
    return toNetworkFailure(error, {
      host: url.host,
      viaProxy: this.#isProxied(url),
      patience: this.#options.patience,
      advice: this.#options.advice,
      ...options,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    for (const connection of this.#connections) connection.destroy();
    await Promise.all([this.#direct?.destroy(), this.#proxy?.destroy()]);
  }

  #isProxied(url: URL): boolean {
    return this.#proxied.has(url.protocol) && !isLoopback(url.hostname) && !this.#bypass(url.hostname);
  }

  /** Made on first use: reading the machine's certificates takes longer than many a request. */
  #dispatcherFor(url: URL, undici: typeof import('undici')): Dispatcher {
    if (!this.#isProxied(url)) {
      this.#direct ??= new undici.Agent(this.#agentOptions(undici));
      return this.#direct;
    }
    const { lookup: _, ...tls } = { ...this.#connectOptions(), signal: this.#closing.signal };
    this.#proxy ??= new undici.EnvHttpProxyAgent({
      ...this.#agentOptions(undici),
      requestTls: tls,
      proxyTls: tls,
      connectTimeout: this.#options.patience.connectTimeoutMs,
      // Empty texts for what is not set: `undefined` would make undici read the environment by itself.
      ...this.#proxies,
    });
    return this.#proxy;
  }

  #agentOptions(undici: typeof import('undici')) {
    // One connection per request of a few large streams: HTTP/2 gains nothing and shares one flow-control window.
    return { allowH2: false, maxHeaderSize: MAX_HEADER_BYTES, connect: this.#connector(undici) };
  }

  /** Makes connections and remembers them. A `signal` among the options would do, were it not that Node never takes its listeners off again. */
  #connector(undici: typeof import('undici')): buildConnector.connector {
    const make = undici.buildConnector(this.#connectOptions());
    return (options, callback) => {
      // It gives the socket back, whatever its type says.
      const socket = make(options, callback) as unknown as Duplex | undefined;
      if (socket === undefined) return;
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    };
  }

  #connectOptions() {
    const { tlsVerify, authorities, patience } = this.#options;
    return {
      allowH2: false,
      timeout: patience.connectTimeoutMs,
      lookup: guardedLookup(hostname => this.#reachOf(hostname)),
      ...(tlsVerify ? { secureContext: trustAlso(authorities) } : { rejectUnauthorized: false }),
    };
  }

  #reachOf(hostname: string): Reach {
    const { home, alsoHome = [], allowsLinkLocal, allowsPrivate } = this.#options;
    const isHome = [home, ...alsoHome].some(name => name.toLowerCase() === hostname.toLowerCase());
    return {
      allowsLoopback: isHome || this.#homeIsLoopback || allowsPrivate === true,
      allowsLinkLocal,
      allowsPrivate: isHome || allowsPrivate !== false,
    };
  }
}

/** What undici sends; `onChunk` is told of each chunk of a stream. */
function toBody(body: string | Uint8Array | Readable, onChunk: () => void): string | Uint8Array | Readable {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  return Readable.from(
    (async function* () {
      for await (const chunk of body) {
        onChunk();
        yield chunk;
      }
    })(),
    { objectMode: false },
  );
}

/** Gives up a body: reads a short one so that its connection can be used again, cuts a long or slow one. Never fails. */
export async function discard(answer: Answer): Promise<void> {
  const { body } = answer;
  if (body.destroyed || body.readableEnded) return;
  const timer = setTimeout(() => body.destroy(), DISCARD_MS);
  let seenBytes = 0;
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      seenBytes += chunk.byteLength;
      if (seenBytes > DISCARD_BYTES) break;
    }
  } catch {
    // It was unwanted anyway.
  } finally {
    clearTimeout(timer);
  }
}

function readProxies(environment: ProxyEnvironment) {
  const read = (name: string) => environment[name] || environment[name.toUpperCase()] || '';
  return {
    httpProxy: toProxyUrl(read('http_proxy'), 'HTTP_PROXY'),
    httpsProxy: toProxyUrl(read('https_proxy'), 'HTTPS_PROXY'),
    noProxy: read('no_proxy'),
  };
}

/** A proxy is a URL, or a host and port alone. Its text may hold a password, so no message repeats it. */
function toProxyUrl(text: string, name: string): string {
  if (text === '') return '';
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  if (url === null || !['http:', 'https:', 'socks5:', 'socks:'].includes(url.protocol)) {
    throw new PlimsollError(
      'USAGE',
      `Cannot use the proxy in ${name}: expected a URL such as http://proxy.example:3128`,
    );
  }
  return url.href;
}

/** Whether `NO_PROXY` names the host, or a domain that it is in, as undici reads it. */
function isNamedIn(noProxy: string, { hostname, port, protocol }: URL): boolean {
  const number = port || (protocol === 'https:' ? '443' : '80');
  return noProxy.split(/[\s,]+/).some(entry => {
    if (entry === '*') return true;
    const [, name = '', own] = /^\*?\.?(.+?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
    if (name === '' || (own !== undefined && own !== number)) return false;
    return hostname === name || hostname.endsWith(`.${name}`);
  });
}

/** The address ranges in `NO_PROXY` (`10.0.0.0/8`), which Go's clients know and undici does not; names are left to undici. */
function toBypass(noProxy: string): (hostname: string) => boolean {
  const ranges = new BlockList();
  for (const entry of noProxy.split(/[\s,]+/)) {
    const [address = '', prefix = ''] = entry.split('/');
    const version = isIP(address);
    const bits = Number(prefix);
    if (version === 0 || prefix === '' || !Number.isInteger(bits) || bits < 0 || bits > (version === 6 ? 128 : 32))
      continue;
    ranges.addSubnet(address, bits, version === 6 ? 'ipv6' : 'ipv4');
  }
  return hostname => {
    const address = hostname.replace(/^\[|\]$/g, '');
    const version = isIP(address);
    return version !== 0 && ranges.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
}
