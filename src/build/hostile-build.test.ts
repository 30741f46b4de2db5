/** Builds of people who mean no good: what a Dockerfile and a repository may try, and what comes of it. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BuildLimits, BuildRequest } from './build-request.ts';
import { runBuild } from './run-build.ts';
import { BUILD_PROGRAMS, type BuildWorld, keepWatch, openBuildWorld } from './testing/build-world.ts';
import { missingProgram } from './testing/git-server.ts';

const MiB = 1024 * 1024;

describe.skipIf(missingProgram(...BUILD_PROGRAMS) !== undefined)('a hostile build', () => {
  let world: BuildWorld;
  let count = 0;

  beforeAll(async () => {
    world = await openBuildWorld();
  });
  afterAll(async () => await world[Symbol.asyncDispose]());

  /** Builds a Dockerfile that begins with our base image; resolves to its log and what it failed with, if it did. */
  async function attempt(
    instructions: string,
    options: {
      files?: Parameters<BuildWorld['repositories']['commit']>[1];
      limits?: Partial<BuildLimits>;
      change?: Partial<BuildRequest>;
      signal?: AbortSignal;
      network?: 'host';
      onLog?: (text: string) => void;
    } = {},
  ) {
    const name = `hostile-${++count}`;
    await world.repositories.commit(name, { Dockerfile: `FROM ${world.base}\n${instructions}\n`, ...options.files });
    const request = world.request(name, options.change);
    const watcher = keepWatch();
    const folder = world.place();
    const failure = await runBuild(
      { ...request, limits: { ...request.limits, ...options.limits } },
      {
        folder,
        network: options.network,
        signal: options.signal ?? AbortSignal.timeout(60_000),
        watcher: {
          onState: state => watcher.onState(state),
          onLog: (text, step) => {
            watcher.onLog(text, step);
            options.onLog?.(text);
          },
        },
      },
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(existsSync(folder) ? readdirSync(folder) : []).toEqual([]);
    const tag = await world.ask(`${name}/manifests/1.0-1`);
    expect(tag === undefined).toBe(failure !== undefined);
    return { failure, log: watcher.log };
  }

  test('sees neither files, processes, secrets nor rights of the machine', { timeout: 60_000 }, async () => {
    writeFileSync(world.folder.at('server-secret'), 'the-key-of-the-server');
    const { log, failure } = await attempt(
      [
        `RUN cat ${world.folder.at('server-secret')} /etc/shadow || true`,
        `RUN ls / ${world.folder.path} /proc/1/root/ /proc/1/cwd/ || true`,
        'RUN cat /proc/*/environ || true',
        'RUN for p in /proc/[0-9]*; do cat $p/cmdline; echo; done',
        'RUN busybox mount -t tmpfs none /tmp; busybox mknod /tmp/disk b 254 0; busybox chroot / id || true',
        'RUN busybox unshare -r id; busybox nsenter -t 1 -m ls / || true',
        'RUN echo 1 > /proc/sys/kernel/panic; echo b > /proc/sysrq-trigger; kill -9 1 || true',
        'RUN echo done; exit 7',
      ].join('\n'),
      { change: { args: { PASSED: 'arg-secret-value' } } },
    );
    expect(failure).toMatchObject({ code: 'BUILD_FAILED', line: 9 });
    expect(log).toContain('done');
    expect(log).not.toMatch(/the-key-of-the-server|root:.*:0:/);
    // Of log-ins, those for base images are gone before, and those for the push come after.
    expect(log).not.toMatch(/push-7c1f|arg-secret-value/);
    expect(log).toMatch(/can't open '\/etc\/shadow'|\/etc\/shadow: No such file/);
    for (const denied of ['mount', 'mknod', 'chroot', 'unshare', 'nsenter']) {
      expect(log).toMatch(new RegExp(`${denied}: .*(?:not permitted|denied|can't open)`, 'i'));
    }
    expect(log).toMatch(/panic: (?:Read-only file system|Permission denied)/);
    // Only its own programs: no process of the server is to be seen.
    expect(log).not.toMatch(/vitest/);
  });

  test('has a network that is not the machine’s', { timeout: 60_000 }, async () => {
    const server = createServer(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    // As the kernel lists listening sockets: 0100007F is 127.0.0.1. What can be reached of them, the tests of cells try.
    const socket = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const shared = await attempt('RUN cat /proc/net/tcp', { network: 'host' });
    expect(shared.log).toContain(socket);
    const own = await attempt('RUN cat /proc/net/tcp /proc/net/dev');
    expect(own.log).toContain('local_address');
    expect(own.log).not.toContain(socket);
    server.close();
  });

  test.each([
    { instructions: 'COPY link /stolen', why: 'a link in the context' },
    { instructions: 'COPY up/server-secret /stolen', why: 'a link to a folder' },
    { instructions: 'COPY ../../../../etc/hostname /stolen', why: 'a path above' },
    // buildah of 2022 follows it out of the context (CVE-2024-1753), and meets the cell.
    { instructions: 'RUN --mount=type=bind,source=link,target=/mnt cat /mnt', why: 'a link, mounted' },
  ])('copies nothing of the machine: $why', { timeout: 60_000 }, async ({ instructions }) => {
    writeFileSync(world.folder.at('server-secret'), 'the-key-of-the-server');
    const files = { link: { link: world.folder.at('server-secret') }, up: { link: world.folder.path } };
    const { failure, log } = await attempt(`${instructions}\nRUN cat /stolen`, { files });
    expect(log).not.toContain('the-key-of-the-server');
    expect(failure).toMatchObject({ code: 'BUILD_FAILED' });
  });

  test.each([
    { files: { Dockerfile: { link: '/etc/passwd' } }, says: 'leads out', why: 'to a file of the machine' },
    {
      files: { Dockerfile: { link: '../../secret/gitconfig' } },
      says: /Dockerfile/,
      why: 'to what git was set up with',
    },
    { files: { Dockerfile: { link: '.' } }, says: 'no file', why: 'to a folder' },
  ])(
    'a Dockerfile that is a link is followed in the repository only: $why',
    { timeout: 60_000 },
    async ({ files, says }) => {
      const { failure } = await attempt('', { files });
      expect(failure).toMatchObject({ code: expect.stringMatching(/^SOURCE_/) });
      expect(() => {
        throw failure;
      }).toThrow(says);
    },
  );

  test('an endless instruction ends with the time limit, which names it', { timeout: 60_000 }, async () => {
    const mark = `8${process.pid}1`;
    const { failure } = await attempt(`RUN sleep ${mark} & sleep ${mark}`, { limits: { timeMs: 8000 } });
    expect(failure).toMatchObject({ code: 'TIMED_OUT' });
    expect(isRunning(mark)).toBe(false);
  });

  test('cancelling ends every process of it', { timeout: 60_000 }, async () => {
    const mark = `8${process.pid}2`;
    const stop = new AbortController();
    const { failure } = await attempt(
      `RUN trap '' TERM INT; busybox setsid sleep ${mark} & busybox nohup sleep ${mark} & echo is up; wait`,
      { signal: stop.signal, onLog: text => void (/^is up$/m.test(text) && stop.abort()) },
    );
    expect(failure).toMatchObject({ code: 'CANCELLED', step: 'build', line: 2 });
    expect(isRunning(mark)).toBe(false);
  });

  test('what an instruction leaves running does not outlive the build', { timeout: 60_000 }, async () => {
    const mark = `8${process.pid}3`;
    const { failure } = await attempt(`RUN busybox setsid sleep ${mark} > /dev/null 2>&1 < /dev/null & echo left`);
    expect(failure).toBeUndefined();
    expect(isRunning(mark)).toBe(false);
  });

  test('a fork bomb meets its bound', { timeout: 60_000 }, async () => {
    const { failure } = await attempt('RUN bomb() { bomb | bomb & }; bomb; while :; do :; done', {
      limits: { processes: 120 },
    });
    expect(failure).toMatchObject({ code: 'LIMIT_EXCEEDED', line: 2, message: expect.stringContaining('processes') });
  });

  test('memory meets its bound', { timeout: 60_000 }, async () => {
    const { failure } = await attempt('RUN busybox tail -c 1000000000 /dev/zero', {
      limits: { memoryBytes: 300 * MiB },
    });
    expect(failure).toMatchObject({ code: 'LIMIT_EXCEEDED', line: 2, message: expect.stringContaining('memory') });
  });

  test('disk space meets its bound', { timeout: 60_000 }, async () => {
    const { failure } = await attempt(
      'RUN i=0; while :; do i=$((i+1)); dd if=/dev/zero of=/f$i bs=1000000 count=4; done',
      {
        limits: { diskBytes: 60 * MiB },
      },
    );
    expect(failure).toMatchObject({ code: 'LIMIT_EXCEEDED', line: 2, message: expect.stringContaining('disk space') });
  });

  test('output without end is cut, and the build goes on', { timeout: 60_000 }, async () => {
    const { failure, log } = await attempt('RUN yes "a line of no use" | head -c 3000000', {
      limits: { outputBytes: 100_000 },
    });
    expect(failure).toBeUndefined();
    expect(log.length).toBeLessThan(110_000);
    expect(log).toContain('the rest is left out');
  });

  test('a secret that an instruction prints is masked, whole or coded', { timeout: 60_000 }, async () => {
    const { log } = await attempt('ARG TOKEN\nRUN echo "it is $TOKEN"; echo $TOKEN | busybox base64; env', {
      change: { args: { TOKEN: 'arg-secret-9c' } },
    });
    expect(log).toContain('it is ***');
    expect(log).not.toContain('arg-secret-9c');
  });

  test.each([
    { line: 'FROM oci-archive:/etc/passwd', why: 'an archive of the machine' },
    { line: 'FROM dir:/', why: 'a folder of the machine' },
  ])('builds only from images in registries: $why', { timeout: 60_000 }, async ({ line }) => {
    const { failure } = await attempt(line);
    expect(failure).toMatchObject({ code: expect.stringMatching(/SOURCE_INVALID|MANIFEST_UNKNOWN|REGISTRY_/) });
  });
});

/** Whether a process with this argument lives, anywhere on the machine. */
function isRunning(mark: string): boolean {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').some(line => line === `sleep ${mark}`);
}
