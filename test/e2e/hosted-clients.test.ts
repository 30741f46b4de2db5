/** The hosted registry as real clients use it: podman, skopeo and buildah, against a server as people start it. */
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { collectSettings, readSettings } from '#base/server-settings.ts';
import { RegistryClient } from '#hosting/testing/registry-client.ts';
import { placeEmbedded } from '#store/testing/embedded-template.ts';
import { type RunningServer, startServer } from '../../src/main/server/start-server.ts';
import { makeImage, makeIndex, makeLayer, writeOciLayout } from '../fixtures/image-builder.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';

const PASSWORD = 'correct horse battery';
const has = (program: string) => spawnSync(program, ['--version']).error === undefined;
const APK = 'P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\n\n';

describe.skipIf(!['podman', 'skopeo', 'buildah'].every(has))('real clients of the hosted registry', () => {
  let folder: ScratchFolder;
  let server: RunningServer;
  let host: string;

  beforeAll(async () => {
    folder = await scratchFolder();
    await placeEmbedded(folder.at('data'));
    const flags = {
      listen: '127.0.0.1:0',
      data: folder.at('data'),
      adminPassword: PASSWORD,
      sensor: 'off',
      databaseSchedule: 'never',
    };
    server = await startServer(readSettings(collectSettings(flags, {})), {
      env: {},
      version: '0.0.0',
      now: () => new Date(),
      log: () => {},
    });
    host = new URL(server.url).host;
    const entries = [
      { path: 'etc/os-release', content: 'ID=alpine\nVERSION_ID=3.20.1\n' },
      { path: 'lib/apk/db/installed', content: APK },
    ];
    const images = [];
    for (const architecture of ['amd64', 'arm64', 's390x']) {
      const layer = await makeLayer([...entries, { path: 'arch', content: architecture }]);
      images.push(makeImage([layer], { platform: `linux/${architecture}` }));
    }
    await writeOciLayout(folder.at('layout'), [{ content: makeIndex(images), name: '1' }]);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await folder[Symbol.asyncDispose]();
  });

  /** Runs a client beside the server, which is in this process. */
  async function run(
    program: string,
    ...args: string[]
  ): Promise<Pick<SpawnSyncReturns<string>, 'status' | 'stdout' | 'stderr'>> {
    const child = spawn(program, args, { env: { ...process.env, REGISTRY_AUTH_FILE: folder.at('auth.json') } });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', text => {
      stderr += text;
    });
    const [status] = (await once(child, 'close')) as [number];
    return { status, stdout, stderr };
  }
  const ok = async (program: string, ...args: string[]) => {
    const { status, stdout, stderr } = await run(program, ...args);
    expect(status, `${program} ${args.join(' ')}: ${stderr}`).toBe(0);
    return stdout;
  };
  const storage = () => ['--root', folder.at('root'), '--runroot', folder.at('run'), '--storage-driver', 'vfs'];

  test('podman logs in, and is told when the password is wrong', async () => {
    const login = ['login', '--tls-verify=false', '-u', 'admin', '-p'];
    expect((await run('podman', ...login, 'wrong', host)).status).not.toBe(0);
    expect(await ok('podman', ...login, PASSWORD, host)).toMatch(/Login Succeeded/);
  });

  test('skopeo pushes all architectures, lists tags, copies on and deletes; what was pushed is scanned', async () => {
    const target = `docker://${host}/default/app:1`;
    await ok('skopeo', 'copy', '--all', '--dest-tls-verify=false', `oci:${folder.at('layout')}:1`, target);
    const listed = await ok('skopeo', 'list-tags', '--tls-verify=false', `docker://${host}/default/app`);
    expect(JSON.parse(listed)).toMatchObject({ Tags: ['1'] });
    const copy = ['copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false', target];
    await ok('skopeo', ...copy, `docker://${host}/default/copy:1`);
    await ok('skopeo', 'delete', '--tls-verify=false', `docker://${host}/default/copy:1`);
    const gone = await run('skopeo', 'inspect', '--tls-verify=false', `docker://${host}/default/copy:1`);
    expect(gone.stderr).toMatch(/Cannot find tag/);
    const basic = RegistryClient.basic(server.url, 'admin', PASSWORD);
    const session = await basic.ask('POST', '/api/v1/session', {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'admin', password: PASSWORD }),
    });
    const cookie = session.headers
      .getSetCookie()
      .map(one => one.split(';')[0])
      .join('; ');
    const images = async () => {
      const answer = await new RegistryClient(server.url).ask('GET', '/api/v1/images?limit=50', {
        headers: { cookie },
      });
      return (answer.json() as { items: { scan: { state: string; packageCount: number | null } }[] }).items;
    };
    // Jobs are looked for once a second.
    await expect
      .poll(async () => (await images()).map(({ scan }) => `${scan.state} ${scan.packageCount}`), { timeout: 20_000 })
      .toEqual(Array.from({ length: 3 }, () => 'scanned 1'));
  });

  test('podman pulls, tags and pushes; buildah builds and pushes', async () => {
    const image = `${host}/default/app:1`;
    await ok('podman', ...storage(), 'pull', '--tls-verify=false', image);
    await ok('podman', ...storage(), 'tag', image, `${host}/default/again:2`);
    await ok('podman', ...storage(), 'push', '--tls-verify=false', `${host}/default/again:2`);
    mkdirSync(folder.at('build'));
    writeFileSync(folder.at('build', 'hello'), 'hello\n');
    writeFileSync(folder.at('build', 'Containerfile'), 'FROM scratch\nCOPY hello /\n');
    const built = `${host}/default/built:1`;
    await ok(
      'buildah',
      ...storage(),
      'bud',
      '-q',
      '-f',
      folder.at('build', 'Containerfile'),
      '-t',
      built,
      folder.at('build'),
    );
    await ok('buildah', ...storage(), 'push', '--tls-verify=false', built);
    await ok('skopeo', 'inspect', '--tls-verify=false', `docker://${built}`);
  });
});
