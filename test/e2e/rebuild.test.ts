/**
 * Builds that come by themselves, on a real server with a builder: for each cause one, for several at once one, unpublished where nothing
 * changed; and what webhooks tell of them.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FeedServer, startFeedServer } from '#vulndb/testing/feed-server.ts';
import { debianMirrors, putDebianArchive } from '../../src/build/testing/debian-repository.ts';
import {
  type HttpsGitServer,
  missingProgram,
  openRepositories,
  type Repositories,
  startHttpsGit,
} from '../../src/build/testing/git-server.ts';
import { type BuildScene, makeBuildScene } from '../fixtures/build-scene.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';
import { makeImage, makeLayer } from '../fixtures/image-builder.ts';

const canBuild = missingProgram('git', 'buildah', 'skopeo', 'busybox') === undefined && existsSync('/bin/busybox');
const RELEASE = 'trixie';
const HOUR_SECONDS = 3600;
type Versions = Readonly<Record<string, string>>;

interface Told {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> & { readonly tag: string };
}

describe.skipIf(!canBuild)('builds that come by themselves', () => {
  let world: CertificationWorld;
  let scene: BuildScene;
  let repositories: Repositories;
  let git: HttpsGitServer;
  let packages: FeedServer;
  const told: Told[] = [];
  const receiver = createServer((request: IncomingMessage, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', chunk => {
      text += chunk;
    });
    request.on('end', () => {
      told.push(JSON.parse(text));
      response.writeHead(204).end();
    });
  });

  /** The base image, with these packages of Debian; `isGood` is what the Dockerfile asks for. */
  const pushBase = async (versions: Versions, isGood = true) => {
    const stanza = ([name, version]: readonly [string, string]) =>
      `Package: ${name}\nStatus: install ok installed\nArchitecture: amd64\nMaintainer: x\nVersion: ${version}\nDescription: x\n`;
    const layer = await makeLayer([
      { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
      { path: 'etc/os-release', content: `ID=debian\nVERSION_ID="13"\nVERSION_CODENAME=${RELEASE}\n` },
      { path: 'var/lib/dpkg/status', content: Object.entries(versions).map(stanza).join('\n') },
      ...(isGood ? [{ path: 'good', content: 'yes' }] : []),
    ]);
    await scene.pushImage(makeImage([layer]), 'acme/base:1');
  };
  /** Advisories: the package, and the version that fixes it. */
  const publish = async (advisories: Readonly<Record<string, readonly [name: string, fixed: string | undefined]>>) => {
    const tracker: Record<string, Record<string, object>> = {};
    for (const [id, [name, fixed]] of Object.entries(advisories)) {
      const state = fixed === undefined ? { status: 'open' } : { status: 'resolved', fixed_version: fixed };
      tracker[name] = {
        ...tracker[name],
        [id]: { releases: { [RELEASE]: { ...state, repositories: {}, urgency: 'low' } } },
      };
    }
    const headers = { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' };
    const path = '/api/v1/vulnerability-database/import?name=debian.json';
    const reply = await world.ask('POST', path, headers, JSON.stringify(tracker));
    expect(reply.status, reply.text).toBe(200);
  };
  const configure = async (rebuildDelaySeconds: number) =>
    await scene.configure({
      source: { url: `${git.url}/pilot.git`, caPem: git.caPem },
      pullSecret: scene.pullSecret,
      autoRebuild: true,
      autoPublish: true,
      rebuildDelaySeconds,
    });
  const toldOf = async (tag: string, type: string) => {
    const found = () => told.find(one => one.type === type && one.data.tag === tag);
    await expect.poll(found, { timeout: 100_000 }).toBeDefined();
    return found()?.data;
  };
  const tags = async () => (await scene.builds()).map(({ tag }) => tag);

  beforeAll(async () => {
    packages = await startFeedServer();
    world = await startCertificationWorld({
      settings: {
        minGrade: 'D',
        certificationGate: 'off',
        privateAddresses: 'allow',
        packageMirrors: debianMirrors(packages),
      },
    });
    scene = await makeBuildScene(world);
    repositories = openRepositories(world.folder.at('git'));
    git = await startHttpsGit({ folder: repositories.folder });
    await new Promise<void>(done => receiver.listen(0, '127.0.0.1', done));
    const kinds = ['build.queued', 'build.succeeded', 'build.failed'];
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const webhook = { namespaceId: world.boss.namespaceId, name: 'builds', url, kinds };
    expect((await world.boss.native('POST', 'webhooks', webhook)).status).toBe(201);
    await repositories.commit('pilot', {
      Dockerfile: [
        `FROM ${scene.host}/acme/base:1`,
        'COPY licenses /licenses',
        'RUN ["/bin/busybox", "test", "-e", "/good"]',
        ...Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`),
        'USER 1001',
      ].join('\n'),
      'licenses/LICENSE': 'Use it as you like\n',
    });
    await pushBase({ tar: '1.0-1', zlib1g: '1.0-1' });
    putDebianArchive(packages, RELEASE, { tar: '1.0-1', zlib1g: '1.0-1' });
    await publish({ 'CVE-2026-1': ['zlib1g', undefined], 'CVE-2026-2': ['tar', undefined] });
  }, 240_000);
  afterAll(async () => {
    receiver.close();
    await git?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
    await packages?.[Symbol.asyncDispose]();
  });

  test('an advisory that has a fix now makes one; where the fix cannot be had yet, nothing changed, so it is not published and says so', {
    timeout: 180_000,
  }, async () => {
    await configure(0);
    const first = await scene.ended((await scene.add('1.0-1')).id);
    expect(first).toMatchObject({ state: 'succeeded', failure: null, notPublished: null });
    // What is developed from now on is another version: nothing of it belongs under the tags of this one.
    await repositories.commit('pilot', { Dockerfile: 'FROM scratch\nCOPY nothing /\n' });
    await publish({ 'CVE-2026-1': ['zlib1g', '1.0-2'], 'CVE-2026-2': ['tar', undefined] });
    const build = await scene.endedUnder('1.0-2');
    expect(build).toMatchObject({
      state: 'succeeded',
      commit: first.commit,
      causes: [{ kind: 'advisory', detail: 'CVE-2026-1 is fixed in zlib1g 1.0-2' }],
      changes: { since: '1.0-1', packages: [], findingsGone: [] },
      notPublished: 'No package changed since 1.0-1',
      images: [{ isPublished: false }],
    });
    expect(await toldOf('1.0-2', 'build.succeeded')).toMatchObject({ notPublished: 'No package changed since 1.0-1' });
  });

  test('a newer package in the repository of the distribution makes one, and what was dealt with makes none', {
    timeout: 180_000,
  }, async () => {
    putDebianArchive(packages, RELEASE, { tar: '1.0-2', zlib1g: '1.0-1' });
    // Repositories are asked twice an hour, and when advisories came.
    await publish({
      'CVE-2026-1': ['zlib1g', '1.0-2'],
      'CVE-2026-3': ['other', '1'],
      'CVE-2026-2': ['tar', undefined],
    });
    const build = await scene.endedUnder('1.0-3');
    expect(build.causes).toEqual([{ kind: 'package-update', detail: 'tar 1.0-2 replaces 1.0-1' }]);
    expect(await tags()).toEqual(['1.0-3', '1.0-2', '1.0-1']);
  });

  test('several causes in a short time make one, and a webhook tells which packages were updated and which findings are gone', {
    timeout: 180_000,
  }, async () => {
    await configure(HOUR_SECONDS);
    putDebianArchive(packages, RELEASE, { tar: '1.0-3', zlib1g: '1.0-1' });
    await publish({ 'CVE-2026-1': ['zlib1g', '1.0-2'], 'CVE-2026-2': ['tar', '1.0-3'] });
    const waiting = async () => (await scene.builds()).find(({ tag }) => tag === '1.0-4');
    const kinds = async () => (await waiting())?.causes.map(({ kind }) => kind).sort() ?? [];
    await expect.poll(kinds, { timeout: 60_000 }).toEqual(['advisory', 'package-update']);
    await pushBase({ tar: '1.0-3', zlib1g: '1.0-2' });
    await expect.poll(kinds, { timeout: 60_000 }).toEqual(['advisory', 'base-image', 'package-update']);
    expect(await waiting()).toMatchObject({ state: 'queued' });
    world.pass(HOUR_SECONDS * 1000);
    const build = await scene.endedUnder('1.0-4');
    expect(build).toMatchObject({ state: 'succeeded', notPublished: null, images: [{ isPublished: true }] });
    expect(await tags()).toEqual(['1.0-4', '1.0-3', '1.0-2', '1.0-1']);
    const data = await toldOf('1.0-4', 'build.succeeded');
    expect(data).toMatchObject({
      since: '1.0-1',
      packagesUpdated: [
        { name: 'tar', before: '1.0-1', after: '1.0-3' },
        { name: 'zlib1g', before: '1.0-1', after: '1.0-2' },
      ],
      findingsGone: ['CVE-2026-1', 'CVE-2026-2'],
    });
    expect(told.filter(one => one.type === 'build.queued' && one.data.tag === '1.0-4')).toHaveLength(1);
  });

  test('one that fails tells at which line, and is not tried again at once', { timeout: 180_000 }, async () => {
    await configure(0);
    await pushBase({ tar: '1.0-4', zlib1g: '1.0-2' }, false);
    const failed = await scene.endedUnder('1.0-5');
    expect(failed).toMatchObject({ state: 'failed', cause: 'base-image' });
    expect(await toldOf('1.0-5', 'build.failed')).toMatchObject({ failure: { step: 'build', line: 3 } });
    // Good again, but it waits for an hour, and one is enough then.
    await pushBase({ tar: '1.0-5', zlib1g: '1.0-2' });
    world.pass(2 * HOUR_SECONDS * 1000);
    await publish({ 'CVE-2026-2': ['tar', '1.0-3'], 'CVE-2026-4': ['other', '1'] });
    const build = await scene.endedUnder('1.0-6');
    expect(build).toMatchObject({
      state: 'succeeded',
      changes: { since: '1.0-4', packages: [{ name: 'tar', before: '1.0-3', after: '1.0-5' }] },
    });
    expect((await tags()).slice(0, 2)).toEqual(['1.0-6', '1.0-5']);
  });
});
