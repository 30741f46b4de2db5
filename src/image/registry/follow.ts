/**
 * Following redirects without being led astray.
 *
 * Registries hand blobs to object stores and content networks by redirect. The target is chosen by the registry, so credentials
 * stay with the origin they are for, https never becomes http, and the transport refuses addresses that are none of its business.
 */
import { withoutSecrets } from '#base/text.ts';
import { AttemptError } from './attempt.ts';
import { type Answer, discard, type Hop, type SendOptions, type Transport } from './transport.ts';

/** Real chains have one or two redirects. */
const MAX_REDIRECTS = 10;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a GET or HEAD and follows redirects to the answer. `authorization` goes to the origin of `hop.url` only, and no longer once
 * the chain has left it.
 *
 * @throws {AttemptError} `REGISTRY_INVALID` for a loop, a downgrade to http and a target that is no URL; what `send` throws.
 */
export async function follow(
  hop: Hop,
  authorization: string | undefined,
  transport: Transport,
  options: SendOptions,
): Promise<Answer> {
  let { url } = hop;
  let credentials = authorization;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const headers = credentials === undefined ? hop.headers : { ...hop.headers, authorization: credentials };
    const answer = await transport.send({ ...hop, url, headers }, options);
    const location = answer.header('location');
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    await discard(answer);
    const target = toTarget(location, url, options.task);
    if (target.origin !== url.origin) credentials = undefined;
    url = target;
  }
  throw new AttemptError(
    'REGISTRY_INVALID',
    `${options.task}: ${hop.url.host} redirects over ${MAX_REDIRECTS} times, last to "${withoutSecrets(url)}"`,
  );
}

function toTarget(location: string, from: URL, task: string): URL {
  const target = URL.parse(location, from.href);
  if (target === null) {
    throw new AttemptError('REGISTRY_INVALID', `${task}: ${from.host} redirects to something that is no URL`);
  }
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && from.protocol === 'http:')) {
    throw new AttemptError(
      'REGISTRY_INVALID',
      `${task}: ${from.host} redirects from ${from.protocol.slice(0, -1)} to "${withoutSecrets(target)}", which is refused`,
    );
  }
  // A user name and password in a redirect would be sent as credentials of ours.
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}
