import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import { markOf, normalisePath } from '#oci/layer-path.ts';
import { TarReader } from '#oci/tar-reader.ts';
import { claimedFile, fileEntry } from '../../test/fixtures/claimed-file.ts';
import { buildZip } from '../../test/fixtures/zip-builder.ts';
import { toBody } from './file-body.ts';
import { languageCataloguers } from './language-cataloguers.ts';
import type { FoundPackage } from './package.ts';

const SHARED = process.env['PLIMSOLL_SHARED'] ?? resolve(import.meta.dirname, '../../../shared');

/** A path and a beginning of content that each cataloguer takes for its own. */
const SAMPLES: Readonly<Record<string, readonly [path: string, content: string | Uint8Array]>> = {
  npm: ['node_modules/a/package.json', '{"name":"a","version":"1","license":["MIT",{"type":"ISC"}]}'],
  'npm-yarn': [
    '.yarn/cache/a.zip',
    buildZip([{ name: 'node_modules/a/package.json', content: '{"name":"a","version":"1"}' }]),
  ],
  python: ['a.dist-info/METADATA', 'Name: a\nVersion: 1\nLicense: x\n y\nClassifier: License :: MIT\n\n'],
  'python-archive': ['a.egg', buildZip([{ name: 'EGG-INFO/PKG-INFO', content: 'Name: a\nVersion: 1\n' }])],
  ruby: ['specifications/a.gemspec', '# stub: a 1 ruby lib\n  s.licenses = ["MIT".freeze]\n'],
  composer: ['vendor/composer/installed.json', '{"packages":[{"name":"a/b","version":"v1","license":["MIT"]}]}'],
  pear: ['php/.registry/a.reg', 'a:2:{s:4:"name";s:1:"a";s:7:"version";a:1:{s:7:"release";s:1:"1";}}'],
  dotnet: [
    'a.deps.json',
    '{"targets":{"x":{"A/1":{"runtime":{"a.dll":{}}}}},"libraries":{"A/1":{"type":"package"}},"runtimeTarget":{"name":"x"}}',
  ],
  conda: [
    'conda-meta/a-1-0.json',
    '{"name":"a","version":"1","channel":"https://x/t/y/z/linux-64","subdir":"linux-64"}',
  ],
  r: ['library/a/DESCRIPTION', 'Package: a\nVersion: 1\nBuilt: R 4\n'],
  erlang: ['a/ebin/a.app', '{application,a,[{vsn,"1"},{licenses,["MIT"]}]}.'],
  'erlang-archive': ['a.ez', buildZip([{ name: 'a/ebin/a.app', content: '{application,a,[{vsn,"1"}]}.' }])],
  lua: ['rocks-5.1/a/1-1/a-1-1.rockspec', 'license = "MIT"'],
  perl: ['.meta/A-1/install.json', '{"name":"A","version":"1","dist":"A-1","pathname":"A/AB/ABC/A-1.tar.gz"}'],
  wordpress: ['wp-content/plugins/a/a.php', '<?php /*\nPlugin Name: A\nVersion: 1\n*/'],
  julia: ['packages/A/Abc12/Project.toml', 'name = "A"\nversion = "1"\nuuid = "x"\n'],
  conan: ['x/conaninfo.txt', '[full_requires]\n  a/1@b/c:d\n'],
  dart: ['hosted/pub.dev/a-1/pubspec.yaml', 'name: a\nversion: "1"\n'],
  haskell: ['package.conf.d/a-1.conf', 'name: a\nversion: 1\nlicense: x\n'],
  model: [
    'a.gguf',
    Buffer.concat([
      Buffer.from('GGUF\x03\0\0\0'),
      Buffer.alloc(16),
      Buffer.from('\x01\0\0\0\0\0\0\0n\x08\0\0\0\x01\0\0\0\0\0\0\0m', 'latin1'),
    ]),
  ],
  huggingface: ['models--a--b/refs/main', '0'.repeat(40)],
  sbom: [
    'sbom.json',
    '{"bomFormat":"CycloneDX","components":[{"type":"library","purl":"pkg:rpm/a/b@1?epoch=1&upstream=b-1-1.src.rpm"}]}',
  ],
  bitnami: ['opt/bitnami/.bitnami_components.json', '{"a":{"version":"1-0","arch":"amd64"}}'],
};

test('every cataloguer has a sample here, claims it, and no other one does', () => {
  expect(languageCataloguers.map(one => one.id).sort()).toEqual(Object.keys(SAMPLES).sort());
  for (const [id, [path, content]] of Object.entries(SAMPLES)) {
    const file = claimedFile(path, content);
    expect(languageCataloguers.filter(one => one.claims(file)).map(one => one.id)).toEqual([id]);
  }
});

