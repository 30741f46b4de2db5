/**
 * `npm test`: everything that must hold, in one command: types, lint and format, dead code, then all tests.
 *
 * Plain JavaScript for whatever Node.js is at hand; every step runs on the one of node_modules. With `CI=true` a skipped test is a
 * failure, except those that need the shared data, which say "shared data" in their title.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSystemPackages } from './system-packages.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const isCi = process.env.CI === 'true';
const scratch = mkdtempSync(join(tmpdir(), 'plimsoll-test-'));
const results = join(scratch, 'results.json');

const STEPS = [
  ['types', 'tsc', ['--project', '.']],
  ['types of the web interface', 'tsc', ['--project', 'web', '--noEmit']],
  ['lint and format', 'biome', ['ci', '--error-on-warnings', '.']],
  ['dead code', 'knip', ['--no-progress']],
  [
    'tests',
    'vitest',
    ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${results}`, ...process.argv.slice(2)],
  ],
];

process.exitCode = run();

function run() {
  try {
    installSystemPackages();
    const failed = STEPS.filter(([name, command, args]) => !step(name, command, args)).map(([name]) => name);
    const tests = readResults();
    const skips = isCi ? tests.skipped.filter(title => !/shared data/i.test(title)) : [];
    for (const title of skips) console.log(`Skipped, which CI does not allow: ${title}`);
    if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}`);
    console.log(
      `${tests.passed} passed, ${tests.failed + skips.length} failed, ${tests.skipped.length - skips.length} skipped`,
    );
    return failed.length > 0 || skips.length > 0 || tests.passed === 0 ? 1 : 0;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function step(name, command, args) {
  console.log(`\n== ${name}`);
  const started = Date.now();
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH ?? ''}` };
  const { status } = spawnSync(join(bin, command), args, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  console.log(`== ${name}: ${status === 0 ? 'ok' : 'failed'} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return status === 0;
}

function readResults() {
  try {
    const { testResults } = JSON.parse(readFileSync(results, 'utf8'));
    const tests = testResults.flatMap(file => file.assertionResults);
    const count = status => tests.filter(test => test.status === status).length;
    const skipped = tests.filter(test => !['passed', 'failed'].includes(test.status)).map(test => test.fullName);
    return { passed: count('passed'), failed: count('failed'), skipped };
  } catch {
    return { passed: 0, failed: 1, skipped: [] };
  }
}
