/**
 * `plimsoll sbom` from end to end: the same image from a layout, from a real registry behind a password, and from a cache.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DistributionRegistry, startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { makeImage, makeIndex, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { plimsoll } from '../fixtures/plimsoll.ts';
import { startRegistryServer } from '../fixtures/registry-server.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const LOGIN = { username: 'ann', password: 'p:ss w0rd' };
const why = whyNoDistribution();

async function demoImage(platform: string) {
  const base = await makeLayer([
    { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.1\nPRETTY_NAME="Alpine Linux v3.20"\n' },
    {
      path: 'lib/apk/db/installed',
      content: 'P:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\no:zlib\n',
    },
  ]);
  const app = await makeLayer(
    [
      {
        path: 'srv/app/node_modules/left-pad/package.json',
        content: '{"name":"left-pad","version":"1.3.0","license":"WTFPL"}',
      },
      { whiteout: 'etc/motd' },
    ],
    { compression: 'zstd' },
  );
  return makeImage([base, app], { platform });
}

/** The document without its reference, which rightly differs between places. */
const withoutReference = (json: string) => json.replace(/"reference": "[^"]*"/, '"reference": ""');

describe('from a layout', () => {
  let folder: ScratchFolder;
  beforeAll(async () => {
    folder = await scratchFolder();
    const index = makeIndex([await demoImage('linux/amd64'), await demoImage('linux/arm64')]);
    await writeOciLayout(folder.at('layout'), [{ content: index, name: '1.0' }]);
  });
  afterAll(() => folder[Symbol.asyncDispose]());

  test('every format is written, twice the same but for what a document must date', async () => {
    for (const format of ['table', 'json', 'purl-list']) {
      const args = ['sbom', `oci:${folder.at('layout')}:1.0`, '--platform', 'linux/amd64', '--format', format];
      const [first, second] = [await plimsoll(args), await plimsoll(args)];
      expect([first.status, first.stderr]).toEqual([0, '']);
      expect(first.stdout).toContain('left-pad');
      expect(second.stdout).toBe(first.stdout);
    }
    for (const format of ['cyclonedx-json', 'spdx-json']) {
      const { stdout } = await plimsoll([
        'sbom',
        `oci:${folder.at('layout')}:1.0`,
        '--platform',
        'linux/amd64',
        '--format',
        format,
      ]);
      expect(JSON.stringify(JSON.parse(stdout))).toContain('pkg:npm/left-pad@1.3.0');
    }
  });

  test('all platforms come as one array, or as a file each', async () => {
    const { stdout } = await plimsoll([
      'sbom',
      `oci:${folder.at('layout')}:1.0`,
      '--all-platforms',
      '--format',
      'json',
    ]);
    expect(JSON.parse(stdout).map((one: { image: { platform: string } }) => one.image.platform)).toEqual([
      'linux/amd64',
      'linux/arm64',
    ]);
    const { status } = await plimsoll([
      'sbom',
      `oci:${folder.at('layout')}:1.0`,
      '--all-platforms',
      '--format',
      'purl-list',
      '-o',
      folder.at('out'),
    ]);
    expect(status).toBe(0);
    const names = execFileSync('ls', [folder.at('out')], { encoding: 'utf8' })
      .trim()
      .split('\n');
    expect(names.map(name => /linux-\w+\.purls\.txt$/.test(name))).toEqual([true, true]);
  });

  test.each([
    { args: ['sbom'], status: 2, text: 'missing required argument' },
    { args: ['sbom', 'x', '--nonsense'], status: 2, text: 'unknown option' },
    { args: ['nonsense'], status: 2, text: 'unknown command' },
    { args: ['sbom', 'UPPER/Case'], status: 2, text: 'REFERENCE_INVALID' },
    { args: ['sbom', 'x', '--platform', 'a/b/c/d'], status: 2, text: 'expected os/architecture' },
    { args: ['sbom', 'x', '--format', 'xml'], status: 2, text: 'Allowed choices' },
    { args: ['sbom', 'dir:/no/such/folder'], status: 4, text: 'FILE_UNKNOWN' },
    { args: ['sbom', 'oci:/no/such/folder'], status: 4, text: 'FILE_UNKNOWN' },
    { args: ['sbom', 'docker://127.0.0.1:1/x:1', '--tls-verify', 'false'], status: 7, text: 'REGISTRY_UNAVAILABLE' },
  ])('plimsoll $args ends with $status in one sentence', async ({ args, status, text }) => {
    const result = await plimsoll(args);
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(text);
    expect(result.stdout).toBe('');
    expect(result.stderr).not.toMatch(/^\s+at /m);
  });

  test('a platform that is not there lists those that are', async () => {
    const result = await plimsoll(['sbom', `oci:${folder.at('layout')}:1.0`, '--platform', 'linux/s390x']);
    expect(result.status).toBe(4);
    expect(result.stderr).toMatch(/linux\/amd64.*linux\/arm64/);
  });

  test('output goes to a file whole or not at all', async () => {
    const path = folder.at('sbom.json');
    expect(
      (
        await plimsoll([
          'sbom',
          `oci:${folder.at('layout')}:1.0`,
          '--platform',
          'linux/arm64',
          '-f',
          'json',
          '-o',
          path,
        ])
      ).status,
    ).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8')).schema).toBe('plimsoll/inventory/1');
    const denied = await plimsoll([
      'sbom',
      `oci:${folder.at('layout')}:1.0`,
      '--platform',
      'linux/arm64',
      '-f',
      'json',
      '-o',
      '/no/such/folder/x.json',
    ]);
    expect([denied.status, denied.stdout]).toEqual([4, '']);
  });
});

