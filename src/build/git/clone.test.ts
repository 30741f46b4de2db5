/** Cloning by the real git and ssh from real servers. */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ScratchFolder, scratchFolder } from '../../../test/fixtures/scratch-folder.ts';
import type { BuildLimits, GitSource } from '../build-request.ts';
import { type Cell, openCell } from '../cell/cell.ts';
import { openMaskedLog } from '../masked-log.ts';
import { checkSshKey } from '../ssh-key.ts';
import {
  type HttpsGitServer,
  missingProgram,
  openRepositories,
  type Repositories,
  type SshGitServer,
  startHttpsGit,
  startSshGit,
} from '../testing/git-server.ts';
import { clone, pathInside } from './clone.ts';

const MiB = 1024 * 1024;
const LIMITS: BuildLimits = {
  timeMs: 60_000,
  memoryBytes: 512 * MiB,
  diskBytes: 64 * MiB,
  processes: 200,
  outputBytes: MiB,
};
const TOKEN = 'tok-8d5e1f/+secret';

describe.skipIf(missingProgram('git', 'git-lfs', 'sshd', 'openssl', 'unshare', 'ps') !== undefined)(
  'cloning the source of a build',
  () => {
    let folder: ScratchFolder;
    let repositories: Repositories;
    let open: HttpsGitServer;
    let closed: HttpsGitServer;
    let ssh: SshGitServer;
    let first: string;
    let second: string;
    let count = 0;

    beforeAll(async () => {
      folder = await scratchFolder();
      repositories = openRepositories(folder.at('git'));
      first = await repositories.commit('app', { Dockerfile: 'FROM scratch\n', file: 'one' }, { tag: 'v1' });
      await repositories.commit('app', { file: 'two' }, { branch: 'other' });
      second = await repositories.commit('app', { file: 'three' }, { branch: 'main' });
      open = await startHttpsGit({ folder: repositories.folder });
      closed = await startHttpsGit({ folder: repositories.folder, password: TOKEN });
      ssh = await startSshGit({ folder: repositories.folder, home: folder.at('sshd') });
    });
    afterAll(async () => {
      for (const server of [open, closed, ssh]) await server[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    });

    const source = (change: Partial<GitSource> = {}): GitSource => ({
      url: `${open.url}/app.git`,
      login: { kind: 'none' },
      ref: '',
      wantsSubmodules: false,
      wantsLfs: false,
      caPem: [open.caPem, closed.caPem].join('\n'),
      ...change,
    });
    const cellFor = async (limits: Partial<BuildLimits> = {}) =>
      await openCell({
        folder: folder.at(`cell-${++count}`),
        limits: { ...LIMITS, ...limits },
        network: 'none',
        signal: AbortSignal.timeout(60_000),
      });
    const cloneIn = async (cell: Cell, change: Partial<GitSource> = {}, emit: (text: string) => void = () => {}) =>
      await clone(cell, source(change), {
        signal: AbortSignal.timeout(60_000),
        log: openMaskedLog({ secrets: [TOKEN], limitBytes: MiB, emit }),
      });

    test.each([
      { ref: '', content: 'three', why: 'the branch that the repository shows first', shown: 'main' },
      { ref: 'other', content: 'two', why: 'a branch', shown: 'other' },
      { ref: 'v1', content: 'one', why: 'a tag', shown: 'v1' },
    ])('"$ref" is $why', async ({ ref, content, shown }) => {
      await using cell = await cellFor();
      const checkout = await cloneIn(cell, { ref });
      expect(readFileSync(join(checkout.folder, 'file'), 'utf8')).toBe(content);
      expect(checkout).toMatchObject({
        ref: shown,
        hostKeys: [],
        committedAt: Date.parse('2024-05-06T07:08:09Z') / 1000,
      });
      expect(readdirSync(checkout.folder).sort()).toEqual(['Dockerfile', 'file']);
    });

    test('a commit is taken by its ID, also one that no branch names directly', async () => {
      await using cell = await cellFor();
      expect((await cloneIn(cell, { ref: second })).commit).toBe(second);
      await using other = await cellFor();
      const old = await cloneIn(other, { ref: first });
      expect(readFileSync(join(old.folder, 'file'), 'utf8')).toBe('one');
    });

    test.each([
      { change: { ref: 'nowhere' }, code: 'SOURCE_UNKNOWN', says: 'no branch or tag "nowhere"' },
      { change: { ref: 'a'.repeat(40) }, code: 'SOURCE_UNKNOWN', says: 'has the commit' },
      { change: { caPem: undefined }, code: 'SOURCE_UNAVAILABLE', says: 'certificate is not trusted' },
    ])('it says that $says', async ({ change, code, says }) => {
      await using cell = await cellFor();
      await expect(cloneIn(cell, change)).rejects.toMatchObject({ code, message: expect.stringContaining(says) });
    });

    test('a repository or a server that is not there is told apart', async () => {
      await using cell = await cellFor();
      await expect(cloneIn(cell, { url: `${open.url}/none.git` })).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
      await using other = await cellFor();
      await expect(cloneIn(other, { url: 'https://127.0.0.1:9/app.git' })).rejects.toMatchObject({
        code: 'SOURCE_UNAVAILABLE',
      });
    });

    test('a token opens a private repository, and is in no argument, log or file afterwards', async () => {
      await using cell = await cellFor();
      let log = '';
      const seen: string[] = [];
      const stop = new AbortController();
      const looking = (async () => {
        while (!stop.signal.aborted) seen.push((await promisify(execFile)('ps', ['-eo', 'args'])).stdout);
      })();
      const login = { kind: 'token', username: 'ci bot', token: TOKEN } as const;
      const checkout = await cloneIn(cell, { url: `${closed.url}/app.git`, login }, text => (log += text));
      stop.abort();
      await looking;
      expect(checkout.commit).toBe(second);
      expect(closed.requests.some(({ login: used }) => used === `ci bot:${TOKEN}`)).toBe(true);
      expect(seen.join('')).not.toContain(TOKEN);
      expect(log).not.toContain(TOKEN);
      expect(readdirSync(join(cell.work, 'secret'))).toEqual([]);
      expect(spawnSync('grep', ['-rlF', TOKEN, cell.work], { encoding: 'utf8' }).stdout).toBe('');
    });

    test.each([
      { login: { kind: 'none' }, says: 'wants a log-in' },
      { login: { kind: 'token', token: 'tok-wrong-one' }, says: 'refused the token' },
    ] as const)('a private repository: the host $says', async ({ login, says }) => {
      await using cell = await cellFor();
      const failed = cloneIn(cell, { url: `${closed.url}/app.git`, login });
      await expect(failed).rejects.toMatchObject({ code: 'SOURCE_DENIED', message: expect.stringContaining(says) });
      await expect(failed).rejects.not.toThrow('tok-wrong-one');
    });

    test('the token goes to the host of the source and no other, wherever submodules lead', async () => {
      await repositories.commit('lib', { 'lib.txt': 'lib' });
      await using foreign = await startHttpsGit({ folder: repositories.folder, password: 'something else' });
      await repositories.commit('leading', {
        '.gitmodules': `[submodule "lib"]\n\tpath = lib\n\turl = ${foreign.url}/lib.git\n`,
      });
      const commit = await repositories.git('lib', 'rev-parse', 'HEAD');
      await repositories.git('leading', 'update-index', '--add', '--cacheinfo', `160000,${commit},lib`);
      await repositories.git('leading', 'commit', '--quiet', '--message', 'submodule');
      await repositories.git('leading', 'push', '--quiet', join(repositories.folder, 'leading.git'), 'main');
      const change = {
        url: `${closed.url}/leading.git`,
        login: { kind: 'token', token: TOKEN } as const,
        caPem: [closed.caPem, foreign.caPem].join('\n'),
      };
      await using cell = await cellFor();
      expect((await cloneIn(cell, change)).hasSubmodules).toBe(true);
      expect(foreign.requests).toEqual([]);
      await using other = await cellFor();
      await expect(cloneIn(other, { ...change, wantsSubmodules: true })).rejects.toMatchObject({
        code: 'SOURCE_DENIED',
      });
      expect(foreign.requests.length).toBeGreaterThan(0);
      expect(foreign.requests.filter(({ login }) => login !== '')).toEqual([]);
    });

    test('submodules come when they are wanted, but none from the builder’s own files', async () => {
      await repositories.commit('part', { 'part.txt': 'a part' });
      const commit = await repositories.git('part', 'rev-parse', 'HEAD');
      for (const [name, url] of [
        ['whole', '../part.git'],
        ['thief', `file://${repositories.folder}/part.git`],
      ] as const) {
        await repositories.commit(name, { '.gitmodules': `[submodule "p"]\n\tpath = p\n\turl = ${url}\n` });
        await repositories.git(name, 'update-index', '--add', '--cacheinfo', `160000,${commit},p`);
        await repositories.git(name, 'commit', '--quiet', '--message', 'submodule');
        await repositories.git(name, 'push', '--quiet', join(repositories.folder, `${name}.git`), 'main');
      }
      await using cell = await cellFor();
      const { folder: whole } = await cloneIn(cell, { url: `${open.url}/whole.git`, wantsSubmodules: true });
      expect(readFileSync(join(whole, 'p/part.txt'), 'utf8')).toBe('a part');
      expect(readdirSync(join(whole, 'p'))).toEqual(['part.txt']);
      await using other = await cellFor();
      await expect(cloneIn(other, { url: `${open.url}/thief.git`, wantsSubmodules: true })).rejects.toMatchObject({
        code: 'SOURCE_INVALID',
        message: expect.stringContaining('neither HTTPS nor SSH'),
      });
    });

    test('large files come when they are wanted, and pointers else', async () => {
      const large = Buffer.from('a large file');
      const oid = createHash('sha256').update(large).digest('hex');
      const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${large.length}\n`;
      closed.largeFiles.set(oid, large);
      await repositories.commit('large-files', {
        '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n',
        'a.bin': pointer,
      });
      const change = { url: `${closed.url}/large-files.git`, login: { kind: 'token', token: TOKEN } as const };
      await using cell = await cellFor();
      const without = await cloneIn(cell, change);
      expect(without.hasLfs).toBe(true);
      expect(readFileSync(join(without.folder, 'a.bin'), 'utf8')).toBe(pointer);
      await using other = await cellFor();
      const { folder: whole } = await cloneIn(other, { ...change, wantsLfs: true });
      expect(readFileSync(join(whole, 'a.bin'), 'utf8')).toBe('a large file');
    });

    test('nothing in a repository is run while it is cloned', async () => {
      const trap = `#!/bin/sh\necho run > ${folder.at('ran')}\n`;
      await repositories.commit('trap', {
        '.gitattributes': '* filter=evil\n',
        '.lfsconfig': `[lfs]\n\turl = https://127.0.0.1:9/x\n`,
        '.githooks/post-checkout': trap,
        '.git-hooks/post-checkout': trap,
        x: 'x',
      });
      for (const hook of ['post-checkout', 'post-update', 'reference-transaction']) {
        writeFileSync(join(repositories.folder, 'trap.git/hooks', hook), trap);
        chmodSync(join(repositories.folder, 'trap.git/hooks', hook), 0o755);
      }
      await using cell = await cellFor();
      const checkout = await cloneIn(cell, { url: `${open.url}/trap.git` });
      expect(readFileSync(join(checkout.folder, 'x'), 'utf8')).toBe('x');
      expect(existsSync(folder.at('ran'))).toBe(false);
    });

    test('a private key opens a repository; the host key is told, to be pinned, and another is refused', async () => {
      const login = { kind: 'ssh-key', privateKey: checkSshKey(ssh.privateKey).privateKey } as const;
      const url = `${ssh.url}/app.git`;
      await using cell = await cellFor();
      const checkout = await cloneIn(cell, { url, login });
      expect(checkout).toMatchObject({ commit: second, hostKeys: [ssh.hostKeyLine] });
      expect(readdirSync(join(cell.work, 'secret'))).toEqual([]);

      await using again = await cellFor();
      expect((await cloneIn(again, { url, login, hostKeys: checkout.hostKeys })).commit).toBe(second);

      const port = Number(new URL(url).port);
      await ssh[Symbol.asyncDispose]();
      // Another machine in its place, that lets in whom the first did.
      const impostor = await startSshGit({ folder: repositories.folder, home: folder.at('impostor'), port });
      writeFileSync(folder.at('impostor', 'user.pub'), readFileSync(folder.at('sshd', 'user.pub')));
      ssh = impostor;
      await using third = await cellFor();
      const refused = cloneIn(third, { url, login, hostKeys: checkout.hostKeys });
      await expect(refused).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' });
    });

    test('a key that the host does not know is said to be refused', async () => {
      spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', folder.at('stranger')]);
      const login = { kind: 'ssh-key', privateKey: readFileSync(folder.at('stranger'), 'utf8') } as const;
      await using cell = await cellFor();
      await expect(cloneIn(cell, { url: `${ssh.url}/app.git`, login })).rejects.toMatchObject({
        code: 'SOURCE_DENIED',
        message: expect.stringContaining('deploy key'),
      });
    });

    test('a repository larger than the limit is not cloned to its end', async () => {
      const noise = (at: number) =>
        Buffer.from(Array.from({ length: MiB }, (_, i) => (i * i * (at + 7) + (i >> 3)) & 255));
      await repositories.commit('large', Object.fromEntries([1, 2, 3, 4, 5, 6].map(at => [`f${at}`, noise(at)])));
      await using cell = await cellFor({ diskBytes: 2 * MiB });
      await expect(cloneIn(cell, { url: `${open.url}/large.git` })).rejects.toMatchObject({
        code: expect.stringMatching(/LIMIT_EXCEEDED|SOURCE_UNAVAILABLE/),
      });
    });

    test('links may lead anywhere in the repository, but not out of it', async () => {
      await repositories.commit('links', {
        'real/Dockerfile': 'FROM scratch\n',
        Dockerfile: { link: 'real/Dockerfile' },
        out: { link: '/etc/passwd' },
        up: { link: '../../secret' },
      });
      await using cell = await cellFor();
      const { folder: checkout } = await cloneIn(cell, { url: `${open.url}/links.git` });
      expect(await pathInside(checkout, 'Dockerfile', 'the Dockerfile')).toBe(join(checkout, 'real/Dockerfile'));
      for (const name of ['out', 'up', '../x', '/etc/passwd', 'real/../../x']) {
        await expect(pathInside(checkout, name, 'the Dockerfile')).rejects.toMatchObject({
          code: expect.stringMatching(/^SOURCE_(?:INVALID|UNKNOWN)$/),
        });
      }
      await expect(pathInside(checkout, 'out', 'the Dockerfile')).rejects.toMatchObject({ code: 'SOURCE_INVALID' });
      await expect(pathInside(checkout, 'none', 'the Dockerfile')).rejects.toMatchObject({ code: 'SOURCE_UNKNOWN' });
    });
  },
);
