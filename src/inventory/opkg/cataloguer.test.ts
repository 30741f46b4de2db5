import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBody } from '../file-body.ts';
import { opkgCataloguer } from './cataloguer.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (path: string, text: string | Uint8Array) =>
  opkgCataloguer.read({ ...entryOf(path), body: toBody(Buffer.from(text as string)) });

test.each([
  { path: 'usr/lib/opkg/status', claimed: true, why: 'OpenWrt' },
  { path: 'var/lib/opkg/status', claimed: true, why: 'Yocto' },
  { path: 'usr/lib/opkg/info/busybox.control', claimed: true, why: 'what status leaves out' },
  { path: 'usr/lib/opkg/info/busybox.list', claimed: true, why: 'a file list' },
  { path: 'usr/lib/opkg/info/busybox.postinst', claimed: false, why: 'a script' },
  { path: 'usr/lib/opkg/lists/openwrt_base', claimed: false, why: 'what could be installed' },
  { path: 'srv/pool.control', claimed: false, why: 'another file' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(opkgCataloguer.claims(entryOf(path))).toBe(claimed);
});

const STATUS = `Package: busybox
Version: 1.36.1-1
Depends: libc
Status: install hold installed
Architecture: x86_64
Installed-Time: 1700000000

Package: gone
Version: 1
Status: deinstall ok not-installed

Package: half
Version: 2
Status: install ok half-installed

Package: failed
Version: 3
Status: install user post-inst-failed
`;

test('status lists what is installed, whatever the flag', () => {
  const fact = read('usr/lib/opkg/status', STATUS);
  expect(fact?.packages).toEqual([
    { type: 'opkg', name: 'busybox', version: '1.36.1-1', arch: 'x86_64' },
    { type: 'opkg', name: 'failed', version: '3' },
  ]);
  expect(fact?.gaps).toEqual(['1 record(s) of unknown status']);
});

test('a control file adds source, licence and maintainer', () => {
  const control = `Package: libopenssl3
Version: 3.0.12-1
Source: package/libs/openssl
SourceName: openssl
License: Apache-2.0
Maintainer: Eneas U de Queiroz <cotequeiroz@gmail.com>
Architecture: x86_64
`;
  expect(read('usr/lib/opkg/info/libopenssl3.control', control)?.packages).toEqual([
    {
      type: 'opkg',
      name: 'libopenssl3',
      version: '3.0.12-1',
      arch: 'x86_64',
      source: { name: 'openssl', version: '3.0.12-1' },
      licenses: ['Apache-2.0'],
      vendor: 'Eneas U de Queiroz <cotequeiroz@gmail.com>',
    },
  ]);
});

test('a file list names its package; Yocto adds modes behind a tab', () => {
  const list = '/usr/lib/libssl.so.3\n/usr/bin/openssl\t0100755\n';
  expect(read('var/lib/opkg/info/libopenssl3.list', list)?.ownedBy).toEqual({
    type: 'opkg',
    name: 'libopenssl3',
    paths: ['usr/lib/libssl.so.3', 'usr/bin/openssl'],
  });
});

test('no bytes make it throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), bytes => void read('usr/lib/opkg/status', bytes)));
});
