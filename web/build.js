/**
 * Builds the web interface to `web/dist`, or to the folder that is named; with `--if-older` only when a source is newer than the last
 * build, which `npm start` and the tests use.
 *
 * Plain JavaScript, and silent when all is well, like build.js. The new build takes the place of the old one at once: a server that runs
 * meanwhile never finds half of it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const web = fileURLToPath(new URL('.', import.meta.url));
const root = join(web, '..');
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json', '../package-lock.json'];

/** Whether it is built now. `onlyIfOlder`: a build that is newer than all sources is kept. */
export function buildWeb({ folder = join(web, 'dist'), onlyIfOlder = false } = {}) {
  const page = join(folder, 'index.html');
  if (onlyIfOlder && existsSync(page) && newest() <= statSync(page).mtimeMs) return true;
  // On the same disk, and ignored by whatever looks through the sources.
  const fresh = join(root, 'node_modules', `.plimsoll-web-${process.pid}`);
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--logLevel', 'warn', '--outDir', relative(web, fresh), '--emptyOutDir'];
  // Under a test runner it says "test", and React would come with all its checks for developers.
  const env = { ...process.env, NODE_ENV: 'production' };
  const { status } = spawnSync(process.execPath, args, { cwd: web, env, stdio: ['ignore', 2, 2] });
  if (status === 0) {
    takePlace(fresh, folder);
  } else {
    rmSync(fresh, { recursive: true, force: true });
    process.stderr.write('plimsoll: the web interface was not built\n');
  }
  return status === 0;
}

/** Two that build at once both build the same: whoever comes second leaves it be. */
function takePlace(fresh, folder) {
  const old = `${fresh}-old`;
  if (existsSync(folder)) renameSync(folder, old);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    rmSync(fresh, { recursive: true, force: true });
  }
  rmSync(old, { recursive: true, force: true });
}

/** When the newest of the sources was changed, ms. */
function newest() {
  const files = SOURCES.flatMap(name => {
    const path = join(web, name);
    if (!statSync(path).isDirectory()) return [path];
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map(entry => join(entry.parentPath, entry.name));
  });
  return Math.max(...files.map(path => statSync(path).mtimeMs));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const isBuilt = buildWeb({ onlyIfOlder: process.argv.includes('--if-older') });
  // The server works without pages, and says so.
  if (!isBuilt && !process.argv.includes('--if-older')) process.exitCode = 1;
}
