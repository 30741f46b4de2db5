/**
 * Third-party registries: one port, one adapter for each product.
 *
 * Everybody serves images by the distribution protocol (`#image/registry`); what differs is how repositories and tags are listed, when a
 * tag was pushed, and how one logs in. A connector only ever reads.
 */

import type { Patience } from '#image/registry/attempt.ts';
import type { RegistryClient } from '#image/registry/client.ts';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import type { ProxyEnvironment } from '#image/registry/transport.ts';
import type { Digest } from '#oci/digest.ts';
import type { RegistryReference } from '#oci/reference.ts';
import type { CredentialKind, RegistryCredentials } from './credentials.ts';
import type { RegistryType } from './registry-type.ts';

/** What a product can do; decides which settings are offered. */
export interface Capabilities {
  /** Whether repositories can be listed; without, people name them. */
  readonly catalog: boolean;
  /** Whether the date of a push is known without reading the image. */
  readonly pushedDate: boolean;
  /** Whether tags come newest first, so that a listing since a date can stop early. */
  readonly newestFirst: boolean;
  /** Whether the registry itself can leave out what was pushed before a date. */
  readonly dateFilter: boolean;
  /** Whether pulling moves a "last pulled" date that clean-up rules of the registry go by. */
  readonly pullTimeSideEffect: boolean;
  /** Whether answers say how much of a rate limit is left. */
  readonly rateLimitHeaders: boolean;
}

/** A repository of a registry. */
export interface RepositoryEntry {
  /** Full name as in a pull spec after the host: `team/app/backend`. */
  readonly name: string;
  /** Something that a person should know: an archived project, a remote repository that pulls from upstream. */
  readonly note?: string;
}

/** Where the date of a push came from, best first. */
export type PushedAtSource = 'registry' | 'config' | 'first-seen' | 'unknown';

/** A tag as a listing tells it. */
export interface TagEntry {
  readonly name: string;
  /** Missing where the listing does not say; then a HEAD does. */
  readonly digest?: Digest;
  /** ISO 8601, UTC; missing where the registry does not know. */
  readonly pushedAt?: string;
  /** Where that date is from; `registry` unless said, `config` where the registry tells when the image was built. */
  readonly pushedAtSource?: PushedAtSource;
  /** Stored bytes, as the registry says. */
  readonly sizeBytes?: number;
  readonly mediaType?: string;
}

/** What to list of a repository's tags. What a registry cannot filter itself is filtered by the caller, who applies everything again. */
export interface TagQuery {
  /** Tags pushed before this may be left out. */
  readonly since?: Date | undefined;
  /** Only these tags: exact names. A registry that can look one up need not list the others. */
  readonly names?: readonly string[] | undefined;
}

/** Options of everything that waits. */
export interface CallOptions {
  readonly signal: AbortSignal;
}

/** An opened registry. Closing it ends everything under way. */
export interface Connector extends AsyncDisposable {
  readonly type: RegistryType;
  readonly capabilities: Capabilities;
  /** The client that images are pulled with: logged in, limited, its connections shared. */
  readonly client: RegistryClient;

  /**
   * All repositories that the credentials can see, page after page, each once. Stops with an error when a page fails: a listing is whole or
   * it is none. @throws {PlimsollError} `CATALOG_UNSUPPORTED`, `REGISTRY_DENIED`, `RATE_LIMITED`, `LIMIT_EXCEEDED`, …
   */
  listRepositories(options: CallOptions): AsyncIterable<RepositoryEntry>;

  /** Tags of one repository, page after page, in the registry's order. @throws {PlimsollError} `MANIFEST_UNKNOWN` for an unknown repository. */
  listTags(repository: string, query: TagQuery, options: CallOptions): AsyncIterable<TagEntry>;

  /** How an image is pulled: the reference to open with `client`. `name` is a tag or a digest. */
  toReference(repository: string, name: string): RegistryReference;

  /** The repository that people mean by `text`: without the host, or the prefix that this registry adds. */
  normaliseRepository(text: string): string;

  /** Tries everything that a scan will need, step by step; never throws but for an abort. `repository` to look into, if any. */
  probe(options: CallOptions & { readonly repository?: string | undefined }): AsyncIterable<ProbeStep>;
}

/** The steps of a test of a connection, in their order. */
export type ProbeStepName = 'dns' | 'tcp' | 'tls' | 'ping' | 'challenge' | 'token' | 'catalogue' | 'tags' | 'manifest';

