/**
 * The right to read, as one registry wants it shown: nothing, a password with each request, or a token that must be fetched, kept
 * for its life, and fetched again when it ends in the middle of a pull.
 *
 * Nothing is shown before the registry has asked for it once. What it asked is remembered, so that afterwards a request goes out
 * with its token at once: an unchanged image then costs one HEAD.
 */
import { printable } from '#base/text.ts';
import type { Access, FailureContext } from './answer-failure.ts';
import { AttemptError } from './attempt.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { CredentialStore, Credentials } from './credential-store.ts';
import { basicAuthorization, pullScope, requestToken, type Token, type TokenTarget, toTokenTarget } from './token.ts';
import type { Answer, SendOptions, Transport } from './transport.ts';
import { untilAborted } from './until-aborted.ts';

/** A token is renewed before its time: an answer may take a while, and clocks run differently. */
const USABLE_SHARE = 0.8;

/** What an authorizer needs of its registry. */
export interface AuthorizerOptions {
  /** Host as in the reference, by which credentials are looked up. */
  readonly registry: string;
  readonly credentials: CredentialStore;
  readonly transport: Transport;
  readonly now: () => number;
  /** Ends with the client; a token that several requests wait for must not end with one of them. */
  readonly lifetime: AbortSignal;
}

/** An `Authorization` header with what is known about it, for failures. */
export interface Authorization {
  readonly header: string | undefined;
  readonly access: Access;
  readonly secrets: readonly string[];
}

/** One request's view: who asks, and for which repository. */
export interface AuthorizeOptions extends SendOptions {
  readonly repository: string;
  /** The rights that it needs, where the registry does not say; to pull the repository unless told. */
  readonly scopes?: readonly string[];
  readonly context: FailureContext;
}

interface KeptToken {
  readonly token: Promise<Token>;
  expiresAt: number;
}

