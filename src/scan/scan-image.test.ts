import { expect, test } from 'vitest';
import { PlimsollError } from '#base/errors.ts';
import type { Image, TarLayer } from '#image/image.ts';
import { type BuiltLayer, makeLayer } from '../../test/fixtures/image-builder.ts';
import { scanImage } from './scan-image.ts';

const signal = new AbortController().signal;

/** A layer as a source would serve it, and how often it was opened. */
function served(layer: BuiltLayer, change: Partial<TarLayer> = {}): TarLayer & { opened: number } {
  const tar = {
    kind: 'tar' as const,
    digest: layer.digest,
    sizeBytes: layer.bytes.length,
    diffId: layer.diffId,
    mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    annotations: {},
    isForeign: false,
    isRemote: false,
    opened: 0,
    open: async () => {
      tar.opened += 1;
      return chunksOf(layer.bytes);
    },
    openRange: async () => undefined,
    ...change,
  };
  return tar;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

const imageOf = (...layers: TarLayer[]): Image => ({
  reference: 'test',
  layers,
  [Symbol.asyncDispose]: async () => {},
});
const apk = (...names: string[]) => names.map(name => `P:${name}\nV:1-r0\nA:x86_64\n`).join('\n');
const DB = 'lib/apk/db/installed';

test('each package has the layer that introduced it', async () => {
  const base = served(await makeLayer([{ path: DB, content: apk('musl') }]), { createdBy: 'ADD rootfs' });
  const app = served(await makeLayer([{ path: DB, content: apk('musl', 'curl') }]), { createdBy: 'RUN apk add curl' });
  const { packages, image } = await scanImage(imageOf(base, app), { signal });
  expect(packages.map(found => [found.name, found.layer])).toEqual([
    ['curl', app.digest],
    ['musl', base.digest],
  ]);
  expect(image.layers.map(layer => layer.createdBy)).toEqual(['ADD rootfs', 'RUN apk add curl']);
});

test('a layer that occurs twice is read once', async () => {
  const layer = served(await makeLayer([{ path: DB, content: apk('musl') }]));
  const { image } = await scanImage(imageOf(layer, layer), { signal });
  expect(layer.opened).toBe(1);
  expect(image.layers).toHaveLength(2);
});

test('a foreign layer that the registry does not hold is a gap', async () => {
  const absent = async () => {
    throw new PlimsollError('BLOB_UNKNOWN', 'not here');
  };
  const windows = served(await makeLayer([]), { isForeign: true, open: absent });
  const app = served(await makeLayer([{ path: DB, content: apk('musl') }]));
  const { packages, gaps } = await scanImage(imageOf(windows, app), { signal });
  expect(packages).toHaveLength(1);
  expect(gaps).toEqual([{ layer: windows.digest, reason: 'It is a foreign layer, which the registry does not hold' }]);
});

test('any other layer that is missing fails the scan, and stops the reading of others', async () => {
  const absent = async () => {
    throw new PlimsollError('BLOB_UNKNOWN', 'not here');
  };
  const missing = served(await makeLayer([{ path: 'big', content: Buffer.alloc(50_000, 'x') }]), {
    open: absent,
    sizeBytes: 1e6,
  });
  const other = served(await makeLayer([{ path: DB, content: apk('musl') }]));
  await expect(scanImage(imageOf(missing, other), { signal, concurrency: 1 })).rejects.toMatchObject({
    code: 'BLOB_UNKNOWN',
  });
  expect(other.opened).toBe(0);
});

test('a cancelled scan says so', async () => {
  const controller = new AbortController();
  const layer = served(await makeLayer([{ path: 'x', content: Buffer.alloc(100_000, 'x') }]), {
    open: async () => {
      controller.abort();
      return chunksOf(Buffer.alloc(10));
    },
  });
  await expect(scanImage(imageOf(layer), { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
});

test('language packages that a distribution package owns are managed by it, until somebody overwrites them', async () => {
  const status =
    'Package: python3-requests\nStatus: install ok installed\nVersion: 2.28.1+dfsg-1\nArchitecture: all\nMaintainer: Debian Python Team\n';
  const metadata = (version: string) => `Metadata-Version: 2.1\nName: requests\nVersion: ${version}\n`;
  const path = 'usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO';
  const base = served(
    await makeLayer([
      { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID=12\n' },
      { path: 'var/lib/dpkg/status', content: status },
      { path: 'var/lib/dpkg/info/python3-requests.list', content: `/.\n/usr\n/${path}\n` },
      { path, content: metadata('2.28.1') },
    ]),
  );
  const managed = await scanImage(imageOf(base), { signal });
  const found = managed.packages.find(one => one.type === 'pypi');
  expect(found?.managedBy).toBe('pkg:deb/debian/python3-requests@2.28.1%2Bdfsg-1?arch=all&distro=debian-12');
  const pip = served(await makeLayer([{ path, content: metadata('2.32.0') }]));
  const overwritten = await scanImage(imageOf(base, pip), { signal });
  expect(overwritten.packages.filter(one => one.type === 'pypi').map(one => [one.version, one.managedBy])).toEqual([
    ['2.32.0', undefined],
  ]);
});

test('a root file system inside the image keeps its own distribution', async () => {
  const layer = served(
    await makeLayer([
      { path: 'etc/os-release', content: 'ID=debian\nVERSION_ID=12\n' },
      { path: 'srv/root/etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.0\n' },
      { path: `srv/root/${DB}`, content: apk('musl') },
    ]),
  );
  const { packages, distro } = await scanImage(imageOf(layer), { signal });
  expect(distro?.id).toBe('debian');
  expect(packages.map(found => [found.root, found.purl])).toEqual([
    ['srv/root', 'pkg:apk/alpine/musl@1-r0?arch=x86_64&distro=alpine-3.20.0'],
  ]);
});
