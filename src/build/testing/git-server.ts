/**
 * Real Git servers for tests: git's own HTTP backend behind TLS, and OpenSSH, both over the same folder of repositories.
 */
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeCertificate } from '../../../test/fixtures/registry-server.ts';

const run = promisify(execFile);

/** Which of these programs is not installed here; `undefined` when all are. */
export function missingProgram(...programs: readonly string[]): string | undefined {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');
  return programs.find(program => !path.some(folder => existsSync(join(folder, program))));
}

/** Files of a commit by path; `{ link }` is a symbolic link, and a mode makes it executable. */
export type Files = Readonly<Record<string, string | Uint8Array | { readonly link: string }>>;

/** Repositories in a folder, `name.git` each, with what makes them. */
export interface Repositories {
  readonly folder: string;
  /** Commits these files on top of a branch, made if need be; files not named stay. Returns the commit. */
  commit(name: string, files: Files, options?: { readonly branch?: string; readonly tag?: string }): Promise<string>;
  /** Runs git in a working copy of the repository and pushes nothing. Returns what it prints. */
  git(name: string, ...args: string[]): Promise<string>;
}

/** A fixed time, so that commits are the same in each run. */
const DATE = '2024-05-06T07:08:09Z';

/** A place for repositories in an existing, empty folder. */
export function openRepositories(folder: string): Repositories {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A Tester',
    GIT_AUTHOR_EMAIL: 'tester@example.com',
    GIT_COMMITTER_NAME: 'A Tester',
    GIT_COMMITTER_EMAIL: 'tester@example.com',
    GIT_AUTHOR_DATE: DATE,
    GIT_COMMITTER_DATE: DATE,
    GIT_ALLOW_PROTOCOL: 'file',
  };
  const git = async (name: string, ...args: string[]) =>
    (await run('git', ['-C', join(folder, `${name}.work`), ...args], { env })).stdout.trim();
  return {
    folder,
    git,
    commit: async (name, files, { branch = 'main', tag } = {}) => {
      const work = join(folder, `${name}.work`);
      const bare = join(folder, `${name}.git`);
      mkdirSync(work, { recursive: true });
      await run('git', ['init', '--quiet', '--bare', '--initial-branch=main', bare], { env });
      await run('git', ['init', '--quiet', '--initial-branch=main', work], { env });
      const known = await git(name, 'rev-parse', '--verify', '--quiet', branch).catch(() => '');
      if (known !== '') await git(name, 'checkout', '--quiet', branch);
      else await git(name, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`);
      for (const [path, content] of Object.entries(files)) {
        const target = join(work, path);
        await mkdir(dirname(target), { recursive: true });
        if (typeof content === 'object' && 'link' in content) execFileSync('ln', ['-sfn', content.link, target]);
        else await writeFile(target, content);
      }
      await git(name, 'add', '--all');
      await git(name, 'commit', '--quiet', '--allow-empty', '--message', 'a change');
      if (tag !== undefined) await git(name, 'tag', tag);
      await git(name, 'push', '--quiet', '--force', bare, branch, '--tags');
      return await git(name, 'rev-parse', 'HEAD');
    },
  };
}

/** A Git server over HTTPS. */
export interface HttpsGitServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`, to be followed by `/name.git`. */
  readonly url: string;
  readonly caPem: string;
  /** What each request had to say for itself: `GET /app.git/info/refs` and its Authorization header, decoded. */
  readonly requests: readonly { readonly line: string; readonly login: string }[];
  /** Large files of all repositories by their SHA-256, in hex; add to it. */
  readonly largeFiles: Map<string, Uint8Array>;
}

/** Serves `folder`; with a password, to whoever knows it, under any name. */
export async function startHttpsGit(options: {
  readonly folder: string;
  readonly password?: string;
  /** Names that its certificate is for, besides that of this machine. */
  readonly names?: readonly string[];
}): Promise<HttpsGitServer> {
  const tls = await makeCertificate(['127.0.0.1', 'localhost', ...(options.names ?? [])]);
  if (tls === undefined) throw new Error('openssl is needed');
  const requests: { line: string; login: string }[] = [];
  const largeFiles = new Map<string, Uint8Array>();
  const server = createServer({ key: tls.key, cert: tls.cert }, (request, response) => {
    const basic = /^Basic (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const login = Buffer.from(basic, 'base64').toString();
    requests.push({ line: `${request.method} ${request.url}`, login });
    const [, ...rest] = login.split(':');
    if (options.password !== undefined && rest.join(':') !== options.password) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end('log in');
      return;
    }
    const url = new URL(request.url ?? '/', 'https://localhost');
    if (url.pathname.includes('/info/lfs/')) {
      void serveLargeFiles(request, response, largeFiles);
      return;
    }
    const child = spawn(
      'git',
      ['-c', 'safe.directory=*', '-c', 'uploadpack.allowAnySHA1InWant=false', 'http-backend'],
      {
        env: {
          PATH: process.env['PATH'],
          GIT_PROJECT_ROOT: options.folder,
          GIT_HTTP_EXPORT_ALL: '1',
          GIT_CONFIG_NOSYSTEM: '1',
          GIT_CONFIG_GLOBAL: '/dev/null',
          GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
          REQUEST_METHOD: request.method,
          PATH_INFO: url.pathname,
          QUERY_STRING: url.search.slice(1),
          CONTENT_TYPE: request.headers['content-type'] ?? '',
          HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
          REMOTE_ADDR: '127.0.0.1',
        },
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    child.stdin.on('error', () => {});
    request.pipe(child.stdin);
    const parts: Buffer[] = [];
    child.stdout.on('data', part => parts.push(part));
    child.once('close', () => {
      const all = Buffer.concat(parts);
      const end = all.indexOf('\r\n\r\n');
      const headers = all.subarray(0, end).toString('latin1').split('\r\n');
      let status = 200;
      for (const header of headers) {
        const [name = '', value = ''] = header.split(/: ?/, 2);
        if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
        else if (name !== '') response.setHeader(name, value);
      }
      response.writeHead(status).end(all.subarray(end + 4));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caPem: tls.cert,
    requests,
    largeFiles,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Source: git-lfs, docs/api/batch.md. */
async function serveLargeFiles(
  request: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const [, asked] = /\/info\/lfs\/files\/([0-9a-f]{64})$/.exec(request.url ?? '') ?? [];
  if (asked !== undefined) {
    response.end(files.get(asked));
    return;
  }
  let body = '';
  for await (const part of request) body += String(part);
  const { objects } = JSON.parse(body) as { objects: readonly { oid: string; size: number }[] };
  const address = (oid: string) => `https://${request.headers.host}/info/lfs/files/${oid}`;
  response.setHeader('content-type', 'application/vnd.git-lfs+json');
  response.end(
    JSON.stringify({
      transfer: 'basic',
      objects: objects.map(object => ({ ...object, actions: { download: { href: address(object.oid) } } })),
    }),
  );
}

/** A Git server over SSH. */
export interface SshGitServer extends AsyncDisposable {
  /** `ssh://user@127.0.0.1:PORT/folder`, to be followed by `/name.git`. */
  readonly url: string;
  /** A private key that it takes, made for it. */
  readonly privateKey: string;
  /** Its host key as known_hosts has it. */
  readonly hostKeyLine: string;
}

/** Serves `folder` by sshd with its files in `home`; `port` asks for the one that another had before. */
export async function startSshGit(options: {
  readonly folder: string;
  readonly home: string;
  readonly port?: number;
}): Promise<SshGitServer> {
  const { folder, home } = options;
  await mkdir(home, { recursive: true });
  const at = (name: string) => join(home, name);
  for (const name of ['host', 'user']) await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', at(name)]);
  // Without it sshd does not start as root; it is gone after each start of the machine.
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const port = options.port ?? (await freePort());
  const config = [
    `ListenAddress 127.0.0.1:${port}`,
    `HostKey ${at('host')}`,
    `AuthorizedKeysFile ${at('user.pub')}`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'AllowTcpForwarding no',
  ];
  await writeFile(at('config'), `${config.join('\n')}\n`);
  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', text => {
    said += text;
  });
  const ended = once(child, 'close');
  for (let tries = 0; !(await answers(port)); tries++) {
    if (tries > 200 || child.exitCode !== null) throw new Error(`sshd did not start: ${said}`);
    await sleep(25);
  }
  const [kind, key] = (await readFile(at('host.pub'), 'utf8')).split(' ');
  return {
    url: `ssh://${userInfo().username}@127.0.0.1:${port}${folder}`,
    privateKey: await readFile(at('user'), 'utf8'),
    hostKeyLine: `[127.0.0.1]:${port} ${kind} ${key}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
