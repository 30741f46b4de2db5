/** docs/certify-an-image.md, run as it is written, with podman, buildah, skopeo and docker-registry of the system. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startDistribution, whyNoDistribution } from '../fixtures/distribution-registry.ts';
import { PROGRAM, runDocument, serveProcess } from '../fixtures/run-document.ts';
import { scanFeeds } from '../fixtures/scan-feeds.ts';
import { scratchFolder } from '../fixtures/scratch-folder.ts';
import { hasSharedData, SHARED_DATA } from '../fixtures/shared-data.ts';

const PROGRAMS = ['podman', 'buildah', 'skopeo', 'jq', 'curl'];
const isPossible =
  PROGRAMS.every(one => spawnSync(one, ['--version']).error === undefined) && whyNoDistribution() === undefined;
const LOGIN = { username: 'robot', password: 'correct-horse-battery-staple' };

/** Runs these sections on a server of their own. */
async function runSections(...sections: readonly string[]): Promise<void> {
  await using folder = await scratchFolder();
  await using registry = await startDistribution({ login: LOGIN });
  await using server = await serveProcess(folder.at('data'), { PLIMSOLL_SENSOR: 'off' });
  mkdirSync(folder.at('work'));
  // Containers of the user who runs the test are left alone.
  const storage = { driver: 'vfs', graphroot: folder.at('storage'), runroot: folder.at('run') };
  const lines = Object.entries(storage).map(([key, value]) => `${key} = ${JSON.stringify(value)}`);
  writeFileSync(folder.at('storage.conf'), ['[storage]', ...lines, ''].join('\n'));
  const [[, advisories = ''] = []] = scanFeeds();
  writeFileSync(folder.at('advisories.json'), advisories);
  await runDocument({
    page: 'certify-an-image.md',
    sections,
    folder: folder.at('work'),
    replace: {
      'http://127.0.0.1:8080': server.url,
      '127.0.0.1:8080': new URL(server.url).host,
      '127.0.0.1:5000': registry.host,
    },
    env: {
      SETUP_TOKEN: server.setupToken,
      ADVISORIES: folder.at('advisories.json'),
      IMAGES: join(SHARED_DATA, 'images'),
      REGISTRY_PASSWORD: LOGIN.password,
      REGISTRY_AUTH_FILE: folder.at('auth.json'),
      CONTAINERS_STORAGE_CONF: folder.at('storage.conf'),
    },
    extra: { 0: [`plimsoll() { "${process.execPath}" --conditions=plimsoll-source "${PROGRAM}" "$@"; }`] },
  });
}

test.skipIf(!isPossible)(
  'an image is built, pushed, certified and published, here and elsewhere, as the page says',
  { timeout: 300_000 },
  async () => {
    const sections = [
      'A project',
      'Build and push',
      'What the checks found',
      'Publish',
      'An image in another registry',
    ];
    expect(await runSections('Start', ...sections, 'Without a server')).toBeUndefined();
  },
);

test.skipIf(!isPossible || !hasSharedData)(
  'shared data: real images are certified as the page says',
  { timeout: 300_000 },
  async () => {
    expect(await runSections('Start', 'Real images')).toBeUndefined();
  },
);
