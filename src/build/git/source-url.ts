/**
 * Addresses of Git repositories: which are taken, and what is read out of them.
 *
 * Source: git-clone(1), "GIT URLS". Only HTTPS and SSH are taken: the others are unprotected (`http`, `git`) or lead into the machine
 * that builds (`file`, `ext`, paths).
 */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { whyRefused } from '#image/registry/address.ts';
import type { GitSource } from '../build-request.ts';

/** An address in its parts. */
export interface SourceUrl {
  readonly kind: 'https' | 'ssh';
  /** As git takes it, without a password. */
  readonly url: string;
  /** Without port and brackets. */
  readonly host: string;
  /** `https://host[:port]`; what git names when it asks for a password. */
  readonly origin: string;
}

const MAX_LENGTH = 2048;

/** Reads the address of a source, and holds its log-in to it. @throws {PlimsollError} `SOURCE_INVALID`. */
export function readSourceUrl({ url, login }: Pick<GitSource, 'url' | 'login'>): SourceUrl {
  const text = url.trim();
  const parsed = parse(text);
  if (parsed.kind === 'https' && login.kind === 'ssh-key') {
    throw invalid(
      text,
      'an SSH key is of no use with an HTTPS address; give a token, or an address such as "git@host:path"',
    );
  }
  if (parsed.kind === 'ssh' && login.kind !== 'ssh-key') {
    throw invalid(text, 'an SSH address needs a private key; give one, or an address such as "https://host/path"');
  }
  return parsed;
}

/**
 * Refuses hosts that only code inside a cloud should reach. Names that nobody here knows are left to the proxy, where there is one.
 * @throws {PlimsollError} `SOURCE_INVALID`, or `SOURCE_UNAVAILABLE` for a name that nobody knows.
 */
export async function checkHost(
  { kind, host, url }: SourceUrl,
  { hasProxy = false }: { readonly hasProxy?: boolean } = {},
): Promise<void> {
  // Loopback and private networks are where Git servers of companies are; whoever sets up builds may reach these.
  const reach = { allowsLoopback: true, allowsLinkLocal: false };
  const addresses = isIP(host) === 0 ? await resolve(host, url, hasProxy && kind === 'https') : [host];
  for (const address of [host, ...addresses]) {
    const why = whyRefused(address, reach);
    if (why !== undefined) throw invalid(url, `"${printable(host)}" ${why}`);
  }
}

async function resolve(host: string, url: string, isForProxy: boolean): Promise<readonly string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (error) {
    if (isForProxy) return [];
    throw new PlimsollError(
      'SOURCE_UNAVAILABLE',
      `Cannot reach "${printable(url)}": nobody knows the host "${printable(host)}"; check its name`,
      { cause: error },
    );
  }
}

function parse(text: string): SourceUrl {
  if (text === '') throw new PlimsollError('SOURCE_INVALID', 'Cannot use the Git source: it has no address');
  if (text.length > MAX_LENGTH || /[\u0000-\u0020\u007f]/.test(text)) {
    throw invalid(text, `an address has no blanks in it and at most ${MAX_LENGTH} characters`);
  }
  const scp = /^([A-Za-z0-9._-]+)@(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):(?!\/\/)([^-].*)$/.exec(text);
  if (scp !== null) return { kind: 'ssh', url: text, host: bare(scp[2] ?? ''), origin: '' };
  if (!URL.canParse(text)) {
    throw invalid(text, 'expected "https://host/path", "ssh://git@host/path" or "git@host:path"');
  }
  const url = new URL(text);
  if (url.password !== '') {
    throw invalid(
      `${url.protocol}//${url.host}${url.pathname}`,
      'there is a password in it; give it as a token instead',
    );
  }
  if (!['https:', 'ssh:'].includes(url.protocol)) {
    throw invalid(text, `"${url.protocol}" is not taken, only "https:" and "ssh:" are`);
  }
  // What begins with a dash would be an option to ssh.
  if (url.hostname === '' || url.hostname.startsWith('-') || url.username.startsWith('-') || url.pathname.length < 2) {
    throw invalid(text, 'a host and a path are needed');
  }
  if (url.search !== '' || url.hash !== '') throw invalid(text, 'it has a query or fragment, which no repository has');
  const kind = url.protocol === 'https:' ? 'https' : 'ssh';
  if (kind === 'https' && url.username !== '') {
    throw invalid(
      text.replace(/\/\/[^@]*@/, '//'),
      'there is a user name or token in it; give it as the log-in instead',
    );
  }
  return { kind, url: text, host: bare(url.hostname), origin: kind === 'https' ? url.origin : '' };
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function invalid(url: string, why: string): PlimsollError {
  return new PlimsollError('SOURCE_INVALID', `Cannot use the Git source "${printable(url)}": ${why}`);
}

/** Checks the name of a branch, tag or commit. Source: git-check-ref-format(1). @throws {PlimsollError} `SOURCE_INVALID`. */
export function checkRef(ref: string): string {
  const name = ref.trim();
  const isWrong = name.length > 250 || /[\u0000-\u0020\u007f~^:?*[\\]|\.\.|@\{|\/\/|^[-/.]|[/.]$|\.lock$/.test(name);
  if (isWrong) {
    throw new PlimsollError(
      'SOURCE_INVALID',
      `Cannot build "${printable(ref)}": no branch, tag or commit has such a name`,
    );
  }
  return name.replace(/^refs\/(?:heads|tags)\//, '');
}
