/**
 * The build service from end to end, as docs/build-service.md tells it: a Git repository, a base image in the hosted registry, a build under a
 * tag, its log as it grows, checks and grade; then the base image is renewed, and the next build comes by itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type HttpsGitServer, openRepositories, startHttpsGit } from '../../src/build/testing/git-server.ts';
import {
  type CertificationWorld,
  type KeyHolder,
  LABELS,
  startCertificationWorld,
} from '../fixtures/certification-world.ts';
import { makeImage, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { scanFeeds } from '../fixtures/scan-feeds.ts';

const has = (...programs: string[]) => programs.every(one => spawnSync(one, ['--version']).error === undefined);
const canBuild = has('git', 'buildah', 'skopeo') && existsSync('/bin/busybox');

interface Build {
  readonly id: string;
  readonly tag: string;
  readonly state: string;
  readonly cause: string;
  readonly digest: string | null;
  readonly commit: string | null;
  readonly repository: string;
  readonly causes: readonly { readonly kind: string; readonly detail: string }[];
  readonly failure: {
    readonly step: string;
    readonly line: number | null;
    readonly tail: readonly string[];
    readonly message: string;
  } | null;
  readonly images: readonly {
    readonly isCertified: boolean;
    readonly grade: string | null;
    readonly isPublished: boolean;
  }[];
  readonly changes: {
    readonly since: string;
    readonly packages: readonly object[];
    readonly findingsGone: readonly string[];
  } | null;
  readonly notPublished: string | null;
}

describe.skipIf(!canBuild)('the build service', () => {
  let world: CertificationWorld;
  let git: HttpsGitServer;
  let acme: KeyHolder;
  let host: string;
  let projectId: string;
  let commit: string;
  let layouts = 0;

  const native = async (method: string, path: string, body?: unknown, status = 200) => {
    const reply = await acme.native(method, path, body);
    expect(reply.status, reply.text).toBe(status);
    return reply.json<Record<string, never>>() as Readonly<Record<string, unknown>>;
  };
  const pushBase = async (zlib: string) => {
    const layer = await makeLayer([
      { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 },
      { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.22.1\n' },
      { path: 'lib/apk/db/installed', content: `P:zlib\nV:${zlib}\nA:x86_64\nL:Zlib\n\n` },
    ]);
    const layout = world.folder.at(`base-${++layouts}`);
    await writeOciLayout(layout, [{ content: makeImage([layer]), name: '1' }]);
    const child = spawn(
      'skopeo',
      [
        'copy',
        '--dest-tls-verify=false',
        `--dest-creds=ci:${acme.key}`,
        `oci:${layout}:1`,
        `docker://${host}/acme/base:1`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    const [status] = await once(child, 'close');
    expect(status, stderr).toBe(0);
  };
  const configuration = () => ({
    source: { url: `${git.url}/pilot.git`, caPem: git.caPem },
    imageName: 'pilot',
    arguments: { SECRET: 'not for the log' },
    pullSecret: JSON.stringify({ auths: { [host]: { auth: Buffer.from(`ci:${acme.key}`).toString('base64') } } }),
    autoRebuild: true,
    autoPublish: true,
    rebuildDelaySeconds: 0,
  });
  const buildOf = async (id: string) => (await native('GET', `builds/${id}`)) as unknown as Build;
  const ended = async (id: string) => {
    await expect
      .poll(async () => (await buildOf(id)).state, { timeout: 110_000, interval: 500 })
      .toMatch(/succeeded|failed|cancelled/);
    return await buildOf(id);
  };
  const builds = async () => (await native('GET', `projects/${projectId}/builds`))['items'] as readonly Build[];

  beforeAll(async () => {
    world = await startCertificationWorld({ settings: { minGrade: 'D', certificationGate: 'off' } });
    acme = world.acme;
    host = new URL(world.url).host;
    for (const [name, text] of scanFeeds().filter(([one]) => one === 'alpine-main.json')) {
      const headers = { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' };
      const path = `/api/v1/vulnerability-database/import?name=${name}`;
      expect((await world.ask('POST', path, headers, text)).status).toBe(200);
    }
    const repositories = openRepositories(world.folder.at('git'));
    git = await startHttpsGit({ folder: repositories.folder });
    commit = await repositories.commit('pilot', {
      Dockerfile: [
        `FROM ${host}/acme/base:1`,
        'ARG SECRET',
        'COPY licenses /licenses',
        'RUN ["/bin/busybox", "echo", "steering with not for the log"]',
        ...Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`),
        'USER 1001',
      ].join('\n'),
      'licenses/LICENSE': 'Use it as you like\n',
    });
    await repositories.commit('broken', { Dockerfile: `FROM ${host}/acme/base:1\n\nRUN ["/bin/busybox", "false"]\n` });
    await pushBase('1.3.1-r1');
    const project = await native(
      'POST',
      'projects',
      { namespaceId: acme.namespaceId, name: 'pilot', distributionMethod: 'rhcc', osContentType: 'Scratch Image' },
      201,
    );
    projectId = String(project['id']);
  }, 120_000);
  afterAll(async () => {
    await git?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test('a source is tried, configured and built; the image is checked, graded and published with its provenance', {
    timeout: 180_000,
  }, async () => {
    expect((await acme.native('POST', `projects/${projectId}/builds`, { tag: '1.0-1' })).json()).toMatchObject({
      code: 'CONFLICT',
    });
    const found = await native('POST', `projects/${projectId}/build-configuration/test`, configuration());
    expect(found).toMatchObject({ commit, hasDockerfile: true, froms: [`${host}/acme/base:1`] });
    const saved = await acme.native('PUT', `projects/${projectId}/build-configuration`, configuration());
    expect(saved.status, saved.text).toBe(200);
    expect(saved.json()).toMatchObject({
      configuration: { argumentNames: ['SECRET'], pullHosts: [host], autoRebuild: true },
    });
    expect(saved.text).not.toContain('not for the log');
    expect(saved.text).not.toContain(acme.key);

    const wrong = await acme.native('POST', `projects/${projectId}/builds`, { tag: '1.0' });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('1.0-1');
    const added = (await native('POST', `projects/${projectId}/builds`, { tag: '1.0-1' }, 202)) as unknown as Build;
    const taken = await acme.native('POST', `projects/${projectId}/builds`, { tag: '1.0-1' });
    expect(taken.status).toBe(409);
    expect(taken.text).toContain('1.0-2');

    const stream = await fetch(`${world.url}/api/v1/builds/${added.id}/log/stream`, {
      headers: { 'x-api-key': acme.key },
    });
    const followed = await stream.text();
    const build = await ended(added.id);
    expect(build.failure).toBeNull();
    expect(build).toMatchObject({ state: 'succeeded', commit, cause: 'manual', notPublished: null });
    expect(build.images).toEqual([expect.objectContaining({ isCertified: true, isPublished: true })]);
    expect(build.images[0]?.grade).toMatch(/^[A-D]$/);
    expect(followed).toContain('STEP');
    expect(followed).toContain('"state":"succeeded"');
    expect(followed).not.toContain('not for the log');
    const log = (await acme.native('GET', `builds/${added.id}/log`)).text;
    expect(log).toContain('steering with ***');
    expect(log).toContain('Build succeeded');

    const authorization = `Basic ${Buffer.from(`ci:${acme.key}`).toString('base64')}`;
    const referrers = await fetch(`${world.url}/v2/${build.repository}/referrers/${build.digest}`, {
      headers: { authorization },
    });
    const { manifests } = (await referrers.json()) as { manifests: readonly { artifactType: string }[] };
    expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual([
      'application/vnd.cyclonedx+json',
      'application/vnd.in-toto+json',
    ]);
  });

  test('when its base image is renewed the next build comes by itself, and tells what it is good for', {
    timeout: 180_000,
  }, async () => {
    await pushBase('1.3.1-r2');
    await expect
      .poll(async () => (await builds()).map(({ tag }) => tag), { timeout: 60_000, interval: 500 })
      .toContain('1.0-2');
    const [next] = await builds();
    const build = await ended(next?.id ?? '');
    expect(build.failure).toBeNull();
    expect(build).toMatchObject({ tag: '1.0-2', state: 'succeeded', cause: 'base-image', changes: { since: '1.0-1' } });
    expect(build.changes?.packages).toEqual([{ name: 'zlib', before: '1.3.1-r1', after: '1.3.1-r2' }]);
    expect(build.changes?.findingsGone).toEqual(['CVE-2024-2001']);
    expect(build.images).toEqual([expect.objectContaining({ isCertified: true, isPublished: true })]);
  });

  test('a build that fails says which line of the Dockerfile it was, and starts no scan', {
    timeout: 180_000,
  }, async () => {
    await native('PUT', `projects/${projectId}/build-configuration`, {
      ...configuration(),
      source: { url: `${git.url}/broken.git`, caPem: git.caPem },
    });
    const added = (await native('POST', `projects/${projectId}/builds`, { tag: '1.1-1' }, 202)) as unknown as Build;
    const build = await ended(added.id);
    expect(build).toMatchObject({ state: 'failed', failure: { step: 'build', line: 3 }, digest: null });
    const retried = (await native('POST', `builds/${added.id}/retry`, undefined, 202)) as unknown as Build;
    expect(retried).toMatchObject({ tag: '1.1-2', cause: 'retry' });
    await native('POST', `builds/${retried.id}/cancel`);
    expect((await ended(retried.id)).state).toBe('cancelled');
  });
});
