/**
 * Where the connection of a test goes: to the registry, or to the proxy before it.
 */
import type { Connection } from '../connection.ts';

/** A place to connect to. */
export interface ProbeTarget {
  /** The registry as people know it. */
  readonly registry: URL;
  /** Host without brackets, and port, of who is connected to first: the proxy, or the registry. */
  readonly host: string;
  readonly port: number;
  /** Host without brackets, and port, of the registry. */
  readonly registryHost: string;
  readonly registryPort: number;
  readonly isTls: boolean;
  /** May hold a password. */
  readonly proxy: URL | undefined;
}

const PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80, 'socks:': 1080, 'socks5:': 1080 };

/** The target of a registry's connection. */
export async function targetOf(connection: Connection): Promise<ProbeTarget> {
  const registry = connection.place.base;
  await using transport = connection.transport(registry);
  const proxy = transport.proxyFor(registry);
  const played = connection.options.serviceOrigins?.[registry.host];
  const end = played === undefined ? registry : new URL(`http://${played}`);
  const first = proxy ?? end;
  return {
    registry,
    host: bare(first.hostname),
    port: portOf(first),
    registryHost: bare(end.hostname),
    registryPort: portOf(end),
    isTls: end.protocol === 'https:',
    proxy,
  };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (PORTS[protocol] ?? 80) : Number(port);
}
