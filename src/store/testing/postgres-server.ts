/**
 * A real PostgreSQL server for the tests: Debian's, started by the first test that asks, shared by all, ended with the run.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The newest installed PostgreSQL's programs; `undefined` when there is none. */
export function findPostgres(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((a, b) => Number(b) - Number(a)) : [];
  return versions.map(version => join(root, version, 'bin')).find(bin => existsSync(join(bin, 'initdb')));
}

/** The URL of the shared server, without a database; it is started when it does not run yet. */
export async function sharedPostgres(): Promise<string> {
  const folder = process.env['PLIMSOLL_TEST_POSTGRES'];
  if (folder === undefined) throw new Error('The test set-up gives no folder for PostgreSQL');
  const note = join(folder, 'url');
  // Test files run in several processes: one of them starts it, the others wait.
  const turn = join(folder, 'turn');
  for (;;) {
    if (existsSync(note)) return readFileSync(note, 'utf8');
    try {
      mkdirSync(turn);
      break;
    } catch {
      await sleep(50);
    }
  }
  try {
    const url = existsSync(note) ? readFileSync(note, 'utf8') : await startPostgres(join(folder, 'data'));
    writeFileSync(note, url);
    return url;
  } finally {
    rmdirSync(turn);
  }
}

/**
 * Starts a server of its own in `folder`, which must not exist yet or hold one; returns its URL. `port` to come back at the same address.
 * Nothing is synced to disk unless `isDurable`.
 */
export async function startPostgres(
  folder: string,
  options: { isDurable?: boolean; port?: number } = {},
): Promise<string> {
  const bin = findPostgres();
  if (bin === undefined) throw new Error('PostgreSQL is not installed');
  const { isDurable = false, port = await freePort() } = options;
  if (!existsSync(join(folder, 'PG_VERSION'))) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const user = serverUser();
    if (user !== undefined) {
      chownSync(folder, user.uid, user.gid);
      chmodSync(join(folder, '..'), 0o755);
    }
    run(join(bin, 'initdb'), ['-D', folder, '-A', 'trust', '-U', 'plimsoll', '--no-sync', '-E', 'UTF8', '--locale=C']);
  }
  const settings = [
    `-c port=${port}`,
    '-c listen_addresses=127.0.0.1',
    "-c unix_socket_directories=''",
    '-c max_connections=200',
    '-c timezone=UTC',
    ...(isDurable ? [] : ['-c fsync=off', '-c full_page_writes=off', '-c synchronous_commit=off']),
  ];
  run(join(bin, 'pg_ctl'), ['-D', folder, '-w', '-l', join(folder, 'log'), '-o', settings.join(' '), 'start']);
  return `postgresql://plimsoll@127.0.0.1:${port}`;
}

/** Ends the shared server of the test set-up's `folder`, when one runs. */
export function stopPostgres(folder: string): void {
  stopServer(join(folder, 'data'));
}

/** Ends the server in `folder`; `immediate` is as good as a crash. */
export function stopServer(folder: string, mode: 'fast' | 'immediate' = 'immediate'): void {
  const bin = findPostgres();
  if (bin === undefined || !existsSync(join(folder, 'postmaster.pid'))) return;
  run(join(bin, 'pg_ctl'), ['-D', folder, '-m', mode, '-w', 'stop']);
}

/** Process id of the server in `folder`. */
export function serverPid(folder: string): number {
  return Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function run(command: string, args: readonly string[]): void {
  const { status, stderr, stdout } = spawnSync(command, args, {
    ...serverUser(),
    cwd: '/',
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status !== 0) throw new Error(`${command} failed: ${stderr || stdout}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise(resolve => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
