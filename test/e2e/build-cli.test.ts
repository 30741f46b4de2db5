/** `plimsoll build` and `plimsoll project` as people and pipelines use them: a project, its source, builds, their logs, publishing. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runCli } from '#cli/program.ts';
import { fingerprintOf } from '../../src/build/ssh-key.ts';
import {
  type HttpsGitServer,
  openRepositories,
  type SshGitServer,
  startHttpsGit,
  startSshGit,
} from '../../src/build/testing/git-server.ts';
import { type CertificationWorld, LABELS, startCertificationWorld } from '../fixtures/certification-world.ts';

const has = (...programs: string[]) => programs.every(one => spawnSync(one, ['--version']).error === undefined);
const canBuild = has('git', 'buildah', '/usr/sbin/sshd');
const TOKEN = 'a-token-for-git';

interface Run {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

describe.skipIf(!canBuild)('the command line for projects and builds', () => {
  let world: CertificationWorld;
  let git: HttpsGitServer;
  let ssh: SshGitServer;
  let commit: string;
  const at = (name: string) => world.folder.at(name);

  const run = async (
    args: readonly string[],
    {
      key = world.acme.key,
      url = world.url,
      stdin,
      onErr,
      signal = new AbortController().signal,
    }: {
      readonly key?: string;
      readonly url?: string;
      readonly stdin?: string;
      readonly onErr?: (text: string) => void;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<Run> => {
    const [stdout, stderr] = [new PassThrough(), new PassThrough()];
    stderr.on('data', chunk => onErr?.(String(chunk)));
    const texts = [stdout, stderr].map(async stream => Buffer.concat(await stream.toArray()).toString('utf8'));
    const status = await runCli(args, {
      env: { PLIMSOLL_URL: url, PLIMSOLL_API_KEY: key, SECRET: 'not for the log' },
      ...(stdin === undefined ? {} : { stdin: Readable.from([stdin]) }),
      stdout,
      stderr,
      signal,
      version: '0',
      now: () => new Date(),
    });
    stdout.end();
    stderr.end();
    const [out = '', err = ''] = await Promise.all(texts);
    return { status, out, err };
  };
  const source = (name = 'pilot') => ['--source', `${git.url}/${name}.git`, '--source-ca-file', at('git.pem')];
  const build = (command: string, ...args: string[]) => ['build', command, '--project', 'pilot', ...args];

  beforeAll(async () => {
    world = await startCertificationWorld({ settings: { minGrade: 'D', certificationGate: 'off' } });
    // Without one no image has a grade.
    const hasDatabase = async () =>
      (await world.root.native('GET', 'vulnerability-database')).json()['current'] !== null;
    await vi.waitUntil(hasDatabase, { timeout: 60_000, interval: 200 });
    const repositories = openRepositories(at('git'));
    git = await startHttpsGit({ folder: repositories.folder, password: TOKEN });
    ssh = await startSshGit({ folder: repositories.folder, home: at('ssh') });
    const labels = Object.entries(LABELS).map(([name, value]) => `LABEL ${name}="${value}"`);
    const files = {
      Dockerfile: ['FROM scratch', 'ARG SECRET', 'COPY licenses /licenses', ...labels, 'USER 1001'].join('\n'),
      'licenses/LICENSE': 'Use it as you like\n',
    };
    commit = await repositories.commit('pilot', files);
    await repositories.commit('broken', { Dockerfile: 'FROM scratch\n\nCOPY nothing /here\n' });
    await repositories.commit('other', { README: 'nothing to build' });
    writeFileSync(at('git.pem'), git.caPem);
    writeFileSync(at('token'), `${TOKEN}\n`);
    writeFileSync(at('key'), ssh.privateKey);
    writeFileSync(at('key.pub'), ssh.hostKeyLine.split(' ').slice(1).join(' '));
  }, 180_000);
  afterAll(async () => {
    await ssh?.[Symbol.asyncDispose]();
    await git?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  });

  test('a project is made, changed and shown with what it misses; its key is told to who asks', async () => {
    const create = ['project', 'create', 'pilot', '--distribution', 'hosted', '--os-content', 'scratch'];
    const made = await run(create);
    expect(made).toMatchObject({ status: 0, err: '' });
    expect(made.out).toMatch(/ {2}Push to +.*\/ospid-[0-9a-f]{24}\/NAME:TAG/);
    expect(made.out).toContain('  OPEN        Push an image to the project');
    expect(await run(create)).toMatchObject({ status: 5, out: '', err: expect.stringContaining('ospid-') });
    const set = ['project', 'set', 'pilot', '--description', 'Steers ships', '--contact', 'dev@acme.example'];
    const changed = await run([...set, '--format', 'json']);
    expect(JSON.parse(changed.out)).toMatchObject({
      name: 'pilot',
      details: { container: { short_description: 'Steers ships' }, contacts: [{ email_address: 'dev@acme.example' }] },
      checklist: expect.arrayContaining([expect.objectContaining({ item: 'contacts', state: 'done' })]),
    });
    expect((await run(['project', 'list'])).out).toMatch(/^pilot +ospid-\S+ +Started +hosted/m);
    const shown = await run(['project', 'registry-key', 'pilot']);
    expect(shown.out).toMatch(/^plr_.{4}…\n$/);
    const revealed = await run(['project', 'registry-key', 'pilot', '--reveal']);
    expect(revealed.out).toMatch(/^plr_\S{20,}\n$/);
    expect(revealed.err).toContain('podman login -u unused --password-stdin');
    const fresh = await run(['project', 'registry-key', 'pilot', '--new']);
    expect(fresh.out).toMatch(/^plr_\S{20,}\n$/);
    expect(fresh.out).not.toBe(revealed.out);
  });

  test('a source is tried with a token from standard input, and over SSH with the fingerprint of its host key', async () => {
    const found = await run(build('test', ...source(), '--token-file', '-'), { stdin: `${TOKEN}\n` });
    expect(found).toMatchObject({ status: 0, err: '' });
    expect(found.out).toContain(`  Commit      ${commit}, main\n`);
    expect(found.out).toContain('  Dockerfile  found\n  From        scratch\n');
    const empty = await run(build('test', ...source('other'), '--token-file', at('token')));
    expect(empty).toMatchObject({ status: 1, out: expect.stringContaining('can NOT be built') });
    const overSsh = ['--source', `${ssh.url}/pilot.git`, '--ssh-key-file', at('key')];
    const pinned = await run(build('test', ...overSsh));
    const fingerprint = fingerprintOf(Buffer.from(ssh.hostKeyLine.split(' ')[2] ?? '', 'base64'));
    expect(pinned).toMatchObject({ status: 0, out: expect.stringContaining(`Host key    ${fingerprint}\n`) });
  }, 180_000);

  const mistakes: readonly {
    readonly why: string;
    readonly args: () => readonly string[];
    readonly with?: () => Parameters<typeof run>[1];
    readonly status: number;
    readonly says: RegExp;
  }[] = [
    {
      why: 'a wrong API key',
      args: () => build('list'),
      with: () => ({ key: 'plk_wrong' }),
      status: 3,
      says: /does not know the API key.*\(UNAUTHENTICATED\)/,
    },
    {
      why: 'an unknown project',
      args: () => ['build', 'list', '--project', 'nothing'],
      status: 4,
      says: /its PID \(ospid-…\) or its name \(NOT_FOUND\)/,
    },
    {
      why: 'the key of another organisation',
      args: () => build('list'),
      with: () => ({ key: world.other.key }),
      status: 4,
      says: /Cannot find project "pilot"/,
    },
    { why: 'nothing configured yet', args: () => build('configure'), status: 4, says: /nobody has said yet/ },
    { why: 'nothing to build yet', args: () => build('add', '1.0-1'), status: 5, says: /nobody has configured builds/ },
    {
      why: 'the public half of a key',
      args: () => build('test', '--source', `${ssh.url}/pilot.git`, '--ssh-key-file', at('key.pub')),
      status: 2,
      says: /this is the public half.*\(SSH_KEY_INVALID\)/,
    },
    {
      why: 'a key for HTTPS',
      args: () => build('configure', ...source(), '--ssh-key-file', at('key'), '--token-file', at('token')),
      status: 2,
      says: /one of --token-file, --ssh-key-file and --no-login/,
    },
    {
      why: 'a wrong token',
      args: () => build('test', ...source(), '--token-file', '-'),
      with: () => ({ stdin: 'wrong' }),
      status: 3,
      says: /the host refused the token.*\(SOURCE_DENIED\)/,
    },
    {
      why: 'a source that wants a log-in',
      args: () => build('test', ...source()),
      status: 3,
      says: /the host wants a log-in(?!.*askpass).*\(SOURCE_DENIED\)/,
    },
    {
      why: 'no token on standard input',
      args: () => build('test', ...source(), '--token-file', '-'),
      with: () => ({ stdin: '\n' }),
      status: 2,
      says: /the token on standard input: it is empty/,
    },
    {
      why: 'a Git server that is away',
      args: () => build('test', '--source', 'https://127.0.0.1:1/pilot.git', '--no-login'),
      status: 7,
      says: /\(SOURCE_UNAVAILABLE\)/,
    },
    {
      why: 'a variable that there is not',
      args: () => build('configure', ...source(), '--build-arg', 'MISSING'),
      status: 2,
      says: /there is no variable of that name/,
    },
    {
      why: 'neither tag nor version',
      args: () => build('add'),
      status: 2,
      says: /a tag such as 1\.0-1, or with --next/,
    },
    { why: 'a tag without a project', args: () => ['build', 'show', '1.0-1'], status: 2, says: /with --project/ },
    {
      why: 'an unknown state',
      args: () => build('list', '--state', 'over'),
      status: 2,
      says: /expected one of queued/,
    },
    {
      why: 'an override by somebody who may not',
      args: () => ['project', 'set', 'pilot', '--privileged', 'true'],
      status: 3,
      says: /decided by an admin/,
    },
    {
      why: 'a tag that nothing has',
      args: () => ['project', 'publish', 'pilot', '9'],
      status: 4,
      says: /no image of the project has it/,
    },
  ];
  test.each(mistakes)(
    '$why ends with $status and one sentence',
    async ({ args, with: how, status, says }) => {
      const reply = await run(args(), how?.());
      expect(reply.err).toMatch(says);
      expect(reply).toMatchObject({ status, out: '' });
      expect(reply.err.trimEnd().split('\n')).toHaveLength(1);
    },
    60_000,
  );

  test('a build is followed to its verdict, also when the connection is cut; Ctrl-C leaves it running', {
    timeout: 180_000,
  }, async () => {
    const configure = build('configure', ...source(), '--token-file', at('token'), '--build-arg', 'SECRET');
    const configured = await run([...configure, '--image-name', 'pilot']);
    expect(configured).toMatchObject({ status: 0, err: '' });
    expect(configured.out).toMatch(/^ {2}Arguments +SECRET$/m);
    expect(configured.out).not.toContain('not for the log');
    // What is not named stays.
    const again = await run(build('configure', '--ref', 'main', '--format', 'json'));
    expect(JSON.parse(again.out)).toMatchObject({
      source: { ref: 'main', hasOwnCertificates: true },
      login: { kind: 'token' },
      argumentNames: ['SECRET'],
    });

    await using cutting = await startCuttingProxy(Number(new URL(world.url).port));
    const first = await run(build('add', '--next', '1.0', '--follow'), { url: cutting.url });
    expect(first.status, first.err).toBe(0);
    expect(cutting.cuts()).toBe(1);
    expect(first.out).toMatch(/^1\.0-1 {2}succeeded\n/);
    expect(first.out).toMatch(/linux\/\S+: certified, grade [A-D], not published/);
    expect(first.out).toMatch(/ {2}Pull +podman pull \S+\/pilot@sha256:/);
    const log = await run(build('log', '1.0-1'));
    expect(log).toMatchObject({ status: 0, err: '' });
    expect(log.out).toContain('Build succeeded');
    // Every line once, besides what is told of states.
    const followed = first.err.split('\n').filter(line => !line.startsWith('plimsoll: '));
    expect(followed.join('\n')).toBe(log.out);

    const taken = await run(build('add', '1.0-1'));
    expect(taken).toMatchObject({ status: 5, out: '' });
    expect(taken.err).toContain('the next free tag is "1.0-2"');
    const interrupt = new AbortController();
    const left = await run(build('add', '1.0-2', '--follow'), {
      signal: interrupt.signal,
      onErr: () => interrupt.abort(),
    });
    expect(left.status).toBe(130);
    expect(left.err).toMatch(/build 1\.0-2 goes on; see how with: plimsoll build follow \S+\nplimsoll: cancelled\n$/);
    const later = await run(build('follow', '1.0-2', '--quiet', '--format', 'json'));
    expect(later).toMatchObject({ status: 0, err: '' });
    expect(JSON.parse(later.out)).toMatchObject({ tag: '1.0-2', state: 'succeeded', commit });

    const listed = (await run(['project', 'images', 'pilot'])).out;
    expect(listed).toMatch(/1\.0-2 +\S+ +passed +[A-D] +no/);
    expect((await run(['project', 'images', 'pilot', '--tag', '1.0-2'])).out).toMatch(/passed +HasLicense/);
    const published = await run(['project', 'publish', 'pilot', '1.0-2']);
    expect(published).toMatchObject({ status: 0, err: '' });
    expect(published.out).toMatch(/1\.0-2 +\S+ +passed +[A-D] +\d{4}-/);
    expect(await run(['project', 'unpublish', 'pilot', 'pilot:1.0-2'])).toMatchObject({ status: 0 });
  });

  test('a build that fails ends with 1 and its line; it is tried again and cancelled', {
    timeout: 120_000,
  }, async () => {
    await run(build('configure', ...source('broken'), '--token-file', at('token')));
    const failed = await run(build('add', '1.1-1', '--follow'));
    expect(failed.status, failed.err).toBe(1);
    expect(failed.out).toMatch(/^1\.1-1 {2}failed\n/);
    expect(failed.out).toMatch(/ {2}Failed +.*[Ll]ine 3 of the Dockerfile/);
    expect(await run(build('cancel', '1.1-1'))).toMatchObject({ status: 5, out: '' });
    const retried = await run(build('retry', '1.1-1', '--follow', '--quiet'));
    expect(retried).toMatchObject({ status: 1, err: '' });
    expect(retried.out).toMatch(/^1\.1-2 {2}failed\n/);
    const listed = await run(build('list', '--of', '1.1', '--state', 'failed'));
    expect(listed.out).toMatch(/^1\.1-2 +failed +retry +build, line 3/m);
    expect((await run(build('list', '--limit', '1'))).out.trimEnd().split('\n')).toHaveLength(2);
  });
});

/** Passes bytes on, and cuts the first connection on which a piece of a log was passed on. */
async function startCuttingProxy(port: number): Promise<AsyncDisposable & { readonly url: string; cuts(): number }> {
  let cuts = 0;
  const open = new Set<{ destroy(): void }>();
  const server = createServer(client => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket
        .on('error', () => {})
        .on('close', () => {
          open.delete(socket);
          client.destroy();
          upstream.destroy();
        });
    }
    client.pipe(upstream);
    upstream.on('data', chunk => {
      const isCut = cuts === 0 && String(chunk).includes('event: log');
      if (isCut) cuts += 1;
      client.write(chunk, () => {
        if (isCut) client.destroy();
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cuts: () => cuts,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
