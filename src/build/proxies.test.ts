/** Builds on machines that reach the world through a proxy: a real one, which wants a log-in. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startDistribution } from '../../test/fixtures/distribution-registry.ts';
import { makeImage, makeLayer, writeOciLayout } from '../../test/fixtures/image-builder.ts';
import { makeCertificate } from '../../test/fixtures/registry-server.ts';
import { scratchFolder } from '../../test/fixtures/scratch-folder.ts';
import type { BuildRequest } from './build-request.ts';
import { openHttpBuilderPort } from './http-builder-port.ts';
import { readBuildProxies } from './proxies.ts';
import { runBuild } from './run-build.ts';
import { testSource } from './test-source.ts';
import { BUILD_PROGRAMS, keepWatch } from './testing/build-world.ts';
import { missingProgram, openRepositories, startHttpsGit } from './testing/git-server.ts';
import { startNamedProxy } from './testing/named-proxy.ts';

const DIRECT = 'localhost,127.0.0.1,127.0.0.0/8,::1';

test.each([
  { settings: {}, env: {}, why: 'none is set' },
  { settings: { NO_PROXY: 'x.example' }, env: {}, why: 'exceptions to nothing' },
  {
    settings: { HTTPS_PROXY: 'proxy.example:3128', NO_PROXY: '.corp.example' },
    env: { https_proxy: 'http://proxy.example:3128', no_proxy: `.corp.example,${DIRECT}` },
    why: 'a host and port are a URL, and this machine is always asked directly',
  },
  {
    settings: { http_proxy: 'http://me:secret@a.example:1', HTTP_PROXY: 'http://b.example:1' },
    env: { http_proxy: 'http://me:secret@a.example:1', no_proxy: DIRECT },
    why: 'lower case goes before upper case',
  },
])('programs are told of proxies in both cases: $why', ({ settings, env }) => {
  const upper = Object.entries(env).map(([name, value]) => [name.toUpperCase(), value]);
  expect(readBuildProxies(settings).env).toEqual({ ...env, ...Object.fromEntries(upper) });
});

test.each([
  {
    proxy: 'http://me:se%20cret@proxy.example:3128',
    network: 'isolated',
    told: 'http://proxy.example:3128',
    why: 'without the log-in, which they are told to give as an argument',
    says: /build argument http_proxy/,
  },
  {
    proxy: 'http://localhost:3128',
    network: 'isolated',
    told: undefined,
    why: 'not of one that they do not reach',
    says: /loopback/,
  },
  { proxy: 'http://localhost:3128', network: 'host', told: 'http://localhost:3128', why: 'of one that they reach' },
  { proxy: 'http://proxy.example:3128', network: 'none', told: undefined, why: 'of none where there is no network' },
] as const)('instructions are told $why', ({ proxy, network, told, ...rest }) => {
  const { env, remarks } = readBuildProxies({ HTTP_PROXY: proxy }).forInstructions(network);
  expect(env['http_proxy']).toBe(told);
  expect(remarks.join()).toMatch('says' in rest ? rest.says : /^$/);
});

test('what is no proxy is told of, without its password', () => {
  for (const wrong of ['ftp://me:hunter2@proxy.example', 'http://me:hunter2@:80', '::hunter2']) {
    expect(() => readBuildProxies({ https_proxy: wrong })).toThrow(/^Cannot use the proxy in HTTPS_PROXY(?!.*hunter2)/);
  }
});

test('a builder reaches its server through a proxy', async () => {
  const tls = await makeCertificate(['plimsoll.example']);
  if (tls === undefined) throw new Error('openssl is needed');
  const server = createServer(tls, (_, response) => response.end('{"build":null}')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await using proxy = await startNamedProxy({
    targets: { 'plimsoll.example:443': `127.0.0.1:${(server.address() as AddressInfo).port}` },
    username: 'builder',
    password: 'pass:word/7',
  });
  const port = openHttpBuilderPort({
    url: 'https://plimsoll.example',
    token: 'plbt_x',
    caPem: tls.cert,
    userAgent: 'test',
    proxies: { https_proxy: proxy.url },
  });
  expect(await port.lease({ waitMs: 0, versions: {} }, { signal: AbortSignal.timeout(30_000) })).toBeUndefined();
  expect(proxy.tunnels).toEqual(['plimsoll.example:443']);
  server.closeAllConnections();
  server.close();
});

describe.skipIf(missingProgram(...BUILD_PROGRAMS) !== undefined)('a build behind a proxy', () => {
  test('clones, pulls and pushes through it, and tells its log-in to neither log nor instructions', {
    timeout: 180_000,
  }, async () => {
    await using folder = await scratchFolder();
    const repositories = openRepositories(folder.at('git'));
    await using git = await startHttpsGit({ folder: repositories.folder, names: ['git.example'] });
    const tls = await makeCertificate(['registry.example', '127.0.0.1']);
    if (tls === undefined) throw new Error('openssl is needed');
    await using registry = await startDistribution({ tls });
    await using proxy = await startNamedProxy({
      targets: { 'git.example:443': new URL(git.url).host, 'registry.example:443': registry.host },
      username: 'builder',
      password: 'pass:word/7',
    });
    const busybox = readFileSync('/bin/busybox');
    const base = makeImage([
      await makeLayer([
        { path: 'bin/busybox', content: busybox, mode: 0o755 },
        { path: 'bin/sh', symlink: 'busybox' },
      ]),
    ]);
    await writeOciLayout(folder.at('layout'), [{ content: base, name: '1' }]);
    await registry.push(folder.at('layout'), '1', 'base', '1');
    const commit = await repositories.commit('app', {
      Dockerfile: [
        'FROM registry.example/base:1',
        'RUN echo "told of $http_proxy and $HTTPS_PROXY, not for $no_proxy"; set',
      ].join('\n'),
    });
    const request: BuildRequest = {
      source: {
        url: 'https://git.example/app.git',
        login: { kind: 'none' },
        ref: '',
        wantsSubmodules: false,
        wantsLfs: false,
        caPem: git.caPem,
      },
      dockerfile: 'Dockerfile',
      context: '.',
      args: {},
      platforms: [],
      labels: {},
      insecureRegistries: ['registry.example'],
      push: { repository: 'registry.example/app', tag: '1.0-1', isInsecure: true, username: 'me', password: 'none' },
      limits: {
        timeMs: 120_000,
        memoryBytes: 1024 ** 3,
        diskBytes: 256 * 1024 ** 2,
        processes: 300,
        outputBytes: 1024 ** 2,
      },
    };
    const signal = AbortSignal.timeout(170_000);
    const proxies = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url };
    const found = await testSource(request.source, request, { folder: folder.at('look'), proxies, signal });
    expect(found).toMatchObject({ commit, hasDockerfile: true });
    const watcher = keepWatch();
    const result = await runBuild(request, { folder: folder.at('build'), network: 'host', proxies, signal, watcher });
    expect(result).toMatchObject({ commit, baseImages: [{ digest: base.digest }] });
    const told = `http://${proxy.place}`;
    expect(watcher.log).toContain(`told of ${told} and ${told}, not for ${DIRECT}`);
    expect(watcher.log).not.toMatch(/pass(?::|%3A)word/);
    expect(new Set(proxy.tunnels)).toEqual(new Set(['git.example:443', 'registry.example:443']));

    const wrong = { HTTPS_PROXY: proxy.url.replace('builder', 'stranger') };
    const refused = runBuild(request, { folder: folder.at('refused'), proxies: wrong, signal, watcher });
    await expect(refused).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', step: 'clone' });
    await expect(refused).rejects.toThrow(/407/);
    expect(watcher.log).not.toMatch(/pass(?::|%3A)word/);
  });
});
