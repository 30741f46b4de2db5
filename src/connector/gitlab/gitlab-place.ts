/**
 * Where GitLab itself is, which the address of its registry does not tell: the registry sends us there for tokens, to `/jwt/auth`.
 */
import { PlimsollError } from '#base/errors.ts';
import { retrying } from '#image/registry/attempt.ts';
import { parseChallenges } from '#image/registry/challenge.ts';
import { discard } from '#image/registry/transport.ts';
import { toApiFailure } from '../api-failure.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions } from '../connector.ts';

const TOKEN_PATH = '/jwt/auth';

/** What the API's paths are resolved against: `https://gitlab.example/api/v4/`. */
export function apiBaseOf(gitlab: URL): URL {
  return new URL(`${gitlab.origin}${gitlab.pathname.replace(/\/+$/, '')}/api/v4/`);
}

/** Asks the registry. @throws {PlimsollError} `REGISTRY_SETTINGS_INVALID` when it does not say; then the settings have to. */
export async function findGitlab(connection: Connection, options: CallOptions): Promise<URL> {
  const { base, host } = connection.place;
  const task = `Cannot find the GitLab of ${host}`;
  await using transport = connection.transport(base);
  const { signal } = connection.until(options);
  const attempt = async () => {
    const url = new URL('v2/', base);
    const answer = await transport.send({ method: 'GET', url, headers: {} }, { task, signal });
    await discard(answer);
    const isBusy = answer.status === 429 || answer.status >= 500;
    const context = { task, missing: undefined, isLoggedIn: false, secrets: [], nowMs: connection.now() };
    if (isBusy) throw toApiFailure(answer, '', context);
    return answer;
  };
  const onRetry = (_: number, delayMs: number, error: Error) =>
    connection.tellRetry({ registry: host, delayMs, error });
  const answer = await retrying(attempt, { patience: connection.patience, signal, onRetry });
  const challenge = parseChallenges(answer.header('www-authenticate') ?? '').find(({ scheme }) => scheme === 'bearer');
  const realm = URL.parse(challenge?.parameters['realm'] ?? '');
  const isUsable = realm?.protocol === 'https:' || (realm?.protocol === 'http:' && base.protocol === 'http:');
  if (realm === null || !isUsable || !realm.pathname.endsWith(TOKEN_PATH)) {
    throw new PlimsollError(
      'REGISTRY_SETTINGS_INVALID',
      `${task}: it does not send us to one for a token; is it a registry of GitLab? If so, add the URL of GitLab to its settings`,
    );
  }
  return new URL(`${realm.origin}${realm.pathname.slice(0, -TOKEN_PATH.length)}`);
}
