/** One build for several platforms on a real server: one index, each of its images judged by itself, published as one. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type HttpsGitServer,
  missingProgram,
  openRepositories,
  type Repositories,
  startHttpsGit,
} from '../../src/build/testing/git-server.ts';
import { type BuildScene, makeBuildScene } from '../fixtures/build-scene.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';
import { makeImage, makeIndex, makeLayer } from '../fixtures/image-builder.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64'];

describe.skipIf(missingProgram('git', 'buildah', 'skopeo') !== undefined)('a build for several platforms', () => {
  let world: CertificationWorld;
  let scene: BuildScene;
  let repositories: Repositories;
  let git: HttpsGitServer;

  beforeAll(async () => {
    world = await startCertificationWorld({ settings: { minGrade: 'D', certificationGate: 'off' } });
    scene = await makeBuildScene(world);
    repositories = openRepositories(world.folder.at('git'));
    git = await startHttpsGit({ folder: repositories.folder });
    const images = await Promise.all(
      PLATFORMS.map(async platform => {
        const layer = await makeLayer([
          { path: 'etc/platform', content: platform },
          { path: 'bin/sh', content: FOREIGN_PROGRAM, mode: 0o755 },
        ]);
        return makeImage([layer], { platform });
      }),
    );
    await scene.pushImage(makeIndex(images), 'acme/base:1');
    const labels = Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`);
    const dockerfile = [`FROM ${scene.host}/acme/base:1`, 'COPY licenses /licenses', ...labels, 'USER 1001'];
    const files = { 'licenses/LICENSE': 'Use it as you like\n' };
    await repositories.commit('copies', { ...files, Dockerfile: dockerfile.join('\n') });
    await repositories.commit('runs', { ...files, Dockerfile: [...dockerfile, 'RUN echo hello'].join('\n') });
  }, 180_000);
  afterAll(async () => {
    await git?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const configure = async (name: string, platforms: readonly string[]) =>
    await scene.configure({
      source: { url: `${git.url}/${name}.git`, caPem: git.caPem },
      platforms,
      pullSecret: scene.pullSecret,
      autoPublish: true,
    });

  test('pushes one index, of which every image is scanned, graded and published', { timeout: 180_000 }, async () => {
    await configure('copies', PLATFORMS);
    const build = await scene.ended((await scene.add('1.0-1')).id);
    expect(build).toMatchObject({ state: 'succeeded', failure: null, notPublished: null });
    expect(build.manifests.map(({ platform }) => platform).sort()).toEqual(PLATFORMS);
    const grade = expect.stringMatching(/^[A-D]$/);
    const judged = { isCertified: true, isPublished: true, grade };
    expect(build.images).toEqual([expect.objectContaining(judged), expect.objectContaining(judged)]);
    const digests = build.manifests.map(({ digest }) => digest).sort();
    expect(build.images.map(({ digest }) => digest).sort()).toEqual(digests);

    const index = await scene.registry<{ manifests: readonly { digest: string }[] }>(
      `${build.repository}/manifests/1.0-1`,
    );
    expect(index.manifests.map(({ digest }) => digest).sort()).toEqual(digests);
    for (const digest of [build.digest, ...digests]) {
      const { manifests } = await scene.registry<{ manifests: readonly { artifactType: string }[] }>(
        `${build.repository}/referrers/${digest}`,
      );
      const types = ['application/vnd.cyclonedx+json', 'application/vnd.in-toto+json'];
      expect(manifests.map(({ artifactType }) => artifactType).sort()).toEqual(
        digest === build.digest ? types.slice(1) : types,
      );
    }
  });

  test('says so when programs of a platform cannot run on the builder', { timeout: 180_000 }, async () => {
    const foreign = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';
    await configure('runs', [foreign]);
    const build = await scene.ended((await scene.add('1.1-1')).id);
    expect(build).toMatchObject({ state: 'failed', failure: { code: 'BUILD_FAILED', step: 'build', line: 11 } });
    expect(build.failure?.message).toBe(
      `Line 11 of the Dockerfile failed, "RUN echo hello": the builder cannot run programs for ${foreign}; install qemu-user-static on it, have a builder of that platform, or leave the platform out`,
    );
  });
});

/** The beginning of an ELF file for a machine that there is not: qemu does not run it either. */
const FOREIGN_PROGRAM = Buffer.concat([
  Buffer.from('7f454c4602010100000000000000000002', 'hex'),
  Buffer.from('00feff01000000', 'hex'),
  Buffer.alloc(40),
]);