test.each(Object.entries(SAMPLES))('%s: no bytes make it throw anything but a PlimsollError', (id, [path, content]) => {
  const cataloguer = languageCataloguers.find(one => one.id === id);
  const sample = Buffer.from(content as string);
  const attempt = (bytes: Uint8Array) => {
    try {
      const fact = cataloguer?.read(claimedFile(path, bytes));
      for (const { name, version } of fact?.packages ?? []) {
        expect(name.length * 2 + version.length, `${name} ${version}`).toBeLessThan(2000);
        expect(name).toMatch(/^[^\u0000-\u001f\u007f-\u009f]+$/);
      }
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error;
    }
  };
  attempt(sample);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), attempt));
  const edits = fc.array(
    fc.tuple(fc.nat(sample.length), fc.nat(3), fc.string({ unit: 'binary-ascii', maxLength: 5 })),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(edits, changes => {
      let bytes = sample;
      for (const [at, drop, text] of changes) {
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at + drop)]);
      }
      attempt(bytes);
    }),
  );
});

/** Regular files of a tar, in order. */
function untar(bytes: Buffer): { name: string; content: Buffer }[] {
  const files: { name: string; content: Buffer }[] = [];
  const reader = new TarReader(({ name, type }) => {
    if (type !== 'file') return undefined;
    const chunks: Buffer[] = [];
    return {
      write: chunk => chunks.push(Buffer.from(chunk)),
      end: () => files.push({ name, content: Buffer.concat(chunks) }),
    };
  });
  reader.push(bytes);
  reader.end();
  return files;
}

/** Packages of a folder of files by path, as rows of the expected lists. */
const rowsOf = (packages: Iterable<FoundPackage>) =>
  [...new Set(Array.from(packages, one => `${one.type}\t${one.name}\t${one.version}`))].sort();
const expected = (path: string, types: readonly string[]) =>
  readFileSync(join(SHARED, path), 'utf8')
    .split('\n')
    .filter(line => types.includes(line.split('\t')[0] ?? ''))
    .map(line => line.split('\t').slice(0, 3).join('\t'))
    .sort();
function catalogue(path: string, content: Buffer): FoundPackage[] {
  const file = { ...fileEntry(path, { sizeBytes: content.length }), body: toBody(content) };
  return languageCataloguers.flatMap(one => (one.claims(file) ? (one.read(file)?.packages ?? []) : []));
}

const MIXED = join(SHARED, 'data/images/mixed-app-0.3.1-amd64.oci.tar');

test.skipIf(!existsSync(MIXED))(
  'shared data: a real application image has the npm and Python packages that its list names',
  () => {
    const blobs = new Map(untar(readFileSync(MIXED)).map(({ name, content }) => [name, content]));
    const parse = (name: string) => JSON.parse(String(blobs.get(name)));
    const blobName = (digest: string) => `blobs/${digest.replace(':', '/')}`;
    const manifest = parse(blobName(parse('index.json').manifests[0].digest));
    const packages = new Map<string, readonly FoundPackage[]>();
    for (const { digest } of manifest.layers) {
      const added = new Map<string, readonly FoundPackage[]>();
      for (const { name, content } of untar(gunzipSync(blobs.get(blobName(digest)) ?? Buffer.alloc(0)))) {
        const path = normalisePath(name) ?? '';
        const mark = markOf(path);
        if (mark === undefined) added.set(path, catalogue(path, content));
        else if (mark.kind !== 'reserved') {
          const hidden = mark.kind === 'opaque' ? mark.folder : mark.path;
          for (const one of packages.keys()) if (one === hidden || one.startsWith(`${hidden}/`)) packages.delete(one);
        }
      }
      for (const [path, found] of added) packages.set(path, found);
    }
    const list = expected('data/images/mixed-app-0.3.1-amd64.packages.tsv', ['npm', 'pypi']);
    expect(rowsOf([...packages.values()].flat())).toEqual(list);
    expect(list).toHaveLength(147);
  },
);

const DIST_PACKAGES = 'data/package-dbs/debian-12-python3-dist-packages';

test.skipIf(!existsSync(join(SHARED, DIST_PACKAGES)))(
  "shared data: Debian's Python packages are the ones that its list names",
  () => {
    const root = join(SHARED, DIST_PACKAGES);
    const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter(one => one.isFile());
    const packages = files.flatMap(one => {
      const full = join(one.parentPath, one.name);
      return catalogue(full.slice(root.length + 1), readFileSync(full));
    });
    expect(rowsOf(packages)).toEqual(expected(`${DIST_PACKAGES}/packages.tsv`, ['pypi']));
  },
);
