/** What a rebuild is decided by: indexes of repositories as they are served, and the causes. */
import { hash } from 'node:crypto';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FeedClient } from '#vulndb/fetch/feed-client.ts';
import { type FeedServer, startFeedServer } from '#vulndb/testing/feed-server.ts';
import { makeTar } from '../../../test/fixtures/image-builder.ts';
import { IMPATIENT } from '../../../test/fixtures/open-from-registry.ts';
import { putDebianSuite } from '../testing/debian-repository.ts';
import { decideRebuild } from './decide-rebuild.ts';
import { findPackageUpdates, type InstalledImage } from './find-package-updates.ts';
import { PackageIndexReader } from './index-reader.ts';
import { parseRepositoryMirrors, repositoriesOf } from './repositories.ts';

const { signal } = new AbortController();
type Versions = Readonly<Record<string, string>>;

let server: FeedServer;
let client: FeedClient;
let reader: PackageIndexReader;
beforeAll(async () => {
  client = new FeedClient({ env: {}, tlsVerify: true, userAgent: 'test', patience: IMPATIENT });
});
beforeEach(async () => {
  server = await startFeedServer();
  reader = new PackageIndexReader(client);
  return () => server[Symbol.asyncDispose]();
});
afterAll(() => client[Symbol.asyncDispose]());

const mirrors = () =>
  new Map(
    [
      ['https://deb.debian.org/debian', 'debian'],
      ['https://deb.debian.org/debian-security', 'security'],
      ['https://dl-cdn.alpinelinux.org/alpine', 'alpine'],
      ['https://repo.almalinux.org', 'alma'],
    ].map(([from = '', to]) => [from, `${server.url}/${to}`]),
  );
