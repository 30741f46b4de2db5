/**
 * The published package: what `npm pack` puts in it, and that it runs where nothing but Node.js is.
 *
 * Packs this checkout, which builds `dist`, and installs the tarball into an empty folder, as a user does.
 */
import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { makeImage, makeLayer, writeOciLayout } from './fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from './fixtures/scratch-folder.ts';

const ROOT = join(import.meta.dirname, '..');
const NODE = join(ROOT, 'node_modules/node/bin/node');
const OS_RELEASE = 'ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME="Alpine Linux v3.20"\n';
const INSTALLED = 'P:musl\nV:1.2.5-r0\nA:x86_64\n\nP:zlib\nV:1.3.1-r1\nA:x86_64\n\n';
/** What npm says when there is no way to the registry, and its cache does not have all. */
const UNREACHABLE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED/;

let folder: ScratchFolder;
let packed: readonly string[] = [];
/** Why the package could not be installed, when that is nobody's fault. */
let whyNotInstalled: string | undefined;
let program = '';

beforeAll(async () => {
  folder = await scratchFolder();
  const pack = await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder.path], { cwd: ROOT });
  expect(pack.stderr).toBe('');
  const [{ filename, files }] = JSON.parse(pack.stdout);
  packed = files.map((file: { path: string }) => file.path);
  const home = folder.at('user');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{"private":true}');
  const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--fetch-retries=1'];
  const install = await run('npm', ['install', ...options, folder.at(filename)], { cwd: home });
  if (install.status !== 0 && UNREACHABLE.test(install.stderr)) whyNotInstalled = 'the npm registry cannot be reached';
  else expect(install).toMatchObject({ status: 0 });
  program = join(home, 'node_modules/.bin/plimsoll');
}, 300_000);

afterAll(() => folder?.[Symbol.asyncDispose]());

test('the package holds the program, its documents and nothing else', () => {
  const expected =
    /^(?:package\.json|README\.md|LICENSE|CHANGELOG\.md|bin\/plimsoll\.js|docs\/[a-z-]+\.schema\.json|dist\/.+\.js|dist\/web\/(?:index\.html|load-line\.svg|assets\/[\w.-]+))$/;
  expect(packed.filter(path => !expected.test(path))).toEqual([]);
  expect(packed.filter(path => /\.test\.|testdata|testing|fixtures/.test(path))).toEqual([]);
  expect(packed).toEqual(
    expect.arrayContaining([
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'bin/plimsoll.js',
      'docs/inventory.schema.json',
      'dist/main/cli.js',
      'dist/scan/layer-worker.js',
      'dist/web/index.html',
    ]),
  );
});

test('it says its version', async context => {
  needsInstalled(context);
  const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
  expect(await plimsoll(['--version'])).toEqual({ status: 0, stdout: `${manifest.version}\n`, stderr: '' });
});

