import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { toBody } from '../file-body.ts';
import { nixCataloguer } from './cataloguer.ts';
import { parseStorePath } from './parse-store-path.ts';

const HASH = '0c0fmfzbv3m3ryxhl8nvyzbvnfq9ql3a';
const entryOf = (path: string) => ({ path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 });
const read = (bytes: Uint8Array) => nixCataloguer.read({ ...entryOf('nix/var/nix/db/db.sqlite'), body: toBody(bytes) });

test.each([
  { label: 'openssl-3.0.13', name: 'openssl', version: '3.0.13', why: 'name and version' },
  { label: 'openssl-3.0.13-bin', name: 'openssl', version: '3.0.13', why: 'an output' },
  { label: 'glibc-2.38-44', name: 'glibc', version: '2.38-44', why: 'a hyphen in the version' },
  { label: 'python3.11-requests-2.31.0', name: 'python3.11-requests', version: '2.31.0', why: 'a digit in the name' },
  { label: 'xgcc-13.2.0-libgcc', name: 'xgcc', version: '13.2.0', why: 'an output of one package alone' },
  { label: 'nss-cacert-3.95', name: 'nss-cacert', version: '3.95', why: 'a hyphen in the name' },
])('$label is $name at $version: $why', ({ label, name, version }) => {
  expect(parseStorePath(`/nix/store/${HASH}-${label}`)).toEqual({ name, version, hash: HASH });
});

test('the derivation tells an output that no list has', () => {
  const deriver = `/nix/store/${HASH}-thing-1.0.drv`;
  expect(parseStorePath(`/nix/store/${HASH}-thing-1.0-strange`, deriver)?.version).toBe('1.0');
  expect(parseStorePath(`/nix/store/${HASH}-thing-1.0-strange`)?.version).toBe('1.0-strange');
});

test.each([
  { path: `/nix/store/${HASH}-source`, why: 'no version' },
  { path: `/nix/store/${HASH}-hello-2.12.tar.gz`, why: 'an input of a build' },
  { path: `/nix/store/${HASH}-hello-2.12.drv`, why: 'a derivation' },
  { path: '/nix/store/short-hello-2.12', why: 'no hash' },
  { path: '/usr/bin/hello', why: 'no store path' },
])('$path is no package: $why', ({ path }) => {
  expect(parseStorePath(path)).toBeUndefined();
});

test('the valid paths of a database become packages, each once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-nix-'));
  try {
    const path = join(folder, 'db.sqlite');
    const database = new DatabaseSync(path);
    database.exec(`create table ValidPaths (id integer primary key autoincrement not null, path text unique not null,
      hash text not null, registrationTime integer not null, deriver text, narSize integer, ultimate integer, sigs text, ca text)`);
    const insert = database.prepare(
      "insert into ValidPaths (path, hash, registrationTime, deriver) values (?, 'sha256:0', 1, ?)",
    );
    const other = HASH.replace('0c', '1c');
    insert.run(`/nix/store/${HASH}-openssl-3.0.13`, `/nix/store/${HASH}-openssl-3.0.13.drv`);
    insert.run(`/nix/store/${other}-openssl-3.0.13-bin`, `/nix/store/${HASH}-openssl-3.0.13.drv`);
    insert.run(`/nix/store/${HASH}-source`, null);
    database.close();
    expect(read(readFileSync(path))).toEqual({
      packages: [{ type: 'nix', name: 'openssl', version: '3.0.13', properties: { outputhash: HASH } }],
      gaps: [],
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('only the database of Nix is claimed, with its log', () => {
  expect(nixCataloguer.claims(entryOf('nix/var/nix/db/db.sqlite'))).toBe(true);
  expect(nixCataloguer.claims(entryOf('srv/db.sqlite'))).toBe(false);
  expect(nixCataloguer.companionOf?.(entryOf('nix/var/nix/db/db.sqlite-wal'))).toBe('nix/var/nix/db/db.sqlite');
});

test('no bytes make it throw anything but a PlimsollError', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (path, deriver) => void parseStorePath(path, deriver)));
  expect(() => read(Buffer.from('text'))).toThrow(PlimsollError);
});
