/**
 * What went wrong between us and a host, in one sentence: from the codes of Node, OpenSSL and undici to our own errors.
 */
import { PlimsollError, toPlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { AddressRefused } from './address.ts';
import { AttemptError, type Patience } from './attempt.ts';

/** Thrown where a host keeps silent for too long. */
export class Silence extends Error {
  readonly milliseconds: number;
  /** Whether not even the headers have come. */
  readonly isBeforeAnswer: boolean;

  constructor(milliseconds: number, isBeforeAnswer: boolean) {
    super(`Silence for ${milliseconds} ms`);
    this.name = 'Silence';
    this.milliseconds = milliseconds;
    this.isBeforeAnswer = isBeforeAnswer;
  }
}

/**
 * Where people can change how a registry is reached: options of a command, or the settings of the registry in a server. `ca-file`: options of a
 * command that trusts other authorities, but never no authority.
 */
export type Advice = 'command-line' | 'settings' | 'ca-file';

/** Where it happened. */
export interface NetworkContext {
  /** Beginning of the sentence: `Cannot read "docker.io/library/alpine:3.20"`. */
  readonly task: string;
  /** Host and port. */
  readonly host: string;
  readonly viaProxy: boolean;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  /** `command-line` unless told. */
  readonly advice?: Advice | undefined;
}

/** Certificates that do not convince: OpenSSL's `X509_V_ERR_*` as Node spells them, and Node's own check of the name. */
const CERTIFICATE_CODES: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here',
  CERT_UNTRUSTED: 'its authority is not trusted',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet (is the clock of this machine right?)',
  CERT_REVOKED: 'it was revoked',
  CERT_REJECTED: 'it was rejected',
  INVALID_CA: 'its authority may not issue certificates',
  INVALID_PURPOSE: 'it is not for servers',
  PATH_LENGTH_EXCEEDED: 'its chain is too long',
  CERT_CHAIN_TOO_LONG: 'its chain is too long',
  HOSTNAME_MISMATCH: 'it is for another name',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for another name',
};

const CERTIFICATE_REMEDIES: Readonly<Record<Advice, string>> = {
  'command-line': 'name its authority with --ca-file, or skip the check with --tls-verify=false',
  settings: 'add its authority to the settings of the registry',
  'ca-file': 'name its authority with --ca-file',
};

/**
 * The error for a failed exchange. Cut connections, refusals and time-outs are transient; a name that does not exist, a
 * certificate that does not convince and an answer that is not HTTP stay so.
 */
export function toNetworkFailure(error: unknown, context: NetworkContext): PlimsollError {
  const { task, host, viaProxy, patience, signal, advice = 'command-line' } = context;
  if (error instanceof PlimsollError) return error;
  if (signal.aborted) return toPlimsollError(signal.reason);
  if (error instanceof Silence) {
    const why = error.isBeforeAnswer ? `no answer from ${host} within` : `nothing more came from ${host} for`;
    return new AttemptError('TIMED_OUT', `${task}: ${why} ${seconds(error.milliseconds)}`, { isTransient: true });
  }
  if (error instanceof AddressRefused) {
    return new AttemptError('REGISTRY_INVALID', `${task}: refusing to connect to ${host}, which ${error.why}`);
  }
  const code = codeOf(error);
  const where = viaProxy ? `${host} (through the proxy)` : host;
  const fail = (why: string, isTransient: boolean, isBeforeHttp = false) =>
    new AttemptError('REGISTRY_UNAVAILABLE', `${task}: ${why}`, { isTransient, isBeforeHttp, cause: error });
  const late = (why: string, isBeforeHttp = false) =>
    new AttemptError('TIMED_OUT', `${task}: ${why}`, { isTransient: true, isBeforeHttp, cause: error });

  const certificate = CERTIFICATE_CODES[code];
  if (certificate !== undefined) {
    const remedy = CERTIFICATE_REMEDIES[advice];
    return fail(`the certificate of ${where} is not trusted, ${certificate}: ${remedy}`, false);
  }
  switch (code) {
    case 'ENOTFOUND':
      return fail(`there is no host "${host}"${viaProxy ? ', or no such proxy' : ''}`, false);
    case 'EAI_AGAIN':
      return fail(`the name "${host}" cannot be looked up at the moment`, true);
    case 'ECONNREFUSED':
      return fail(`${where} refuses connections`, true, true);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return fail(`${where} cannot be reached from here`, true, true);
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return late(`no connection to ${where} within ${seconds(patience.connectTimeoutMs)}`, true);
    case 'UND_ERR_HEADERS_OVERFLOW':
      return notHttp(task, `the headers of ${where} are too long`, error);
    case 'UND_ERR_PRX_CONN':
    case 'UND_ERR_PRX_TLS':
      return fail(`the proxy on the way to ${host} cannot be used: ${messageOf(error)}`, code === 'UND_ERR_PRX_CONN');
    case 'UND_ERR_ABORTED':
      // undici says so when a proxy refuses a tunnel, and the status is only in the message.
      if (/Proxy response/.test(messageOf(error))) {
        return fail(
          `the proxy refuses the way to ${host}: ${messageOf(error)}`,
          / 5\d\d|\(5\d\d\)/.test(messageOf(error)),
        );
      }
      return fail(`${where} broke off`, true);
    case 'UND_ERR_INVALID_ARG':
      if (viaProxy && /Proxy Authentication/.test(messageOf(error))) {
        return fail(`the proxy on the way to ${host} wants a user name and password in its URL`, false);
      }
      return notHttp(task, `${where} made us ask for something that HTTP cannot say`, error);
    case 'ECONNRESET':
    case 'EPIPE':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return fail(`${where} broke off`, true, isDuringHandshake(error));
    default:
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) {
    const hint = /wrong.version.number|packet.length|http.request/i.test(`${code} ${messageOf(error)}`)
      ? `: if it is plain HTTP, ${advice === 'command-line' ? 'say --tls-verify=false' : 'give its address with http://'}`
      : `: ${messageOf(error)}`;
    return fail(`${where} does not speak TLS as we do${hint}`, false, true);
  }
  if (error instanceof Error && error.name === 'HTTPParserError')
    return notHttp(task, `${where} answers something that is not HTTP`, error);
  return fail(`the connection to ${where} failed: ${messageOf(error)}`, true);
}

function notHttp(task: string, why: string, cause: unknown): AttemptError {
  return new AttemptError('REGISTRY_INVALID', `${task}: ${why}`, { cause });
}

/** A server of another protocol hangs up on a TLS greeting; Node says that the socket closed before TLS was established. */
function isDuringHandshake(error: unknown): boolean {
  return /before secure TLS connection/i.test(messageOf(error));
}

/** The first code in the error, its causes and, for several addresses tried, its parts. */
function codeOf(error: unknown): string {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as NodeJS.ErrnoException;
    if (typeof code === 'string' && code !== '') return code;
    if (at instanceof AggregateError && at.errors.length > 0) return codeOf(at.errors[0]);
  }
  return '';
}

function messageOf(error: unknown): string {
  return printable(error instanceof Error ? error.message : String(error), 200);
}

function seconds(milliseconds: number): string {
  return `${Math.round(milliseconds / 100) / 10} s`;
}
