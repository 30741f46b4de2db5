/**
 * Why a sign-in at the OpenID provider did not succeed, from the address that the server sent the browser to. The address has the code of
 * the problem alone: a sentence in it could be anybody's.
 */

const SENTENCES: Readonly<Record<string, string>> = {
  UNAUTHENTICATED:
    'The sign-in was given up or refused at the provider, took too long, or was begun in another window. Begin it again.',
  FORBIDDEN:
    'The provider knows you, but there is no account here for you, or it is disabled. Ask whoever runs this server for one.',
  CONFLICT: 'That identity, or every name that fits it, belongs to another account here. Ask whoever runs this server.',
  NOT_FOUND: 'There is no provider to sign in at any more, or the account that was to be linked is gone.',
  SIGN_IN_PROVIDER_FAILED:
    'The provider cannot be reached, or its answer cannot be trusted. Whoever runs this server has to check its settings.',
  TOO_MANY_REQUESTS: 'There were too many attempts. Wait a quarter of an hour.',
};

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** What to tell, from the query of the page; `undefined` when nothing failed. */
export function providerFailureOf(query: URLSearchParams): string | undefined {
  const code = query.get('error');
  if (code === null) return undefined;
  const sentence = SENTENCES[code] ?? 'The server failed; its log has more.';
  const request = query.get('request') ?? '';
  return REQUEST_ID.test(request) ? `${sentence} (Request ${request})` : sentence;
}