describe('with a layer cache', () => {
  test('the second time no layer is fetched', async () => {
    await using folder = await scratchFolder();
    await using server = await startRegistryServer();
    const image = await demoImage('linux/amd64');
    server.hold('team/app', '1.0', image);
    const args = ['sbom', `docker://${server.host}/team/app:1.0`, '--format', 'json', '--cache', folder.at('cache')];
    const first = await plimsoll(args);
    expect([first.status, first.stderr]).toEqual([0, '']);
    const blobs = () => server.requests.filter(request => request.path.includes('/blobs/')).length;
    // The config and two layers.
    expect(blobs()).toBe(3);
    const second = await plimsoll(args);
    expect(second.stdout).toBe(first.stdout);
    expect(blobs()).toBe(4);
  });
});

describe.skipIf(why !== undefined)(`from a real registry${why === undefined ? '' : `: ${why}`}`, () => {
  let folder: ScratchFolder;
  let registry: DistributionRegistry;
  let authfile: string;
  beforeAll(async () => {
    folder = await scratchFolder();
    registry = await startDistribution({ login: LOGIN });
    authfile = await registry.logIn(LOGIN);
  });
  afterAll(async () => {
    await registry?.[Symbol.asyncDispose]();
    await folder?.[Symbol.asyncDispose]();
  });

  test('the JSON has the same bytes as from the layout, but for the reference', async () => {
    await writeOciLayout(folder.at('layout'), [{ content: await demoImage('linux/amd64'), name: '1.0' }]);
    await registry.push(folder.at('layout'), '1.0', 'team/app', '1.0');
    const local = await plimsoll(['sbom', `oci:${folder.at('layout')}:1.0`, '--format', 'json']);
    const remote = await plimsoll([
      'sbom',
      `${registry.host}/team/app:1.0`,
      '--format',
      'json',
      '--authfile',
      authfile,
    ]);
    expect([remote.status, remote.stderr]).toEqual([0, '']);
    expect(withoutReference(remote.stdout)).toBe(withoutReference(local.stdout));
    const denied = await plimsoll(['sbom', `${registry.host}/team/app:1.0`, '--format', 'json']);
    expect(denied.status).toBe(3);
  });

  test.skipIf(!hasSharedData)(
    'the images of the shared data give the same bytes of JSON as from their layouts',
    async () => {
      const images = [
        ['alpine-3.9.6-multiarch', 'linux/s390x'],
        ['almalinux-9.1-micro-20230222-arm64', 'linux/arm64'],
        ['almalinux-8.8-micro-20230523-s390x-zstd', 'linux/s390x'],
        ['mixed-app-0.3.1-amd64', 'linux/amd64'],
      ] as const;
      for (const [name, platform] of images) {
        const layout = folder.at(name);
        execFileSync('mkdir', ['-p', layout]);
        execFileSync('tar', ['-xf', join(SHARED_DATA, 'images', `${name}.oci.tar`), '-C', layout]);
        const [entry] = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests;
        const label = entry.annotations['org.opencontainers.image.ref.name'];
        await registry.push(layout, label, name, 'test');
        const local = await plimsoll(['sbom', `oci:${layout}:${label}`, '--format', 'json', '--platform', platform]);
        const remote = await plimsoll([
          'sbom',
          `${registry.host}/${name}:test`,
          '--format',
          'json',
          '--platform',
          platform,
          '--authfile',
          authfile,
        ]);
        expect([remote.status, remote.stderr]).toEqual([0, '']);
        expect(withoutReference(remote.stdout)).toBe(withoutReference(local.stdout));
      }
    },
  );
});

test.skipIf(!existsSync('/dev/full'))(
  'a full disk behind ">" is one sentence and a failure, never half a result',
  async () => {
    await using folder = await scratchFolder();
    const cli = join(import.meta.dirname, '../../bin/plimsoll.js');
    const full = openSync('/dev/full', 'w');
    const run = spawnSync(process.execPath, ['--conditions=plimsoll-source', cli, 'sbom', `dir:${folder.path}`], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(run.status).toBe(4);
    expect(run.stderr).toMatch(/^plimsoll: Cannot write to standard output: ENOSPC.* \(FILE_UNKNOWN\)\n$/);
  },
);
