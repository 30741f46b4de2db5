/** Builds as they really run: git, buildah, a registry, and Dockerfiles that mean well. */
import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultPlatform, formatPlatform } from '#oci/platform.ts';
import type { BuildRequest } from './build-request.ts';
import { provenanceStatement } from './provenance.ts';
import { runBuild } from './run-build.ts';
import { testSource } from './test-source.ts';
import { BUILD_PROGRAMS, type BuildWorld, keepWatch, openBuildWorld } from './testing/build-world.ts';
import { missingProgram } from './testing/git-server.ts';

const OWN = formatPlatform(defaultPlatform());

interface ManifestJson {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly annotations: Readonly<Record<string, string>>;
  readonly manifests: readonly { readonly digest: string; readonly platform: { readonly architecture: string } }[];
}

describe.skipIf(missingProgram(...BUILD_PROGRAMS) !== undefined)('a build', () => {
  let world: BuildWorld;

  beforeAll(async () => {
    world = await openBuildWorld();
  });
  afterAll(async () => await world[Symbol.asyncDispose]());

  async function build(request: BuildRequest, signal: AbortSignal = AbortSignal.timeout(120_000)) {
    const watcher = keepWatch();
    const folder = world.place();
    try {
      return { result: await runBuild(request, { folder, signal, watcher }), watcher };
    } finally {
      expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
    }
  }

  const config = async (name: string, digest: string) => {
    const manifest = (await world.ask(`${name}/manifests/${digest}`)) as ManifestJson;
    return { manifest, config: (await world.ask(`${name}/blobs/${manifest.config.digest}`)) as never };
  };

  test('goes from a commit to a tag, and tells what it was made from', { timeout: 120_000 }, async () => {
    const commit = await world.repositories.commit('app', {
      'sub/Containerfile': [
        'ARG BASE',
        'FROM $BASE AS tools',
        'RUN echo "made with $HOME" > /made && cat /etc/motd',
        'FROM scratch',
        'ARG GREETING=hello',
        'COPY --from=tools /made /made',
        'COPY file /file',
        'LABEL own=yes',
        'CMD ["/file"]',
      ].join('\n'),
      'sub/file': 'content',
      outside: 'not seen',
    });
    const request = world.request('app', {
      dockerfile: 'Containerfile',
      context: 'sub',
      args: { BASE: world.base, GREETING: 'a secret greeting' },
      labels: { 'com.example.team': 'blue' },
    });
    const { result, watcher } = await build(request);

    expect(watcher.states).toEqual(['cloning', 'building', 'pushing']);
    expect(watcher.log).toContain('STEP');
    expect([...watcher.steps]).toEqual(['clone', 'build', 'push']);
    expect(watcher.log).not.toMatch(/push-7c1f|secret greeting/);
    const index = (await world.ask('base/manifests/1')) as ManifestJson;
    expect(result).toMatchObject({ commit, hostKeys: [], manifests: [{ platform: OWN, digest: result.digest }] });
    expect(result.baseImages).toEqual([{ reference: world.base, digest: expect.stringMatching(/^sha256:/) }]);
    expect(index.manifests.map(({ digest }) => digest)).not.toContain(result.baseImages[0]?.digest);

    const pushed = await config('app', '1.0-1');
    expect(pushed.manifest.annotations).toMatchObject({ 'org.opencontainers.image.revision': commit });
    expect(pushed.config).toMatchObject({
      created: '2024-05-06T07:08:09Z',
      config: {
        Cmd: ['/file'],
        Labels: {
          own: 'yes',
          'com.example.team': 'blue',
          'org.opencontainers.image.source': request.source.url,
          'org.opencontainers.image.revision': commit,
          'org.opencontainers.image.version': '1.0-1',
          'org.opencontainers.image.created': '2024-05-06T07:08:09Z',
        },
      },
    });

    const again = await build({ ...request, push: { ...request.push, tag: '1.0-1' } });
    expect(again.result.digest).toBe(result.digest);

    const statement = provenanceStatement(request, result, {
      id: 'https://plimsoll.example/builders/built-in',
      versions: { plimsoll: '0.0.0' },
      invocationId: 'https://plimsoll.example/builds/1',
    });
    const { resolvedDependencies: made, externalParameters } = statement.predicate.buildDefinition;
    expect(statement.subject).toEqual([{ name: request.push.repository, digest: { sha256: result.digest.slice(7) } }]);
    expect(made.map(({ uri, name }) => uri ?? name)).toEqual([
      `git+${request.source.url}`,
      'Containerfile',
      `docker://${world.base}`,
    ]);
    expect(made[0]?.digest).toMatchObject({ sha1: commit, gitCommit: commit });
    expect(externalParameters).toMatchObject({ argumentNames: ['BASE', 'GREETING'] });
    expect(JSON.stringify(statement)).not.toMatch(/secret/);
  });

  test('for several platforms makes an index', { timeout: 120_000 }, async () => {
    await world.repositories.commit('many', { Dockerfile: `FROM ${world.base}\nCOPY x /x\n`, x: 'x' });
    const { result } = await build(world.request('many', { platforms: [OWN, 'linux/riscv64'] }));
    const index = (await world.ask('many/manifests/1.0-1')) as ManifestJson;
    expect(index.mediaType).toContain('index');
    expect(index.manifests.map(({ digest }) => digest).sort()).toEqual(
      result.manifests.map(({ digest }) => digest).sort(),
    );
    expect(result.manifests.map(({ platform }) => platform).sort()).toEqual([OWN, 'linux/riscv64'].sort());
    expect(result.baseImages).toHaveLength(1);
    for (const { digest } of result.manifests) expect(await world.ask(`many/manifests/${digest}`)).toBeDefined();
  });

  test.each([
    {
      name: 'fails',
      dockerfile: 'FROM BASE\n\n# why\nRUN echo first && \\\n  echo last words && exit 3\nRUN echo never\n',
      code: 'BUILD_FAILED',
      line: 4,
      says: /Line 4 .*exit status 3/,
      why: 'an instruction fails',
    },
    {
      name: 'stages',
      dockerfile: 'FROM BASE AS a\nRUN echo a\nFROM BASE\nRUN echo b\nCOPY none /\n',
      code: 'BUILD_FAILED',
      line: 5,
      says: /Line 5 /,
      why: 'a file is missing, in the second stage',
    },
    {
      name: 'unknown',
      dockerfile: 'FROM BASE\nFOO bar\n',
      code: 'BUILD_FAILED',
      line: 2,
      says: /Line 2 |unknown/i,
      why: 'there is no such instruction',
    },
    {
      name: 'nobase',
      dockerfile: 'FROM HOST/none:1\n',
      code: 'MANIFEST_UNKNOWN',
      line: undefined,
      says: /none:1/,
      why: 'there is no such base image',
    },
    {
      name: 'nodockerfile',
      dockerfile: undefined,
      code: 'SOURCE_UNKNOWN',
      line: undefined,
      says: /Dockerfile/,
      why: 'there is no Dockerfile',
    },
  ])('says where it failed: $why', { timeout: 60_000 }, async ({ name, dockerfile, code, line, says }) => {
    const text = dockerfile?.replaceAll('BASE', world.base).replaceAll('HOST', world.registry.host);
    await world.repositories.commit(name, text === undefined ? { x: 'x' } : { Dockerfile: text });
    const failed = build(world.request(name));
    await expect(failed).rejects.toMatchObject({ name: 'BuildFailure', step: 'build', code, line });
    await expect(failed).rejects.toThrow(says);
    if (name === 'fails') {
      await expect(failed).rejects.toMatchObject({
        instruction: 'RUN echo first && echo last words && exit 3',
        tail: expect.arrayContaining(['last words']),
      });
    }
    expect(await world.ask(`${name}/manifests/1.0-1`)).toBeUndefined();
  });

  test('a registry that refuses the push is told, without the password', { timeout: 60_000 }, async () => {
    await world.repositories.commit('refused', { Dockerfile: 'FROM scratch\nCOPY x /x\n', x: 'x' });
    const request = world.request('refused');
    const failed = build({ ...request, push: { ...request.push, password: 'wrong-password' } });
    await expect(failed).rejects.toMatchObject({ step: 'push', code: 'REGISTRY_DENIED' });
    await expect(failed).rejects.not.toThrow('wrong-password');
    const stranger = build({ ...request, pullAuth: undefined, source: { ...request.source, ref: 'none' } });
    await expect(stranger).rejects.toMatchObject({ step: 'clone', code: 'SOURCE_UNKNOWN' });
  });

  test('a look at a source tells what is in it', { timeout: 60_000 }, async () => {
    const commit = await world.repositories.commit('looked', {
      Dockerfile: 'ARG A=1\nFROM busybox:$A AS one\nFROM scratch\n',
      '.gitmodules': '',
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
    });
    const look = async (where: { dockerfile: string; context: string }) =>
      await testSource(world.request('looked').source, where, {
        folder: world.place(),
        signal: AbortSignal.timeout(60_000),
      });
    expect(await look({ dockerfile: 'Dockerfile', context: '.' })).toEqual({
      commit,
      ref: 'main',
      hasDockerfile: true,
      froms: ['busybox:$A', 'scratch'],
      stages: ['one', '1'],
      hostKeys: [],
      hostKeyFingerprints: [],
      warnings: [expect.stringContaining('submodules'), expect.stringContaining('LFS')],
    });
    expect(await look({ dockerfile: 'Containerfile', context: 'none' })).toMatchObject({
      hasDockerfile: false,
      warnings: [expect.stringContaining('context'), expect.anything(), expect.anything()],
    });
  });
});
