/**
 * A client for registries: one per process or scan, with one connection pool, one set of tokens and one limit of simultaneous
 * requests for each registry it meets.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { isLoopback } from './address.ts';
import { type FailureContext, MAX_ERROR_BYTES, toAnswerFailure } from './answer-failure.ts';
import { AttemptError, DEFAULT_PATIENCE, type Patience, type RetryNotice, retrying } from './attempt.ts';
import { type Authorization, type AuthorizeOptions, Authorizer } from './authorizer.ts';
import type { CredentialStore } from './credential-store.ts';
import { follow } from './follow.ts';
import type { Advice } from './network-failure.ts';
import { type RateLimit, readRateLimit } from './rate-limit.ts';
import { readAll } from './read-body.ts';
import { Slots } from './slots.ts';
import { pullScope } from './token.ts';
import { type Answer, discard, type Hop, type ProxyEnvironment, type SendOptions, Transport } from './transport.ts';
import { CERTIFICATE_FOLDERS, readExtraAuthorities } from './trust.ts';
import { readWarnings } from './warning.ts';

/** How to reach registries. */
export interface RegistryClientOptions {
  readonly credentials: CredentialStore;
  /**
   * Whether certificates are checked. Without the check, plain HTTP is tried where HTTPS cannot be had, as podman does; on this
   * machine's own addresses that is so in any case, as with docker.
   */
  readonly tlsVerify: boolean;
  /** PEM file of certificate authorities to trust as well. */
  readonly caFile?: string | undefined;
  /** Folders of certificates by registry; those of podman and docker when not given. */
  readonly certificateFolders?: readonly string[];
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in upper or lower case. */
  readonly env: ProxyEnvironment;
  /** Attempts and time-outs that differ from `DEFAULT_PATIENCE`. */
  readonly patience?: Partial<Patience>;
  /** Requests to one registry at a time; a layer being streamed counts until it ends or is left. */
  readonly maxConcurrency?: number;
  /** Whether link-local and metadata addresses may be contacted. */
  readonly allowsLinkLocal?: boolean;
  /**
   * Where the API of a registry is, by host as in references: `https://registry.example:5000/prefix/`. Then no other place is tried, and
   * http is spoken only where it is written.
   */
  readonly bases?: Readonly<Record<string, URL>> | undefined;
  /** Further certificate authorities, PEM texts. */
  readonly authorities?: readonly string[] | undefined;
  /** Whether redirects and realms may lead to private addresses; see `TransportOptions`. */
  readonly allowsPrivate?: boolean | undefined;
  /** Hosts without port that people named besides the registry's. */
  readonly alsoHome?: readonly string[] | undefined;
  /** What error messages tell people to change; options of the command line unless told. */
  readonly advice?: Advice | undefined;
  /** Texts that no message may repeat, besides the credentials of the store as they are shown. */
  readonly secrets?: readonly string[] | undefined;
  /** Hosts played by a server of a test; see `TransportOptions`. */
  readonly serviceOrigins?: Readonly<Record<string, string>> | undefined;
  /** Told of what the operator of a registry says in `Warning` headers. */
  readonly onWarning?: ((warning: { readonly registry: string; readonly text: string }) => void) | undefined;
  readonly userAgent?: string;
  /** Told whenever an answer says how much of a rate limit is left. */
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
  /** Told before each pause; what is passed has no secrets. */
  readonly onRetry?: ((notice: RetryNotice) => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** One request to a registry's API. */
export interface RegistryRequest {
  /** POST and PUT are for uploads; their redirects are not followed. */
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** Empty for the catalogue and the ping. */
  readonly repository: string;
  readonly wanted: 'manifest' | 'blob' | 'referrers' | 'tags' | 'catalog' | 'ping';
  /** Tag or digest; empty for lists and the ping. */
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Beginning of the error message. */
  readonly task: string;
  /** Statuses besides 2xx that the caller deals with itself. */
  readonly expected?: readonly number[];
  /** Where to send it instead: what the registry said in `Location`, absolute or not. Credentials go along only to the registry itself. */
  readonly location?: string;
  /** Another path of the registry, below its base: `acr/v1/_catalog`. */
  readonly path?: string;
  /** Query string with its question mark. */
  readonly query?: string;
  /** The rights needed, where the registry does not name them; by default to pull the repository, or to list the catalogue. */
  readonly scopes?: readonly string[];
  /** What to ask an administrator for when it is denied; for lists. */
  readonly right?: string | undefined;
  /** What to send, made anew for each attempt. */
  readonly body?: () => NonNullable<Hop['body']>;
}

/** An answer whose body is being read; leaving it frees its place. */
export interface OpenAnswer extends AsyncDisposable {
  readonly answer: Answer;
  readonly transport: Transport;
}

/** Where the API keeps what is wanted. */
const FOLDERS = { manifest: 'manifests', blob: 'blobs', referrers: 'referrers' } as const;

/** The right to list all repositories; distribution's "Docker Registry Token Authentication", "Resource class". */
export const CATALOG_SCOPE = 'registry:catalog:*';

/** Challenges to meet for one request: the first, and one more when the scope asked for turns out to be another. */
const MAX_CHALLENGES = 2;

/** Opens registries by host and keeps them; closing it ends everything under way. */
export class RegistryClient implements AsyncDisposable {
  readonly #options: RegistryClientOptions;
  readonly #registries = new Map<string, Promise<Registry>>();
  readonly #lifetime = new AbortController();

  constructor(options: RegistryClientOptions) {
    this.#options = options;
  }

  /** The registry of a reference; no request is made. @throws {PlimsollError} `FILE_UNKNOWN`, `CREDENTIALS_INVALID` for CA files. */
  async registry(host: string, options: { readonly signal: AbortSignal }): Promise<Registry> {
    const known = this.#registries.get(host);
    if (known !== undefined) return await known;
    const opened = this.#open(host, options.signal);
    this.#registries.set(host, opened);
    opened.catch(() => this.#registries.delete(host));
    return await opened;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetime.abort();
    const opened = await Promise.allSettled(this.#registries.values());
    await Promise.all(
      opened.map(async result => {
        if (result.status === 'fulfilled') await result.value.close();
      }),
    );
  }

  async #open(host: string, signal: AbortSignal): Promise<Registry> {
    const { caFile, certificateFolders: folders = CERTIFICATE_FOLDERS } = this.#options;
    const found = await readExtraAuthorities(host, { caFile, folders, signal });
    const authorities = [...found, ...(this.#options.authorities ?? [])];
    return new Registry(host, authorities, this.#options, this.#lifetime.signal);
  }
}

/** One registry as this client knows it. */
export class Registry {
  /** Host and port as in the reference. */
  readonly host: string;
  readonly patience: Patience;
  readonly #options: RegistryClientOptions;
  readonly #lifetime: AbortSignal;
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #slots: Slots;
  readonly #origins: readonly URL[];
  /** The origin that answered; until then each is tried. */
  #origin: URL | undefined;

  constructor(host: string, authorities: readonly string[], options: RegistryClientOptions, lifetime: AbortSignal) {
    this.host = host;
    this.patience = { ...DEFAULT_PATIENCE, ...options.patience };
    this.#options = options;
    this.#lifetime = lifetime;
    const base = options.bases?.[host];
    this.#origins = base === undefined ? originsOf(host, options.tlsVerify) : [base];
    this.#slots = new Slots(options.maxConcurrency ?? 6);
    this.#transport = new Transport({
      tlsVerify: options.tlsVerify,
      authorities,
      proxies: options.env,
      patience: this.patience,
      userAgent: options.userAgent ?? 'plimsoll',
      allowsLinkLocal: options.allowsLinkLocal ?? false,
      home: this.#origins[0]?.hostname ?? '',
      alsoHome: options.alsoHome,
      allowsPrivate: options.allowsPrivate,
      advice: options.advice,
      serviceOrigins: options.serviceOrigins,
    });
    this.#authorizer = new Authorizer({
      registry: host,
      credentials: options.credentials,
      transport: this.#transport,
      now: options.now ?? Date.now,
      lifetime,
    });
  }

  /**
   * Makes a request and lets `read` have the answer, as often as patience allows: a body that breaks off is read again from the
   * start. @throws {PlimsollError} the last failure.
   */
  async ask<T>(
    request: RegistryRequest,
    read: (open: OpenAnswer) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T> {
    const signal = AbortSignal.any([options.signal, this.#lifetime]);
    const attempt = async () => {
      await using open = await this.#openOnce(request, signal);
      return await read(open);
    };
    return await retrying(attempt, { patience: this.patience, signal, onRetry: this.onRetry });
  }

  /** Makes one attempt and hands out the answer with its body unread; the caller retries, and gives the answer back. */
  async openOnce(request: RegistryRequest, options: { readonly signal: AbortSignal }): Promise<OpenAnswer> {
    return await this.#openOnce(request, AbortSignal.any([options.signal, this.#lifetime]));
  }

  /** Passes a pause on to whoever shows progress. */
  readonly onRetry = (attempt: number, delayMs: number, error: PlimsollError): void => {
    this.#options.onRetry?.({ registry: this.host, attempt, delayMs, error });
  };

  /** Cuts all connections. */
  async close(): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
  }

  async #openOnce(request: RegistryRequest, signal: AbortSignal): Promise<OpenAnswer> {
    const release = await this.#slots.take(signal);
    try {
      const answer = await this.#reach(request, signal);
      return {
        answer,
        transport: this.#transport,
        [Symbol.asyncDispose]: async () => {
          try {
            await discard(answer);
          } finally {
            release();
          }
        },
      };
    } catch (error) {
      release();
      throw signal.aborted ? toPlimsollError(signal.reason) : error;
    }
  }

  /** Finds the origin that speaks HTTP, the first time, and asks it. */
  async #reach(request: RegistryRequest, signal: AbortSignal): Promise<Answer> {
    if (this.#origin !== undefined) return await this.#authorized(request, this.#origin, signal);
    let firstError: unknown;
    for (const origin of this.#origins) {
      try {
        return await this.#authorized(request, origin, signal);
      } catch (error) {
        const isElsewhere = error instanceof AttemptError && error.isBeforeHttp && this.#origin === undefined;
        if (!isElsewhere) throw error;
        firstError ??= error;
      }
    }
    throw firstError;
  }

  async #authorized(request: RegistryRequest, origin: URL, signal: AbortSignal): Promise<Answer> {
    const { method, repository, headers, task, scopes = defaultScopes(request) } = request;
    const options = { task, signal, repository, scopes, context: this.#context(request) };
    const url = this.#urlOf(request, origin);
    let authorization = await this.#authorizer.first(options);
    for (let challenges = 0; ; challenges += 1) {
      const hop = { method, url, headers, ...(request.body === undefined ? {} : { body: request.body() }) };
      const answer = await this.#send(hop, origin, authorization.header, options);
      this.#origin = origin;
      const limit = readRateLimit(answer, this.host);
      if (limit !== undefined) this.#options.onRateLimit?.(limit);
      for (const text of readWarnings(answer)) this.#options.onWarning?.({ registry: this.host, text });
      // Elsewhere nobody may ask for our credentials: a storage host that answers 401 just refuses.
      const isFromRegistry = answer.url.origin === origin.origin;
      const isChallenge = answer.status === 401 && isFromRegistry && challenges < MAX_CHALLENGES;
      const next = isChallenge ? await this.#meet(answer, authorization, options) : undefined;
      if (next !== undefined) {
        authorization = next;
        continue;
      }
      if (isSuccess(answer.status) || request.expected?.includes(answer.status) === true) return answer;
      const { access, secrets } = authorization;
      const context = { ...options.context, access, secrets: [...secrets, ...options.context.secrets] };
      throw await this.#failure(answer, { ...context, isFromRegistry }, signal);
    }
  }

  #urlOf(request: RegistryRequest, origin: URL): URL {
    const { location, path, query = '', task } = request;
    if (location !== undefined) return toLocation(location, origin, task);
    return new URL(`${path ?? pathOf(request)}${query}`, origin);
  }

  /** Follows redirects of what only asks; what changes something goes where it was sent, or nowhere. */
  async #send(hop: Hop, origin: URL, authorization: string | undefined, options: SendOptions): Promise<Answer> {
    if (hop.method === 'GET' || hop.method === 'HEAD')
      return await follow(hop, authorization, this.#transport, options);
    const isOurs = hop.url.origin === origin.origin && authorization !== undefined;
    const headers = isOurs ? { ...hop.headers, authorization } : hop.headers;
    return await this.#transport.send({ ...hop, headers }, options);
  }

  /** What to send after a 401, whose body is given up then; `undefined` leaves the body, which says why. */
  async #meet(answer: Answer, sent: Authorization, options: AuthorizeOptions): Promise<Authorization | undefined> {
    try {
      const next = await this.#authorizer.next(answer, sent, options);
      if (next !== undefined) await discard(answer);
      return next;
    } catch (error) {
      await discard(answer);
      throw error;
    }
  }

  async #failure(answer: Answer, context: FailureContext, signal: AbortSignal): Promise<Error> {
    let body = '';
    try {
      const bytes = await readAll(answer, this.#transport, { task: context.task, signal, limitBytes: MAX_ERROR_BYTES });
      body = Buffer.from(bytes).toString('utf8');
    } catch {
      // The status says the most; without a body only the registry's own words are missing.
    }
    return toAnswerFailure(answer, body, context);
  }

  #context({ task, repository, wanted, name, method, right }: RegistryRequest): FailureContext {
    const nowMs = (this.#options.now ?? Date.now)();
    const action = method === 'POST' || method === 'PUT' ? ('push' as const) : undefined;
    const place = { task, registry: this.host, repository, wanted, name, isFromRegistry: true };
    const { advice, secrets = [] } = this.#options;
    return { ...place, action, access: { hasToken: false }, secrets, nowMs, advice, right };
  }
}

/** Where a registry may be found, best first. @throws {PlimsollError} `REFERENCE_INVALID` for a port over 65535 and the like. */
export function originsOf(registry: string, tlsVerify: boolean): readonly URL[] {
  // Docker Hub's name is not where its API is.
  const host = registry === 'docker.io' || registry === 'index.docker.io' ? 'registry-1.docker.io' : registry;
  const secure = URL.parse(`https://${host}`);
  if (secure === null) {
    throw new PlimsollError('REFERENCE_INVALID', `Cannot reach "${printable(registry)}": that is not a host and port`);
  }
  return tlsVerify && !isLoopback(secure.hostname) ? [secure] : [secure, new URL(`http://${host}`)];
}

/** Where an upload is to go. A registry behind a proxy may not know that it is reached by https. */
function toLocation(location: string, origin: URL, task: string): URL {
  const url = URL.parse(location, origin.href);
  if (url !== null && url.hostname === origin.hostname && origin.protocol === 'https:') url.protocol = 'https:';
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && origin.protocol === 'http:')) return url;
  throw new AttemptError('REGISTRY_INVALID', `${task}: ${origin.host} sends uploads where they must not go`);
}

/** Where the API has what is wanted, below the origin or base. */
function pathOf({ wanted, repository, name }: RegistryRequest): string {
  switch (wanted) {
    case 'ping':
      return 'v2/';
    case 'catalog':
      return 'v2/_catalog';
    case 'tags':
      return `v2/${repository}/tags/list`;
    default:
      return `v2/${repository}/${FOLDERS[wanted]}/${name}`;
  }
}

function defaultScopes({ wanted, repository }: RegistryRequest): readonly string[] {
  if (wanted === 'ping') return [];
  return wanted === 'catalog' ? [CATALOG_SCOPE] : [pullScope(repository)];
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
