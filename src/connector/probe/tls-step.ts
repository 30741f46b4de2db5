/**
 * The TLS step of a test: a handshake in which nothing is sent, so that a certificate that does not convince can be shown and explained.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { PlimsollError } from '#base/errors.ts';
import { printable } from '#base/text.ts';
import { trustAlso } from '#image/registry/trust.ts';
import { untilAborted } from '#image/registry/until-aborted.ts';
import type { CallOptions, ProbeCertificate, TlsSettings } from '../connector.ts';
import { chainOf } from './certificate.ts';
import { openSocket, openTunnel } from './network-steps.ts';
import { failed, type Outcome, ok, warning } from './step.ts';
import type { ProbeTarget } from './target.ts';

/** A certificate that ends sooner is worth a word. */
const SOON_MS = 14 * 24 * 3600_000;

/** Codes of OpenSSL that mean an authority nobody here knows. */
const UNKNOWN_AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
]);

/** Whether the registry's certificate convinces, by the settings; `nowMs` is what it is compared with. */
export async function probeTls(
  target: ProbeTarget,
  tls: TlsSettings | undefined,
  call: CallOptions & { readonly nowMs: number },
): Promise<Outcome> {
  if (!target.isTls) {
    const detail = `${target.registry.host} is spoken to by plain http: anyone on the way can read and change what goes over it`;
    return warning(detail, 'Let the registry serve https, and write its address with https://');
  }
  let socket: TLSSocket;
  try {
    socket = await shakeHands(target, tls, call);
  } catch (error) {
    if (call.signal.aborted || error instanceof PlimsollError) throw error;
    return noTls(target, error as NodeJS.ErrnoException);
  }
  try {
    const chain = chainOf(socket);
    const protocol = socket.getProtocol()?.replace('v', ' ') ?? 'TLS';
    const reason = socket.authorized ? undefined : codeOf(socket.authorizationError);
    return judge({ target, chain, protocol, reason, isChecked: tls?.skipVerify !== true, nowMs: call.nowMs });
  } finally {
    socket.destroy();
  }
}

interface Found {
  readonly target: ProbeTarget;
  readonly chain: readonly ProbeCertificate[];
  readonly protocol: string;
  /** Why the certificate does not convince. */
  readonly reason: string | undefined;
  readonly isChecked: boolean;
  readonly nowMs: number;
}

function judge({ target, chain, protocol, reason, isChecked, nowMs }: Found): Outcome {
  const [leaf] = chain;
  const until = leaf === undefined ? '' : ` until ${dayOf(leaf.validTo)}`;
  const by = leaf === undefined ? '' : `, certificate of ${nameIn(leaf.issuer)}${until}`;
  if (reason === undefined) {
    const isSoon = leaf !== undefined && Date.parse(leaf.validTo) - nowMs < SOON_MS;
    if (!isSoon) return ok(`${protocol}${by}`);
    return warning(`${protocol}${by}, which is soon`, 'Have the certificate of the registry renewed');
  }
  const why = explain(target, leaf, reason, nowMs);
  if (isChecked) return { ...why, certificates: chain };
  const detail = `${protocol}; the certificate is not checked, as the settings say: ${why.detail}`;
  return { ...warning(detail, why.remedy ?? ''), certificates: chain };
}

function explain(
  { registryHost }: ProbeTarget,
  leaf: ProbeCertificate | undefined,
  reason: string,
  nowMs: number,
): Outcome {
  const fail = (detail: string, remedy: string) => failed('REGISTRY_UNAVAILABLE', detail, remedy);
  const whose = `the certificate of ${registryHost}`;
  if (reason === 'CERT_HAS_EXPIRED') {
    const when = leaf === undefined || Date.parse(leaf.validTo) > nowMs ? '' : ` on ${dayOf(leaf.validTo)}`;
    return fail(
      `${whose} has expired${when}`,
      'Have the certificate of the registry renewed; trusting it would not help',
    );
  }
  if (reason === 'CERT_NOT_YET_VALID') {
    const when = leaf === undefined ? '' : ` before ${dayOf(leaf.validFrom)}`;
    return fail(
      `${whose} is not valid${when}`,
      'Check the clock of the machine that scans, and that of who issued the certificate',
    );
  }
  if (reason === 'ERR_TLS_CERT_ALTNAME_INVALID' || reason === 'HOSTNAME_MISMATCH') {
    const names = leaf === undefined ? 'another name' : namesIn(leaf);
    return fail(
      `${whose} is for ${names}, not for ${registryHost}`,
      'Write the address with the name that the certificate is for, or have one issued for this name',
    );
  }
  if (UNKNOWN_AUTHORITY.has(reason) && leaf !== undefined) {
    const isOwn = reason === 'DEPTH_ZERO_SELF_SIGNED_CERT';
    const by = isOwn
      ? 'vouches for itself'
      : `was issued by ${nameIn(leaf.issuer)}, an authority that is not known here`;
    return fail(
      `${whose} ${by}`,
      `Upload the certificate of ${isOwn ? 'the registry' : 'that authority'} in the settings; or compare the fingerprint ${leaf.fingerprint} with what the operator of the registry says, and trust it`,
    );
  }
  return fail(
    `${whose} is not trusted (${printable(reason, 60)})`,
    'Ask the operator of the registry for a certificate that is in order',
  );
}

async function shakeHands(target: ProbeTarget, tls: TlsSettings | undefined, call: CallOptions): Promise<TLSSocket> {
  const { registryHost, proxy } = target;
  const below = proxy === undefined ? await openSocket(target, call) : await openTunnel(target, proxy, call);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connect({
    socket: below,
    host: registryHost,
    ...(isIP(registryHost) === 0 ? { servername: registryHost } : {}),
    secureContext: trustAlso(tls?.caPem === undefined ? [] : [tls.caPem]),
    // The handshake is to be seen to its end; nothing is sent over it.
    rejectUnauthorized: false,
  });
  socket.once('secureConnect', resolve);
  socket.on('error', reject);
  socket.once('close', () => reject(new Error('closed before the end of the handshake')));
  try {
    await untilAborted(promise, call.signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function noTls({ registry }: ProbeTarget, error: NodeJS.ErrnoException): Outcome {
  const text = `${error.code ?? ''} ${error.message}`;
  if (/wrong.version.number|packet.length|http.request/i.test(text)) {
    return failed(
      'REGISTRY_UNAVAILABLE',
      `${registry.host} does not speak TLS; it seems to serve plain http`,
      'Let the registry serve https; or, if you accept that anyone on the way can read it, write its address with http:// and confirm that',
    );
  }
  return failed(
    'REGISTRY_UNAVAILABLE',
    `the TLS handshake with ${registry.host} failed: ${printable(error.message, 120)}`,
    'Check that the port is that of the registry, and that nothing in between breaks TLS',
  );
}

function codeOf(error: unknown): string {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : String(error);
}

function dayOf(date: string): string {
  return date.slice(0, 10);
}

/** The common name, or all of it. */
function nameIn(line: string): string {
  return `"${/(?:^|, )CN=([^,]+)/.exec(line)?.[1] ?? line}"`;
}

function namesIn({ pem, subject }: ProbeCertificate): string {
  const names = alternativeNames(pem);
  if (names.length === 0) return nameIn(subject);
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
}

function alternativeNames(pem: string): readonly string[] {
  const text = new X509Certificate(pem).subjectAltName ?? '';
  return text.split(', ').flatMap(part => {
    const [, name] = /^(?:DNS|IP Address):(.+)$/.exec(part) ?? [];
    return name === undefined ? [] : [printable(name, 100)];
  });
}
