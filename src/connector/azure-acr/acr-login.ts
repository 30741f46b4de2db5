/**
 * How an application registered in Microsoft Entra logs in to a registry: its secret brings a token of Entra, that is exchanged for a
 * refresh token of the registry, and that for access tokens, each with one scope, by the registry client.
 *
 * Source: Azure's "AAD-OAuth" document of acr, and Entra's "OAuth 2.0 client credentials flow".
 */
import { PlimsollError } from '#base/errors.ts';
import type { CredentialStore, Credentials } from '#image/registry/credential-store.ts';
import type { ApiClient } from '../api-client.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions } from '../connector.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { jwtExpiresAtMs } from '../jwt.ts';
import { KeptToken } from '../kept-token.ts';
import { entraToken, exchanged } from './schema.ts';

/** What the registry is called as a resource of Entra. */
const SCOPE = 'https://containerregistry.azure.net/.default';
/** When the refresh token does not say how long it lives; real ones live for three hours. */
const DEFAULT_LIFE_MS = 30 * 60_000;

/** A refresh token is looked up again a little before `KeptToken` renews it, which is at 80 % of its life. */
const LOOK_UP_SHARE = 0.81;

/** See above. */
export class AcrLogin implements CredentialStore {
  readonly #credentials: RegistryCredentials & { readonly kind: 'azure-service-principal' };
  readonly #loginHost: string;
  readonly #apis: () => { readonly entra: ApiClient; readonly registry: ApiClient; readonly connection: Connection };
  readonly #kept: KeptToken;
  #expiresAtMs = 0;

  constructor(options: {
    readonly credentials: RegistryCredentials & { readonly kind: 'azure-service-principal' };
    readonly loginHost: string;
    readonly apis: () => { readonly entra: ApiClient; readonly registry: ApiClient; readonly connection: Connection };
    readonly now: () => number;
  }) {
    this.#credentials = options.credentials;
    this.#loginHost = options.loginHost;
    this.#apis = options.apis;
    this.#kept = new KeptToken(async call => {
      const value = await this.#exchange(await this.#entraToken(call), call);
      const now = options.now();
      const lifeMs = Math.max((jwtExpiresAtMs(value) ?? now + DEFAULT_LIFE_MS) - now, 0);
      this.#expiresAtMs = now + lifeMs * LOOK_UP_SHARE;
      return { value, lifeMs };
    }, options.now);
  }

  /** @throws {PlimsollError} `REGISTRY_DENIED` when Entra or the registry does not know the application. */
  async find(_: unknown, call: CallOptions): Promise<Credentials> {
    const token = await this.#kept.get(call);
    return {
      kind: 'identity-token',
      token,
      source: `application ${this.#credentials.applicationId}`,
      expiresAtMs: this.#expiresAtMs,
    };
  }

  async #entraToken(call: CallOptions): Promise<string> {
    const { tenantId, applicationId, clientSecret } = this.#credentials;
    const { entra, connection } = this.#apis();
    const form = {
      grant_type: 'client_credentials',
      client_id: applicationId,
      client_secret: clientSecret,
      scope: SCOPE,
    };
    const task = `Cannot log in application ${applicationId} at ${this.#loginHost}`;
    try {
      const path = `${encodeURIComponent(tenantId)}/oauth2/v2.0/token`;
      const request = { path, form, schema: entraToken, task, isLogin: true };
      const { body } = await entra.ask(request, connection.until(call));
      return body.access_token;
    } catch (error) {
      // Entra answers 400 for an unknown tenant or application (AADSTS90002, AADSTS700016), 401 for a wrong secret (AADSTS7000215, 7000222).
      if (!(error instanceof PlimsollError) || !/AADSTS\d/.test(error.message)) throw error;
      throw new PlimsollError(
        'REGISTRY_DENIED',
        `${error.message}; check tenant and application ID, and that the client secret (its value, not its ID) has not run out`,
      );
    }
  }

  async #exchange(accessToken: string, call: CallOptions): Promise<string> {
    const { registry, connection } = this.#apis();
    const { host } = connection.place;
    const form = {
      grant_type: 'access_token',
      service: host,
      tenant: this.#credentials.tenantId,
      access_token: accessToken,
    };
    const request = {
      path: 'oauth2/exchange',
      form,
      schema: exchanged,
      task: `Cannot log in application ${this.#credentials.applicationId} to ${host}`,
      right: 'the role AcrPull on the registry',
      secrets: [accessToken],
      isLogin: true,
    };
    return (await registry.ask(request, connection.until(call))).body.refresh_token;
  }
}
