/**
 * The build service from end to end, as docs/build-service.md tells it: a Git repository over HTTPS and SSH, a base image of Debian's packages in
 * the hosted registry, a build under a tag, its log as it grows, checks and grade; then the base image is renewed, and the next build comes by
 * itself with fewer findings.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configurationBody } from '#http/native/build/build-schema.ts';
import { BUILD_STATES } from '#store/build.ts';
import { type FeedServer, startFeedServer } from '#vulndb/testing/feed-server.ts';
import { debianMirrors, putDebianArchive } from '../../src/build/testing/debian-repository.ts';
import {
  type HttpsGitServer,
  openRepositories,
  type Repositories,
  type SshGitServer,
  startHttpsGit,
  startSshGit,
} from '../../src/build/testing/git-server.ts';
import { type BuildScene, makeBuildScene } from '../fixtures/build-scene.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';
import { type DebianBase, findDebianMirror, makeDebianBase } from '../fixtures/debian-base.ts';
import { makeImage, makeLayer } from '../fixtures/image-builder.ts';

const has = (...programs: string[]) => programs.every(one => spawnSync(one, ['--version']).error === undefined);
const canBuild = has('git', 'buildah', 'skopeo') && existsSync('/usr/sbin/sshd') && existsSync('/bin/busybox');
const mirror = canBuild ? await findDebianMirror() : undefined;
if (mirror === undefined) console.log('No base image of Debian packages: no mirror answers, or debootstrap cannot run');

/** What docs/build-service.md has people send: a configuration, a build, a builder. */
const DOCUMENT = readFileSync(new URL('../../docs/build-service.md', import.meta.url), 'utf8');
const [documented, documentedBuild] = [...DOCUMENT.matchAll(/ -d '(\{[^']*\})'/g)].map(([, text = '']) =>
  JSON.parse(text),
);
const columnAfter = (heading: string) => {
  const table = DOCUMENT.slice(DOCUMENT.indexOf(`\n## ${heading}\n`)).split(/\n\n(?=\|)/)[1] ?? '';
  return [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);
};

const FIXED = 'CVE-2026-40001';
const OPEN = 'CVE-2026-40002';

