/**
 * The steps of a test that speak to the registry: is it one, what does it ask for, does it let us in, what does it list, can we pull.
 */
import { isWebPage } from '#image/registry/answer-failure.ts';
import { type Challenge, parseChallenges } from '#image/registry/challenge.ts';
import { follow } from '#image/registry/follow.ts';
import { openRegistryWith } from '#image/registry/open-registry.ts';
import type { RateLimit } from '#image/registry/rate-limit.ts';
import { toTokenTarget } from '#image/registry/token.ts';
import { discard } from '#image/registry/transport.ts';
import type { Connection } from '../connection.ts';
import type { CallOptions, Connector } from '../connector.ts';
import { limitInWords } from './explain-failure.ts';
import { failed, type Outcome, ok, warning } from './step.ts';

/** What the registry answered to who shows nothing. */
export interface Greeting {
  readonly status: number;
  readonly isPage: boolean;
  /** Where it was answered, after redirects. */
  readonly url: URL;
  readonly challenges: readonly Challenge[];
}

/** How many names of a list are shown. */
const SHOWN = 3;
const ADDRESS_REMEDY =
  'Check the address: host, port, and the path in front of /v2/ where there is one; the address of a web page is often another';

/** Asks `GET /v2/` as a visitor. */
export async function greet(connection: Connection, { signal }: CallOptions): Promise<Greeting> {
  const { base, host } = connection.place;
  await using transport = connection.transport(base);
  const task = `Cannot use ${host}`;
  const answer = await follow({ method: 'GET', url: new URL('v2/', base), headers: {} }, undefined, transport, {
    task,
    signal,
  });
  const challenges = parseChallenges(answer.header('www-authenticate') ?? '');
  const { status, url } = answer;
  const isPage = isWebPage(answer);
  await discard(answer);
  return { status, isPage, url, challenges };
}

/** Whether that is how a registry answers. */
export function judgeGreeting({ status, isPage, url }: Greeting, connection: Connection): Outcome {
  const { host } = connection.place;
  if (status === 429) {
    const remedy = 'Wait until the limit is renewed; it counts even asking whether the registry is there';
    return failed('RATE_LIMITED', `${host} answers that too much was asked of it`, remedy);
  }
  if (status >= 500) {
    return failed(
      'REGISTRY_UNAVAILABLE',
      `${host} answers with an error of its own (${status})`,
      `Look into the log of ${host}, or ask its operator`,
    );
  }
  if (status === 403) {
    const remedy =
      'Ask the operator whether the network address of the machine that scans is let in; a firewall may answer in place of the registry';
    return failed('REGISTRY_DENIED', `${host} refuses to talk to us at all (403), whoever we are`, remedy);
  }
  if (isPage && status !== 401) {
    return failed(
      'REGISTRY_INVALID',
      `${url.host} answers with a web page (${status}), not as a registry`,
      ADDRESS_REMEDY,
    );
  }
  if (status === 404) {
    return failed('REGISTRY_INVALID', `there is no registry at ${url.host}${url.pathname} (404)`, ADDRESS_REMEDY);
  }
  if (status !== 200 && status !== 401) {
    return failed('REGISTRY_INVALID', `${url.host} answers ${status}, which registries do not`, ADDRESS_REMEDY);
  }
  return ok(
    status === 200
      ? `${host} answers as a registry and lets everybody in`
      : `${host} answers as a registry and asks for a log-in`,
  );
}

