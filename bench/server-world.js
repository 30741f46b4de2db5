/**
 * A server in this process, asked over HTTP, and a registry in another: what the benchmarks of the server have in common.
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PASSWORD = 'correct horse battery';
const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');

/** Runs the calling program again with the sources as they are; returns whether this process is that one. */
export function runsSources(url) {
  if (process.execArgv.includes('--conditions=plimsoll-source')) return true;
  const args = ['--conditions=plimsoll-source', fileURLToPath(url), ...process.argv.slice(2)];
  const { status } = spawnSync(node, args, { stdio: 'inherit' });
  process.exitCode = status ?? 1;
  return false;
}

/** The value after `name` on the command line. */
export function argument(name) {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
}

/** Prints one figure. */
export function row(name, value, unit, budget, sense = 'at most') {
  const goal = budget === undefined ? '' : `  (${sense} ${budget.toLocaleString('en')})`;
  const figure = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
  console.log(`${name.padEnd(70)} ${figure.padStart(10)} ${unit}${goal}`);
}

/** Starts a registry with what `registry-process.js` makes of `spec`. */
export async function startRegistry(spec) {
  const child = fork(fileURLToPath(new URL('registry-process.js', import.meta.url)), [JSON.stringify(spec)], {
    execPath: node,
    execArgv: ['--conditions=plimsoll-source'],
  });
  const [{ host }] = await once(child, 'message');
  return {
    host,
    /** How often each thing was asked for. */
    async seen() {
      child.send('seen');
      const [{ seen }] = await once(child, 'message');
      return seen;
    },
    async close() {
      child.disconnect();
      await once(child, 'exit');
    },
  };
}

/** A folder that is removed at the end of the process. */
export function scratch(name) {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), `plimsoll-${name}-`));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a server on `kind` of store, and signs in; `data`: a data folder that there is already. */
export async function startServerOn(kind, { sensor = 'on', data } = {}) {
  const { collectSettings, readSettings } = await import('#base/server-settings.ts');
  const { startServer } = await import('../src/main/server/start-server.ts');
  const folder = scratch('server');
  const closing = [];
  let databaseUrl;
  if (kind === 'postgres') {
    const { startPostgres, stopServer } = await import('#store/testing/postgres-server.ts');
    const at = join(folder, 'postgres/data');
    mkdirSync(join(folder, 'postgres'), { mode: 0o755 });
    // Whoever runs PostgreSQL must get through.
    spawnSync('chmod', ['755', folder]);
    databaseUrl = `${await startPostgres(at, { isDurable: true })}/postgres`;
    closing.push(() => stopServer(at));
  }
  const flags = {
    listen: '127.0.0.1:0',
    data: data ?? join(folder, 'data'),
    adminPassword: PASSWORD,
    sensor,
    databaseSchedule: 'never',
    diskFloor: '0',
    logLevel: 'error',
    ...(databaseUrl === undefined ? {} : { databaseUrl, secretKey: 'a secret of at least 32 characters' }),
  };
  const log = line => process.stderr.write(line);
  const settings = readSettings(collectSettings(flags, {}));
  const server = await startServer(settings, { env: {}, version: '0.0.0', now: () => new Date(), log });
  const session = await fetch(`${server.url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'admin', password: PASSWORD }),
  });
  const cookie = session.headers.getSetCookie()[0].split(';')[0];
  const { csrfToken } = await session.json();
  let headers = { cookie, 'x-csrf-token': csrfToken };
  const call = async (method, path, body) => {
    const answer = await fetch(`${server.url}/api/v1/${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const { key } = await call('POST', 'api-keys', { name: 'bench', role: 'admin' });
  headers = { authorization: `Bearer ${key}` };
  const { items } = await call('GET', 'namespaces');
  return {
    url: server.url,
    call,
    async addRegistry(host) {
      const body = {
        name: `bench-${host}`,
        type: 'docker-v2',
        url: `http://${host}`,
        tls: { insecureHttp: true },
        namespaceId: items[0].id,
      };
      return await call('POST', 'registries', body);
    },
    /** Runs a job until `isDone` says so of its run, by default to its end. Returns the run. */
    async run(registryId, job, isDone = run => run.completedAt !== undefined && run.completedAt !== null) {
      const { schedule } = await call('POST', `registries/${registryId}/schedules`, job);
      const runId = schedule.currentRunId ?? (await call('GET', `schedules/${schedule.id}`)).currentRunId;
      for (;;) {
        const run = await call('GET', `runs/${runId}`);
        if (isDone(run)) return run;
        await sleep(200);
      }
    },
    async close() {
      await server[Symbol.asyncDispose]();
      for (const close of closing) close();
    },
  };
}
