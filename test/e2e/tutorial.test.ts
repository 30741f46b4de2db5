/**
 * docs/tutorial.md, run as it is written: once on the embedded database with the built-in sensor, once on PostgreSQL with two servers and two
 * sensors. Only addresses and folders are replaced.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { findPostgres } from '../../src/store/testing/postgres-server.ts';
import { newDatabase } from '../../src/store/testing/stores.ts';
import { startDistribution } from '../fixtures/distribution-registry.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHARED = process.env['PLIMSOLL_SHARED'] ?? resolve(ROOT, '../shared');
const IMAGES = join(SHARED, 'data/images');
const PROGRAM = join(ROOT, 'bin/plimsoll.js');
const isPossible = existsSync(IMAGES) && existsSync('/usr/bin/docker-registry') && existsSync('/usr/bin/jq');

// Never the synchronous form: the registry's log would fill its pipe while nobody reads it.
const run = promisify(execFile);
const children: ChildProcess[] = [];
afterEach(async () => {
  const ends = children.splice(0).map(
    child =>
      new Promise<void>(done => {
        if (child.exitCode !== null) done();
        child.once('exit', () => done());
        child.kill('SIGTERM');
      }),
  );
  await Promise.all(ends);
});

test.skipIf(!isPossible)(
  'shared data: the tutorial prints what it says, on the embedded database',
  { timeout: 240_000 },
  async () => {
    await using world = await openWorld();
    const server = await startServer(world, 'one', {});
    await runTutorial(world, { url: server.url, setupToken: server.setupToken });
  },
);

test.skipIf(!isPossible || findPostgres() === undefined)(
  'shared data: the tutorial prints what it says, on PostgreSQL with two servers and two sensors',
  { timeout: 240_000 },
  async () => {
    await using world = await openWorld();
    const { url: databaseUrl } = await newDatabase();
    const env = { DATABASE_URL: databaseUrl, PLIMSOLL_SECRET_KEY: 'k'.repeat(64), PLIMSOLL_SENSOR: 'off' };
    const first = await startServer(world, 'one', env);
    const second = await startServer(world, 'two', env);
    await runTutorial(world, {
      url: second.url,
      setupToken: first.setupToken,
      afterSetup: [
        'token() { api /sensor-tokens --json "{\\"name\\":\\"$1\\"}" | jq -r .token; }',
        `sensor() { "${process.execPath}" --conditions=plimsoll-source "${PROGRAM}" sensor --server "$2" --token "$(token "$1")" --cache-dir "$PWD/$1" --state "$PWD/$1-state" > "$1.log" 2>&1 & echo $! >> sensors.pid; }`,
        `sensor left ${first.url}`,
        `sensor right ${second.url}`,
      ],
    });
  },
);

interface World extends AsyncDisposable {
  readonly folder: ScratchFolder;
  readonly registry: string;
}

async function openWorld(): Promise<World> {
  const folder = await scratchFolder();
  const registry = await startDistribution({});
  for (const [source, target] of [
    ['oci-archive:alpine-3.9.6-multiarch.oci.tar', 'team/alpine:3.9.6'],
    ['docker-archive:alpine-3.9.4-amd64.docker-save.tar.gz', 'team/alpine:3.9.4'],
    ['oci-archive:mixed-app-0.3.1-amd64.oci.tar', 'team/mixed-app:0.3.1'],
    ['oci-archive:almalinux-9.1-micro-20230222-arm64.oci.tar', 'base/almalinux:9.1'],
    ['oci-archive:almalinux-8.8-micro-20230523-s390x-zstd.oci.tar', 'base/almalinux:8.8'],
  ] as const) {
    const [transport = '', file = ''] = source.split(':');
    let path = join(IMAGES, file);
    if (file.endsWith('.gz')) {
      // skopeo reads this archive only when it is not compressed.
      const plain = folder.at('plain.tar');
      await run('bash', ['-c', 'gzip -dc "$1" > "$2" 2>/dev/null || true', '-', path, plain]);
      path = plain;
    }
    const all = transport === 'oci-archive' ? ['--all'] : [];
    await run('skopeo', [
      'copy',
      '--quiet',
      ...all,
      '--dest-tls-verify=false',
      `${transport}:${path}`,
      `docker://${registry.host}/${target}`,
    ]);
  }
  return {
    folder,
    registry: registry.host,
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

async function startServer(
  world: World,
  name: string,
  env: Record<string, string>,
): Promise<{ url: string; setupToken: string }> {
  const args = [
    '--conditions=plimsoll-source',
    PROGRAM,
    'serve',
    '--listen',
    '127.0.0.1:0',
    '--data',
    world.folder.at(name),
    '--db-update',
    'never',
  ];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', text => {
    errors = (errors + text).slice(-4000);
  });
  let url = '';
  for await (const line of createInterface({ input: child.stdout })) {
    url = /^Plimsoll is ready: (.+)$/.exec(line)?.[1] ?? url;
    const [, token] = /\/setup#(\S+)$/.exec(line) ?? [];
    if (token !== undefined) return { url, setupToken: token };
  }
  throw new Error(`The server did not start: ${errors}`);
}

interface Run {
  readonly url: string;
  readonly setupToken: string;
  /** Commands that the page leaves to its reader. */
  readonly afterSetup?: readonly string[];
}

