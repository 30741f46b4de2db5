/**
 * One registry, reached as its settings say: what every product's connector is built on.
 *
 * The settings decide about certificates, proxy and plain http; the same ones hold for pulling, for the product's own API and for the test
 * of the connection. Nothing here falls back to something less safe by itself.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { DEFAULT_PATIENCE, type Patience } from '#image/registry/attempt.ts';
import { CATALOG_SCOPE, type Registry, RegistryClient } from '#image/registry/client.ts';
import type { CredentialStore } from '#image/registry/credential-store.ts';
import { listCatalog, listTagNames, ping } from '#image/registry/listing.ts';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import { type ProxyEnvironment, Transport } from '#image/registry/transport.ts';
import { ApiClient, type ApiClientOptions } from './api-client.ts';
import type { CallOptions, ConnectorOptions, RetryListener } from './connector.ts';
import { refuseOverHttp, secretsIn } from './pull-credentials.ts';

/** Where a registry is, and who pulls. */
export interface ConnectionPlace {
  /** Host and port as in references. */
  readonly host: string;
  /** What `v2/` is resolved against. Ends with a slash. */
  readonly base: URL;
  /** What to pull with, when the registry asks; nothing when missing. */
  readonly pullCredentials?: CredentialStore | undefined;
  /** Hosts without port, besides the registry's, that people named in the settings: they may be in a private network. */
  readonly alsoHome?: readonly string[] | undefined;
}

/** Hears of limits and pauses. */
export interface ConnectionListener {
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
  readonly onRetry?: RetryListener | undefined;
}

/** A registry's connections. Closing it ends everything under way. */
export class Connection implements AsyncDisposable {
  readonly options: ConnectorOptions;
  readonly place: ConnectionPlace;
  readonly client: RegistryClient;
  readonly patience: Patience;
  readonly #lifetime = new AbortController();
  readonly #owned: AsyncDisposable[] = [];
  readonly #listeners = new Set<ConnectionListener>();

  /** @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` for a proxy that is no URL. */
  constructor(options: ConnectorOptions, place: ConnectionPlace) {
    const { settings, onWarning, maxConcurrency, now, userAgent } = options;
    const { tls } = settings;
    this.options = options;
    this.place = place;
    this.patience = { ...DEFAULT_PATIENCE, ...options.patience };
    this.client = new RegistryClient({
      credentials: this.guarded(place.pullCredentials ?? { find: () => Promise.resolve(undefined) }, place.base),
      tlsVerify: tls?.skipVerify !== true,
      authorities: tls?.caPem === undefined ? [] : [tls.caPem],
      certificateFolders: [],
      bases: { [place.host]: place.base },
      env: this.proxies,
      patience: this.patience,
      allowsPrivate: options.allowsPrivateAddresses,
      alsoHome: place.alsoHome,
      advice: 'settings',
      secrets: secretsIn(options.credentials),
      serviceOrigins: options.serviceOrigins,
      onRateLimit: this.tellLimit,
      onWarning,
      onRetry: this.tellRetry,
      ...(maxConcurrency === undefined ? {} : { maxConcurrency }),
      ...(now === undefined ? {} : { now }),
      ...(userAgent === undefined ? {} : { userAgent }),
    });
    this.#owned.push(this.client);
  }

  /** The proxy of the settings for everything, else those of the environment. */
  get proxies(): ProxyEnvironment {
    const { settings, env } = this.options;
    return settings.proxy === undefined ? env : { http_proxy: settings.proxy, https_proxy: settings.proxy };
  }

  /** Milliseconds since 1970. */
  now(): number {
    return (this.options.now ?? Date.now)();
  }

