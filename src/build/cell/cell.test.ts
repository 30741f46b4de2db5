/** Cells as the machine really contains them: real namespaces, real processes. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import type { BuildLimits } from '../build-request.ts';
import { missingProgram } from '../testing/git-server.ts';
import { type Cell, openCell } from './cell.ts';

const MiB = 1024 * 1024;
const LIMITS: BuildLimits = {
  timeMs: 60_000,
  memoryBytes: 512 * MiB,
  diskBytes: 64 * MiB,
  processes: 200,
  outputBytes: MiB,
};

describe.skipIf(missingProgram('unshare', 'nsenter', 'setpriv', 'slirp4netns', 'ip', 'ps') !== undefined)(
  'a cell',
  () => {
    let folder: ScratchFolder;
    let count = 0;

    beforeAll(async () => {
      folder = await scratchFolder();
    });
    afterAll(async () => await folder[Symbol.asyncDispose]());

    const open = async (limits: Partial<BuildLimits> = {}) =>
      await openCell({
        folder: folder.at(`cell-${++count}`),
        limits: { ...LIMITS, ...limits },
        network: undefined,
        signal: AbortSignal.timeout(60_000),
      });

    async function sh(cell: Cell, script: string, options: { signal?: AbortSignal; network?: 'host' | 'build' } = {}) {
      let said = '';
      const status = await cell.run({
        program: 'sh',
        args: ['-c', script],
        network: options.network ?? 'build',
        signal: options.signal ?? AbortSignal.timeout(60_000),
        onOutput: bytes => (said += Buffer.from(bytes).toString()),
      });
      return { status, said };
    }

    test('shows programs to use and one folder to write, and nothing else of the machine', async () => {
      await using cell = await open();
      writeFileSync(folder.at('secret'), 'a secret of the server');
      chmodSync(folder.at('secret'), 0o644);
      const { said } = await sh(
        cell,
        `id -u; ls /; ls ${folder.path}; cat ${folder.at('secret')} /etc/shadow; echo mine > ${cell.work}/tmp/x && cat ${cell.work}/tmp/x; touch /usr/x; ls -d /proc/[0-9]*; env; read -r x || echo no input`,
      );
      expect(said).toMatch(/^0\n/);
      expect(said).toContain(`cat: ${folder.at('secret')}: No such file`);
      expect(said).toContain('cat: /etc/shadow: No such file');
      expect(said).not.toContain('secret of the server');
      expect(said).toContain('\nmine\n');
      expect(said).toContain("touch: cannot touch '/usr/x': Read-only file system");
      expect(said.match(/^\/proc\/\d+$/gm)?.length).toBeLessThanOrEqual(2);
      expect(said).not.toContain('VITEST');
      expect(said).toContain('no input');
    });

    test('its root is nobody outside, also by what it leaves in its folder', async () => {
      await using cell = await open();
      await sh(cell, 'umask 077; echo x > tmp/x; chown 1234:1234 tmp/x; mkdir -m 0 tmp/locked');
      const { said } = await sh(
        cell,
        'stat -c %u tmp/x; cat /proc/self/uid_map; mknod tmp/disk b 254 0 && head -c1 tmp/disk',
      );
      expect(said).toMatch(/^1234\n\s+0\s+[1-9]/);
      expect(said).toContain('Operation not permitted');
    });

    test('leaves nothing behind on disk', async () => {
      const cell = await open();
      await sh(cell, 'umask 077; mkdir -p tmp/a/b; echo x > tmp/a/b/c; chown -R 7:7 tmp/a');
      await cell[Symbol.asyncDispose]();
      expect(readdirSync(folder.at(`cell-${count}`))).toEqual([]);
    });

    test('reaches no port of this machine’s loopback for code of strangers', async () => {
      const server = createServer(socket => socket.end('hello from the server\n')).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const address = server.address();
      const port = typeof address === 'object' ? address?.port : 0;
      await using cell = await open();
      const script = (host: string) => `timeout 3 bash -c 'cat < /dev/tcp/${host}/${port}'; echo status $?`;
      expect((await sh(cell, script('127.0.0.1'), { network: 'host' })).said).toContain('hello');
      expect((await sh(cell, script('127.0.0.1'))).said).not.toContain('hello');
      // The gateway of slirp4netns stands for the machine itself.
      expect((await sh(cell, script('10.0.2.2'))).said).not.toContain('hello');
      server.close();
    });

    test('whatever a program leaves running ends with it', async () => {
      await using cell = await open();
      const mark = `9${process.pid}1`;
      await sh(cell, `setsid sh -c 'sleep ${mark}' > /dev/null 2>&1 & setsid sleep ${mark} & echo started`);
      expect(isRunning(mark)).toBe(false);
    });

    test('cancelling ends every process, also those in sessions of their own', async () => {
      await using cell = await open();
      const mark = `9${process.pid}2`;
      const stop = new AbortController();
      const running = cell.run({
        program: 'sh',
        args: ['-c', `trap '' TERM INT HUP; setsid sleep ${mark} & setsid sleep ${mark} & echo up; wait`],
        network: 'build',
        signal: stop.signal,
        onOutput: () => stop.abort(),
      });
      await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
      await expect.poll(() => isRunning(mark)).toBe(false);
    });

    test.each([
      { script: 'bomb() { bomb | bomb & }; bomb; while :; do :; done', why: 'each one forks until it cannot' },
      { script: "sh -c 'while :; do sleep 60 & done'; while :; do :; done", why: 'all of them sit and wait' },
    ])('a fork bomb meets its bound: $why', async ({ script }) => {
      await using cell = await open({ processes: 60 });
      const bomb = sh(cell, script);
      await expect(bomb).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('processes'),
      });
      expect((await sh(cell, 'echo still of use')).said).toContain('still of use');
    });

    test('memory meets its bound', async () => {
      await using cell = await open({ memoryBytes: 64 * MiB });
      const eater = sh(cell, 'head -c 200000000 /dev/zero | tail; sleep 60');
      await expect(eater).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining('memory') });
    });

    test('disk space meets its bound, in many files as in one', async () => {
      await using cell = await open({ diskBytes: 8 * MiB });
      const many = sh(cell, 'i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero > tmp/$i; done');
      await expect(many).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('disk space'),
      });
      await using other = await open({ diskBytes: 8 * MiB });
      await expect(sh(other, 'head -c 20000000 /dev/zero > tmp/one')).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining('disk space'),
      });
      // The kernel stopped it there, however quick it was.
      expect(statSync(join(other.work, 'tmp/one')).size).toBe(8 * MiB);
    });

    test('a program that is not there is said so by the shell, with its status', async () => {
      await using cell = await open();
      const status = cell.run({
        program: 'no-such-program',
        args: [],
        network: 'host',
        signal: AbortSignal.timeout(9000),
        onOutput: () => {},
      });
      expect(await status).toBe(127);
    });

    test('a link that a program left in the way is followed by nobody outside', async () => {
      await using cell = await open();
      writeFileSync(folder.at('outside'), 'outside');
      await sh(
        cell,
        `rmdir secret; ln -s ${folder.path} secret; ln -s ${folder.at('outside')} tmp/link; echo fine > tmp/file`,
      );
      await expect(cell.write('secret/token', 'tok')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      await expect(cell.read('secret/outside')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      await expect(cell.read('tmp/link')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      await expect(cell.write('tmp/link', 'x')).rejects.toThrow('EEXIST');
      expect(await cell.read('tmp/file')).toBe('fine\n');
    });

    test('files for programs inside are theirs to read, and nobody else’s', async () => {
      await using cell = await open();
      const path = await cell.write('secret/token', 'tok');
      expect((await sh(cell, `stat -c '%a %u' ${path}; cat ${path}`)).said).toBe('600 0\ntok');
      await expect(cell.write('secret/token', 'other')).rejects.toThrow('EEXIST');
      expect(existsSync(path)).toBe(true);
    });
  },
);

/** Whether a process with this argument lives, anywhere on the machine. */
function isRunning(mark: string): boolean {
  const { stdout } = spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  return stdout.split('\n').some(line => line === `sleep ${mark}`);
}
