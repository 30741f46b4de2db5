import { expect, test } from 'vitest';
import { isLoopback, whyRefused } from './address.ts';

const guarded = { allowsLoopback: false, allowsLinkLocal: false };

test.each([
  { host: 'localhost', is: true, why: 'the name of this machine' },
  { host: 'registry.localhost', is: true, why: 'all of .localhost is (RFC 6761)' },
  { host: 'LOCALHOST.', is: true, why: 'case and the root dot say nothing' },
  { host: '127.0.0.1', is: true, why: 'loopback' },
  { host: '127.8.9.1', is: true, why: 'all of 127.0.0.0/8 is' },
  { host: '[::1]', is: true, why: 'IPv6, as in a URL' },
  { host: '[::ffff:127.0.0.1]', is: true, why: 'IPv4 in IPv6' },
  { host: '0.0.0.0', is: true, why: 'connecting to it reaches this machine' },
  { host: '10.0.0.1', is: false, why: 'a private network is another machine' },
  { host: 'localhost.example.com', is: false, why: 'only the end of a name counts' },
  { host: 'docker.io', is: false, why: 'a registry' },
])('$host is this machine: $is ($why)', ({ host, is }) => {
  expect(isLoopback(host)).toBe(is);
});

test.each([
  { host: '169.254.169.254', refused: true, why: 'metadata of most clouds' },
  { host: '169.254.170.2', refused: true, why: 'credentials of ECS tasks' },
  { host: '[fe80::1]', refused: true, why: 'link-local' },
  { host: '[fe80::1%25eth0]', refused: true, why: 'with a zone' },
  { host: '[fd00:ec2::254]', refused: true, why: 'AWS metadata' },
  { host: '[::ffff:169.254.169.254]', refused: true, why: 'IPv4 in IPv6' },
  { host: '[::ffff:a9fe:a9fe]', refused: true, why: 'the same in hex, as URLs are normalised' },
  { host: '[64:ff9b::a9fe:a9fe]', refused: true, why: 'by NAT64' },
  { host: '100.100.100.200', refused: true, why: 'Alibaba metadata' },
  { host: 'metadata.google.internal', refused: true, why: 'a name that a proxy would look up' },
  { host: '127.0.0.1', refused: true, why: 'this machine, from elsewhere' },
  { host: '10.1.2.3', refused: false, why: 'private registries are in private networks' },
  { host: '192.168.0.1', refused: false, why: 'likewise' },
  { host: 'storage.example', refused: false, why: 'what a name stands for is checked when it is looked up' },
])('$host is refused: $refused ($why)', ({ host, refused }) => {
  expect(whyRefused(host, guarded) !== undefined).toBe(refused);
});

test.each([
  { host: '10.1.2.3', refused: true, why: 'RFC 1918' },
  { host: '172.16.0.1', refused: true, why: 'RFC 1918' },
  { host: '172.32.0.1', refused: false, why: 'just beyond it' },
  { host: '192.168.0.1', refused: true, why: 'RFC 1918' },
  { host: '100.64.0.1', refused: true, why: 'shared by a carrier' },
  { host: '[fd12:3456::1]', refused: true, why: 'RFC 4193' },
  { host: '[::ffff:10.1.2.3]', refused: true, why: 'IPv4 in IPv6' },
  { host: '[64:ff9b::a01:203]', refused: true, why: 'by NAT64' },
  { host: '127.0.0.1', refused: true, why: 'this machine' },
  { host: '169.254.169.254', refused: true, why: 'metadata' },
  { host: '192.0.2.1', refused: false, why: 'a public address' },
  { host: '[2001:db8::1]', refused: false, why: 'a public address' },
])('where private addresses are not allowed, $host is refused: $refused ($why)', ({ host, refused }) => {
  expect(whyRefused(host, { ...guarded, allowsPrivate: false }) !== undefined).toBe(refused);
});

test('an administrator can allow link-local addresses', () => {
  expect(whyRefused('169.254.169.254', { ...guarded, allowsLinkLocal: true })).toBeUndefined();
});

test('numbers that a URL turns into an address are refused as that address', () => {
  for (const text of ['http://2852039166/', 'http://0xa9fea9fe/', 'http://169.254.43518/']) {
    expect(whyRefused(new URL(text).hostname, guarded), text).toBeDefined();
  }
});
