/**
 * The first steps of a test: the name, and a connection.
 */
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { PlimsollError } from '#base/errors.ts';
import { untilAborted } from '#image/registry/until-aborted.ts';
import type { CallOptions } from '../connector.ts';
import { failed, type Outcome, ok } from './step.ts';
import type { ProbeTarget } from './target.ts';

/** Whether the name is known here. Behind a proxy only the proxy's is looked up. */
export async function probeDns(target: ProbeTarget, { signal }: CallOptions): Promise<Outcome> {
  const { host, proxy, registryHost } = target;
  const who = proxy === undefined ? host : `the proxy ${host}`;
  const further = proxy === undefined ? '' : `, which looks up ${registryHost} itself`;
  if (isIP(host) !== 0) return { result: 'skipped', detail: `${who} is an address already${further}` };
  try {
    const addresses = await untilAborted(lookup(host, { all: true }), signal);
    const shown = addresses.slice(0, 4).map(({ address }) => address);
    const more = addresses.length > shown.length ? ` and ${addresses.length - shown.length} more` : '';
    return ok(`${who} is at ${shown.join(', ')}${more}${further}`);
  } catch (error) {
    if (signal.aborted) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAI_AGAIN') {
      const remedy = 'Check the DNS settings of the machine that scans; its name server does not answer';
      return failed('REGISTRY_UNAVAILABLE', `the name "${host}" cannot be looked up at the moment`, remedy);
    }
    const remedy =
      'Check the address for typing errors, and whether the machine that scans uses the name server that knows it';
    return failed('REGISTRY_UNAVAILABLE', `there is no host "${host}"`, remedy);
  }
}

/** Whether somebody listens there. */
export async function probeTcp(target: ProbeTarget, call: CallOptions): Promise<Outcome> {
  const { host, port, proxy, registryHost } = target;
  const where = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  try {
    const socket = await openSocket(target, call);
    const address = socket.remoteAddress ?? host;
    socket.destroy();
    const to = address === host ? where : `${where} (${address})`;
    return ok(
      proxy === undefined ? `connected to ${to}` : `connected to the proxy ${to} on the way to ${registryHost}`,
    );
  } catch (error) {
    if (call.signal.aborted) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const who = proxy === undefined ? where : `the proxy ${where}`;
    const isRefused = code === 'ECONNREFUSED';
    const detail = isRefused ? `${who} refuses connections` : `${who} cannot be reached from here`;
    const remedy = isRefused
      ? 'Check the port, and whether the registry runs'
      : 'Check firewalls and routes between the machine that scans and the registry, or use a sensor that is nearer to it';
    return failed('REGISTRY_UNAVAILABLE', detail, remedy);
  }
}

/** A connection to the registry or the proxy, for the caller to destroy. */
export async function openSocket({ host, port }: ProbeTarget, { signal }: CallOptions): Promise<Socket> {
  const socket = connect({ host, port, signal });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once('connect', resolve);
  // Stays: an error after the last reader has gone must not bring the process down.
  socket.on('error', reject);
  try {
    await untilAborted(promise, signal);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error instanceof AggregateError ? error.errors[0] : error;
  }
}

/** A connection to the registry through the proxy. @throws {PlimsollError} `REGISTRY_UNAVAILABLE` when the proxy refuses. */
export async function openTunnel(target: ProbeTarget, proxy: URL, call: CallOptions): Promise<Socket> {
  const { request: plainRequest } = await import('node:http');
  const { request: secureRequest } = await import('node:https');
  const { registryHost, registryPort } = target;
  const path = `${isIP(registryHost) === 6 ? `[${registryHost}]` : registryHost}:${registryPort}`;
  const login = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
  const headers = { host: path, ...(login === ':' ? {} : authorization) };
  const ask = proxy.protocol === 'https:' ? secureRequest : plainRequest;
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const where = { host: target.host, port: target.port, method: 'CONNECT', path, headers, agent: false as const };
  const asked = ask({ ...where, signal: call.signal });
  asked.on('error', reject);
  asked.once('response', () => reject(refusal(target, 'answers as if it were none')));
  asked.once('connect', ({ statusCode = 0 }, socket) => {
    socket.on('error', reject);
    if (statusCode >= 200 && statusCode < 300) return resolve(socket as Socket);
    socket.destroy();
    const why =
      statusCode === 407 ? 'wants a user name and password in its URL' : `refuses the way to ${path} (${statusCode})`;
    return reject(refusal(target, why));
  });
  asked.end();
  return await untilAborted(promise, call.signal);
}

function refusal({ host, port }: ProbeTarget, why: string): PlimsollError {
  return new PlimsollError('REGISTRY_UNAVAILABLE', `the proxy ${host}:${port} ${why}`);
}
