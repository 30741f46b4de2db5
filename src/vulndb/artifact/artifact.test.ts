import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RegistryClient } from '#image/registry/client.ts';
import { noCredentials } from '#image/registry/credential-store.ts';
import { openCredentialStore } from '#image/registry/credentials.ts';
import { digestOf } from '#oci/digest.ts';
import {
  type DistributionRegistry,
  startDistribution,
  whyNoDistribution,
} from '../../../test/fixtures/distribution-registry.ts';
import { makeImage, makeLayer, writeOciLayout } from '../../../test/fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import { startBuild } from '../database-build.ts';
import { SCHEMA_VERSION } from '../schema.ts';
import { fixedIn, makeAdvisory } from '../testing/samples.ts';
import { takeUpdateLock } from '../update-lock.ts';
import { exportDatabase } from './export-database.ts';
import { type ArtifactConfig, makeArtifact } from './manifest.ts';
import { parsePlace } from './place.ts';
import { pullDatabase } from './pull-database.ts';

const NOW = new Date('2026-11-21T12:00:00Z');
const signal = new AbortController().signal;
const login = { username: 'robot', password: 'pass:word' };
const whyNot = whyNoDistribution();
if (whyNot !== undefined) console.warn(`Databases are not pushed to a real registry: ${whyNot}`);

let folder: ScratchFolder;
let client: RegistryClient;
let database = '';

beforeAll(async () => {
  folder = await scratchFolder();
  client = new RegistryClient({ credentials: noCredentials, tlsVerify: true, env: {} });
  database = folder.at('v.db');
  const advisories = [makeAdvisory({ id: 'GHSA-1', details: 'x', affected: [fixedIn('npm', 'left-pad', '1.3.0')] })];
  using build = startBuild(database, { now: NOW, builtBy: '1.2.3' });
  const facts = { origin: 'here', asOf: '2026-11-20', counts: { read: 1, kept: 1, skipped: {}, lost: {} } };
  build.replacePart({ source: 'osv', name: 'npm' }, advisories, () => facts);
  build.finish();
});

afterAll(async () => {
  await client[Symbol.asyncDispose]();
  await folder[Symbol.asyncDispose]();
});

const exportTo = (place: string, by = client) => exportDatabase(database, parsePlace(place), { client: by, signal });
const pullFrom = (place: string, to = folder.at('pulled.db'), by = client) =>
  pullDatabase(parsePlace(place), to, { client: by, signal, now: NOW });

test.each([
  { text: 'vulnerability.tar', place: { transport: 'oci-archive', path: 'vulnerability.tar' } },
  { text: './a:b/c', place: { transport: 'oci-archive', path: './a:b/c' } },
  { text: '/srv/db.tar', place: { transport: 'oci-archive', path: '/srv/db.tar' } },
  { text: 'oci:dir:v1', place: { transport: 'oci', path: 'dir', name: 'v1' } },
  { text: 'oci-archive:x.tar', place: { transport: 'oci-archive', path: 'x.tar' } },
  {
    text: 'registry.example/team/db:1',
    place: { transport: 'docker', registry: 'registry.example', repository: 'team/db', tag: '1' },
  },
  {
    text: 'localhost:5000/db',
    place: { transport: 'docker', registry: 'localhost:5000', repository: 'db', tag: 'latest' },
  },
])('"$text" is a place for databases', ({ text, place }) => {
  expect(parsePlace(text)).toEqual(place);
});

test('places for images only are refused', () => {
  expect(() => parsePlace('docker-daemon:app')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  expect(() => parsePlace('dir:/')).toThrow(expect.objectContaining({ code: 'USAGE' }));
});

test.each(['oci-archive:PLACE.tar', 'PLACE-plain.tar', 'oci:PLACE', 'oci:PLACE:v1'])(
  'what is exported to %s is pulled from it',
  async pattern => {
    const place = pattern.replace('PLACE', folder.at('place'));
    const digest = await exportTo(place);
    const status = await pullFrom(place);
    expect(status).toMatchObject({ builtAt: NOW.toISOString(), builtBy: '1.2.3', advisories: 1 });
    expect(readFileSync(folder.at('pulled.db'))).toEqual(readFileSync(database));
    // The same database is the same artifact.
    expect(await exportTo(place)).toBe(digest);
    expect(readdirSync(folder.path).filter(name => name.includes('partial'))).toEqual([]);
  },
);

test('a layout keeps the images and databases that are in it', async () => {
  const layout = folder.at('shared');
  const image = makeImage([await makeLayer([{ path: 'a', content: 'b' }])]);
  await writeOciLayout(layout, [{ content: image, name: 'app' }]);
  await exportTo(`oci:${layout}:db`);
  await exportTo(`oci:${layout}:db`);
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  expect(index.manifests).toHaveLength(2);
  await pullFrom(`oci:${layout}:db`);
  await expect(pullFrom(`oci:${layout}:app`)).rejects.toMatchObject({
    code: 'MANIFEST_UNSUPPORTED',
    message: expect.stringContaining('not a vulnerability database of Plimsoll'),
  });
  await expect(pullFrom(`oci:${layout}`)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
  await expect(pullFrom(`oci:${layout}:other`)).rejects.toMatchObject({ code: 'MANIFEST_UNKNOWN' });
});

/** A layout whose artifact says what it likes. */
function writeArtifact(name: string, layer: Buffer, lie: Partial<ArtifactConfig> = {}): string {
  const bytes = readFileSync(database);
  const config = {
    schemaVersion: SCHEMA_VERSION,
    builtAt: NOW.toISOString(),
    builtBy: '1',
    advisories: 1,
    digest: digestOf(bytes),
    sizeBytes: bytes.length,
    ...lie,
  };
  const {
    manifest,
    config: configBytes,
    manifestPointer,
    configPointer,
    layer: pointer,
  } = makeArtifact(config, {
    digest: digestOf(layer),
    size: layer.length,
  });
  const layout = folder.at(name);
  mkdirSync(join(layout, 'blobs/sha256'), { recursive: true });
  for (const [{ digest }, content] of [
    [manifestPointer, manifest],
    [configPointer, configBytes],
    [pointer, layer],
  ] as const) {
    writeFileSync(join(layout, 'blobs', digest.replace(':', '/')), content);
  }
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifestPointer] }));
  return `oci:${layout}`;
}

