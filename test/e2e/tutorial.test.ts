/**
 * docs/tutorial.md, run as it is written: once on the embedded database with the built-in sensor, once on PostgreSQL with two servers and two
 * sensors.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { findPostgres } from '../../src/store/testing/postgres-server.ts';
import { newDatabase } from '../../src/store/testing/stores.ts';
import { startDistribution } from '../fixtures/distribution-registry.ts';
import { PROGRAM, runDocument, serveProcess } from '../fixtures/run-document.ts';
import { type ScratchFolder, scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const isPossible = hasSharedData && existsSync('/usr/bin/docker-registry') && existsSync('/usr/bin/jq');
const run = promisify(execFile);

test.skipIf(!isPossible)(
  'shared data: the tutorial prints what it says, on the embedded database',
  { timeout: 240_000 },
  async () => {
    await using world = await openWorld();
    await using server = await serveProcess(world.folder.at('one'), {});
    await runTutorial(world, server);
  },
);

test.skipIf(!isPossible || findPostgres() === undefined)(
  'shared data: the tutorial prints what it says, on PostgreSQL with two servers and two sensors',
  { timeout: 240_000 },
  async () => {
    await using world = await openWorld();
    const { url: databaseUrl } = await newDatabase();
    const env = { DATABASE_URL: databaseUrl, PLIMSOLL_SECRET_KEY: 'k'.repeat(64), PLIMSOLL_SENSOR: 'off' };
    await using first = await serveProcess(world.folder.at('one'), env);
    await using second = await serveProcess(world.folder.at('two'), env);
    await runTutorial(world, { url: second.url, setupToken: first.setupToken }, [
      'token() { api /sensor-tokens --json "{\\"name\\":\\"$1\\"}" | jq -r .token; }',
      `sensor() { "${process.execPath}" --conditions=plimsoll-source "${PROGRAM}" sensor --server "$2" --token "$(token "$1")" --cache-dir "$PWD/$1" --state "$PWD/$1-state" > "$1.log" 2>&1 & echo $! >> sensors.pid; }`,
      `sensor left ${first.url}`,
      `sensor right ${second.url}`,
    ]);
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
    let path = join(SHARED_DATA, 'images', file);
    if (file.endsWith('.gz')) {
      // skopeo reads this archive only when it is not compressed.
      const plain = folder.at('plain.tar');
      await run('bash', ['-c', 'gzip -dc "$1" > "$2" 2>/dev/null || true', '-', path, plain]);
      path = plain;
    }
    const all = transport === 'oci-archive' ? ['--all'] : [];
    const to = ['--dest-tls-verify=false', `${transport}:${path}`, `docker://${registry.host}/${target}`];
    await run('skopeo', ['copy', '--quiet', ...all, ...to]);
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

async function runTutorial(
  { folder, registry }: World,
  { url, setupToken }: { readonly url: string; readonly setupToken: string },
  afterSetup: readonly string[] = [],
): Promise<void> {
  expect(
    await runDocument({
      page: 'tutorial.md',
      replace: { 'http://127.0.0.1:8080': url, '127.0.0.1:5000': registry },
      folder: folder.path,
      env: { SETUP_TOKEN: setupToken, ADVISORIES: join(SHARED_DATA, 'advisories') },
      extra: { 0: ["trap 'kill $(cat sensors.pid 2>/dev/null) 2>/dev/null || true' EXIT"], 2: afterSetup },
    }),
  ).toBeUndefined();
}