/** Keeps what a registry asked for and the tokens it granted. */
export class Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  readonly #tokens = new Map<string, KeptToken>();
  #usesBasic = false;
  /** What the registry asked for last, and what it asked for each repository. */
  #lastTarget: TokenTarget | undefined;
  readonly #targets = new Map<string, TokenTarget>();

  constructor(options: AuthorizerOptions) {
    this.#options = options;
  }

  /** What to send with a first request, by what the registry asked for before; nothing when it never asked. */
  async first(options: AuthorizeOptions): Promise<Authorization> {
    const target = this.#targetFor(options);
    if (target !== undefined) return await this.#bearer(target, undefined, options);
    if (!this.#usesBasic) return NOTHING;
    const credentials = await this.#find(options);
    return credentials?.kind === 'password' ? toBasic(credentials) : NOTHING;
  }

  /**
   * What to send instead after the 401 `answer` to `sent`; `undefined` when nothing else can be shown and the refusal stands.
   * @throws {AttemptError} `REGISTRY_DENIED` when the token server refuses, `REGISTRY_INVALID` for a challenge nobody can meet.
   */
  async next(answer: Answer, sent: Authorization, options: AuthorizeOptions): Promise<Authorization | undefined> {
    const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const offer =
      bearer === undefined
        ? await this.#meetOthers(challenges, options)
        : await this.#meetBearer(bearer, answer.url, sent, options);
    return offer?.header === sent.header ? undefined : offer;
  }

  async #meetBearer(
    challenge: Challenge,
    from: URL,
    sent: Authorization,
    options: AuthorizeOptions,
  ): Promise<Authorization> {
    const target = toTokenTarget(challenge, from, scopesOf(options), options.task);
    this.#targets.set(targetKey(options), target);
    this.#lastTarget = target;
    return await this.#bearer(target, sent.header, options);
  }

  async #meetOthers(challenges: readonly Challenge[], options: AuthorizeOptions): Promise<Authorization | undefined> {
    const { registry } = this.#options;
    const refuse = (why: string) => new AttemptError('REGISTRY_DENIED', `${options.task}: ${registry} ${why}`);
    if (challenges.some(({ scheme }) => scheme === 'basic')) {
      this.#usesBasic = true;
      const credentials = await this.#find(options);
      if (credentials === undefined || credentials.kind === 'password') return credentials && toBasic(credentials);
      throw refuse(`wants a user name and a password, and ${printable(credentials.source)} holds a token`);
    }
    const schemes = challenges.map(({ scheme }) => printable(scheme, 30)).join(', ');
    if (schemes !== '') throw refuse(`wants a log-in by ${schemes}, and Plimsoll knows Basic and Bearer`);
    return undefined;
  }

  /** A token for `target`, other than the one in the `refused` header. */
  async #bearer(target: TokenTarget, refused: string | undefined, options: AuthorizeOptions): Promise<Authorization> {
    const credentials = await this.#find(options);
    if (credentials?.kind === 'registry-token') return toBearer(credentials.token, credentials);
    // Credentials may differ by repository, so tokens do as well, even where the scopes are the same.
    const key = JSON.stringify([target.realm.href, target.service, [...target.scopes].sort(), options.repository]);
    const kept = this.#tokens.get(key);
    if (kept !== undefined && kept.expiresAt > this.#options.now()) {
      const { value } = await untilAborted(kept.token, options.signal);
      if (`Bearer ${value}` !== refused) return toBearer(value, credentials);
    }
    // Another request may have renewed it while this one looked.
    const current = this.#tokens.get(key);
    const fresh = current !== undefined && current !== kept ? current : this.#renew(key, target, credentials, options);
    const token = await untilAborted(fresh.token, options.signal);
    return toBearer(token.value, credentials);
  }

  #renew(key: string, target: TokenTarget, credentials: Credentials | undefined, options: AuthorizeOptions): KeptToken {
    const { transport, lifetime, now } = this.#options;
    const access: Access = { hasToken: false, ...(credentials === undefined ? {} : { source: credentials.source }) };
    const context: FailureContext = {
      ...options.context,
      wanted: 'token',
      isFromRegistry: true,
      access,
      secrets: [...secretsOf(credentials), ...options.context.secrets],
    };
    const token = requestToken(target, credentials, transport, { task: options.task, signal: lifetime, context });
    const kept: KeptToken = { token, expiresAt: Number.POSITIVE_INFINITY };
    this.#tokens.set(key, kept);
    token.then(
      ({ lifeMs, identityToken }) => {
        kept.expiresAt = now() + lifeMs * USABLE_SHARE;
        if (identityToken !== undefined && credentials?.kind === 'identity-token') {
          this.#credentials.set(options.repository, Promise.resolve({ ...credentials, token: identityToken }));
        }
      },
      () => {
        if (this.#tokens.get(key) === kept) this.#tokens.delete(key);
      },
    );
    return kept;
  }

  #targetFor(options: AuthorizeOptions): TokenTarget | undefined {
    const known = this.#targets.get(targetKey(options));
    if (known !== undefined || this.#lastTarget === undefined) return known;
    return { ...this.#lastTarget, scopes: scopesOf(options) };
  }

  async #find({ repository, signal }: AuthorizeOptions): Promise<Credentials | undefined> {
    const known = this.#credentials.get(repository);
    if (known !== undefined) {
      const credentials = await untilAborted(known, signal);
      if ((credentials?.expiresAtMs ?? Number.POSITIVE_INFINITY) > this.#options.now()) return credentials;
      if (this.#credentials.get(repository) === known) this.#credentials.delete(repository);
    }
    return await untilAborted(this.#credentials.get(repository) ?? this.#lookUp(repository), signal);
  }

  #lookUp(repository: string): Promise<Credentials | undefined> {
    const { registry, credentials, lifetime } = this.#options;
    const found = credentials.find({ registry, repository }, { signal: lifetime });
    this.#credentials.set(repository, found);
    found.catch(() => this.#credentials.delete(repository));
    return found;
  }
}

function scopesOf({ scopes, repository }: AuthorizeOptions): readonly string[] {
  return scopes ?? [pullScope(repository)];
}

/** The catalogue, the registry itself and each repository are asked for with rights of their own. */
function targetKey(options: AuthorizeOptions): string {
  return options.repository === '' ? scopesOf(options).join(' ') : options.repository;
}

const NOTHING: Authorization = { header: undefined, access: { hasToken: false }, secrets: [] };

function toBasic(credentials: Credentials & { kind: 'password' }): Authorization {
  const header = basicAuthorization(credentials);
  return {
    header,
    access: { source: credentials.source, hasToken: false },
    secrets: [...secretsOf(credentials), header.slice('Basic '.length)],
  };
}

function toBearer(token: string, credentials: Credentials | undefined): Authorization {
  return {
    header: `Bearer ${token}`,
    access: { hasToken: true, ...(credentials === undefined ? {} : { source: credentials.source }) },
    secrets: [token, ...secretsOf(credentials)],
  };
}

/** The user name is among them: for some registries it is a token itself. */
function secretsOf(credentials: Credentials | undefined): readonly string[] {
  if (credentials === undefined) return [];
  return credentials.kind === 'password'
    ? [credentials.password, credentials.username, basicAuthorization(credentials).slice('Basic '.length)]
    : [credentials.token];
}