describe.skipIf(!canBuild)('the build service', () => {
  let world: CertificationWorld;
  let scene: BuildScene;
  let repositories: Repositories;
  let https: HttpsGitServer;
  let ssh: SshGitServer;
  let packages: FeedServer;

  beforeAll(async () => {
    packages = await startFeedServer();
    world = await startCertificationWorld({
      // Packages that are newer by chance are not what this is about.
      settings: { minGrade: 'D', certificationGate: 'off', packageMirrors: debianMirrors(packages) },
    });
    scene = await makeBuildScene(world);
    repositories = openRepositories(world.folder.at('git'));
    https = await startHttpsGit({ folder: repositories.folder });
    ssh = await startSshGit({ folder: repositories.folder, home: world.folder.at('ssh') });
  }, 180_000);
  afterAll(async () => {
    await ssh?.[Symbol.asyncDispose]();
    await https?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
    await packages?.[Symbol.asyncDispose]();
  });

  const byHttps = (name: string) => ({ source: { url: `${https.url}/${name}.git`, caPem: https.caPem } });

  if (mirror !== undefined) {
    describe('on a base image of Debian packages', () => {
      let base: DebianBase;
      let commit: string;

      const configuration = () => ({
        ...documented,
        source: { ...documented.source, url: `${ssh.url}/pilot.git` },
        login: { kind: 'ssh-key', privateKey: ssh.privateKey },
        imageName: 'pilot',
        arguments: { SECRET: 'not for the log' },
        pullSecret: scene.pullSecret,
        autoPublish: true,
        rebuildDelaySeconds: 0,
      });
      const findingsOf = async (digest: string | undefined) => {
        const { items } = await scene.native<{ items: readonly { id: string }[] }>('GET', `images/${digest}/findings`);
        return items.map(({ id }) => id).sort();
      };

      beforeAll(async () => {
        base = await makeDebianBase(mirror, world.folder.at('debian'));
        const { heldBack } = base;
        putDebianArchive(packages, mirror.codename);
        const release = (facts: object) => ({ releases: { [mirror.codename]: { repositories: {}, ...facts } } });
        const tracker = {
          [heldBack.name]: {
            [FIXED]: release({ status: 'resolved', fixed_version: heldBack.after, urgency: 'medium' }),
          },
          zlib: { [OPEN]: release({ status: 'open', urgency: 'low' }) },
        };
        const headers = { 'x-api-key': world.root.key, 'content-type': 'application/octet-stream' };
        const path = '/api/v1/vulnerability-database/import?name=debian.json';
        const imported = await world.ask('POST', path, headers, JSON.stringify(tracker));
        expect(imported.status, imported.text).toBe(200);
        await scene.pushImage(base.old, 'acme/debian:1');
        commit = await repositories.commit('pilot', {
          Dockerfile: [
            `FROM ${scene.host}/acme/debian:1`,
            'ARG SECRET',
            'COPY licenses /licenses',
            'RUN dpkg-query --show > /licenses/packages && echo "steering with $SECRET"',
            ...Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`),
            'USER 1001',
          ].join('\n'),
          'licenses/LICENSE': 'Use it as you like\n',
        });
      }, 300_000);

      test('a source is tried, configured and built; the image is checked, graded and published with its provenance', {
        timeout: 180_000,
      }, async () => {
        const { acme } = world;
        const path = `projects/${scene.projectId}`;
        expect((await acme.native('POST', `${path}/builds`, { tag: '1.0-1' })).json()).toMatchObject({
          code: 'CONFLICT',
        });
        const froms = [`${scene.host}/acme/debian:1`];
        const anonymous = await scene.native('POST', `${path}/build-configuration/test`, byHttps('pilot'));
        expect(anonymous).toMatchObject({ commit, hasDockerfile: true, froms, hostKeys: [] });
        const withKey = await scene.native('POST', `${path}/build-configuration/test`, configuration());
        expect(withKey).toMatchObject({ commit, hasDockerfile: true, froms, hostKeys: [ssh.hostKeyLine] });
        const saved = await acme.native('PUT', `${path}/build-configuration`, configuration());
        expect(saved.status, saved.text).toBe(200);
        expect(saved.json()).toMatchObject({
          configuration: { argumentNames: ['SECRET'], pullHosts: [scene.host], autoRebuild: true },
        });
        for (const secret of ['not for the log', 'PRIVATE KEY', acme.key]) expect(saved.text).not.toContain(secret);

        const wrong = await acme.native('POST', `${path}/builds`, { tag: '1.0' });
        expect(wrong.status).toBe(422);
        expect(wrong.text).toContain('1.0-1');
        const added = await scene.add(documentedBuild.tag);
        expect(added.tag).toBe('1.0-1');
        const taken = await acme.native('POST', `${path}/builds`, { tag: '1.0-1' });
        expect(taken.status).toBe(409);
        expect(taken.text).toContain('1.0-2');

        const stream = await fetch(`${world.url}/api/v1/builds/${added.id}/log/stream`, {
          headers: { 'x-api-key': acme.key },
        });
        const followed = await stream.text();
        const build = await scene.ended(added.id);
        expect(build.failure).toBeNull();
        expect(build).toMatchObject({ state: 'succeeded', commit, cause: 'manual', notPublished: null });
        expect(build.images).toEqual([expect.objectContaining({ isCertified: true, isPublished: true })]);
        expect(build.images[0]?.grade).toMatch(/^[A-D]$/);
        expect(followed).toContain('STEP');
        expect(followed).toContain('"state":"succeeded"');
        expect(followed).not.toContain('not for the log');
        const log = await scene.log(added.id);
        expect(log).toContain('steering with ***');
        expect(log).toContain('Build succeeded');
        expect(await findingsOf(build.images[0]?.digest)).toEqual([FIXED, OPEN]);

        const { manifests } = await scene.registry<{ manifests: readonly { artifactType: string }[] }>(
          `${build.repository}/referrers/${build.digest}`,
        );
        expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual([
          'application/vnd.cyclonedx+json',
          'application/vnd.in-toto+json',
        ]);
      });

      test('when its base image is renewed the next build comes by itself, with fewer findings, and tells what it is good for', {
        timeout: 180_000,
      }, async () => {
        await scene.pushImage(base.renewed, 'acme/debian:1');
        const build = await scene.endedUnder('1.0-2');
        expect(build.failure).toBeNull();
        expect(build).toMatchObject({ state: 'succeeded', commit, cause: 'base-image', changes: { since: '1.0-1' } });
        expect(build.changes?.packages).toEqual([base.heldBack]);
        expect(build.changes?.findingsGone).toEqual([FIXED]);
        expect(build.images).toEqual([expect.objectContaining({ isCertified: true, isPublished: true })]);
        expect(await findingsOf(build.images[0]?.digest)).toEqual([OPEN]);
      });
    });
  }

  test('the documentation tells every field of a configuration and every state of a build', () => {
    expect(columnAfter('Configure').sort()).toEqual(Object.keys(configurationBody.shape).sort());
    expect(columnAfter('Build')).toEqual([...BUILD_STATES]);
  });

  test('a build that fails says which line of the Dockerfile it was, and starts no scan', {
    timeout: 180_000,
  }, async () => {
    const busybox = { path: 'bin/busybox', content: readFileSync('/bin/busybox'), mode: 0o755 };
    await scene.pushImage(makeImage([await makeLayer([busybox])]), 'acme/busybox:1');
    await repositories.commit('broken', {
      Dockerfile: `FROM ${scene.host}/acme/busybox:1\n\nRUN ["/bin/busybox", "false"]\n`,
    });
    await scene.configure({ ...byHttps('broken'), login: { kind: 'none' }, pullSecret: scene.pullSecret });
    const build = await scene.ended((await scene.add('1.1-1')).id);
    expect(build).toMatchObject({ state: 'failed', failure: { step: 'build', line: 3 }, digest: null });
    const retried = await scene.native<{ id: string }>('POST', `builds/${build.id}/retry`, undefined, 202);
    expect(retried).toMatchObject({ tag: '1.1-2', cause: 'retry' });
    await scene.native('POST', `builds/${retried.id}/cancel`);
    expect((await scene.ended(retried.id)).state).toBe('cancelled');
  });
});
