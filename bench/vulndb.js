/**
 * `node bench/vulndb.js [FOLDER] [--runs N]`: what compiling and asking the vulnerability database costs.
 *
 * FOLDER holds advisories in any layout; by default those of the shared data (PLIMSOLL_SHARED). Compiling is measured in a process that has
 * compiled once before, memory in a process of its own. Budgets: 20,000 advisories a second, 300 MiB, 2 microseconds for a package without
 * records.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measure, median } from './measure.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const node = join(root, 'node_modules/node/bin/node');
const work = join(root, 'bench/work/vulndb');
const path = join(work, 'vulnerability.db');
const args = process.argv.slice(2);
const runsAt = args.indexOf('--runs');
const runs = runsAt === -1 ? 5 : Number(args[runsAt + 1]);
const [named] = args.filter((arg, at) => !arg.startsWith('--') && args[at - 1] !== '--runs');
const shared = process.env.PLIMSOLL_SHARED ?? resolve(root, '../shared');
const folder = resolve(named ?? join(shared, 'data/advisories'));

if (process.execArgv.includes('--conditions=plimsoll-source')) await main();
else {
  const { status } = spawnSync(node, ['--conditions=plimsoll-source', fileURLToPath(import.meta.url), ...args], {
    stdio: 'inherit',
  });
  process.exitCode = status ?? 1;
}

async function main() {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await compiling();
  await asking();
}

async function compiling() {
  const { startBuild } = await import('#vulndb/database-build.ts');
  const { importPath } = await import('#vulndb/import/import-paths.ts');
  const figures = [];
  let read = 0;
  for (let round = 0; round <= runs; round++) {
    const now = new Date();
    const started = performance.now();
    const cpu = process.cpuUsage();
    const build = startBuild(path, { now, builtBy: 'bench', isFresh: true });
    const signal = new AbortController().signal;
    const { imported } = await importPath(folder, { build, signal, now, mayShrink: false });
    build.finish();
    build[Symbol.dispose]();
    const { user, system } = process.cpuUsage(cpu);
    read = imported.reduce((sum, one) => sum + one.counts.read, 0);
    // The first round warms caches and compilers, and does not count.
    if (round > 0) figures.push({ wallMs: performance.now() - started, cpuMs: (user + system) / 1000 });
  }
  row('advisories read', read, '');
  row('compile, wall', (read / median(figures.map(one => one.wallMs))) * 1000, 'advisories/s', 20_000, 'at least');
  row('compile, CPU', (read / median(figures.map(one => one.cpuMs))) * 1000, 'advisories/s');
  const bin = join(root, 'bin/plimsoll.js');
  const run = ['db', 'import', '--quiet', '--fresh', '--db', join(work, 'memory.db'), folder];
  row('compile, peak memory', measure([node, '--conditions=plimsoll-source', bin, ...run]).peakMiB, 'MiB', 300);
}

async function asking() {
  const { openDatabase } = await import('#vulndb/vulnerability-database.ts');
  const opens = Array.from({ length: 20 }, () => {
    const started = performance.now();
    openDatabase(path)[Symbol.dispose]();
    return performance.now() - started;
  });
  const database = openDatabase(path);
  const { sizeBytes, advisories } = database.status();
  row('size', sizeBytes / 1e6, 'MB');
  row('size per advisory', sizeBytes / advisories, 'bytes');
  row('open', median(opens), 'ms', 2);

  const { DatabaseSync } = await import('node:sqlite');
  const plain = new DatabaseSync(path, { readOnly: true });
  const keys = plain
    .prepare('SELECT e.name AS ecosystem, p.name AS name FROM package p JOIN ecosystem e ON e.id = p.ecosystem')
    .all();
  const shuffled = keys
    .map(key => [Math.random(), key])
    .sort(([a], [b]) => a - b)
    .map(([, key]) => key);
  const each = (title, budget, ask) => {
    const started = performance.now();
    for (const { ecosystem, name } of shuffled) ask(ecosystem, name);
    row(title, ((performance.now() - started) * 1000) / shuffled.length, 'µs', budget);
  };
  each('find, package without records', 2, (ecosystem, name) => database.find(ecosystem, `${name}-x`));
  each('find, package with records, first time', undefined, (ecosystem, name) => database.find(ecosystem, name));
  each('find, package with records, again', undefined, (ecosystem, name) => database.find(ecosystem, name));
  const fresh = openDatabase(path);
  each('ids and ratings of one record of a package', undefined, (ecosystem, name) => {
    const [first] = fresh.find(ecosystem, name);
    return first?.advisory.aliases.length;
  });
  each('title of one record of a package', undefined, (ecosystem, name) => {
    const [first] = fresh.find(ecosystem, name);
    return first?.advisory.title;
  });
}

function row(name, value, unit, budget, sense = 'at most') {
  const goal = budget === undefined ? '' : `  (${sense} ${budget.toLocaleString('en')})`;
  const figure = value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 2 : 0 });
  console.log(`${name.padEnd(46)} ${figure.padStart(10)} ${unit}${goal}`);
}