test('it reads a root folder', async context => {
  needsInstalled(context);
  await mkdir(folder.at('rootfs/etc'), { recursive: true });
  await mkdir(folder.at('rootfs/lib/apk/db'), { recursive: true });
  await writeFile(folder.at('rootfs/etc/os-release'), OS_RELEASE);
  await writeFile(folder.at('rootfs/lib/apk/db/installed'), INSTALLED);
  const { status, stdout, stderr } = await plimsoll(['sbom', `dir:${folder.at('rootfs')}`, '--format', 'json']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const document = JSON.parse(stdout);
  expect(document.distro.id).toBe('alpine');
  expect(namesOf(document)).toEqual(['musl 1.2.5-r0', 'zlib 1.3.1-r1']);
});

test('it reads a large image on threads', async context => {
  needsInstalled(context);
  const base = await makeLayer([
    { path: 'etc/os-release', content: OS_RELEASE },
    { path: 'lib/apk/db/installed', content: INSTALLED },
    { path: 'srv/film', content: randomBytes(13 * 1024 * 1024) },
  ]);
  const manifest = JSON.stringify({ name: 'left-pad', version: '1.3.0' });
  const app = await makeLayer(
    [
      { path: 'srv/photos', content: randomBytes(13 * 1024 * 1024) },
      { path: 'srv/app/node_modules/left-pad/package.json', content: manifest },
    ],
    { compression: 'none' },
  );
  await writeOciLayout(folder.at('layout'), [{ content: makeImage([base, app]), name: 'large' }]);
  const tell = 'process.on("worker", () => process.stderr.write("a thread started\\n"))';
  const options = ['--import', `data:text/javascript,${encodeURIComponent(tell)}`];
  const { status, stdout, stderr } = await plimsoll(
    ['sbom', `oci:${folder.at('layout')}:large`, '--format', 'json'],
    options,
  );
  expect(status).toBe(0);
  expect(stderr).toMatch(/^(?:a thread started\n)+$/);
  expect(namesOf(JSON.parse(stdout))).toEqual(['musl 1.2.5-r0', 'zlib 1.3.1-r1', 'left-pad 1.3.0']);
});

test('the server answers from its own database, shows its pages, takes advisories, and ends when it is told to', async context => {
  needsInstalled(context);
  const env = { ...process.env, PLIMSOLL_ADMIN_PASSWORD: 'correct-horse-battery', PLIMSOLL_DB_UPDATE: 'never' };
  const args = ['serve', '--listen', '127.0.0.1:0', '--data', folder.at('data')];
  const server = spawn(NODE, [program, ...args], { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(server, 'exit');
  try {
    const url = await addressOf(server.stdout);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    expect(await (await fetch(`${url}/`)).text()).toContain('<title>');
    const session = await fetch(`${url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'admin', password: 'correct-horse-battery' }),
    });
    expect(session.status).toBe(201);
    const { csrfToken } = (await session.json()) as { csrfToken: string };
    const cookie = session.headers
      .getSetCookie()
      .map(one => one.split(';', 1)[0])
      .join('; ');
    const fixes = [{ pkg: { name: 'zlib', secfixes: { '1.3.2-r0': ['CVE-2026-0001'] } } }];
    const imported = await fetch(`${url}/api/v1/vulnerability-database/import?name=main.json`, {
      method: 'POST',
      headers: { cookie, 'x-csrf-token': csrfToken, 'content-type': 'application/json' },
      body: JSON.stringify({ distroversion: 'v3.20', reponame: 'main', packages: fixes }),
    });
    expect({ status: imported.status, body: await imported.text() }).toMatchObject({ status: 200 });
  } finally {
    server.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
});

test('an older Node.js is told in one sentence what to install', async context => {
  needsInstalled(context);
  const old = await findOldNode();
  const pretend = 'Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.11.1" } })';
  const [command, options] =
    old === undefined ? [NODE, ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`]] : [old, []];
  const { status, stdout, stderr } = await run(command, [...options, program, 'sbom', 'dir:/']);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^plimsoll: this is Node\.js \d+\.\d+\.\d+; install Node\.js 24 or later[^\n]*\n$/);
});

test('nothing of it can be imported but its package.json', async context => {
  needsInstalled(context);
  const code = 'import("plimsoll/dist/main/cli.js").catch(error => process.stdout.write(error.code))';
  const { stdout } = await run(NODE, ['--eval', code], { cwd: folder.at('user') });
  expect(stdout).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
});

/** Where a server says that it is, once it is ready. */
async function addressOf(output: Readable): Promise<string> {
  for await (const line of createInterface({ input: output })) {
    const [, url] = /^Plimsoll is ready: (.+)$/.exec(line) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error('The server ended before it was ready');
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The installed program on the Node.js of this checkout, without any of the options that the checkout itself needs. */
function plimsoll(args: readonly string[], nodeOptions: readonly string[] = []): Promise<Ended> {
  return run(NODE, [...nodeOptions, program, ...args], { cwd: folder.path });
}

function run(command: string, args: readonly string[], { cwd = ROOT }: { cwd?: string } = {}): Promise<Ended> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const options = { cwd, env, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 };
  return new Promise(resolve => {
    execFile(command, args, options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ status, stdout, stderr });
    });
  });
}

/** A Node.js before 24 on this machine, if there is one. */
async function findOldNode(): Promise<string | undefined> {
  for (const place of (process.env['PATH'] ?? '').split(delimiter)) {
    const node = join(place, 'node');
    if (!existsSync(node)) continue;
    const { stdout } = await run(node, ['--version']);
    const major = Number(/^v(\d+)\./.exec(stdout)?.[1]);
    if (major >= 18 && major < 24) return node;
  }
  return undefined;
}

function namesOf(document: { packages: { name: string; version: string }[] }): string[] {
  return document.packages.map(({ name, version }) => `${name} ${version}`);
}

function needsInstalled(context: TestContext): void {
  if (whyNotInstalled !== undefined) context.skip(whyNotInstalled);
}
