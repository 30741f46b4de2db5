/**
 * Packages matched per second on one core, and how long an image of 500 packages takes.
 *
 * `node --conditions=plimsoll-source bench/matching.js [--db FILE] [--runs N]`, both with Node.js 24. Without a database only the part with
 * advisories in memory runs. Of the packages 40 % have records; one in twenty of those is old enough to be affected, as in an image that
 * somebody looks after.
 */
import { spawnSync } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { matchInventory } from '#matching/match-inventory.ts';
import { memoryLookup } from '#matching/testing/memory-lookup.ts';
import { advisory, affects, distro, packageOf } from '#matching/testing/sample.ts';
import { openDatabase } from '#vulndb/vulnerability-database.ts';

const PACKAGES = 100_000;
const IMAGE_PACKAGES = 500;
const BUDGET_PER_SECOND = 100_000;
const BUDGET_MS = 50;
const KNOWN_SHARE = 0.4;
const OLD_SHARE = 0.05;
const OPTIONS = { today: '2026-11-21' };
const DEBIAN = distro('debian', '12');

/** Types that the database is asked about, by ecosystem. */
const TYPES = { npm: 'npm', PyPI: 'pypi', Go: 'golang', Maven: 'maven', 'crates.io': 'cargo', RubyGems: 'gem' };

const argument = name => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const databasePath = argument('--db');
const runs = Number(argument('--runs') ?? 5);

if (process.argv.includes('--cold')) cold();
else {
  report('in memory, Debian', inMemory());
  if (databasePath === undefined) console.log('No --db: the full database is not measured');
  else {
    report('full database', inDatabase(PACKAGES));
    const times = Array.from({ length: runs }, coldRun);
    const what = 'image of 500 packages, wall';
    line(what, median(times.map(({ next }) => next)), 'ms', `at most ${BUDGET_MS} ms`);
    line(
      `${what}, first match of a process`,
      median(times.map(({ first }) => first)),
      'ms',
      'nothing compiled, nothing read',
    );
  }
}

/** 30,000 source packages with 1 to 40 advisories each, as the tracker has them for one release. */
function inMemory() {
  const random = randomFrom(1);
  const advisories = [];
  for (let source = 0; source < 30_000; source += 1) {
    const count = 1 + Math.floor(40 * random() ** 4);
    for (let at = 0; at < count; at += 1) {
      const id = `CVE-2024-${100_000 + advisories.length}`;
      const fix = `1:${1 + Math.floor(random() * 9)}.${at}-${1 + (at % 5)}+deb12u1`;
      advisories.push(
        advisory({
          id,
          source: 'debian-tracker',
          affected: [affects('Debian:12', `source${source}`, `<${fix}`, { nameKind: 'source' })],
        }),
      );
    }
  }
  const packages = Array.from({ length: PACKAGES }, (_, at) => {
    const isKnown = random() < KNOWN_SHARE;
    const source = {
      name: isKnown ? `source${Math.floor(random() * 30_000)}` : `other${at}`,
      version: versionOf(random),
    };
    return packageOf({ type: 'deb', name: `package${at}`, version: source.version, arch: 'amd64', source }, DEBIAN);
  });
  return { packages, lookup: memoryLookup(advisories), count: advisories.length };
}

function versionOf(random) {
  return random() < OLD_SHARE
    ? `1:1.0-${Math.floor(random() * 9)}`
    : `1:${10 + Math.floor(random() * 90)}.${Math.floor(random() * 9)}-1`;
}

/** Packages of all languages whose names are in the database, and others that are in none. */
function inDatabase(total) {
  const random = randomFrom(2);
  const lookup = openDatabase(databasePath);
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const names = database
    .prepare(
      'SELECT ecosystem.name AS ecosystem, package.name AS name FROM package JOIN ecosystem ON ecosystem.id = package.ecosystem',
    )
    .all()
    .filter(row => TYPES[row.ecosystem] !== undefined);
  database.close();
  const packages = Array.from({ length: total }, (_, at) => {
    const row = names[Math.floor(random() * names.length)];
    const name = random() < KNOWN_SHARE ? row.name : `${row.name}-${at}`;
    const version = random() < OLD_SHARE ? `0.1.${at % 100}` : `99.${at % 100}.${at % 7}`;
    const type = TYPES[row.ecosystem];
    return packageOf({ type, name, version: type === 'golang' ? `v${version}` : version });
  });
  return { packages, lookup, count: lookup.status().advisories };
}

function report(what, { packages, lookup, count }) {
  const rates = [];
  let findings = 0;
  for (let run = 0; run <= runs; run += 1) {
    const started = process.cpuUsage();
    findings = matchInventory({ packages, distro: DEBIAN }, lookup, OPTIONS).findings.length;
    const { user, system } = process.cpuUsage(started);
    // The first run compiles and fills caches.
    if (run > 0) rates.push((packages.length / (user + system)) * 1e6);
  }
  line(
    `${what}: ${count} advisories, ${findings} findings, packages per second and core`,
    median(rates),
    '',
    `at least ${BUDGET_PER_SECOND}`,
  );
}

/** In a process of its own: milliseconds of the first match, the database being open, and the median of five more. */
function coldRun() {
  const args = ['--conditions=plimsoll-source', fileURLToPath(import.meta.url), '--cold', '--db', databasePath];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

function cold() {
  const { packages, lookup } = inDatabase(IMAGE_PACKAGES);
  const times = Array.from({ length: 6 }, () => {
    const started = performance.now();
    matchInventory({ packages, distro: DEBIAN }, lookup, OPTIONS);
    return performance.now() - started;
  });
  console.log(JSON.stringify({ first: times[0], next: median(times.slice(1)) }));
}

/** Numbers that are the same at each run: mulberry32. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}

function line(what, value, unit, goal) {
  console.log(`${what.padEnd(90)} ${value.toFixed(value < 100 ? 1 : 0).padStart(9)} ${unit}  (${goal})`);
}