const image = (distro: InstalledImage['distro'], type: 'deb' | 'apk' | 'rpm', versions: Versions): InstalledImage => ({
  distro,
  architecture: 'amd64',
  packages: Object.entries(versions).map(([name, version]) => ({ type, name: name.replace(/#.*/, ''), version })),
});
const find = (installed: InstalledImage) => findPackageUpdates(installed, { reader, mirrors: mirrors(), signal });
const BOOKWORM = { id: 'debian', versionId: '12', codename: 'bookworm' };

describe('updates of packages', () => {
  test('Debian: the newest of all its suites counts, in the order of dpkg', async () => {
    putDebianSuite(server, 'debian', 'bookworm', { openssl: '3.0.9-1', bash: '5.2.15-2+b2', tar: '1.34+dfsg-1' });
    putDebianSuite(server, 'debian', 'bookworm-updates', {}, { byHash: false });
    putDebianSuite(server, 'security', 'bookworm-security', { openssl: '3.0.14-1~deb12u2' });
    const installed = { openssl: '3.0.14-1~deb12u1', bash: '5.2.15-2+b2', tar: '1.35', own: '1' };
    const found = await find(image(BOOKWORM, 'deb', installed));
    expect(found).toEqual({
      updates: [{ name: 'openssl', installed: '3.0.14-1~deb12u1', available: '3.0.14-1~deb12u2' }],
      problems: [],
    });
  });

  test('an index that did not change is not fetched again, and one that did is', async () => {
    for (const suite of ['bookworm', 'bookworm-updates']) putDebianSuite(server, 'debian', suite, { bash: '1' });
    putDebianSuite(server, 'security', 'bookworm-security', { bash: '1' });
    const installed = image(BOOKWORM, 'deb', { bash: '1' });
    expect((await find(installed)).updates).toEqual([]);
    const first = server.requests.length;
    expect((await find(installed)).updates).toEqual([]);
    expect(server.requests.slice(first).map(({ status }) => status)).toEqual([304, 304, 304]);
    putDebianSuite(server, 'security', 'bookworm-security', { bash: '1.1' });
    expect((await find(installed)).updates).toEqual([{ name: 'bash', installed: '1', available: '1.1' }]);
  });

  test('a repository that cannot be read is told, and the others still count', async () => {
    putDebianSuite(server, 'debian', 'bookworm', { bash: '2' });
    putDebianSuite(server, 'debian', 'bookworm-updates', {}, { lies: true });
    const { updates, problems } = await find(image(BOOKWORM, 'deb', { bash: '1' }));
    expect(updates).toHaveLength(1);
    expect(problems).toEqual([
      expect.stringContaining('another hash than the repository says'),
      expect.stringContaining('there is nothing there'),
    ]);
  });

  test('Alpine: a signed index of its branch', async () => {
    const index = 'C:Q1abc=\nP:musl\nV:1.2.5-r1\nA:x86_64\n\nP:busybox\nV:1.36.1-r29\n';
    // As abuild makes it: the archive of the signature has no end, and the index follows as another member.
    const signature = (await makeTar([{ path: '.SIGN.RSA.key.pub', content: 'signature' }])).subarray(0, 1024);
    const content = [
      { path: 'DESCRIPTION', content: 'v3.20' },
      { path: 'APKINDEX', content: index },
    ];
    const archive = Buffer.concat([gzipSync(signature), gzipSync(await makeTar(content))]);
    server.put('/alpine/v3.20/main/x86_64/APKINDEX.tar.gz', archive);
    server.put('/alpine/v3.20/community/x86_64/APKINDEX.tar.gz', archive);
    const alpine = { id: 'alpine', versionId: '3.20.3' };
    const { updates, problems } = await find(image(alpine, 'apk', { musl: '1.2.5-r0', busybox: '1.36.1-r29' }));
    expect(problems).toEqual([]);
    expect(updates).toEqual([{ name: 'musl', installed: '1.2.5-r0', available: '1.2.5-r1' }]);
  });

  test.each([
    { packed: 'gzip', pack: gzipSync },
    { packed: 'zstd', pack: zstdCompressSync },
  ])('RPM: builds for the architecture, packed with $packed, and none of modules', async ({ pack }) => {
    const entry = (name: string, arch: string, epoch: string, ver: string, rel: string) =>
      `<package type="rpm"><name>${name}</name><arch>${arch}</arch><version epoch="${epoch}" ver="${ver}" rel="${rel}"/>` +
      `<format><rpm:provides xmlns:rpm="r"><rpm:entry name="x"/></rpm:provides></format></package>`;
    const primary = pack(
      Buffer.from(
        `<metadata xmlns="m" packages="4">${entry('openssl', 'x86_64', '1', '3.0.7', '28.el9')}${entry('openssl', 'i686', '1', '3.0.8', '1.el9')}` +
          `${entry('tzdata', 'noarch', '0', '2026a', '1.el9')}${entry('nodejs', 'x86_64', '1', '20.1', '1.module_el9.2.0+1+a')}` +
          `${entry('kernel', 'x86_64', '0', '5.14', '400.el9')}</metadata>`,
      ),
    );
    const repomd =
      `<repomd><data type="filelists"><checksum type="sha256">${'0'.repeat(64)}</checksum><location href="repodata/f"/></data>` +
      `<data type="primary"><checksum type="sha256">${hash('sha256', primary)}</checksum><location href="repodata/p.xml"/></data></repomd>`;
    for (const part of ['BaseOS', 'AppStream']) {
      server.put(`/alma/almalinux/9/${part}/x86_64/os/repodata/repomd.xml`, repomd);
      server.put(`/alma/almalinux/9/${part}/x86_64/os/repodata/p.xml`, primary);
    }
    const installed = {
      openssl: '1:3.0.7-27.el9',
      tzdata: '2026a-1.el9',
      nodejs: '1:18.0-1.module_el9.1.0+1+a',
      kernel: '5.14-399.el9',
      'kernel#newer': '5.14-400.el9',
    };
    const { updates, problems } = await find(image({ id: 'almalinux', versionId: '9.4' }, 'rpm', installed));
    expect(problems).toEqual([]);
    expect(updates).toEqual([{ name: 'openssl', installed: '1:3.0.7-27.el9', available: '1:3.0.7-28.el9' }]);
  });

  test('a distribution without known repositories is told', async () => {
    const { updates, problems } = await find(image({ id: 'homemade', versionId: '1' }, 'deb', { bash: '1' }));
    expect(updates).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('no public repository is known for homemade 1')]);
  });
});

test.each([
  { id: 'debian', versionId: '12', codename: 'bookworm', count: 3, why: 'with updates and security' },
  { id: 'debian', versionId: '', codename: 'trixie/sid', count: 0, why: 'a name that could lead elsewhere' },
  { id: 'ubuntu', versionId: '24.04', codename: 'noble', count: 3, why: 'with updates and security' },
  { id: 'alpine', versionId: '3.20.3', count: 2, why: 'of its branch' },
  { id: 'alpine', versionId: '3.21.0_alpha20240923', count: 2, why: 'edge' },
  { id: 'wolfi', versionId: '20230201', count: 1, why: 'rolling' },
  { id: 'almalinux', versionId: '9.4', count: 2, why: 'of its major release' },
  { id: 'rhel', versionId: '9.4', count: 2, why: 'what UBI images are made of' },
  { id: 'fedora', versionId: '43', count: 1, why: 'updates' },
  { id: 'fedora', versionId: '../x', count: 0, why: 'a version that could lead elsewhere' },
])('$id $versionId has $count repositories: $why', ({ count, why: _, ...distro }) => {
  expect(repositoriesOf({ distro, architecture: 'amd64' })).toHaveLength(count);
  expect(repositoriesOf({ distro, architecture: 'sparc64' })).toEqual([]);
});

test('mirrors are read from a line, and what is none is told', () => {
  const mirrors = parseRepositoryMirrors(
    'https://deb.debian.org/debian/=http://m.example/d, https://a.example=https://b.example/x?k=v',
  );
  expect([...mirrors]).toEqual([
    ['https://deb.debian.org/debian', 'http://m.example/d'],
    ['https://a.example', 'https://b.example/x?k=v'],
  ]);
  const distro = BOOKWORM;
  const [first] = repositoriesOf({ distro, architecture: 'amd64' }, mirrors);
  expect(first?.url.href).toBe('http://m.example/d/');
  for (const wrong of ['https://deb.debian.org/debian', 'x=y', 'https://a.example=ftp://b']) {
    expect(() => parseRepositoryMirrors(wrong)).toThrow(/Cannot read the mirror/);
  }
});

describe('causes to build again', () => {
  const fix = (id: string) => ({ id, package: 'openssl', installed: '1', fixedIn: '2' });
  const DIGEST = `sha256:${'a'.repeat(64)}`;

  test('nothing new is no cause, nor is what could not be asked', () => {
    const baseImages = [
      { reference: 'base:1', built: DIGEST },
      { reference: 'base:2', built: DIGEST, now: DIGEST },
    ];
    expect(decideRebuild({ fixes: [], baseImages, updates: [] })).toEqual([]);
  });

  test('every cause has a sentence; long lists are cut', () => {
    const causes = decideRebuild({
      fixes: ['CVE-1', 'CVE-2', 'CVE-3', 'CVE-4', 'CVE-5'].map(fix),
      baseImages: [{ reference: 'base:1', built: DIGEST, now: `sha256:${'b'.repeat(64)}` }],
      updates: [{ name: 'bash', installed: '1', available: '2' }],
    });
    expect(causes).toEqual([
      {
        kind: 'advisory',
        detail: 'CVE-1 is fixed in openssl 2; CVE-2 is fixed in openssl 2; CVE-3 is fixed in openssl 2; 2 more',
      },
      { kind: 'base-image', detail: `base:1 is sha256:${'b'.repeat(12)} now` },
      { kind: 'package-update', detail: 'bash 2 replaces 1' },
    ]);
  });
});
