/**
 * What an answer that is not the one hoped for means, in one sentence that says what to do.
 *
 * Source: OCI distribution-spec, "Error Codes". Many registries deviate, so the status decides and the code only refines.
 */
import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { printable } from '#base/text.ts';
import { AttemptError, parseRetryAfter } from './attempt.ts';
import type { Advice } from './network-failure.ts';
import { describeDuration, describeRateLimit, readRateLimit } from './rate-limit.ts';
import type { Answer } from './transport.ts';

/** What was asked, of whom, and with which credentials. */
export interface FailureContext {
  /** Beginning of the sentence. */
  readonly task: string;
  /** Host of the registry, as in the reference. */
  readonly registry: string;
  readonly repository: string;
  readonly wanted: 'manifest' | 'blob' | 'referrers' | 'token' | 'tags' | 'catalog' | 'ping';
  /** Name of what was wanted: a tag or a digest. */
  readonly name: string;
  /** Whether the answer is from the registry itself, and not from where it redirected to. */
  readonly isFromRegistry: boolean;
  readonly access: Access;
  /** What was tried, for who has to be asked for the right to it; pulling if missing. */
  readonly action?: 'push' | undefined;
  /** Texts that no message may repeat, whatever the registry echoes. */
  readonly secrets: readonly string[];
  readonly nowMs: number;
  /** Where credentials are kept; `command-line` unless told. */
  readonly advice?: Advice | undefined;
  /** What to ask an administrator for when credentials are fine and do not suffice. */
  readonly right?: string | undefined;
}

/** What we had to show: nothing, credentials from `source`, and whether a token was granted for them (or for nobody). */
export interface Access {
  readonly source?: string;
  readonly hasToken: boolean;
}

/** Error bodies are a few hundred bytes; what is beyond this is not read. */
export const MAX_ERROR_BYTES = 64 * 1024;

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string().catch(''), message: z.string().catch('') })).min(1),
});

/** The error for `answer`, whose body begins with `body`. Never holds a secret. */
export function toAnswerFailure(answer: Answer, body: string, context: FailureContext): AttemptError {
  const { task, registry, wanted } = context;
  const { status, url } = answer;
  const said = readErrors(body);
  const spoken = `${status}${STATUS_CODES[status] === undefined ? '' : ` ${STATUS_CODES[status]}`}`;
  const words = redacted(said.message, context.secrets);
  const quote = words === '' ? '' : ` ("${printable(words, 200)}")`;

  if (status === 429) return rateLimited(answer, context, quote);
  if (status === 401 || status === 403) return denied(answer, said.code, quote, context);
  if (status === 408 || status >= 500) {
    const retryAfterMs = parseRetryAfter(answer.header('retry-after'), context.nowMs);
    return new AttemptError('REGISTRY_UNAVAILABLE', `${task}: ${url.host} answers ${spoken}${quote}`, {
      isTransient: true,
      retryAfterMs,
    });
  }
  if (isWebPage(answer, body)) return webPage(answer, task);
  if (status === 404 && wanted === 'manifest')
    return new AttemptError('MANIFEST_UNKNOWN', `${task}: ${unknown(said, context)}`);
  if (status === 404 && wanted === 'tags') {
    const where = `${registry} has no repository "${printable(context.repository)}"`;
    return new AttemptError('MANIFEST_UNKNOWN', `${task}: ${where}, or these credentials may not see it`);
  }
  if (status === 404 && wanted === 'blob') {
    return new AttemptError(
      'BLOB_UNKNOWN',
      `${task}: ${context.isFromRegistry ? registry : url.host} does not have it`,
    );
  }
  return new AttemptError('REGISTRY_INVALID', `${task}: ${url.host} answers ${spoken}${quote}`);
}

/** Whether an answer is a page for a browser: from a log-in portal, a proxy, or a web server that is no registry. */
export function isWebPage(answer: Answer, body = ''): boolean {
  const type = answer.header('content-type')?.toLowerCase() ?? '';
  return (
    type.startsWith('text/html') || type.startsWith('application/xhtml') || /^\s{0,100}<(?:!doctype|html)/i.test(body)
  );
}

