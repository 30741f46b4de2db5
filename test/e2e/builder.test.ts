/** Builders on machines of their own: the real program over HTTP, a source over SSH; one is killed in the middle, another does the build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  missingProgram,
  openRepositories,
  type SshGitServer,
  startSshGit,
} from '../../src/build/testing/git-server.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/plimsoll.js', import.meta.url));
const canBuild =
  missingProgram('git', 'buildah', 'ssh') === undefined && existsSync('/bin/busybox') && existsSync('/usr/sbin/sshd');

interface Build {
  readonly id: string;
  readonly tag: string;
  readonly state: string;
  readonly attempts: number;
  readonly builder: string | null;
  readonly failure: { readonly message: string } | null;
}

describe.skipIf(!canBuild)('builders elsewhere', () => {
  let world: CertificationWorld;
  let git: SshGitServer;
  let projectId = '';
  const running = new Map<string, ChildProcess>();

  const native = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const reply = await world.acme.native(method, path, body);
    expect(reply.status, reply.text).toBeLessThan(300);
    return reply.json<T & Record<string, never>>();
  };
  const start = async (name: string) => {
    const reply = await world.root.native('POST', 'builders', { name });
    const { token } = reply.json<{ token: string }>();
    const args = ['--conditions=plimsoll-source', PROGRAM, 'builder', '--server', world.url];
    const child = spawn(process.execPath, [...args, '--folder', world.folder.at(name)], {
      env: { PATH: process.env['PATH'], PLIMSOLL_BUILDER_TOKEN: token },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // A pipe that nobody reads stops whoever writes.
    child.stderr?.resume();
    running.set(name, child);
    return child;
  };
  const end = async (name: string, signal: NodeJS.Signals) => {
    const child = running.get(name);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  const buildOf = async (id: string) => await native<Build>('GET', `builds/${id}`);
  const until = async (id: string, isSo: (build: Build) => boolean) => {
    await expect.poll(async () => isSo(await buildOf(id)), { timeout: 100_000, interval: 300 }).toBe(true);
    return await buildOf(id);
  };

  beforeAll(async () => {
    world = await startCertificationWorld({ settings: { builder: 'off' } });
    const repositories = openRepositories(world.folder.at('git'));
    git = await startSshGit({ folder: repositories.folder, home: world.folder.at('ssh') });
    const labels = Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`);
    await repositories.commit('pilot', {
      Dockerfile: ['FROM scratch', 'COPY licenses /licenses', ...labels, 'USER 1001'].join('\n'),
      'licenses/LICENSE': 'Use it as you like\n',
    });
    const { readFileSync } = await import('node:fs');
    await repositories.commit('slow', {
      Dockerfile: ['FROM scratch', 'COPY busybox /busybox', 'RUN ["/busybox", "sleep", "600"]'].join('\n'),
      busybox: readFileSync('/bin/busybox'),
    });
    const { id } = await native<{ id: string }>('POST', 'projects', {
      namespaceId: world.acme.namespaceId,
      name: 'pilot',
      distributionMethod: 'rhcc',
      osContentType: 'Scratch Image',
    });
    projectId = id;
  }, 180_000);
  afterAll(async () => {
    for (const name of running.keys()) await end(name, 'SIGKILL');
    await git?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  const configure = async (name: string) =>
    await native('PUT', `projects/${projectId}/build-configuration`, {
      source: { url: `${git.url}/${name}.git` },
      login: { kind: 'ssh-key', privateKey: git.privateKey },
    });
  const add = async (tag: string) => await native<Build>('POST', `projects/${projectId}/builds`, { tag });

  test('a build waits for a builder, which clones over SSH and pins the key of the host', {
    timeout: 120_000,
  }, async () => {
    await configure('pilot');
    const { id } = await add('1.0-1');
    expect((await buildOf(id)).state).toBe('queued');
    await start('one');
    const build = await until(id, ({ state }) => /succeeded|failed/.test(state));
    expect(build).toMatchObject({ state: 'succeeded', failure: null, builder: 'one', attempts: 1 });
    const shown = await world.acme.native('GET', `projects/${projectId}/build-configuration`);
    expect(shown.text).not.toContain('PRIVATE KEY');
    expect(shown.json<{ configuration: { hostKeys: string[] } }>().configuration.hostKeys).toEqual([git.hostKeyLine]);
  });

  test('kill -9 of a builder: another does it once more, and nothing of the first goes on', {
    timeout: 240_000,
  }, async () => {
    await configure('slow');
    const { id } = await add('1.1-1');
    await until(id, ({ state }) => state === 'building');
    await end('one', 'SIGKILL');
    await start('two');
    // Its lease is over for the server; the next look at leases comes within a minute.
    world.pass(10 * 60_000);
    const again = await until(id, ({ attempts, state }) => attempts === 2 && state === 'building');
    expect(again.builder).toBe('two');
    await native('POST', `builds/${id}/cancel`);
    expect((await until(id, ({ state }) => /cancelled|failed|succeeded/.test(state))).state).toBe('cancelled');
    // No tag of it was pushed.
    const tags = await world.acme.native('GET', `projects/${projectId}/builds?version=1.1`);
    expect(tags.json<{ items: { digest: string | null }[] }>().items.map(({ digest }) => digest)).toEqual([null]);
    await end('two', 'SIGTERM');
    expect(readdirSync(world.folder.at('two'))).toEqual([]);
  });
});
