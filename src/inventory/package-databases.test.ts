/**
 * Real package databases and images, against the package lists that their own package managers print. The data is not part of the
 * repository: without `../shared` (or `PLIMSOLL_SHARED`) these tests are skipped.
 */
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { inflated } from '#oci/inflate.ts';
import { TarReader } from '#oci/tar-reader.ts';
import type { ClaimedGroup, FileFact } from './cataloguer.ts';
import { toBody } from './file-body.ts';
import { osCataloguers } from './os-cataloguers.ts';

const SHARED = process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');
const DATABASES = join(SHARED, 'data/package-dbs');
const IMAGES = join(SHARED, 'data/images');
const OS_TYPES = new Set(['apk', 'deb', 'rpm']);

type Files = Map<string, Buffer>;

/** What all OS cataloguers make of the files of one root, companions included. */
function factsOf(files: Files): FileFact[] {
  const facts: FileFact[] = [];
  for (const [path, bytes] of files) {
    const entry = { path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: bytes.length, mode: 0o644 };
    for (const cataloguer of osCataloguers.filter(one => one.claims(entry))) {
      const companions = new Map<string, ReturnType<typeof toBody>>();
      for (const [other, content] of files) {
        const beside = {
          path: other,
          name: other.slice(other.lastIndexOf('/') + 1),
          sizeBytes: content.length,
          mode: 0o644,
        };
        if (cataloguer.companionOf?.(beside) === path) companions.set(other, toBody(content));
      }
      const file: ClaimedGroup = { ...entry, body: toBody(bytes), companions };
      const fact = cataloguer.read(file);
      if (fact !== undefined) facts.push(fact);
    }
  }
  return facts;
}

/** Rows as in the expected lists: type, name, version, arch, source name, source version; imported keys are no packages. */
function expectedRows(path: string): string[] {
  const [, ...lines] = readFileSync(path, 'utf8').trimEnd().split('\n');
  const rows = lines.map(line => line.split('\t')).filter(([type = '']) => OS_TYPES.has(type));
  return rows.map(columns => columns.join('|')).sort();
}

function foundRows(facts: readonly FileFact[]): string[] {
  const packages = facts.flatMap(fact => fact.packages ?? []);
  return packages
    .map(({ type, name, version, arch = '', source }) =>
      [type, name, version, arch, source?.name, source?.version].join('|'),
    )
    .sort();
}

function filesBelow(root: string): Files {
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).filter(one => one.isFile());
  return new Map(
    found.map(one => {
      const path = join(one.parentPath, one.name);
      return [relative(root, path), readFileSync(path)];
    }),
  );
}