test.each([
  {
    why: 'the layer was changed on the way',
    make: () => {
      const place = writeArtifact('changed', zstdCompressSync(readFileSync(database)));
      const layer = join(place.slice(4), 'blobs', digestOf(zstdCompressSync(readFileSync(database))).replace(':', '/'));
      const bytes = readFileSync(layer);
      bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 1;
      writeFileSync(layer, bytes);
      return place;
    },
    code: /DIGEST_MISMATCH|DATABASE_INVALID/,
  },
  { why: 'the layer is no zstd', make: () => writeArtifact('plain', readFileSync(database)), code: /DATABASE_INVALID/ },
  {
    why: 'the file is another than the config says',
    make: () => writeArtifact('other', zstdCompressSync(readFileSync(database)), { digest: digestOf('x') }),
    code: /DIGEST_MISMATCH/,
  },
  {
    why: 'it inflates to more than the config says',
    make: () => writeArtifact('long', zstdCompressSync(Buffer.alloc(5_000_000)), { sizeBytes: 1000 }),
    code: /DIGEST_MISMATCH/,
  },
  {
    why: 'the file is no database',
    make: () => {
      const bytes = Buffer.from('not a database'.repeat(100));
      return writeArtifact('notes', zstdCompressSync(bytes), { digest: digestOf(bytes), sizeBytes: bytes.length });
    },
    code: /DATABASE_INVALID/,
  },
])('the database that is there stays when $why', async ({ make, code }) => {
  const target = folder.at('kept', 'v.db');
  if (!existsSync(target)) {
    mkdirSync(folder.at('kept'));
    copyFileSync(database, target);
  }
  const place = make();
  const failure = await pullFrom(place, target).catch(error => error);
  expect(failure.code).toMatch(code);
  // It is told of by its name, not by that of a temporary file.
  expect(failure.message).not.toContain('partial');
  expect(readFileSync(target)).toEqual(readFileSync(database));
  expect(readdirSync(folder.at('kept')).sort()).toEqual(['v.db', 'v.db.lock']);
});

test('nothing is pulled while somebody else changes the database', async () => {
  await exportTo(folder.at('busy.tar'));
  using _lock = takeUpdateLock(folder.at('busy.db'), NOW);
  await expect(pullFrom(folder.at('busy.tar'), folder.at('busy.db'))).rejects.toMatchObject({ code: 'DATABASE_BUSY' });
});

test('what is missing is told', async () => {
  await expect(pullFrom(folder.at('none.tar'))).rejects.toMatchObject({ code: 'FILE_UNKNOWN' });
  await expect(
    exportDatabase(folder.at('none.db'), parsePlace(folder.at('x.tar')), { client, signal }),
  ).rejects.toMatchObject({ code: 'DATABASE_UNKNOWN' });
});

describe.skipIf(whyNot !== undefined)('on docker-registry', () => {
  let registry: DistributionRegistry;
  let known: RegistryClient;

  beforeAll(async () => {
    registry = await startDistribution({ login });
    const credentials = openCredentialStore({ authFile: await registry.logIn(login), env: {} });
    known = new RegistryClient({ credentials, tlsVerify: true, env: {} });
  });
  afterAll(async () => {
    await known?.[Symbol.asyncDispose]();
    await registry?.[Symbol.asyncDispose]();
  });

  test('a database is pushed, and pulled from there by tag and by digest', async () => {
    const digest = await exportTo(`${registry.host}/security/vulndb:daily`, known);
    await pullFrom(`${registry.host}/security/vulndb:daily`, folder.at('from-registry.db'), known);
    expect(readFileSync(folder.at('from-registry.db'))).toEqual(readFileSync(database));
    await pullFrom(`${registry.host}/security/vulndb@${digest}`, folder.at('by-digest.db'), known);
    // What is there already is not sent again.
    expect(await exportTo(`${registry.host}/security/vulndb:weekly`, known)).toBe(digest);
  });

  test('without the right to it nothing is pushed or pulled', async () => {
    await expect(exportTo(`${registry.host}/security/vulndb:daily`)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await expect(pullFrom(`${registry.host}/security/vulndb:daily`)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
  });

  test('a tag that is not there is told', async () => {
    await expect(pullFrom(`${registry.host}/security/vulndb:none`, folder.at('x.db'), known)).rejects.toMatchObject({
      code: 'MANIFEST_UNKNOWN',
    });
  });

  test('it cannot be pushed under a digest, which is of what is pushed', async () => {
    const place = `${registry.host}/security/vulndb@${digestOf('x')}`;
    await expect(exportTo(place, known)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
