/**
 * Asking AWS: who we are there, and calls that are tried again when the service is busy or our temporary keys have run out.
 *
 * The SDK is loaded when it is first needed: it is large, and most registries are not of AWS.
 */
import type { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { PlimsollError } from '#base/errors.ts';
import { retrying, throwIfAborted } from '#image/registry/attempt.ts';
import { untilAborted } from '#image/registry/until-aborted.ts';
import type { Connection } from '../connection.ts';
import type { RegistryCredentials } from '../credentials.ts';
import { type AwsTask, isExpired, toAwsFailure } from './aws-failure.ts';
import { type SdkRequestHandler, toRequestHandler } from './request-handler.ts';

/** Fetches keys, and new ones when those are about to run out. */
type KeyProvider = ReturnType<typeof fromTemporaryCredentials>;

/** What each client of the SDK is made with. */
export interface AwsClientConfig {
  readonly region: string;
  readonly credentials: KeyProvider;
  readonly requestHandler: SdkRequestHandler;
  /** Ours is the only patience: two would multiply. */
  readonly maxAttempts: 1;
  readonly useFipsEndpoint: boolean;
  readonly useDualstackEndpoint: boolean;
}

/** How to open a session. */
export interface AwsSessionOptions<C> {
  readonly region: string;
  readonly isFips?: boolean;
  readonly isDualStack?: boolean;
  readonly credentials: RegistryCredentials & { readonly kind: 'aws' };
  /** Lends its settings, and closes the session with itself. */
  readonly connection: Connection;
  /** The managed policy that has every right needed, for messages. */
  readonly policy: string;
  /** Loads the SDK and makes the client of one service. */
  readonly newClient: (config: AwsClientConfig) => Promise<C>;
}

/** A role is taken on for an hour, the most that roles allow which were themselves taken on. */
const ROLE_SECONDS = 3600;

/** Keys of one service for one region. */
export class AwsSession<C> {
  readonly #options: AwsSessionOptions<C>;
  readonly #requestHandler: SdkRequestHandler;
  #client: Promise<C> | undefined;

  constructor(options: AwsSessionOptions<C>) {
    const { connection } = options;
    this.#options = options;
    this.#requestHandler = toRequestHandler(connection.own(connection.transport(connection.place.base)));
  }

  /**
   * Makes one call by `run`, again when it may help. Temporary keys that ran out in the middle are fetched anew, once.
   * @throws {PlimsollError} `REGISTRY_DENIED`, `RATE_LIMITED`, `MANIFEST_UNKNOWN`, `REGISTRY_UNAVAILABLE`, `REGISTRY_INVALID`, …
   */
  async call<T>(
    run: (client: C, options: { readonly abortSignal: AbortSignal }) => Promise<T>,
    options: Pick<AwsTask, 'task' | 'action'> & { readonly signal: AbortSignal },
  ): Promise<T> {
    const { connection, policy, credentials } = this.#options;
    const secrets = [credentials.secretAccessKey, credentials.sessionToken].filter(secret => secret !== undefined);
    const { signal } = connection.until(options);
    let isRenewed = false;
    const attempt = async (): Promise<T> => {
      const client = await this.#open();
      try {
        // Roles are taken on inside, where the signal does not reach.
        return await untilAborted(run(client, { abortSignal: signal }), signal);
      } catch (error) {
        throwIfAborted(signal);
        if (!isExpired(error) || isRenewed) throw toAwsFailure(error, { ...options, policy, secrets });
        isRenewed = true;
        this.#forget();
        return await attempt();
      }
    };
    const onRetry = (_: number, delayMs: number, error: PlimsollError) =>
      connection.options.onRetry?.({ registry: connection.place.host, delayMs, error });
    return await retrying(attempt, { patience: connection.patience, signal, onRetry });
  }

  /** The next call makes a new client, which fetches keys of its own. */
  #forget(): void {
    this.#client = undefined;
  }

  #open(): Promise<C> {
    const { region, isFips = false, isDualStack = false, credentials, newClient } = this.#options;
    this.#client ??= (async () => {
      const requestHandler = this.#requestHandler;
      return await newClient({
        region,
        credentials: await toProvider(credentials, { region, requestHandler }),
        requestHandler,
        maxAttempts: 1,
        useFipsEndpoint: isFips,
        useDualstackEndpoint: isDualStack,
      });
    })();
    return this.#client;
  }
}

/** Whether `credentials` are complete. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID`. */
export function checkAwsCredentials(credentials: RegistryCredentials & { readonly kind: 'aws' }): void {
  const { accessKeyId, secretAccessKey, sessionToken, roleArn, externalId } = credentials;
  const refuse = (why: string) =>
    new PlimsollError('REGISTRY_SETTINGS_INVALID', `Cannot use the credentials for AWS: ${why}`);
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw refuse('access key and secret come together, or both stay empty for the identity of the machine');
  }
  if (sessionToken !== undefined && accessKeyId === undefined) throw refuse('a session token belongs to an access key');
  if (externalId !== undefined && roleArn === undefined) throw refuse('an external ID belongs to a role');
  if (roleArn !== undefined && !/^arn:aws(?:-[a-z-]{1,10})?:iam::[0-9]{12}:role\/[\w+=,.@/-]{1,512}$/.test(roleArn)) {
    throw refuse('the role must be an ARN such as arn:aws:iam::123456789012:role/plimsoll');
  }
}

/** The keys given, else the machine's own identity; and the role taken on with them, if there is one. */
async function toProvider(
  credentials: RegistryCredentials & { readonly kind: 'aws' },
  clientConfig: { readonly region: string; readonly requestHandler: SdkRequestHandler },
): Promise<KeyProvider> {
  const { accessKeyId, secretAccessKey, sessionToken, roleArn, externalId } = credentials;
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const own: KeyProvider =
    accessKeyId === undefined || secretAccessKey === undefined
      ? fromNodeProviderChain({ clientConfig })
      : () =>
          Promise.resolve({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
  if (roleArn === undefined) return own;
  return fromTemporaryCredentials({
    masterCredentials: own,
    params: {
      RoleArn: roleArn,
      RoleSessionName: 'plimsoll',
      DurationSeconds: ROLE_SECONDS,
      ...(externalId === undefined ? {} : { ExternalId: externalId }),
    },
    clientConfig: { ...clientConfig, maxAttempts: 1 },
  });
}