  /** The caller's signal and the end of this connection. */
  until(options: CallOptions): CallOptions {
    return { signal: AbortSignal.any([options.signal, this.#lifetime.signal]) };
  }

  /** The registry as the distribution protocol knows it. */
  async registry(options: CallOptions): Promise<Registry> {
    return await this.client.registry(this.place.host, options);
  }

  /** The names that `/v2/_catalog` lists. @throws {PlimsollError} `CATALOG_UNSUPPORTED` where the registry works and only this does not. */
  async *catalog(options: CallOptions): AsyncGenerator<string> {
    const registry = await this.registry(options);
    const onIllegal = (names: IllegalNames) => this.#tellIllegal(names, 'repositories');
    let hasAny = false;
    try {
      for await (const name of listCatalog(registry, { ...this.until(options), onIllegal })) {
        hasAny = true;
        yield name;
      }
    } catch (error) {
      // What breaks later is a catalogue that is broken, and not the lack of one.
      if (hasAny) throw error;
      throw await this.#catalogFailure(registry, toPlimsollError(error), this.until(options));
    }
  }

  /** The names that `/v2/…/tags/list` lists. @throws {PlimsollError} `MANIFEST_UNKNOWN` for an unknown repository. */
  async *tagNames(repository: string, options: CallOptions): AsyncGenerator<string> {
    const registry = await this.registry(options);
    const onIllegal = (names: IllegalNames) => this.#tellIllegal(names, 'tags');
    yield* listTagNames(registry, repository, { ...this.until(options), onIllegal });
  }

  /** Whether the registry is there and lets us in. @throws {PlimsollError} `REGISTRY_DENIED`, `REGISTRY_INVALID`, … */
  async ping(options: CallOptions): Promise<void> {
    await ping(await this.registry(options), this.until(options));
  }

  /** A client for an API of the product, closed with this connection. */
  api(options: Omit<ApiClientOptions, 'connection'>): ApiClient {
    return this.own(new ApiClient({ ...options, connection: this }));
  }

  /** Connections of the registry's settings to `home` and where it leads, for the caller to close. */
  transport(home: URL): Transport {
    const { settings, userAgent, allowsPrivateAddresses, serviceOrigins } = this.options;
    return new Transport({
      tlsVerify: settings.tls?.skipVerify !== true,
      authorities: settings.tls?.caPem === undefined ? [] : [settings.tls.caPem],
      proxies: this.proxies,
      patience: this.patience,
      userAgent: userAgent ?? 'plimsoll',
      allowsLinkLocal: false,
      home: home.hostname,
      alsoHome: [this.place.base.hostname, ...(this.place.alsoHome ?? [])],
      allowsPrivate: allowsPrivateAddresses,
      advice: 'settings',
      serviceOrigins,
    });
  }

  /** Closes `one` with this connection. */
  own<T extends AsyncDisposable>(one: T): T {
    this.#owned.push(one);
    return one;
  }

  /** Hears, besides who opened the connector, of limits and pauses. Returns what ends that. */
  listen(listener: ConnectionListener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  readonly tellLimit = (limit: RateLimit): void => {
    for (const listener of [this.options, ...this.#listeners]) listener.onRateLimit?.(limit);
  };

  readonly tellRetry: RetryListener = notice => {
    for (const listener of [this.options, ...this.#listeners]) listener.onRetry?.(notice);
  };

  /** Lets something be told once in a while without a place in an answer. */
  warn(text: string): void {
    this.options.onWarning?.({ registry: this.place.host, text });
  }

  /** A store that gives nothing away over plain http, unless the settings allow it. */
  guarded(store: CredentialStore, to: URL): CredentialStore {
    return {
      find: async (scope, options) => {
        const found = await store.find(scope, options);
        if (found !== undefined) refuseOverHttp(to, this.options.settings.tls);
        return found;
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lifetime.abort();
    await Promise.all(this.#owned.map(one => one[Symbol.asyncDispose]()));
  }

  #tellIllegal({ count, example }: IllegalNames, what: string): void {
    this.warn(
      `${this.place.host} lists ${count} ${what} whose names are not legal, such as "${example}"; they are left out`,
    );
  }

  /** Many registries refuse the catalogue and work else; a ping tells the two apart, and says what is wrong when more is. */
  async #catalogFailure(registry: Registry, error: PlimsollError, options: CallOptions): Promise<PlimsollError> {
    if (error.code !== 'REGISTRY_DENIED' && error.code !== 'REGISTRY_INVALID' && error.code !== 'MANIFEST_UNKNOWN') {
      return error;
    }
    try {
      await ping(registry, options);
    } catch (failure) {
      return toPlimsollError(failure);
    }
    const { host } = this.place;
    const why =
      error.code === 'REGISTRY_DENIED'
        ? `it does not let ${this.place.pullCredentials === undefined ? 'visitors' : 'these credentials'} do so (the scope ${CATALOG_SCOPE} is not granted, which most registries give to administrators only)`
        : 'it has no catalogue that we can read';
    return new PlimsollError(
      'CATALOG_UNSUPPORTED',
      `Cannot list the repositories of ${host}: ${why}; name the repositories to scan instead, pulling them works without`,
      { cause: error },
    );
  }
}

interface IllegalNames {
  readonly count: number;
  readonly example: string;
}