/** The files of a tar, deletions of an image layer applied to `below`. */
async function readTar(
  chunks: AsyncIterable<Uint8Array>,
  below: Files = new Map(),
  wanted = (_: string) => true,
): Promise<Files> {
  const files: Files = new Map();
  const hidden: string[] = [];
  const reader = new TarReader(entry => {
    const path = entry.name.replace(/^\.?\/+/, '');
    const slash = path.lastIndexOf('/') + 1;
    if (path.startsWith('.wh..wh..opq', slash)) hidden.push(path.slice(0, slash));
    else if (path.startsWith('.wh.', slash)) hidden.push(path.slice(0, slash) + path.slice(slash + 4));
    if (entry.type !== 'file' || !wanted(path)) return undefined;
    const parts: Buffer[] = [];
    return {
      write: chunk => void parts.push(Buffer.from(chunk)),
      end: () => void files.set(path, Buffer.concat(parts)),
    };
  });
  for await (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  const left = Array.from(below).filter(
    ([path]) => !hidden.some(one => path === one || path.startsWith(one.replace(/\/?$/, '/'))),
  );
  return new Map([...left, ...files]);
}

const isClaimed = (path: string) => {
  const entry = { path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 };
  return osCataloguers.some(one => one.claims(entry) || one.companionOf?.(entry) !== undefined);
};

/** The OS package files of the image in an archive: an OCI layout, or what old versions of Docker saved. */
async function readImage(path: string, architecture: string | undefined): Promise<Files> {
  const archive = await readTar(inflated(createReadStream(path)));
  const json = (name: string) => JSON.parse(archive.get(name)?.toString() ?? 'null');
  const blob = (digest: string) => `blobs/${digest.replace(':', '/')}`;
  let layers: string[];
  const saved = json('manifest.json');
  if (saved !== null) {
    layers = saved[0].Layers;
  } else {
    let index = json('index.json');
    while (index.manifests !== undefined) {
      const list: { digest: string; platform?: { architecture: string } }[] = index.manifests;
      const one = list.find(
        ({ platform }) => platform === undefined || !architecture || platform.architecture === architecture,
      );
      index = json(blob(one?.digest ?? ''));
    }
    layers = index.layers.map((layer: { digest: string }) => blob(layer.digest));
  }
  let files: Files = new Map();
  for (const layer of layers) {
    const bytes = archive.get(layer) ?? Buffer.alloc(0);
    files = await readTar(
      inflated(
        (async function* () {
          yield bytes;
        })(),
      ),
      files,
      path => isClaimed(path) || path.includes('.wh.'),
    );
  }
  return files;
}

const databases = existsSync(DATABASES) ? readdirSync(DATABASES) : [];
const WITHOUT_OS_PACKAGES = new Set(['debian-12-python3-dist-packages']);

test.skipIf(databases.length === 0)('shared data: the package databases are there', () => {
  expect(databases.length).toBeGreaterThan(20);
});

test.each(databases.filter(name => !WITHOUT_OS_PACKAGES.has(name)))(
  'the packages of the database %s are those its list names',
  name => {
    const facts = factsOf(filesBelow(join(DATABASES, name)));
    const expected = expectedRows(join(DATABASES, name, 'packages.tsv'));
    expect(expected.length).toBeGreaterThan(0);
    expect(foundRows(facts)).toEqual(expected);
    expect(facts.flatMap(fact => fact.gaps ?? [])).toEqual([]);
  },
);

test.each(databases.filter(name => name.startsWith('almalinux')))('the keys imported into %s are kept', name => {
  const keys = readFileSync(join(DATABASES, name, 'packages.tsv'), 'utf8').match(/(?<=gpg-pubkey\t)[0-9a-f]{8}/g);
  expect(factsOf(filesBelow(join(DATABASES, name))).map(fact => fact.extra?.['gpgKeys'])).toEqual([
    Array.from(keys ?? []),
  ]);
});

const lists = existsSync(IMAGES) ? readdirSync(IMAGES).filter(name => name.endsWith('.packages.tsv')) : [];

test.each(lists)('the OS packages of the image of %s are those it names', async list => {
  // NAME[.ARCHITECTURE].packages.tsv belongs to NAME.oci.tar or NAME.docker-save.tar.gz; a list by architecture to an index.
  const stem = list.slice(0, -'.packages.tsv'.length);
  const archives = readdirSync(IMAGES).filter(name => /\.tar(\.gz)?$/.test(name));
  const archive = archives.find(name => stem.startsWith(name.replace(/\.(?:oci|docker-save)\.tar(?:\.gz)?$/, '')));
  const architecture = /\.(amd64|arm64|s390x)$/.exec(stem)?.[1];
  const facts = factsOf(await readImage(join(IMAGES, archive ?? ''), architecture));
  const expected = expectedRows(join(IMAGES, list));
  expect(expected.length).toBeGreaterThan(0);
  expect(foundRows(facts)).toEqual(expected);
});

test('no file is claimed by two of the cataloguers', () => {
  const paths = databases.flatMap(name => Array.from(filesBelow(join(DATABASES, name)).keys()));
  paths.push(
    'var/lib/dpkg/status.d/base',
    'nix/var/nix/db/db.sqlite',
    'snap/manifest.yaml',
    'var/db/pkg/a/b-1/CONTENTS',
  );
  for (const path of paths) {
    const entry = { path, name: path.slice(path.lastIndexOf('/') + 1), sizeBytes: 1, mode: 0o644 };
    expect(osCataloguers.filter(one => one.claims(entry)).length).toBeLessThanOrEqual(1);
  }
});