/** One step of a test. */
export interface ProbeStep {
  readonly step: ProbeStepName;
  /** `warning`: works, but somebody should know; `skipped`: does not apply, or an earlier step failed. */
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  /** What was found, one sentence without full stop: `TLS 1.3, certificate of Example CA until 2027-03-01`. No secrets. */
  readonly detail: string;
  /** What to do about a failure or warning. */
  readonly remedy?: string;
  /** Code of the error behind a failure, as in docs/errors.md. */
  readonly code?: string;
  readonly durationMs: number;
  /** The chain that the server showed, leaf first, where TLS failed or was not checked. */
  readonly certificates?: readonly ProbeCertificate[];
}

/** A certificate as the test of a connection shows it, so that people can compare and trust it. */
export interface ProbeCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 of the DER form, in hex with colons. */
  readonly fingerprint: string;
  readonly pem: string;
}

/** How a registry is reached. */
export interface TlsSettings {
  /** Plain http; never a silent fallback. Credentials go over it only with `allowsCredentialsOverHttp`. */
  readonly insecureHttp?: boolean | undefined;
  readonly allowsCredentialsOverHttp?: boolean | undefined;
  /** Certificates are not checked. */
  readonly skipVerify?: boolean | undefined;
  /** Further authorities, PEM. */
  readonly caPem?: string | undefined;
}

/** A registry as it is configured; without secrets. */
export interface RegistrySettings {
  readonly type: RegistryType;
  /** As people wrote it, checked: `https://host[:port][/prefix]` or `http://…`. */
  readonly url: string;
  readonly tls?: TlsSettings | undefined;
  /** URL of an HTTP proxy for this registry alone. */
  readonly proxy?: string | undefined;
  /** What only this product has, checked by its schema: `region`, `projectId`, `serviceContext`, … */
  readonly product: Readonly<Record<string, unknown>>;
}

/** The world around a connector. */
export interface ConnectorOptions {
  readonly settings: RegistrySettings;
  readonly credentials: RegistryCredentials;
  readonly env: ProxyEnvironment;
  /** Whether private addresses (RFC 1918, loopback) other than the registry's own may be reached by redirects, realms and links. */
  readonly allowsPrivateAddresses: boolean;
  /** Told of limits of pulling, and of the product's own API, which say so. */
  readonly onRateLimit?: ((limit: RateLimit) => void) | undefined;
  readonly onRetry?: RetryListener | undefined;
  /** Told of what the operator says in `Warning` headers, and of names left out because they are not legal. Safe to show; may repeat. */
  readonly onWarning?: ((warning: { readonly registry: string; readonly text: string }) => void) | undefined;
  /** Attempts and time-outs that differ from the usual ones. */
  readonly patience?: Partial<Patience> | undefined;
  /** Requests at a time. */
  readonly maxConcurrency?: number | undefined;
  readonly now?: (() => number) | undefined;
  /** Hosts of the product's own services, for tests: `hub.docker.com` -> `127.0.0.1:1234`. Empty in production. */
  readonly serviceOrigins?: Readonly<Record<string, string>> | undefined;
  readonly userAgent?: string | undefined;
}

/** Told before each pause. */
export type RetryListener = (notice: {
  readonly registry: string;
  readonly delayMs: number;
  readonly error: Error;
}) => void;

/** A product: what the wizard shows of it, and how it is opened. */
export interface RegistryProduct {
  readonly type: RegistryType;
  /** As people know it: `Amazon ECR`. */
  readonly label: string;
  /** Kinds of credentials it takes, the usual one first. */
  readonly credentialKinds: readonly CredentialKind[];
  /** What to write as its address, with an example. */
  readonly addressHint: string;
  readonly capabilities: Capabilities;
  /** Which permissions the credentials need and how to get them; shown beside the credentials and with "denied". Markdown. */
  readonly credentialHelp: string;
  /** Wildcard that means everything: `.*`, JFrog `*`. */
  readonly everything: '.*' | '*';
  /** Whether an on-demand scan must name tags. */
  readonly requiresTags: boolean;
  /** Checks `settings.product` and the form of the address. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
  checkSettings(settings: RegistrySettings): RegistrySettings;
  open(options: ConnectorOptions): Promise<Connector>;
}
