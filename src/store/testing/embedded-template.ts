/**
 * An embedded database as the migrations and the queue make it, made once for all tests of a run: making one takes seconds of computing, and
 * dozens of tests need one. What a first start does is tested where it is the subject.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '../database.ts';
import { migrate } from '../migrate.ts';
import { openQueue } from '../queue.ts';

/** For `openStore`; `undefined` outside of a test run. */
export async function embeddedDump(): Promise<Blob | undefined> {
  const path = await templatePath();
  return path === undefined ? undefined : new Blob([readFileSync(path)]);
}

/** Puts the database into the data folder of a server that has not started yet; nothing outside of a test run. */
export async function placeEmbedded(dataFolder: string): Promise<void> {
  const path = await templatePath();
  if (path === undefined) return;
  const folder = join(dataFolder, 'postgres');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  execFileSync('tar', ['-xf', path, '-C', folder]);
}

/** Where the archive is. The first who asks makes it, the others wait. */
async function templatePath(): Promise<string | undefined> {
  const folder = process.env['PLIMSOLL_TEST_POSTGRES'];
  if (folder === undefined) return undefined;
  const path = join(folder, 'embedded.tar');
  const turn = join(folder, 'embedded-turn');
  for (;;) {
    if (existsSync(path)) return path;
    try {
      mkdirSync(turn);
      break;
    } catch {
      await sleep(50);
    }
  }
  try {
    if (!existsSync(path)) await makeTemplate(path);
    return path;
  } finally {
    rmdirSync(turn);
  }
}

async function makeTemplate(path: string): Promise<void> {
  await using store = await openStore({ kind: 'pglite' });
  await migrate(store);
  {
    await using _ = await openQueue(store, {
      onError: error => {
        throw error;
      },
    });
  }
  if (!('pglite' in store.raw)) throw new Error('The store is not embedded');
  const dump = await store.raw.pglite.dumpDataDir('none');
  writeFileSync(`${path}.part`, Buffer.from(await dump.arrayBuffer()));
  renameSync(`${path}.part`, path);
}
