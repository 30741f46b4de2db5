/**
 * What git and ssh say when they fail, as an error of ours: what is to be done, and their own line (E-14).
 */
import { type ErrorCode, PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import type { GitSource } from '../build-request.ts';

interface Sign {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly advice: (source: GitSource) => string;
}

const SIGNS: readonly Sign[] = [
  {
    pattern: /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for/i,
    code: 'HOST_KEY_CHANGED',
    advice: () =>
      'the host does not show the key that was pinned for it; ask its operator whether the key was changed, and only then forget the pinned one',
  },
  {
    pattern: /Permission denied \(|Too many authentication failures/,
    code: 'SOURCE_DENIED',
    advice: () => 'the host refused the private key; add its public half to the repository as a deploy key',
  },
  {
    pattern: /Authentication failed|could not read (?:Username|Password)|terminal prompts disabled|error: 40[13]\b/i,
    code: 'SOURCE_DENIED',
    advice: ({ login }) =>
      login.kind === 'none'
        ? 'the host wants a log-in: the repository is private, or there is none of that name; give a token'
        : 'the host refused the token; it may have expired, or not reach this repository',
  },
  {
    pattern:
      /repository .*not found|not appear to be a git repository|error: 404|no such repository|project .* not be found/i,
    code: 'SOURCE_UNKNOWN',
    advice: () => 'there is no repository at this address, or not for this log-in',
  },
  {
    pattern: /Remote branch .* not found in upstream/,
    code: 'SOURCE_UNKNOWN',
    advice: ({ ref }) => `it has no branch or tag "${printable(ref)}"`,
  },
  {
    pattern: /transport '.*' not allowed/,
    code: 'SOURCE_INVALID',
    advice: () => 'a submodule is at an address that is neither HTTPS nor SSH',
  },
  {
    pattern: /SSL|certificate/,
    code: 'SOURCE_UNAVAILABLE',
    advice: () => 'its certificate is not trusted; add the authority that signed it to the source',
  },
];

/** The error for a step of git that ended with `said` on its standard error, secrets masked already. */
export function toGitFailure(task: string, said: string, source: GitSource): PlimsollError {
  const line = tellingLine(said);
  const quoted = line === '' ? '' : `; Git says: ${printable(line)}`;
  const sign = SIGNS.find(({ pattern }) => pattern.test(said));
  if (sign !== undefined) return new PlimsollError(sign.code, `${task}: ${sign.advice(source)}${quoted}`);
  return new PlimsollError('SOURCE_UNAVAILABLE', `${task}: the Git server cannot be reached, or failed${quoted}`);
}

/** The line that says most: the first fatal one, else the last of any. */
function tellingLine(said: string): string {
  const lines = said
    .split('\n')
    .map(line => line.trim())
    // That nobody answered for a log-in is told with a place of this machine; what Git says next is the same without.
    .filter(line => line !== '' && !/^(?:warning:|hint:|@+$)|askpass/i.test(line));
  const fatal = lines.find(line => /^(?:fatal|error|remote: error|ssh):/i.test(line));
  return fatal ?? lines.at(-1) ?? '';
}