/** Runs all commands in one shell, and holds what each block printed against what the page says. */
async function runTutorial({ folder, registry }: World, { url, setupToken, afterSetup = [] }: Run): Promise<void> {
  const page = readFileSync(join(ROOT, 'docs/tutorial.md'), 'utf8');
  const blocks = [...page.matchAll(/```(sh|text)\n([\s\S]*?)```/g)].map(([, kind = '', text = '']) => ({ kind, text }));
  const mark = '@@@ end of a block';
  const steps: { script: string; expected: string }[] = [];
  for (const { kind, text } of blocks) {
    if (kind === 'sh') steps.push({ script: text, expected: '' });
    else {
      const last = steps.at(-1);
      if (last !== undefined) last.expected = text;
    }
  }
  const script = steps.flatMap(({ script }, at) => [script, ...(at === 1 ? afterSetup : []), `echo '${mark}'`]);
  const text = ['set -eu', "trap 'kill $(cat sensors.pid 2>/dev/null) 2>/dev/null || true' EXIT", ...script]
    .join('\n')
    .replaceAll('http://127.0.0.1:8080', url)
    .replaceAll('127.0.0.1:5000', registry);
  const env = { ...process.env, SETUP_TOKEN: setupToken, ADVISORIES: join(SHARED, 'data/advisories') };
  const { output, errors, status } = await runShell(text, { cwd: folder.path, env });
  const printed = output.split(`${mark}\n`);
  for (const [at, { script, expected }] of steps.entries()) {
    expect(toLines(printed[at] ?? `nothing; the shell said: ${errors}`), script).toEqual(
      matching(expected, printed[at] ?? ''),
    );
  }
  expect({ status, errors }).toMatchObject({ status: 0 });
}

async function runShell(script: string, options: { cwd: string; env: NodeJS.ProcessEnv }) {
  const child = spawn('bash', ['-c', script], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text;
  });
  const status = await new Promise<number | null>(done => child.once('close', done));
  return { output, errors, status };
}

function toLines(text: string): string[] {
  return text.split('\n').filter(line => line !== '');
}

/** What was printed, when it is as expected; else what was expected. */
function matching(expected: string, printed: string): string[] {
  const [want, got] = [toLines(expected), toLines(printed)];
  const isMatch = (w: number, g: number): boolean => {
    const line = want[w];
    if (line === undefined) return g === got.length;
    if (line === '…') return isMatch(w + 1, g) || (g < got.length && isMatch(w, g + 1));
    const real = got[g];
    if (real === undefined) return false;
    const isSame = line.endsWith('…') ? real.startsWith(line.slice(0, -1)) : line === real;
    return isSame && isMatch(w + 1, g + 1);
  };
  return isMatch(0, 0) ? got : want;
}