/** The error for a web page where a registry should be. */
export function webPage(answer: Answer, task: string): AttemptError {
  return new AttemptError(
    'REGISTRY_INVALID',
    `${task}: ${answer.url.host} answers with a web page (status ${answer.status}), not as a registry; is the host right, and is there no proxy or log-in page in between?`,
  );
}

/** `text` without any of `secrets`; short ones are left, for they would be found everywhere. */
function redacted(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => (secret.length < 4 ? rest : rest.replaceAll(secret, '…')), text);
}

interface Said {
  readonly code: string;
  readonly message: string;
}

function readErrors(body: string): Said {
  try {
    const [first] = errorsSchema.parse(JSON.parse(body)).errors;
    return { code: first?.code.toUpperCase() ?? '', message: first?.message ?? '' };
  } catch {
    return { code: '', message: '' };
  }
}

function unknown({ code }: Said, { registry, repository, name }: FailureContext): string {
  if (code === 'NAME_UNKNOWN') return `${registry} has no repository "${printable(repository)}"`;
  const what = name.includes(':') ? `manifest ${printable(name)}` : `tag "${printable(name)}"`;
  if (code === 'MANIFEST_UNKNOWN') return `"${printable(repository)}" in ${registry} has no ${what}`;
  return `${registry} has no ${what} in "${printable(repository)}", or no such repository`;
}

function denied({ url, status }: Answer, code: string, quote: string, context: FailureContext): AttemptError {
  const { task, registry, repository, isFromRegistry, wanted, access, action = 'pull', advice } = context;
  const fail = (why: string) => new AttemptError('REGISTRY_DENIED', `${task}: ${why}`);
  const isServer = advice === 'settings';
  const logIn = `"podman login ${registry}" or "docker login ${registry}"`;
  const renew = isServer ? 'renew them there' : `renew them with ${logIn}`;
  const give = isServer
    ? 'add some in the settings of the registry'
    : `log in with ${logIn}, or name a file with --authfile`;
  const isWhole = wanted === 'catalog' || wanted === 'ping';
  if (!isFromRegistry)
    return fail(`${url.host}, where ${registry} keeps it, refuses the link that ${registry} gave${quote}`);
  if (access.source === undefined && isWhole)
    return fail(`${registry} wants credentials, and there are none${quote}; ${give}`);
  if (access.source === undefined) {
    return fail(
      `${registry} wants credentials for "${printable(repository)}", and there are none, or it has no such repository${quote}; ${give}`,
    );
  }
  const source = printable(access.source);
  if (wanted === 'token' || (!access.hasToken && status === 401 && code !== 'DENIED')) {
    return fail(`${registry} refuses the credentials from ${source}${quote}; ${renew}`);
  }
  if (isWhole) {
    const right = wanted === 'catalog' ? 'list its repositories' : 'use it';
    const need = context.right === undefined ? '' : `; it takes ${context.right}`;
    return fail(`${registry} accepts the credentials from ${source}, but they may not ${right}${quote}${need}`);
  }
  const need = context.right === undefined ? `ask its owner for the right to ${action}` : `it takes ${context.right}`;
  return fail(
    `${registry} accepts the credentials from ${source}, but they may not ${action} "${printable(repository)}", or there is no such repository${quote}; ${need}`,
  );
}

function rateLimited(answer: Answer, context: FailureContext, quote: string): AttemptError {
  const { task, registry, access, nowMs, advice: how } = context;
  const limit = readRateLimit(answer, registry);
  const retryAfterMs = parseRetryAfter(answer.header('retry-after') ?? answer.header('x-retry-after'), nowMs);
  const known = limit === undefined ? '' : ` (${describeRateLimit(limit)})`;
  const wait = retryAfterMs === undefined ? '' : `; it says to come back in ${describeDuration(retryAfterMs)}`;
  const isAnonymousHub = registry === 'docker.io' && access.source === undefined;
  const advice = isAnonymousHub
    ? '; Docker Hub counts pulls without credentials by network address, so all who share yours use up one allowance: ' +
      (how === 'settings'
        ? 'add credentials to its settings, which raises it'
        : 'log in with "docker login", which raises it')
    : '';
  return new AttemptError(
    'RATE_LIMITED',
    `${task}: the rate limit of ${registry} is used up${known}${quote}${wait}${advice}`,
    {
      isTransient: true,
      retryAfterMs,
    },
  );
}