/** What is asked for. `undefined` for nothing. */
export async function judgeChallenge(greeting: Greeting, connection: Connection): Promise<Outcome | undefined> {
  const { status, challenges, url } = greeting;
  const { host } = connection.place;
  if (status !== 401) return undefined;
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  if (bearer !== undefined) {
    const { realm, service } = toTokenTarget(bearer, url, [], `Cannot use ${host}`);
    await using transport = connection.transport(connection.place.base);
    const why = transport.whyRefused(realm);
    if (why !== undefined) {
      const remedy =
        'If that is meant, let an administrator allow private addresses; link-local and metadata addresses are never allowed';
      return failed('REGISTRY_INVALID', `${host} sends us for tokens to ${realm.host}, which ${why}`, remedy);
    }
    return ok(`${host} wants a token from ${realm.host}${service === '' ? '' : ` for ${service.slice(0, 100)}`}`);
  }
  if (challenges.some(({ scheme }) => scheme === 'basic'))
    return ok(`${host} wants user name and password with each request`);
  const schemes = challenges.map(({ scheme }) => scheme.slice(0, 30)).join(', ');
  const what = schemes === '' ? 'does not say for which kind' : `wants one by ${schemes}`;
  return failed(
    'REGISTRY_INVALID',
    `${host} asks for a log-in and ${what}`,
    'Registries ask by Basic or Bearer; something in between may answer in place of this one',
  );
}

/** Shows what we have. @throws {PlimsollError} `REGISTRY_DENIED` and what else goes wrong. */
export async function probeToken(connection: Connection, greeting: Greeting, call: CallOptions): Promise<Outcome> {
  const { credentials } = connection.options;
  const { host } = connection.place;
  const isNobody = credentials.kind === 'none';
  if (greeting.status !== 401) {
    return {
      result: 'skipped',
      detail: `${host} asks for none${isNobody ? '' : '; the credentials are used where it does'}`,
    };
  }
  await connection.ping(call);
  const hasBearer = greeting.challenges.some(({ scheme }) => scheme === 'bearer');
  if (isNobody) return ok(`${host} gives visitors a token`);
  return ok(
    hasBearer ? `the credentials are accepted: ${host} gives a token for them` : 'the credentials are accepted',
  );
}

/** Reads the beginning of the list of repositories. Returns the first name besides. */
export async function probeCatalogue(
  connector: Pick<Connector, 'listRepositories'>,
  connection: Connection,
  call: CallOptions,
): Promise<{ readonly outcome: Outcome; readonly first: string | undefined }> {
  const names = await take(connector.listRepositories(call));
  const [first] = names;
  if (first !== undefined) return { outcome: ok(`repositories are listed, such as ${names.join(', ')}`), first };
  const detail = `${connection.place.host} lists no repositories to ${connection.options.credentials.kind === 'none' ? 'visitors' : 'these credentials'}`;
  const remedy =
    'If there are some, give the account the rights that the help of this registry names, or name the repositories to scan';
  return { outcome: warning(detail, remedy), first };
}

/** Reads the beginning of the list of tags. Returns the first besides. */
export async function probeTags(
  connector: Pick<Connector, 'listTags'>,
  repository: string,
  call: CallOptions,
): Promise<{ readonly outcome: Outcome; readonly first: string | undefined }> {
  const tags = await take(connector.listTags(repository, {}, call));
  const [first] = tags;
  if (first !== undefined) return { outcome: ok(`${repository} has tags, such as ${tags.join(', ')}`), first };
  return {
    outcome: warning(
      `${repository} has no tags`,
      'Choose a repository that has images, to see that they can be pulled',
    ),
    first,
  };
}

/** Asks for the head of an image, which no registry counts as a pull. */
export async function probeManifest(
  connector: Pick<Connector, 'client' | 'toReference'>,
  image: { readonly repository: string; readonly tag: string },
  call: CallOptions,
  limit: () => RateLimit | undefined,
): Promise<Outcome> {
  const { repository, tag } = image;
  await using content = await openRegistryWith(connector.client, connector.toReference(repository, tag), call);
  const head = await content.headRoot?.(call);
  const what = head === undefined ? 'can be asked for' : `is ${head.digest.slice(0, 19)}…`;
  return ok(`${repository}:${tag} ${what}${limitInWords(limit())}`);
}

async function take(source: AsyncIterable<{ readonly name: string }>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of source) {
    names.push(name);
    if (names.length === SHOWN) break;
  }
  return names;
}
