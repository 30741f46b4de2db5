import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { ClaimedGroup } from '../cataloguer.ts';
import { toBody } from '../file-body.ts';
import { rpmCataloguer } from './cataloguer.ts';

const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });

test.each([
  { path: 'var/lib/rpm/Packages', claimed: true, why: 'RHEL 8 and older' },
  { path: 'usr/lib/sysimage/rpm/Packages.db', claimed: true, why: 'SUSE' },
  { path: 'usr/lib/sysimage/rpm/rpmdb.sqlite', claimed: true, why: 'Fedora' },
  { path: 'usr/share/rpm/rpmdb.sqlite', claimed: true, why: 'ostree' },
  { path: 'mnt/root/var/lib/rpm/rpmdb.sqlite', claimed: true, why: 'a nested root' },
  { path: 'var/lib/rpmmanifest/container-manifest-2', claimed: true, why: 'Azure Linux distroless' },
  { path: 'var/lib/rpm/Index.db', claimed: false, why: 'only an index' },
  { path: 'var/lib/rpm/rpmdb.sqlite-wal', claimed: false, why: 'read together with its database' },
  { path: 'srv/mirror/Packages', claimed: false, why: 'a file of the same name elsewhere' },
  { path: 'xvar/lib/rpm/Packages', claimed: false, why: 'another folder' },
])('$path is claimed: $claimed ($why)', ({ path, claimed }) => {
  expect(rpmCataloguer.claims(entryOf(path))).toBe(claimed);
});

test('the write-ahead log belongs to the database beside it', () => {
  expect(rpmCataloguer.companionOf?.(entryOf('var/lib/rpm/rpmdb.sqlite-wal'))).toBe('var/lib/rpm/rpmdb.sqlite');
  expect(rpmCataloguer.companionOf?.(entryOf('var/lib/dnf/history.sqlite-wal'))).toBeUndefined();
});

test('a database that rpm wrote is read as rpm reads it', () => {
  const database = gunzipSync(readFileSync(new URL('testdata/rpmdb.sqlite.gz', import.meta.url)));
  const path = 'var/lib/rpm/rpmdb.sqlite';
  const companions = new Map([[`${path}-wal`, toBody(Buffer.alloc(0))]]);
  const file: ClaimedGroup = { ...entryOf(path), body: toBody(database), companions };
  const fact = rpmCataloguer.read(file);
  const demo = { type: 'rpm', arch: 'noarch', vendor: 'Plimsoll tests', module: 'demo:1.0' };
  const source = { name: 'demo', version: '1.2-3' };
  const signed = { 'signing-key': expect.stringMatching(/^[0-9a-f]{16}$/) };
  const key = { type: 'rpm', name: 'gpg-pubkey', properties: { 'imported-key': 'true' } };
  expect(fact?.packages).toContainEqual(expect.objectContaining(key));
  expect(fact?.packages?.filter(found => found.name !== 'gpg-pubkey')).toEqual([
    {
      type: 'rpm',
      name: 'plain-tool',
      version: '0.9~rc1-1',
      arch: 'noarch',
      source: { name: 'plain-tool', version: '0.9~rc1-1' },
      licenses: ['MIT'],
    },
    { ...demo, name: 'libdemo', version: '2:4.5.6-3', source, licenses: ['Apache-2.0'] },
    { ...demo, name: 'demo', version: '0:1.2-3', source, licenses: ['MIT'], properties: signed },
  ]);
  const owned = fact?.owned?.map(([at, paths]) => [fact.packages?.[at]?.name, paths]);
  expect(owned).toEqual([
    ['libdemo', ['usr/lib/libdemo.so.4']],
    ['demo', ['usr/bin/demo', 'usr/lib/demo/package.json']],
  ]);
  expect(fact?.gaps).toEqual([]);
  // The key that signed was imported: its id ends in the one the database keeps.
  const keyId = fact?.packages?.find(found => found.name === 'demo')?.properties?.['signing-key'] ?? '';
  expect(fact?.extra).toEqual({ gpgKeys: [keyId.slice(8)] });
});
