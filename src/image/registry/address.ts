/**
 * Which network addresses a registry, and whatever it points to, may make us talk to.
 *
 * A redirect or a token realm is written by the registry, which may be hostile: it must not turn the scanner into a window on the
 * machine it runs on or on a cloud's metadata service. Private networks stay reachable, for that is where private registries are,
 * unless a server that scans for many people says otherwise.
 */
import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** This machine: RFC 1122 (3.2.1.3) and RFC 4291 (2.5.2, 2.5.3); connecting to the unspecified address reaches it as well. */
const LOOPBACK = toBlockList([
  ['127.0.0.0', 8],
  ['0.0.0.0', 8],
  ['::1', 128],
  ['::', 128],
]);

/** Link-local ranges and the metadata services of clouds that lie outside them; the NAT64 row is 169.254.0.0/16 in disguise. */
const LINK_LOCAL_OR_METADATA = toBlockList([
  ['169.254.0.0', 16], // AWS, Azure, Google, OpenStack, …
  ['fe80::', 10],
  ['64:ff9b::a9fe:0', 112],
  ['fd00:ec2::254', 128], // AWS
  ['fd20:ce::254', 128], // Google
  ['100.100.100.200', 32], // Alibaba
  ['192.0.0.192', 32], // Oracle
  ['168.63.129.16', 32], // Azure platform
]);

/** Private networks: RFC 1918, RFC 6598 (shared by carriers), RFC 4193, the old site-local ones, and RFC 1918 by NAT64. */
const PRIVATE = toBlockList([
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['fc00::', 7],
  ['fec0::', 10],
  ['64:ff9b::a00:0', 104],
  ['64:ff9b::ac10:0', 108],
  ['64:ff9b::c0a8:0', 112],
]);

/** Names that proxies resolve for us, so that the address is never seen here. */
const METADATA_NAMES = new Set(['metadata.google.internal', 'metadata.goog', 'instance-data', 'metadata.azure.com']);

/** What may be reached. */
export interface Reach {
  /** Whether loopback is fine, which it is when the user's own registry is there. */
  readonly allowsLoopback: boolean;
  /** Whether link-local addresses are fine, which only an administrator can say. */
  readonly allowsLinkLocal: boolean;
  /** Whether private networks are fine; they are unless told otherwise. */
  readonly allowsPrivate?: boolean;
}

/** Whether `hostname` (no port; IPv6 with or without brackets) names this machine. */
export function isLoopback(hostname: string): boolean {
  const name = bare(hostname);
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isIn(LOOPBACK, name);
}

/** Why `hostname`, a name or an address, must not be contacted; `undefined` when nothing speaks against it. */
export function whyRefused(hostname: string, reach: Reach): string | undefined {
  const name = bare(hostname);
  if (!reach.allowsLinkLocal && (METADATA_NAMES.has(name) || isIn(LINK_LOCAL_OR_METADATA, name))) {
    return 'is a link-local or metadata address';
  }
  if (!reach.allowsLoopback && isLoopback(name)) return 'is this machine';
  if (reach.allowsPrivate === false && isIn(PRIVATE, name)) {
    return 'is a private address, which only the settings can allow';
  }
  return undefined;
}

/** Thrown by the look-up for a name that resolves to nothing but refused addresses. */
export class AddressRefused extends Error {
  readonly why: string;

  constructor(why: string) {
    super(`The address ${why}`);
    this.name = 'AddressRefused';
    this.why = why;
  }
}

/**
 * A DNS look-up that drops refused addresses, so that no name can stand in for one. What it returns is what gets connected to:
 * there is no second look-up that could answer otherwise.
 */
export function guardedLookup(reachOf: (hostname: string) => Reach): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '');
      const reach = reachOf(hostname);
      const fine = addresses.filter(({ address }) => whyRefused(address, reach) === undefined);
      const [first] = fine;
      if (first === undefined) {
        const why = whyRefused(addresses[0]?.address ?? '', reach) ?? 'is unknown';
        return callback(new AddressRefused(why), '');
      }
      if (options.all === true) return callback(null, fine);
      return callback(null, first.address, first.family);
    });
  };
}

/** `hostname` in lower case without brackets, IPv6 zone and the dot of a fully qualified name. */
function bare(hostname: string): string {
  return hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '')
    .replace(/\.$/, '');
}

function isIn(list: BlockList, name: string): boolean {
  const version = isIP(name);
  return version !== 0 && list.check(name, version === 6 ? 'ipv6' : 'ipv4');
}

function toBlockList(ranges: readonly (readonly [address: string, prefix: number])[]): BlockList {
  const list = new BlockList();
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return list;
}
